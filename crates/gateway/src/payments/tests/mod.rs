//! Payments with scripted parties, on both engines.

mod ending;
mod late_news;
mod noticed;
mod ordering;
mod pages;
mod sagas;
mod stepped;
mod unconfirmed;

use super::{Begin, BeginError, Begun, Payer, Payment, begin, find};
use crate::channels::Channel;
use crate::staff::queue;
use crate::testing::{Answered, FakePlatform, Said, World};
use axum::body::Body;
use http::Request;
use medpay_domain::{
    BillNo, CardType, Clock as _, Fen, HospOutTradeNo, IdDigest, Openid, PersonName, SerialNo,
};
use medpay_wire::caller_fields::Patient;
use medpay_wire::envelope::Reply;
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{
    Bill, BillClass, BillKind, BillState, ConfirmBill, Confirmed, FindBill, InsurancePart,
    LockBill, PayWith, ReleaseBill,
};
use medpay_wire::sign::{self, ApiKey};
use std::net::Ipv4Addr;

const NUMBERED: &str = "B1";

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

fn bill(world: &World, cash: i64, insurance: Option<i64>) -> Bill {
    let now = world.clock.now();
    Bill {
        bill_no: BillNo::new(NUMBERED),
        serial_no: SerialNo::new("S1"),
        patient_id: "P1".into(),
        kind: BillKind::Outpatient,
        class: BillClass::Ordinary,
        title: "门诊缴费".into(),
        department: "呼吸内科".into(),
        doctor: "林医生".into(),
        issued_at: now,
        visit_day: now.day(),
        items: vec![],
        total_fen: fen(cash + insurance.unwrap_or(0)),
        insurance: insurance.map(|insurance| InsurancePart {
            insurance_fen: fen(insurance),
            cash_fen: fen(cash),
            request_content: "{\"a\" : \"<元>\",\r\n\"b\":1}".into(),
        }),
        state: BillState::Pending,
        hosp_out_trade_no: None,
    }
}

fn patient() -> Patient {
    Patient {
        card_type: CardType::IdCard,
        id_digest: IdDigest::new("0123456789abcdef0123456789abcdef"),
        name: PersonName::new("云小杉"),
    }
}

fn wanted(openid: &str, pay_with: PayWith) -> Begin {
    Begin {
        payer: Payer::Follower(Openid::new(openid)),
        patient: patient(),
        patient_id: "P1".into(),
        bill_no: BillNo::new(NUMBERED),
        pay_with,
        channel: Channel::menu(),
        by_qr: false,
        client_ip: Ipv4Addr::LOCALHOST,
    }
}

/// A HIS with this bill, a bound card, and a platform that takes the order.
fn willing(world: &World, cash: i64, insurance: Option<i64>) {
    let bill = bill(world, cash, insurance);
    world.his.always::<FindBill>(&bill);
    world.his.always::<ReleaseBill>(&bill);
    world.his.always::<LockBill>(&Bill { state: BillState::Locked, ..bill });
    world.his.always::<ConfirmBill>(&Confirmed {
        receipt_no: "R1".into(),
        queue_no: Some("A012".into()),
        guide: "请到2楼药房取药".into(),
    });
    let card = [("medical_card_no", "C1"), ("medical_card_id", "Y1"), ("medical_user_id", "U1")];
    world.platform.always("getmedinfo", FakePlatform::success(&card));
    world.platform.always("unifiedorder", accepts());
    stands(world, "NOTPAY");
}

fn accepts() -> Said<Reply> {
    FakePlatform::success(&[
        ("appid", "wx-yunshan"),
        ("mch_id", "mch-yunshan"),
        ("med_trans_id", "M1"),
        ("pay_url", "http://platform.test/pay/1"),
    ])
}

/// From now on orderquery answers that the mixed order stands so.
fn stands(world: &World, state: &str) {
    world.platform.always("orderquery", standing(world, state));
}

fn standing(world: &World, state: &str) -> Said<Reply> {
    let paid = state == "SUCCESS";
    FakePlatform::success(&[
        ("appid", "wx-yunshan"),
        ("mch_id", "mch-yunshan"),
        ("med_trade_state", state),
        ("cash_trade_status", if paid { "SUCCESS" } else { "NOTPAY" }),
        ("insurance_trade_status", if paid { "PAYED" } else { "NOTPAY" }),
        ("time_end", &world.clock.now().wire()),
        ("order_type", "DiagPay"),
        ("pay_type", "3"),
        ("total_fee", "905"),
        ("cash_fee", "100"),
        ("insurance_fee", "805"),
        ("response_content", "{\"settled\":1}"),
        ("med_trans_id", "M1"),
    ])
}

/// A mixed order of 1.00 and 8.05 that waits for its payer.
async fn ordered(world: &World) -> HospOutTradeNo {
    willing(world, 100, Some(805));
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    assert_eq!(begun.leads_to.as_deref(), Some("http://platform.test/pay/1"));
    begun.hosp_out_trade_no
}

async fn code(world: &World, number: &HospOutTradeNo) -> &'static str {
    world.payment(number).await.money.code()
}

/// What of the payment is before a person.
async fn with_staff(world: &World, number: &HospOutTradeNo) -> Vec<queue::Kind> {
    let (org_no, number) = (world.site.org_no().clone(), number.clone());
    world
        .site
        .store
        .read("what is with staff", move |tx| {
            let (org_no, number) = (org_no.clone(), number.clone());
            Box::pin(async move { queue::kinds_of(tx, &org_no, &number).await })
        })
        .await
        .expect("a read")
}

/// A notice of the mixed order, before it is signed.
fn notice(world: &World, number: &HospOutTradeNo) -> Fields {
    Fields::from_iter([
        ("return_code", "SUCCESS"),
        ("result_code", "SUCCESS"),
        ("appid", "wx-yunshan"),
        ("mch_id", "mch-yunshan"),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
        ("openid", "oA"),
        ("med_trans_id", "M1"),
        ("hosp_out_trade_no", number.as_str()),
        ("time_end", &world.clock.now().wire()),
        ("pay_type", "3"),
        ("total_fee", "905"),
        ("cash_fee", "100"),
        ("insurance_fee", "805"),
        ("response_content", "{\"settled\":1}"),
    ])
}

/// Delivers it, signed by `key`; answers whether it was acknowledged.
async fn deliver(world: &World, mut fields: Fields, key: &str) -> bool {
    sign::sign_into(&mut fields, &ApiKey::new(key).expect("a key"));
    let request = Request::post("/notify/yunshan").body(Body::from(fields.to_xml()));
    let answer = world.send(request.expect("a request")).await;
    let answer = Fields::from_xml(answer.body.as_bytes()).expect("a document");
    answer.get("return_code") == Some("SUCCESS")
}

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The HIS was told of the payment so often, under one key.
fn confirmations(world: &World) -> usize {
    let asked = world.his.asked::<ConfirmBill>();
    assert!(asked.windows(2).all(|two| two[0] == two[1]), "the same words under the same key");
    asked.len()
}

fn outcome(page: &Answered) -> &str {
    let (_, rest) = page.body.split_once("data-outcome=\"").expect("an outcome");
    rest.split('"').next().unwrap_or_default()
}

async fn stored(world: &World, number: &HospOutTradeNo) -> Payment {
    find(&world.site, number).await.expect("a read").expect("a payment")
}
