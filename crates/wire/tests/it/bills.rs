//! A day's bill, written and read.

use medpay_domain::{
    Appid, BillNo, CashOrderId, ChannelNo, CityId, Fen, HospOutRefundNo, HospOutTradeNo,
    InsuranceOrderId, MchId, MedRefundId, MedTransId, Openid, OrgNo, SerialNo, Timestamp,
};
use medpay_wire::bill::{Bill, BillReadFault, Event, Payment, Refund, RefundType, Row, Totals};
use medpay_wire::caller_fields::Merchant;
use medpay_wire::states::{OrderType, PayType, RefundState};
use proptest::prelude::*;

fn fen(n: i64) -> Fen {
    Fen::new(n).expect("an amount")
}

fn row(time: &str, event: Event) -> Row {
    Row {
        time: Timestamp::from_wire(time).expect("a moment"),
        merchant: Merchant {
            appid: Appid::new("wx0000000000000001"),
            mch_id: MchId::new("1900000001"),
            sub_appid: None,
            sub_mch_id: Some(MchId::new("1900000002")),
        },
        org_no: OrgNo::new("H1110"),
        city_id: Some(CityId::new("440300")),
        channel_no: Some(ChannelNo::new("C01")),
        med_trans_id: MedTransId::new("4200000000000001"),
        hosp_out_trade_no: HospOutTradeNo::new("H20180601000001"),
        serial_no: SerialNo::new("S0001"),
        bill_no: Some(BillNo::new("B0001")),
        cash_order_id: Some(CashOrderId::new("C0001")),
        insurance_order_id: Some(InsuranceOrderId::new("I0001")),
        openid: Openid::new("oTestOpenid0000000000000001"),
        order_type: OrderType::DiagPay,
        pay_type: PayType::Mixed,
        event,
        body: "西药, 感冒灵".to_owned(),
        extends: String::new(),
    }
}

fn payment() -> Event {
    Event::Payment(Payment {
        total_fee: fen(23050),
        cash_fee: fen(3050),
        insurance_fee: fen(20000),
        cash_add_fee: fen(50),
        cash_reduced_fee: fen(0),
    })
}

fn refund(kind: RefundType) -> Event {
    let asked = kind != RefundType::Sys;
    Event::Refund(Refund {
        med_refund_id: asked.then(|| MedRefundId::new("5000000001")),
        hosp_out_refund_no: asked.then(|| HospOutRefundNo::new("R20180601000001")),
        kind,
        cash_refund_fee: fen(3050),
        insurance_refund_fee: if kind == RefundType::All { fen(20000) } else { Fen::ZERO },
        state: RefundState::Success,
        cancel_bill_no: asked.then(|| BillNo::new("#")),
        cancel_serial_no: asked.then(|| SerialNo::new("186042")),
    })
}

fn day() -> Bill {
    Bill::new(vec![
        row("20180601101112", payment()),
        row("20180601101500", payment()),
        row("20180601111500", refund(RefundType::All)),
        row("20180601121500", refund(RefundType::CashOnly)),
        row("20180601235959", refund(RefundType::Sys)),
    ])
}

#[test]
fn a_bill_is_written_as_the_layout_says() {
    insta::assert_snapshot!("bill", day().to_text());
}

#[test]
fn the_totals_are_the_sums_of_the_rows() {
    let expected = Totals {
        payments: 2,
        total_fee: fen(46100),
        cash_fee: fen(6100),
        insurance_fee: fen(40000),
        refunds: 3,
        total_refund_fee: fen(29150),
        cash_refund_fee: fen(9150),
        insurance_refund_fee: fen(20000),
    };
    assert_eq!(day().totals, expected);
    assert!(day().adds_up());
    let mut missing = day();
    missing.rows.pop();
    assert!(!missing.adds_up());
}

#[test]
fn a_bill_is_read_as_it_was_written_with_a_mark_and_other_line_ends_too() {
    let text = day().to_text();
    assert_eq!(Bill::read(text.as_bytes()), Ok(day()));
    let windows = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
    assert_eq!(Bill::read(windows.as_bytes()), Ok(day()));
    let nothing = Bill::new(vec![]);
    assert_eq!(Bill::read(nothing.to_text().as_bytes()), Ok(nothing));
}

#[test]
fn a_comma_a_backtick_or_a_new_line_in_a_text_shifts_nothing() {
    let mut awkward = row("20180601101112", payment());
    awkward.body = "a,b`c,`d\r\ne".to_owned();
    awkward.extends = "`,`".to_owned();
    let bill = Bill::read(Bill::new(vec![awkward]).to_text().as_bytes()).expect("a bill");
    assert_eq!(bill.rows.len(), 1);
    assert_eq!(bill.rows[0].body, "a,b'c,'d  e");
    assert_eq!(bill.rows[0].extends, "','");
}

#[test]
fn a_fault_names_line_and_column() {
    let text = day().to_text();
    let read = |text: String| Bill::read(text.as_bytes()).expect_err("a fault");
    assert_eq!(read(String::new()), BillReadFault::Header { line: 1 });
    assert_eq!(read(text.replacen("商户号", "特约商户号", 1)), BillReadFault::Header { line: 1 });
    assert_eq!(
        read(text.replacen(",`230.50", ",`230.5x", 1)),
        BillReadFault::Value { line: 2, column: "订单总金额" }
    );
    assert_eq!(
        read(text.replacen(
            ",`230.50,`30.50,`200.00,`SUCCESS",
            ",`230.51,`30.50,`200.00,`SUCCESS",
            1
        )),
        BillReadFault::Value { line: 4, column: "退款总金额" }
    );
    assert_eq!(
        read(text.replacen(",`DiagPay", "", 1)),
        BillReadFault::Width { line: 2, found: 33 }
    );
    assert_eq!(read(text.replacen("`2018", "2018", 1)), BillReadFault::Header { line: 2 });
    let head = text.split("总交易单数").next().expect("a head").to_owned();
    assert_eq!(read(head), BillReadFault::NoTotals);
    assert_eq!(Bill::read(b"\xff"), Err(BillReadFault::NotUtf8));
}

/// Found by fuzzing: the reader took what no writer of a bill writes.
#[test]
fn what_is_almost_a_bill_is_refused() {
    let text = day().to_text();
    let read = |text: String| Bill::read(text.as_bytes()).expect_err("a fault");
    let time = BillReadFault::Value { line: 2, column: "交易时间" };
    assert_eq!(read(text.replacen("2018-06-01 10:11:12", "2018x06x01y10z11z12", 1)), time);
    assert_eq!(read(text.replacen("2018-06-01 10:11:12", "20180601101112abcde", 1)), time);
    assert_eq!(
        read(text.replacen("`2,`461.00", "`+2,`461.00", 1)),
        BillReadFault::Value { line: 8, column: "总交易单数" }
    );
    assert_eq!(
        read(text.replacen("`2,`461.00", "2,`461.00", 1)),
        BillReadFault::Header { line: 8 }
    );
    assert_eq!(read(format!("{text}{text}")), BillReadFault::Trailing { line: 9 });
}

/// Found by fuzzing: a sum that is too large stopped at the largest amount and so was "right".
#[test]
fn a_sum_that_cannot_be_written_down_does_not_add_up() {
    let most = |event| {
        let mut row = row("20180601101112", event);
        if let Event::Payment(payment) = &mut row.event {
            payment.total_fee = fen(i64::MAX);
        }
        row
    };
    assert!(Bill::new(vec![most(payment())]).adds_up());
    assert!(!Bill::new(vec![most(payment()), most(payment())]).adds_up());
    let Event::Refund(mut back) = refund(RefundType::All) else { unreachable!() };
    back.cash_refund_fee = fen(i64::MAX);
    let bill = Bill::new(vec![row("20180601101112", Event::Refund(back))]);
    assert!(!bill.adds_up());
    assert_eq!(
        Bill::read(bill.to_text().as_bytes()),
        Err(BillReadFault::Value { line: 2, column: "退款总金额" })
    );
}

fn texts() -> impl Strategy<Value = String> {
    "[^\\p{Cc}`]{1,20}"
}

proptest! {
    #[test]
    fn any_bill_is_written_and_read_as_the_same(
        rows in prop::collection::vec(
            (texts(), texts(), 0..1_000_000_000_i64, 0..1_000_000_000_i64, any::<bool>()), 0..6)
    ) {
        let rows = rows.into_iter().map(|(number, body, cash, insurance, paid)| {
            let event = if paid {
                Event::Payment(Payment {
                    total_fee: fen(cash + insurance),
                    cash_fee: fen(cash),
                    insurance_fee: fen(insurance),
                    cash_add_fee: Fen::ZERO,
                    cash_reduced_fee: Fen::ZERO,
                })
            } else {
                let Event::Refund(mut refund) = refund(RefundType::All) else { unreachable!() };
                refund.cash_refund_fee = fen(cash);
                refund.insurance_refund_fee = fen(insurance);
                Event::Refund(refund)
            };
            let mut row = row("20180601101112", event);
            row.hosp_out_trade_no = HospOutTradeNo::new(number);
            row.body = body;
            row
        }).collect();
        let bill = Bill::new(rows);
        prop_assert_eq!(Bill::read(bill.to_text().as_bytes()), Ok(bill));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Bill::read(&bytes);
    }
}
