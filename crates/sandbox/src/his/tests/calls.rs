//! How calls are read and answered once, and bills are paid.

use super::{code, hospital, opened, order, paid};
use crate::faults::{Delivery, Fault};
use medpay_domain::{Fen, SumRule};
use medpay_wire::his::bills::{
    BillClass, BillState, ConfirmBill, FindInvoice, ListDay, LockBill, PayWith, ReleaseBill,
};
use medpay_wire::his::bookings::ListDepartments;
use medpay_wire::his::{Call, Refusal, RefusalCode};
use medpay_wire::request_content::RequestContent;

#[test]
fn a_bad_body_is_refused_by_its_member() {
    let hospital = hospital();
    let refusal = |name: &str, key: &str, body: &str| -> Refusal {
        let said = hospital.send(name, key, body).answer().expect("an answer");
        serde_json::from_str(&said.body).expect("a refusal")
    };
    let missing = refusal("lock_bill", "k", r#"{"bill_no":"B","pay_with":"cash"}"#);
    assert_eq!(missing.code, RefusalCode::BadRequest);
    assert!(missing.message.contains("hosp_out_trade_no"), "{}", missing.message);
    let wrong = refusal("list_day", "", r#"{"day":"2018-06-20"}"#);
    assert!(wrong.message.contains("day"), "{}", wrong.message);
    let keyless = refusal("book", "", r#"{"schedule_id":"x","patient_id":"y"}"#);
    assert!(keyless.message.contains("idempotency-key"), "{}", keyless.message);
    assert_eq!(refusal("list_bills", "", "[]").code, RefusalCode::BadRequest);
    assert_eq!(refusal("no_such_call", "", "{}").code, RefusalCode::NotFound);
}

#[test]
fn a_repeated_key_gets_the_first_answer_and_other_words_are_refused() {
    let hospital = hospital();
    let lin = hospital.card_of("lin");
    let bill = hospital.bills(&lin).remove(0);
    let mut ask = LockBill {
        bill_no: bill.bill_no.clone(),
        hosp_out_trade_no: order("O1"),
        pay_with: PayWith::Cash,
    };
    let first = hospital.keyed("one", &ask).expect("locked");
    let release = ReleaseBill { bill_no: bill.bill_no, hosp_out_trade_no: order("O1") };
    hospital.ask(&release).expect("released");
    assert_eq!(hospital.keyed("one", &ask), Ok(first));
    ask.hosp_out_trade_no = order("O2");
    assert_eq!(code(hospital.keyed("one", &ask)), Some(RefusalCode::KeyReused));
    assert_eq!(code(hospital.keyed("one", &release)), Some(RefusalCode::KeyReused));
}

#[test]
fn a_newcomer_finds_a_bill_of_every_kind() {
    let hospital = hospital();
    let bills = hospital.bills(&hospital.card_of("lin"));
    let parts: Vec<_> = bills
        .iter()
        .map(|bill| {
            let part = bill.insurance.as_ref();
            (bill.class, part.map(|part| (part.insurance_fen.get(), part.cash_fen.get())))
        })
        .collect();
    let ordinary = BillClass::Ordinary;
    assert_eq!(
        parts,
        [
            (ordinary, Some((6220, 0))),
            (ordinary, Some((7054, 3616))),
            (ordinary, Some((0, 18600))),
            (BillClass::Vaccination, None),
        ]
    );
    let again = hospital.bills(&hospital.card_of("lin"));
    assert_eq!(bills, again, "one card and its bills, however often it is asked for");
}

#[test]
fn who_is_not_insured_pays_in_cash() {
    let hospital = hospital();
    for bill in hospital.bills(&hospital.card_of("shen")) {
        assert_eq!(bill.insurance, None);
        let refused = hospital.lock(&bill, "O1", PayWith::Insurance);
        assert_eq!(code(refused), Some(RefusalCode::NotCovered));
    }
}

#[test]
fn a_bill_is_held_for_one_order_and_paid_once() {
    let hospital = hospital();
    let mixed = hospital.bills(&hospital.card_of("lin")).remove(1);
    let locked = hospital.lock(&mixed, "O1", PayWith::Insurance).expect("locked");
    assert_eq!(locked.state, BillState::Locked);
    let other = hospital.lock(&mixed, "O2", PayWith::Cash);
    assert_eq!(code(other), Some(RefusalCode::LockedByAnother));
    assert_eq!(code(hospital.confirm(&locked, "O2")), Some(RefusalCode::LockedByAnother));

    let mut wrong = paid(&locked, "O1");
    wrong.cash_fen = Fen::ZERO;
    assert_eq!(code(hospital.ask(&wrong)), Some(RefusalCode::AmountsDiffer));
    let first = hospital.confirm(&locked, "O1").expect("confirmed");
    assert_eq!(hospital.confirm(&locked, "O1").expect("the same"), first);
    assert_eq!(code(hospital.confirm(&locked, "O3")), Some(RefusalCode::PaidAlready));
    let release = ReleaseBill { bill_no: mixed.bill_no.clone(), hosp_out_trade_no: order("O1") };
    assert_eq!(code(hospital.ask(&release)), Some(RefusalCode::PaidAlready));

    let day = hospital.ask(&ListDay { day: hospital.now.get().day() }).expect("a day");
    assert_eq!(day.payments.len(), 1);
    assert_eq!(day.payments[0].insurance_fen.get(), 7054);
    let invoice = hospital.ask(&FindInvoice { hosp_out_trade_no: order("O1") });
    assert!(invoice.expect("an invoice").hint.contains(&first.receipt_no));
}

#[test]
fn a_bill_let_go_of_is_anybodys_again() {
    let hospital = hospital();
    let bill = hospital.bills(&hospital.card_of("lin")).remove(0);
    hospital.lock(&bill, "O1", PayWith::Cash).expect("locked");
    let release = ReleaseBill { bill_no: bill.bill_no.clone(), hosp_out_trade_no: order("O1") };
    assert_eq!(hospital.ask(&release).expect("released").state, BillState::Pending);
    let locked = hospital.lock(&bill, "O2", PayWith::Insurance).expect("locked");
    assert_eq!(locked.hosp_out_trade_no, Some(order("O2")));
}

#[test]
fn a_bill_that_its_doctor_took_back_is_not_confirmed() {
    let hospital = hospital();
    let bill = hospital.bills(&hospital.card_of("lin")).remove(0);
    let locked = hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");
    let voided = hospital.his.void_bill(bill.bill_no.as_str(), hospital.now.get());
    assert_eq!(voided.expect("a book"), Ok(()));
    assert_eq!(code(hospital.confirm(&locked, "O1")), Some(RefusalCode::Voided));
}

#[test]
fn words_to_the_bureau_are_in_the_citys_dialect() {
    let hospital = hospital();
    let huang = hospital.card_of("huang");
    let registration = hospital
        .bills(&huang)
        .into_iter()
        .find(|bill| bill.title == "挂号费")
        .and_then(|bill| bill.insurance)
        .expect("a registration, divided");
    let content = RequestContent::new(registration.request_content).expect("a content");
    let checked = content.check_registration(medpay_domain::Dialect::Shenzhen, SumRule::Strict);
    assert_eq!(checked, Ok(()));
}

#[test]
fn faults_on_demand_meet_the_call_they_were_armed_for() {
    let hospital = hospital();
    let bill = hospital.bills(&hospital.card_of("lin")).remove(0);
    let locked = hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");
    let ask = serde_json::to_string(&paid(&locked, "O1")).expect("JSON");
    let arm = |fault| hospital.his.arm(ConfirmBill::NAME, fault, 1).expect("a book");

    arm(Fault::Down);
    arm(Fault::NotDone);
    arm(Fault::Refuse);
    arm(Fault::DoneAnswerLost);
    let send = |key: &str| hospital.send(ConfirmBill::NAME, key, &ask);
    assert_eq!(send("one"), Delivery::Down);
    assert_eq!(send("one"), Delivery::Lost);
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Locked);
    assert!(matches!(send("one"), Delivery::Answer(said) if said.status == 409));
    assert_eq!(send("two"), Delivery::Lost, "done, and the answer lost");
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Paid);
    assert!(matches!(send("one"), Delivery::Answer(said) if said.status == 409), "kept");
    assert!(matches!(send("two"), Delivery::Answer(said) if said.status == 200));
    assert!(hospital.ask(&ListDepartments {}).is_ok());
}

#[test]
fn the_book_survives_a_restart() {
    let hospital = hospital();
    let lin = hospital.card_of("lin");
    let bill = hospital.bills(&lin).remove(0);
    let locked = hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");
    hospital.confirm(&locked, "O1").expect("confirmed");
    let before = hospital.bills(&lin);
    let hospital = super::Hospital { his: opened(&hospital.folder), ..hospital };
    assert_eq!(hospital.bills(&lin), before);
    assert_eq!(hospital.bill(&bill.bill_no).state, BillState::Paid);
}
