//! Refunds and reports.

use super::{Hospital, code, hospital, order};
use medpay_domain::{Fen, HospOutRefundNo};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{Bill, BillState, ListDay, PayWith};
use medpay_wire::his::refunds::{AskedBy, ConfirmRefund, GrantRefund, Granted, RefundOutcome};
use medpay_wire::his::results::{FindResult, ListPrescriptions, ListResults};

impl Hospital {
    fn paid_bill(&self) -> Bill {
        let bill = self.bills(&self.card_of("lin")).remove(1);
        let locked = self.lock(&bill, "O1", PayWith::Insurance).expect("locked");
        self.confirm(&locked, "O1").expect("confirmed");
        locked
    }

    fn grant(&self, bill: &Bill, refund: &str, by: AskedBy) -> Result<Granted, RefusalCode> {
        let ask = GrantRefund {
            hosp_out_trade_no: order("O1"),
            bill_no: bill.bill_no.clone(),
            hosp_out_refund_no: HospOutRefundNo::new(refund),
            by,
            reason: "不想要了".to_owned(),
        };
        self.ask(&ask).map_err(|refusal| refusal.code)
    }

    fn ended(&self, refund: &str, outcome: RefundOutcome) -> Option<RefusalCode> {
        let back = outcome == RefundOutcome::Refunded;
        let fen = |amount| if back { super::super::data::fen(amount) } else { Fen::ZERO };
        code(self.ask(&ConfirmRefund {
            hosp_out_trade_no: order("O1"),
            hosp_out_refund_no: HospOutRefundNo::new(refund),
            outcome,
            cash_fen: fen(3616),
            insurance_fen: fen(7054),
            ended_at: self.now.get(),
        }))
    }
}

#[test]
fn a_patients_refund_is_granted_and_written_down() {
    let hospital = hospital();
    let bill = hospital.paid_bill();
    let granted = hospital.grant(&bill, "R1", AskedBy::Patient).expect("granted");
    assert!((1..=20).contains(&granted.cancel_bill_no.len()));
    assert!((1..=20).contains(&granted.cancel_serial_no.len()));
    assert_eq!(hospital.grant(&bill, "R1", AskedBy::Patient), Ok(granted));
    let second = hospital.grant(&bill, "R2", AskedBy::Patient);
    assert_eq!(second, Err(RefusalCode::WrongState));

    assert_eq!(hospital.ended("R9", RefundOutcome::Refunded), Some(RefusalCode::NotFound));
    assert_eq!(hospital.ended("R1", RefundOutcome::Refunded), None);
    assert_eq!(hospital.ended("R1", RefundOutcome::Refunded), None, "told twice");
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Refunded);
    let day = hospital.ask(&ListDay { day: hospital.now.get().day() }).expect("a day");
    assert!(day.payments[0].refunded);
    assert_eq!(day.payments[0].insurance_refunded_fen.get(), 7054);
}

#[test]
fn a_refund_that_failed_leaves_the_bill_paid() {
    let hospital = hospital();
    let bill = hospital.paid_bill();
    hospital.grant(&bill, "R1", AskedBy::Patient).expect("granted");
    assert_eq!(hospital.ended("R1", RefundOutcome::Failed), None);
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Paid);
    assert!(hospital.grant(&bill, "R2", AskedBy::Patient).is_ok());
}

#[test]
fn nothing_goes_back_on_a_patients_wish_once_the_medicine_was_handed_out() {
    let hospital = hospital();
    let bill = hospital.paid_bill();
    let done = hospital.his.mark_done(bill.bill_no.as_str(), hospital.now.get());
    assert_eq!(done.expect("a book"), Ok(()));
    let wish = hospital.grant(&bill, "R1", AskedBy::Patient);
    assert_eq!(wish, Err(RefusalCode::NotRefundable));
    assert!(hospital.grant(&bill, "R2", AskedBy::Staff).is_ok());
}

#[test]
fn what_the_his_never_confirmed_may_be_paid_anew_after_the_refund() {
    let hospital = hospital();
    let bill = hospital.bills(&hospital.card_of("lin")).remove(1);
    let locked = hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");
    let wish = hospital.grant(&bill, "R1", AskedBy::Patient);
    assert_eq!(wish, Err(RefusalCode::NotFound), "nothing was confirmed");
    let granted = hospital.grant(&bill, "R1", AskedBy::System).expect("granted");
    assert!(!granted.cancel_bill_no.is_empty());
    let confirmed = hospital.confirm(&locked, "O1");
    assert_eq!(code(confirmed), Some(RefusalCode::WrongState), "it is going back");
    assert_eq!(hospital.ended("R1", RefundOutcome::Refunded), None);
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Pending);
    let day = hospital.ask(&ListDay { day: hospital.now.get().day() }).expect("a day");
    assert_eq!(day.payments, []);
}

#[test]
fn a_cash_refund_has_no_cancel_numbers() {
    let hospital = hospital();
    let bill = hospital.bills(&hospital.card_of("lin")).remove(3);
    let locked = hospital.lock(&bill, "O1", PayWith::Cash).expect("locked");
    hospital.confirm(&locked, "O1").expect("confirmed");
    let granted = hospital.grant(&bill, "R1", AskedBy::Patient).expect("granted");
    assert_eq!((granted.cancel_bill_no.as_str(), granted.cancel_serial_no.as_str()), ("", ""));
}

#[test]
fn reports_and_prescriptions_are_their_patients_own() {
    let hospital = hospital();
    let (lin, chen) = (hospital.card_of("lin"), hospital.card_of("chen"));
    let results = hospital.ask(&ListResults { patient_id: lin.patient_id.clone() });
    let result_no = results.expect("results").results.remove(0).result_no;
    let find = |patient_id: &str| FindResult {
        result_no: result_no.clone(),
        patient_id: patient_id.to_owned(),
    };
    let report = hospital.ask(&find(&lin.patient_id)).expect("a report");
    assert!(report.values.iter().any(|value| value.flag == "high"));
    let peeked = hospital.ask(&find(&chen.patient_id));
    assert_eq!(code(peeked), Some(RefusalCode::NotFound));
    let list = ListPrescriptions { patient_id: lin.patient_id };
    let prescriptions = hospital.ask(&list).expect("prescriptions").prescriptions;
    assert!(!prescriptions.is_empty());
}
