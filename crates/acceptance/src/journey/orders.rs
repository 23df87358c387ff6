//! Orders: placed, paid, notified, queried, closed.

use super::purchase::Purchase;
use super::town::{Fault, equal, must};
use super::visit::{Placed, Visit};
use medpay_domain::{Fen, Timestamp};
use medpay_wire::contracts::notices::{Notice, Notices};
use medpay_wire::contracts::phone;
use medpay_wire::fields::Fields;
use medpay_wire::states::{
    CashTradeStatus, InsuranceTradeStatus, MedTradeState, OrderType, PayType,
};
use medpay_wire::{closeorder, orderquery, unifiedorder};
use serde_json::json;

impl Visit<'_> {
    /// An order's document, but for who pays.
    pub(super) async fn order_fields(&self, purchase: Purchase) -> Result<Fields, Fault> {
        let terms = purchase.terms();
        let number = format!("H{}{}", self.run, purchase.suffix());
        let mut fields = self.about(&number).await?;
        let (gateway, org_no) = (&self.town.ready.gateway_url, &self.institution.org_no);
        let registers = terms.order_type == OrderType::RegPay;
        fields
            .set("order_type", terms.order_type)
            .set("total_fee", terms.total.to_string())
            .set("cash_fee", terms.cash.to_string())
            .set("insurance_fee", terms.insurance.to_string())
            .set("allow_fee_change", "0")
            .set("notify_url", format!("{gateway}/notify/{org_no}"))
            .set("body", if registers { "门诊挂号" } else { "西药" })
            .set("pay_type", terms.pay_type)
            .set("is_dept", "4")
            .set("bill_no", format!("B{}", &number[1..]));
        if terms.pay_type != PayType::Cash {
            let content = if registers {
                self.registration_content(terms.total)
            } else {
                let body = json!({ "akc264": terms.total.yuan() });
                json!({ "transType": "FY005", "transBody": body }).to_string()
            };
            fields.set("request_content", content);
        }
        Ok(fields)
    }

    pub(super) async fn order(&mut self, purchase: Purchase) -> Result<String, Fault> {
        let mut fields = self.order_fields(purchase).await?;
        self.set_payer(&mut fields);
        fields.set("return_url", "https://hospital.example/paid");
        let answer = self.call(&unifiedorder::SPEC, fields.clone()).await?;
        let reply = unifiedorder::Reply::decode(&answer)?;
        let again = self.call(&unifiedorder::SPEC, fields.clone()).await?;
        let again = unifiedorder::Reply::decode(&again)?;
        equal("med_trans_id of the repeat", &again.med_trans_id, &reply.med_trans_id)?;
        self.placed.insert(
            purchase,
            Placed {
                number: fields.get("hosp_out_trade_no").unwrap_or_default().to_owned(),
                med_trans_id: reply.med_trans_id.clone(),
                pay_url: again.pay_url,
                time_end: None,
                refund: None,
            },
        );
        let state = self.query(purchase).await?.med_trade_state;
        equal("med_trade_state before paying", state, MedTradeState::NotPay)?;
        let app = if reply.pay_appid.is_some() { ", for a mini-program" } else { "" };
        Ok(format!("{}{app}", reply.med_trans_id))
    }

    pub(super) async fn pay(&self, purchase: Purchase) -> Result<String, Fault> {
        let values = json!({
            "openid": self.openid(),
            "pay_url": self.placed(purchase)?.pay_url,
            "password": self.person.password,
        });
        let tap = async || -> Result<phone::Outcome, Fault> {
            self.town.tap(&self.town.ready.pay, values.clone()).await
        };
        let page = if purchase == Purchase::Scanned {
            // The cashier comes to the phone a moment after the order was answered.
            let ask = async || Ok(Some(tap().await?).filter(|page| page.ok));
            self.town.eventually("the cashier on the phone", ask).await?
        } else {
            tap().await?
        };
        must(&format!("the cashier took the password ({})", page.message), page.ok)?;
        Ok(page.message)
    }

    pub(super) async fn query(&self, purchase: Purchase) -> Result<orderquery::Reply, Fault> {
        let mut fields = self.merchant();
        fields.set("med_trans_id", self.placed(purchase)?.med_trans_id.as_str());
        Ok(orderquery::Reply::decode(&self.call(&orderquery::SPEC, fields).await?)?)
    }

    async fn notices(&self, purchase: Purchase) -> Result<Vec<Notice>, Fault> {
        let (gateway, org_no) = (&self.town.ready.gateway_url, &self.institution.org_no);
        let number = &self.placed(purchase)?.number;
        let url = format!("{gateway}/notices/{org_no}?hosp_out_trade_no={number}");
        Ok(self.town.get::<Notices>(&url).await?.notices)
    }

    pub(super) async fn notified(&mut self, purchase: Purchase) -> Result<String, Fault> {
        let ask = async || {
            let notices = self.notices(purchase).await?;
            Ok(if notices.is_empty() { None } else { Some(notices) })
        };
        let notices = self.town.eventually("the notification", ask).await?;
        equal("the number of notices", notices.len(), 1)?;
        let notice = &notices[0];
        let terms = purchase.terms();
        equal("the notice's state", notice.state.as_str(), Notice::ACKNOWLEDGED)?;
        let placed = self.placed(purchase)?;
        equal("med_trans_id", notice.med_trans_id.as_str(), placed.med_trans_id.as_str())?;
        equal("total_fee notified", notice.total_fee, terms.total.get())?;
        equal("cash_fee notified", notice.cash_fee, terms.cash.get())?;
        equal("insurance_fee notified", notice.insurance_fee, terms.insurance.get())?;
        equal("pay_type notified", notice.pay_type.to_string().as_str(), terms.pay_type.as_str())?;
        let time_end = Timestamp::from_wire(&notice.time_end);
        must("time_end is a moment", time_end.is_some())?;
        let deliveries = notice.deliveries;
        if let Some(placed) = self.placed.get_mut(&purchase) {
            placed.time_end = time_end;
        }
        Ok(format!("acknowledged, delivered {deliveries} time(s)"))
    }

    pub(super) async fn queried(&self, purchase: Purchase) -> Result<String, Fault> {
        let (reply, terms) = (self.query(purchase).await?, purchase.terms());
        equal("med_trade_state", reply.med_trade_state, MedTradeState::Success)?;
        let (cash, insurance) = match terms.pay_type {
            PayType::Cash => (CashTradeStatus::Success, InsuranceTradeStatus::NotPay),
            PayType::Insurance => (CashTradeStatus::NotPay, InsuranceTradeStatus::Payed),
            PayType::Mixed => (CashTradeStatus::Success, InsuranceTradeStatus::Payed),
        };
        equal("cash_trade_status", reply.cash_trade_status, cash)?;
        equal("insurance_trade_status", reply.insurance_trade_status, insurance)?;
        equal("total_fee", reply.total_fee, terms.total)?;
        equal("cash_fee", reply.cash_fee, terms.cash)?;
        equal("insurance_fee", reply.insurance_fee, terms.insurance)?;
        equal("pay_type", reply.pay_type, terms.pay_type)?;
        equal("order_type", reply.order_type, terms.order_type)?;
        equal("time_end", reply.time_end, self.placed(purchase)?.time_end)?;
        let through_bureau = terms.pay_type != PayType::Cash;
        equal("response_content is there", reply.response_content.is_some(), through_bureau)?;
        Ok(amounts(terms.cash, terms.insurance))
    }

    /// Cash is taken, the bureau refuses, the cash is back; nobody is told that it is paid.
    pub(super) async fn system_refunded(&mut self) -> Result<String, Fault> {
        let purchase = Purchase::Refused;
        self.order(purchase).await?;
        self.pay(purchase).await?;
        let ask = async || {
            let reply = self.query(purchase).await?;
            Ok((reply.med_trade_state == MedTradeState::SysRefunded).then_some(reply))
        };
        let reply = self.town.eventually("SYS_REFUNDED", ask).await?;
        equal("cash_trade_status", reply.cash_trade_status, CashTradeStatus::Refund)?;
        must("the insurance was not taken", {
            use InsuranceTradeStatus as Insurance;
            matches!(reply.insurance_trade_status, Insurance::NotPay | Insurance::Closed)
        })?;
        equal("the number of notices", self.notices(purchase).await?.len(), 0)?;
        Ok(reply.trade_status_desc.unwrap_or_default())
    }

    pub(super) async fn close(&mut self) -> Result<String, Fault> {
        let purchase = Purchase::Abandoned;
        self.order(purchase).await?;
        let mut fields = self.merchant();
        fields.set("med_trans_id", self.placed(purchase)?.med_trans_id.as_str());
        self.call(&closeorder::SPEC, fields.clone()).await?;
        let state = self.query(purchase).await?.med_trade_state;
        equal("med_trade_state", state, MedTradeState::Closed)?;
        let again = self.refused_with(&closeorder::SPEC, fields, "ORDERCLOSED").await?;
        Ok(format!("closed; a second time: {again}"))
    }
}

/// Both parts, in yuan.
pub(super) fn amounts(cash: Fen, insurance: Fen) -> String {
    format!("cash {}, insurance {}", cash.yuan(), insurance.yuan())
}
