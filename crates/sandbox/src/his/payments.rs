//! Orders that paid a bill: confirmed once, listed by day; their invoices.

use super::bills::check_free;
use super::books;
use super::desk::{Desk, No};
use super::papers::{BillPaper, PaymentPaper, RefundPaper};
use crate::books::BookError;
use medpay_domain::{Fen, HospOutTradeNo};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{
    BillState, ConfirmBill, Confirmed, DayList, DayPayment, FindInvoice, Invoice, ListDay, PayWith,
};
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::refunds::RefundOutcome;

impl Desk<'_> {
    pub(super) fn confirm_bill(&self, ask: &ConfirmBill) -> Result<Confirmed, No> {
        let mut bill = self.bill(&ask.bill_no)?;
        if let Some(payment) = self.payment(&ask.hosp_out_trade_no)? {
            return self.confirmed_before(ask, &payment);
        }
        check_free(&bill, &ask.hosp_out_trade_no)?;
        if self.refund_of(&bill.bill.patient_id, &ask.hosp_out_trade_no)?.is_some() {
            let message = "the order's money is on its way back";
            return Err(No::new(RefusalCode::WrongState, message));
        }
        check_amounts(ask, &bill)?;
        bill.bill.state = BillState::Paid;
        bill.bill.hosp_out_trade_no = Some(ask.hosp_out_trade_no.clone());
        books::put(self.book, &bill)?;
        let guide = self.after_payment(&bill)?;
        let payment = PaymentPaper {
            entry: DayPayment {
                hosp_out_trade_no: ask.hosp_out_trade_no.clone(),
                bill_no: ask.bill_no.clone(),
                total_fen: ask.total_fen,
                cash_fen: ask.cash_fen,
                insurance_fen: ask.insurance_fen,
                confirmed_at: self.now,
                cash_refunded_fen: Fen::ZERO,
                insurance_refunded_fen: Fen::ZERO,
                refunded: false,
            },
            patient_id: bill.bill.patient_id.clone(),
            pay_type: ask.pay_type,
            med_trans_id: ask.med_trans_id.as_str().to_owned(),
            receipt_no: self.number('R')?,
            guide,
        };
        books::put(self.book, &payment)?;
        Ok(self.confirmed(&payment, &bill)?)
    }

    /// A paid registration of today takes its number; anybody else is told where to go.
    pub(super) fn after_payment(&self, bill: &BillPaper) -> Result<String, BookError> {
        let Some(mut booking) = self.booking_of(bill)? else {
            return Ok("请到门诊楼1层药房取药，或到相应科室检查".to_owned());
        };
        if booking.state == BookingState::Booked && booking.day == self.today() {
            self.queue(&mut booking)?;
        }
        let shown = self.shown_booking(&booking)?;
        Ok(if booking.day == self.today() {
            format!("请到{}候诊", shown.place)
        } else {
            format!("请于就诊当日{}到{}", shown.time, shown.place)
        })
    }

    fn confirmed(&self, payment: &PaymentPaper, bill: &BillPaper) -> Result<Confirmed, BookError> {
        let booking = self.booking_of(bill)?;
        Ok(Confirmed {
            receipt_no: payment.receipt_no.clone(),
            queue_no: booking.and_then(|booking| booking.queue_no),
            guide: payment.guide.clone(),
        })
    }

    fn confirmed_before(&self, ask: &ConfirmBill, payment: &PaymentPaper) -> Result<Confirmed, No> {
        let entry = &payment.entry;
        let same = entry.bill_no == ask.bill_no
            && entry.total_fen == ask.total_fen
            && entry.cash_fen == ask.cash_fen
            && entry.insurance_fen == ask.insurance_fen;
        if !same {
            let message = "the order was confirmed with other amounts";
            return Err(No::new(RefusalCode::AmountsDiffer, message));
        }
        if entry.refunded {
            return Err(No::new(RefusalCode::WrongState, "the order was given back"));
        }
        let bill = self.bill(&entry.bill_no)?;
        Ok(self.confirmed(payment, &bill)?)
    }

    /// What an order paid, if it was confirmed.
    pub(super) fn payment(
        &self,
        order: &HospOutTradeNo,
    ) -> Result<Option<PaymentPaper>, BookError> {
        books::get(self.book, order.as_str())
    }

    /// A refund of this order that is open or done.
    pub(super) fn refund_of(
        &self,
        patient_id: &str,
        order: &HospOutTradeNo,
    ) -> Result<Option<RefundPaper>, BookError> {
        let own: Vec<RefundPaper> = books::of_patient(self.book, patient_id)?;
        Ok(own.into_iter().find(|refund| {
            refund.hosp_out_trade_no == *order && refund.outcome != Some(RefundOutcome::Failed)
        }))
    }

    pub(super) fn list_day(&self, ask: &ListDay) -> Result<DayList, No> {
        let papers: Vec<PaymentPaper> = books::of_day(self.book, ask.day)?;
        Ok(DayList { payments: papers.into_iter().map(|paper| paper.entry).collect() })
    }

    pub(super) fn find_invoice(&self, ask: &FindInvoice) -> Result<Invoice, No> {
        let payment = self.payment(&ask.hosp_out_trade_no)?;
        let payment = payment.ok_or_else(|| No::unknown("no such order"))?;
        Ok(Invoice {
            invoice_no: None,
            hint: format!("请凭就诊卡到门诊大厅自助机打印发票，收据号 {}", payment.receipt_no),
        })
    }
}

/// 1 cash, 2 insurance, 3 mixed: the wire's codes.
fn check_amounts(ask: &ConfirmBill, paper: &BillPaper) -> Result<(), No> {
    let total = paper.bill.total_fen;
    let adds_up = ask.cash_fen.checked_add(ask.insurance_fen) == Some(ask.total_fen);
    let fits = match ask.pay_type {
        1 => ask.insurance_fen.is_zero(),
        2 => ask.cash_fen.is_zero() && paper.pay_with != Some(PayWith::Cash),
        3 => paper.pay_with != Some(PayWith::Cash),
        _ => return Err(No::new(RefusalCode::BadRequest, "pay_type: 1, 2 or 3")),
    };
    if ask.total_fen == total && adds_up && fits {
        Ok(())
    } else {
        Err(No::new(RefusalCode::AmountsDiffer, "the amounts are not the bill's"))
    }
}
