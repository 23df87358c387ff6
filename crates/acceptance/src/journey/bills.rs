//! The bill of the day, against everything of this journey.

use super::purchase::Purchase;
use super::town::{Fault, equal, must, spoken};
use super::visit::{Placed, Visit};
use flate2::read::GzDecoder;
use medpay_client::Downloaded;
use medpay_domain::{Day, Fen};
use medpay_wire::bill::{Bill, Event, Payment, Refund, RefundType, Row};
use medpay_wire::downloadbill;
use std::collections::BTreeSet;
use std::io::Read;

impl Visit<'_> {
    /// Downloads the bill of every day on which this journey paid, plain and packed, and looks for
    /// each of its orders in it.
    pub(super) async fn bill(&self) -> Result<String, Fault> {
        let days: BTreeSet<Day> =
            self.placed.values().filter_map(|placed| Some(placed.time_end?.day())).collect();
        must("something was paid", !days.is_empty())?;
        let mut rows = Vec::new();
        for day in &days {
            let plain = self.download(*day, false).await?;
            let packed = self.download(*day, true).await?;
            equal("the unpacked GZIP bill is the plain one", unpack(&packed)? == plain, true)?;
            let bill = Bill::read(&plain).map_err(|fault| Fault::Wrong(fault.to_string()))?;
            must("the bill's totals are the sums of its rows", bill.adds_up())?;
            rows.extend(bill.rows);
        }
        let mut mine = 0;
        for (purchase, placed) in &self.placed {
            let of_order: Vec<&Row> =
                rows.iter().filter(|row| row.med_trans_id == placed.med_trans_id).collect();
            self.check_order(*purchase, placed, &of_order, &days)?;
            mine += of_order.len();
        }
        Ok(format!("{mine} of {} rows are this journey's, each to the fen", rows.len()))
    }

    async fn download(&self, day: Day, packed: bool) -> Result<Vec<u8>, Fault> {
        let mut fields = self.merchant();
        fields
            .set("bill_date", day.wire())
            .set("bill_type", "ALL")
            .set_opt("tar_type", packed.then_some("GZIP"))
            .set("nonce_str", self.town.player.entropy.nonce());
        match self.client.download(&downloadbill::SPEC, &self.access_token, fields).await? {
            Downloaded::Bill(bytes) => Ok(bytes.to_vec()),
            Downloaded::Refused(refused) => {
                Err(Fault::Wrong(format!("downloadbill was refused: {}", spoken(&refused))))
            }
        }
    }

    fn check_order(
        &self,
        purchase: Purchase,
        placed: &Placed,
        rows: &[&Row],
        days: &BTreeSet<Day>,
    ) -> Result<(), Fault> {
        let what = purchase.words();
        let (mut payments, mut refunds) = (Vec::new(), Vec::new());
        for row in rows {
            equal("医院订单号", row.hosp_out_trade_no.as_str(), placed.number.as_str())?;
            equal("医疗机构编码", row.org_no.as_str(), self.institution.org_no.as_str())?;
            match &row.event {
                Event::Payment(payment) => payments.push(payment),
                Event::Refund(refund) => refunds.push(refund),
            }
        }
        if purchase == Purchase::Abandoned {
            return equal("rows of the closed order", rows.len(), 0);
        }
        equal(&format!("payments of {what}"), payments.len(), 1)?;
        check_payment(purchase, payments[0])?;
        let refund_is_due = purchase == Purchase::Refused
            || placed.refund.as_ref().and_then(|r| r.day).is_some_and(|day| days.contains(&day));
        equal(&format!("refunds of {what}"), refunds.len(), usize::from(refund_is_due))?;
        refunds.first().map_or(Ok(()), |refund| check_refund(purchase, placed, refund))
    }
}

fn check_payment(purchase: Purchase, payment: &Payment) -> Result<(), Fault> {
    let (what, terms) = (purchase.words(), purchase.terms());
    equal(&format!("现金金额 of {what}"), payment.cash_fee, terms.cash)?;
    if purchase != Purchase::Refused {
        equal(&format!("订单总金额 of {what}"), payment.total_fee, terms.total)?;
        equal(&format!("医保金额 of {what}"), payment.insurance_fee, terms.insurance)?;
    }
    Ok(())
}

fn check_refund(purchase: Purchase, placed: &Placed, refund: &Refund) -> Result<(), Fault> {
    let terms = purchase.terms();
    let (kind, cash, insurance) = match &placed.refund {
        Some(given) => (given.kind, given.cash, given.insurance),
        None => (RefundType::Sys, terms.cash, Fen::ZERO),
    };
    equal("退款类型", refund.kind, kind)?;
    equal("现金退款金额", refund.cash_refund_fee, cash)?;
    equal("医保退款金额", refund.insurance_refund_fee, insurance)?;
    if let Some(given) = &placed.refund {
        equal("医保退款单号", refund.med_refund_id.as_ref(), Some(&given.med_refund_id))?;
    }
    Ok(())
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut plain = Vec::new();
    GzDecoder::new(packed)
        .read_to_end(&mut plain)
        .map_err(|error| Fault::Wrong(format!("the GZIP bill cannot be unpacked: {error}")))?;
    Ok(plain)
}
