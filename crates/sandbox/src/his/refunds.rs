//! Refunds: granted with the bureau's cancel numbers, and written down when they have ended.
//!
//! What a patient asks for is granted unless the medicine was handed out or the doctor has seen the
//! patient; what staff or the gateway ask for is granted always.

use super::bills::holds;
use super::books;
use super::desk::{Desk, No};
use super::papers::{BillPaper, RefundPaper};
use crate::books::BookError;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{BillState, PayWith};
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::refunds::{
    AskedBy, ConfirmRefund, GrantRefund, Granted, RefundConfirmed, RefundOutcome,
};

impl Desk<'_> {
    pub(super) fn grant_refund(&self, ask: &GrantRefund) -> Result<Granted, No> {
        let bill = self.bill(&ask.bill_no)?;
        if let Some(known) = self.refund(ask.hosp_out_refund_no.as_str())? {
            return Ok(granted(&known));
        }
        if ask.by == AskedBy::Patient {
            self.check_patients_wish(ask, &bill)?;
        }
        let payment = self.payment(&ask.hosp_out_trade_no)?;
        let insured = match &payment {
            Some(payment) => payment.pay_type != 1,
            None => holds(&bill, &ask.hosp_out_trade_no) && bill.pay_with != Some(PayWith::Cash),
        };
        let number = |letter| if insured { self.number(letter) } else { Ok(String::new()) };
        let refund = RefundPaper {
            hosp_out_refund_no: ask.hosp_out_refund_no.clone(),
            hosp_out_trade_no: ask.hosp_out_trade_no.clone(),
            bill_no: ask.bill_no.as_str().to_owned(),
            patient_id: bill.bill.patient_id.clone(),
            by: ask.by,
            cancel_bill_no: number('C')?,
            cancel_serial_no: number('D')?,
            outcome: None,
            granted_at: self.now,
        };
        books::put(self.book, &refund)?;
        Ok(granted(&refund))
    }

    fn check_patients_wish(&self, ask: &GrantRefund, bill: &BillPaper) -> Result<(), No> {
        let Some(payment) = self.payment(&ask.hosp_out_trade_no)? else {
            return Err(No::unknown("no such order"));
        };
        if payment.entry.bill_no != ask.bill_no {
            return Err(No::unknown("no such order of this bill"));
        }
        let open = self.refund_of(&payment.patient_id, &ask.hosp_out_trade_no)?;
        if payment.entry.refunded || open.is_some() {
            return Err(No::new(RefusalCode::WrongState, "the order is given back already"));
        }
        let seen = self.booking_of(bill)?.is_some_and(|it| it.state == BookingState::Seen);
        if bill.done || seen {
            let message = "medicine was handed out or the patient was seen";
            return Err(No::new(RefusalCode::NotRefundable, message));
        }
        Ok(())
    }

    fn refund(&self, refund_no: &str) -> Result<Option<RefundPaper>, BookError> {
        books::get(self.book, refund_no)
    }

    pub(super) fn confirm_refund(&self, ask: &ConfirmRefund) -> Result<RefundConfirmed, No> {
        let refund = self.refund(ask.hosp_out_refund_no.as_str())?;
        let known = refund.filter(|it| it.hosp_out_trade_no == ask.hosp_out_trade_no);
        let mut refund = known.ok_or_else(|| No::unknown("no such refund"))?;
        match refund.outcome {
            Some(outcome) if outcome == ask.outcome => return Ok(RefundConfirmed {}),
            // A refund that failed may be told again as done: staff tried it once more.
            Some(RefundOutcome::Refunded) => {
                return Err(No::new(RefusalCode::WrongState, "the money went back"));
            }
            Some(RefundOutcome::Failed) | None => {}
        }
        refund.outcome = Some(ask.outcome);
        books::put(self.book, &refund)?;
        if ask.outcome == RefundOutcome::Refunded {
            self.money_went_back(ask, &refund)?;
        }
        Ok(RefundConfirmed {})
    }

    fn money_went_back(&self, ask: &ConfirmRefund, refund: &RefundPaper) -> Result<(), BookError> {
        let bill: Option<BillPaper> = books::get(self.book, &refund.bill_no)?;
        let mine = bill.filter(|bill| holds(bill, &ask.hosp_out_trade_no));
        if let Some(mut payment) = self.payment(&ask.hosp_out_trade_no)? {
            payment.entry.cash_refunded_fen = ask.cash_fen;
            payment.entry.insurance_refunded_fen = ask.insurance_fen;
            payment.entry.refunded = true;
            books::put(self.book, &payment)?;
        }
        let Some(mut bill) = mine else { return Ok(()) };
        match bill.bill.state {
            BillState::Paid => {
                bill.bill.state = BillState::Refunded;
                books::put(self.book, &bill)?;
                if let Some(mut booking) = self.booking_of(&bill)? {
                    booking.state = BookingState::Cancelled;
                    books::put(self.book, &booking)?;
                }
                Ok(())
            }
            // It was never confirmed here, so that it may be paid anew.
            BillState::Locked => self.free(&mut bill),
            BillState::Pending | BillState::Refunded | BillState::Voided => Ok(()),
        }
    }
}

fn granted(refund: &RefundPaper) -> Granted {
    Granted {
        cancel_bill_no: refund.cancel_bill_no.clone(),
        cancel_serial_no: refund.cancel_serial_no.clone(),
    }
}
