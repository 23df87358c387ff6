//! A day's bill over HTTP.

use crate::orders::testing::{confirm, order, paid};
use crate::testing::keepers::{Fate, Town};
use crate::testing::{Answered, HOSPITAL, SECOND_UNDER_PROVIDER, UNDER_PROVIDER};
use flate2::read::GzDecoder;
use medpay_domain::platform::order::Kind;
use medpay_domain::{HospOutRefundNo, SerialNo};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::bill::{Bill, Event, RefundType, Totals};
use std::io::Read as _;

async fn download(town: &Town, institution: usize, fields: &[(&str, &str)]) -> Answered {
    town.world.call(institution, "downloadbill", fields).await
}

fn bill(answer: &Answered) -> Bill {
    let bill = Bill::read(answer.body.as_bytes()).expect("a bill");
    assert!(bill.adds_up());
    bill
}

async fn refund(town: &Town, institution: usize, order: &str, number: &str, part: &str) {
    let fields = [
        ("med_trans_id", order),
        ("hosp_out_refund_no", number),
        ("part_refund_type", part),
        ("cancel_bill_no", "#"),
        ("cancel_serial_no", "186042"),
    ];
    let answer = town.world.call(institution, "refund", &fields).await;
    assert_eq!(answer.word(), "SUCCESS");
}

/// The number and kind of each row, in order.
fn lines(bill: &Bill) -> Vec<String> {
    bill.rows
        .iter()
        .map(|row| match &row.event {
            Event::Payment(paid) => {
                format!("{} {}+{}", row.med_trans_id, paid.cash_fee, paid.insurance_fee)
            }
            Event::Refund(back) => format!(
                "{} {:?} -{}-{}",
                row.med_trans_id, back.kind, back.cash_refund_fee, back.insurance_refund_fee
            ),
        })
        .collect()
}

on_both!(a_bill_holds_the_days_payments_and_refunds_and_adds_up, async |db: TestDb| {
    let town = Town::new(&db).await;
    let one = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    paid(&town, "2", Kind::InsuranceOnly, (0, 905)).await;
    town.world.clock.advance_seconds(60);
    refund(&town, HOSPITAL, one.as_str(), "R1", "CASH_ONLY").await;
    town.world.clock.advance_seconds(60);
    refund(&town, HOSPITAL, one.as_str(), "R2", "").await;
    // The next day there is another payment, and a refund of it.
    town.world.clock.advance_seconds(25 * 3600);
    let three = paid(&town, "3", Kind::CashOnly, (300, 0)).await;
    refund(&town, HOSPITAL, three.as_str(), "R3", "").await;
    let first = download(&town, HOSPITAL, &[("bill_date", "20180620")]).await;
    let first = bill(&first);
    assert_eq!(lines(&first), ["M1 100+805", "M2 0+905", "M1 CashOnly -100-0", "M1 All -0-805"]);
    let payments = &first.rows[0];
    assert_eq!(payments.openid.reveal(), "oTestPayer");
    assert_eq!(payments.serial_no.as_str(), "S1");
    assert_eq!(payments.time.wire(), "20180620090000");
    let Event::Refund(back) = &first.rows[3].event else { panic!("a refund") };
    assert_eq!(back.kind, RefundType::All);
    assert_eq!(back.hosp_out_refund_no.as_ref().map(HospOutRefundNo::as_str), Some("R2"));
    assert_eq!(back.cancel_serial_no.as_ref().map(SerialNo::as_str), Some("186042"));
    assert_eq!((first.totals.payments, first.totals.refunds), (2, 2));
    assert_eq!(first.totals.insurance_fee.get(), 1710);
    assert_eq!(first.totals.cash_refund_fee.get(), 100);
    town.world.clock.advance_seconds(24 * 3600);
    let second = download(&town, HOSPITAL, &[("bill_date", "20180621")]).await;
    assert_eq!(lines(&bill(&second)), ["M3 300+0", "M3 All -300-0"]);
});

on_both!(a_bill_can_hold_one_kind_of_row_and_be_packed, async |db: TestDb| {
    let town = Town::new(&db).await;
    let one = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    refund(&town, HOSPITAL, one.as_str(), "R1", "").await;
    let date = ("bill_date", "20180620");
    assert_eq!(download(&town, HOSPITAL, &[date]).await.word(), "Bill Creating");
    town.world.clock.advance_seconds(25 * 3600);
    let payments = download(&town, HOSPITAL, &[date, ("bill_type", "SUCCESS")]).await;
    assert_eq!(lines(&bill(&payments)), ["M1 100+805"]);
    let refunds = download(&town, HOSPITAL, &[date, ("bill_type", "REFUND")]).await;
    assert_eq!(lines(&bill(&refunds)), ["M1 All -100-805"]);
    assert_eq!(bill(&refunds).totals, Totals::of(&bill(&refunds).rows));
    let nothing = download(&town, HOSPITAL, &[("bill_date", "20180619")]).await;
    assert_eq!(nothing.word(), "No Bill Exist");
    assert_eq!(nothing.fields().get("error_code"), Some("20002"));
    let wrong = download(&town, HOSPITAL, &[date, ("bill_type", "RECHARGE")]).await;
    assert_eq!(wrong.word(), "参数格式校验错误 bill_type is invalid");
    let wrong = download(&town, HOSPITAL, &[("bill_date", "20180230")]).await;
    assert_eq!(wrong.word(), "参数格式校验错误 bill_date is invalid");
});

on_both!(each_merchant_gets_its_own_bill_only, async |db: TestDb| {
    let town = Town::new(&db).await;
    paid(&town, "1", Kind::CashOnly, (100, 0)).await;
    let open = order(&town, UNDER_PROVIDER, "2", Kind::CashOnly, (200, 0));
    confirm(&town, &open).await;
    town.work().await;
    town.world.clock.advance_seconds(25 * 3600);
    let date = ("bill_date", "20180620");
    assert_eq!(lines(&bill(&download(&town, HOSPITAL, &[date]).await)), ["M1 100+0"]);
    let under = bill(&download(&town, UNDER_PROVIDER, &[date]).await);
    assert_eq!(lines(&under), ["M2 200+0"]);
    let sub = under.rows[0].merchant.sub_mch_id.as_ref().expect("a sub-merchant");
    assert_eq!(sub.as_str(), "1900000011");
    let second = download(&town, SECOND_UNDER_PROVIDER, &[date]).await;
    assert_eq!(second.word(), "No Bill Exist");
});

on_both!(what_the_platform_gave_back_itself_stands_there_twice, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.bureau.settlements.lay(&[Fate::Refused]);
    let open = order(&town, HOSPITAL, "1", Kind::Mixed, (100, 805));
    confirm(&town, &open).await;
    town.work().await;
    town.world.clock.advance_seconds(25 * 3600);
    let answer = download(&town, HOSPITAL, &[("bill_date", "20180620")]).await;
    assert_eq!(lines(&bill(&answer)), ["M1 100+0", "M1 Sys -100-0"]);
});

on_both!(a_bill_waits_for_the_orders_that_may_belong_to_it, async |db: TestDb| {
    let town = Town::new(&db).await;
    paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let open = order(&town, HOSPITAL, "2", Kind::Mixed, (100, 805));
    confirm(&town, &open).await;
    let other = order(&town, UNDER_PROVIDER, "3", Kind::CashOnly, (200, 0));
    confirm(&town, &other).await;
    town.world.clock.advance_seconds(25 * 3600);
    let date = ("bill_date", "20180620");
    assert_eq!(download(&town, HOSPITAL, &[date]).await.word(), "Bill Creating");
    assert_eq!(download(&town, UNDER_PROVIDER, &[date]).await.word(), "Bill Creating");
    let second = download(&town, SECOND_UNDER_PROVIDER, &[date]).await;
    assert_eq!(second.word(), "No Bill Exist", "another merchant's order holds nothing up");
    town.work().await;
    let today = order(&town, HOSPITAL, "4", Kind::CashOnly, (300, 0));
    confirm(&town, &today).await;
    let given = download(&town, HOSPITAL, &[date]).await;
    assert_eq!(lines(&bill(&given)), ["M1 100+805"], "an order of today holds nothing up");
});

#[test]
fn a_packed_bill_is_the_same_bill() {
    let text = "交易时间,公众账号ID\n".repeat(1000);
    let packed = super::downloadbill::pack(text.as_bytes()).expect("packed");
    assert!(packed.len() < text.len() / 10);
    let mut unpacked = String::new();
    GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("unpacked");
    assert_eq!(unpacked, text);
}
