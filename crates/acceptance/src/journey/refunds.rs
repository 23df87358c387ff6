//! Refunds: full, cash only, too late.

use super::orders::amounts;
use super::purchase::Purchase;
use super::town::{Fault, equal};
use super::visit::{Given, Visit};
use medpay_domain::Fen;
use medpay_wire::bill::RefundType;
use medpay_wire::fields::Fields;
use medpay_wire::states::{MedTradeState, PartRefundType, PayType, RefundState};
use medpay_wire::{refund, refundquery};

impl Visit<'_> {
    fn refund_fields(
        &self,
        purchase: Purchase,
        part: Option<PartRefundType>,
    ) -> Result<Fields, Fault> {
        let placed = self.placed(purchase)?;
        let mut fields = self.merchant();
        fields
            .set("med_trans_id", placed.med_trans_id.as_str())
            .set("hosp_out_refund_no", format!("F{}", &placed.number[1..]))
            .set("refund_desc", "患者退号")
            .set_opt("part_refund_type", part);
        if part.is_none() && purchase.terms().pay_type != PayType::Cash {
            fields
                .set("cancel_bill_no", format!("CB{}{}", self.run, purchase.suffix()))
                .set("cancel_serial_no", format!("CS{}{}", self.run, purchase.suffix()));
        }
        Ok(fields)
    }

    pub(super) async fn refund_cash_only(&mut self, of: Purchase) -> Result<String, Fault> {
        self.refund(of, Some(PartRefundType::CashOnly)).await
    }

    /// Asks for a refund, twice: the second gets the first answer.
    pub(super) async fn refund(
        &mut self,
        purchase: Purchase,
        part: Option<PartRefundType>,
    ) -> Result<String, Fault> {
        let terms = purchase.terms();
        let insurance = if part.is_none() { terms.insurance } else { Fen::ZERO };
        let fields = self.refund_fields(purchase, part)?;
        let number = fields.get("hosp_out_refund_no").unwrap_or_default().to_owned();
        let answer = self.call(&refund::SPEC, fields.clone()).await?;
        let reply = refund::Reply::decode(&answer)?;
        equal("total_fee", reply.total_fee, terms.total)?;
        equal("cash_refund_fee", reply.cash_refund_fee, terms.cash)?;
        equal("insurance_refund_fee", reply.insurance_refund_fee, insurance)?;
        let echoed = reply.hosp_out_refund_no.as_ref().map_or("", |number| number.as_str());
        equal("hosp_out_refund_no", echoed, number.as_str())?;
        let again = refund::Reply::decode(&self.call(&refund::SPEC, fields).await?)?;
        equal("med_refund_id of the repeat", &again.med_refund_id, &reply.med_refund_id)?;
        let said = reply.med_refund_id.to_string();
        let given = Given {
            number,
            med_refund_id: reply.med_refund_id,
            kind: if part.is_none() { RefundType::All } else { RefundType::CashOnly },
            cash: terms.cash,
            insurance,
            day: None,
        };
        if let Some(placed) = self.placed.get_mut(&purchase) {
            placed.refund = Some(given);
        }
        Ok(said)
    }

    /// Queries until the refund has succeeded.
    pub(super) async fn refunded(&mut self, purchase: Purchase) -> Result<String, Fault> {
        let missing = || Fault::Wrong(format!("{} was not refunded", purchase.words()));
        let given = self.placed(purchase)?.refund.clone().ok_or_else(missing)?;
        let ask = async || {
            let mut fields = self.merchant();
            fields.set("hosp_out_refund_no", &given.number);
            let answer = self.call(&refundquery::SPEC, fields).await?;
            let reply = refundquery::Reply::decode(&answer)?;
            match reply.med_refund_state {
                RefundState::Success => Ok(Some(reply)),
                RefundState::Processing => Ok(None),
                RefundState::Fail => Err(Fault::Wrong("the refund failed".to_owned())),
            }
        };
        let reply = self.town.eventually("the refund", ask).await?;
        equal("med_refund_id", &reply.med_refund_id, &given.med_refund_id)?;
        equal("cash_refund_fee", reply.cash_refund_fee, given.cash)?;
        equal("insurance_refund_fee", reply.insurance_refund_fee, given.insurance)?;
        let state = self.query(purchase).await?.med_trade_state;
        equal("med_trade_state", state, MedTradeState::Refund)?;
        let day = self.town.now().await?.day();
        if let Some(refund) = self.placed.get_mut(&purchase).and_then(|p| p.refund.as_mut()) {
            refund.day = Some(day);
        }
        Ok(amounts(given.cash, given.insurance))
    }

    /// Insurance money goes back only on the day it was paid (guide, FAQ).
    pub(super) async fn too_late(&self) -> Result<String, Fault> {
        let fields = self.refund_fields(Purchase::InsuranceOnly, None)?;
        self.refused_with(&refund::SPEC, fields, "TRADE_OVERDUE").await
    }
}
