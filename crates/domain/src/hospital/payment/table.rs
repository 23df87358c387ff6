//! The whole machine as a table that people can read, and the kinds of amount.

use super::{
    Accepted, Charge, ChargeFault, Confirmation, Effect, Ending, Event, Kind, Payment, Receipt,
    Refusal, Returned, State,
};
use crate::{Fen, MedTransId, Timestamp};
use std::fmt::Write as _;

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

fn at() -> Timestamp {
    Timestamp::from_wire("20260601101500").expect("a moment")
}

fn number() -> MedTransId {
    MedTransId::new("M1")
}

fn charge() -> Charge {
    Charge { kind: Kind::Mixed, total: fen(905), cash: fen(100), insurance: fen(805) }
}

fn refusal() -> Refusal {
    Refusal { code: "no".to_owned(), reason: "不".to_owned() }
}

fn accepted() -> Accepted {
    Accepted { med_trans_id: number(), pay_url: Some("https://pay".to_owned()) }
}

const EVENTS: [&str; 20] = [
    "bill+",
    "bill-",
    "order+",
    "order+ of another number",
    "order-",
    "expire",
    "give up",
    "void",
    "closed there",
    "returning there",
    "returned there",
    "paid there",
    "paid there, other amounts",
    "paid there, another number",
    "his+",
    "his-",
    "his silent",
    "staff+",
    "cash back",
    "all back",
];

fn event(name: &str) -> Event {
    let paid = |number: &str, charge| Event::PaidThere {
        med_trans_id: MedTransId::new(number),
        charge,
        at: at(),
    };
    match name {
        "bill+" => Event::BillLocked { charge: charge() },
        "bill-" => Event::BillRefused { refusal: refusal() },
        "order+" => Event::OrderAccepted { accepted: accepted() },
        "order+ of another number" => Event::OrderAccepted {
            accepted: Accepted { med_trans_id: MedTransId::new("M2"), pay_url: None },
        },
        "order-" => Event::OrderRefused { refusal: refusal() },
        "expire" => Event::EndWanted { ending: Ending::Expired },
        "give up" => Event::EndWanted { ending: Ending::GivenUp },
        "void" => Event::EndWanted { ending: Ending::BillVoided },
        "closed there" => Event::ClosedThere,
        "returning there" => Event::ReturningThere { med_trans_id: number() },
        "returned there" => Event::ReturnedThere { med_trans_id: number() },
        "paid there" => paid("M1", charge()),
        "paid there, other amounts" => {
            paid("M1", Charge { cash: fen(101), insurance: fen(804), ..charge() })
        }
        "paid there, another number" => paid("M2", charge()),
        "his+" => Event::HisConfirmed { receipt: Receipt::default() },
        "his-" => Event::HisRefused { refusal: refusal() },
        "his silent" => Event::HisSilent,
        "staff+" => Event::StaffConfirmed,
        "cash back" => Event::GivenBack { cash: fen(100), insurance: Fen::ZERO },
        "all back" => Event::GivenBack { cash: fen(100), insurance: fen(805) },
        other => unreachable!("no event is called {other}"),
    }
}

fn paid(confirmation: Confirmation, late: bool) -> Payment {
    let state = State::Paid { charge: charge(), med_trans_id: number(), at: at(), late };
    Payment { state, confirmation, returned: Returned::NOTHING }
}

/// Every state that a payment can be in.
fn payments() -> Vec<Payment> {
    let of = |state| Payment { state, ..Payment::new() };
    let ended =
        |med_trans_id, ending| of(State::Ended { charge: Some(charge()), med_trans_id, ending });
    vec![
        of(State::Offered),
        of(State::Ordering { charge: charge(), ending: None }),
        of(State::Ordering { charge: charge(), ending: Some(Ending::GivenUp) }),
        of(State::Ordered { charge: charge(), accepted: accepted() }),
        of(State::Closing { charge: charge(), accepted: accepted(), ending: Ending::GivenUp }),
        of(State::Returning { charge: charge(), med_trans_id: number() }),
        paid(Confirmation::Asked, false),
        paid(Confirmation::Asked, true),
        paid(Confirmation::Confirmed(Receipt::default()), false),
        paid(Confirmation::Refused(refusal()), false),
        paid(Confirmation::Silent, false),
        paid(Confirmation::ByStaff, false),
        Payment {
            returned: Returned { cash: fen(100), insurance: fen(805) },
            ..paid(Confirmation::Asked, false)
        },
        of(State::Ended {
            charge: None,
            med_trans_id: None,
            ending: Ending::BillRefused(refusal()),
        }),
        ended(None, Ending::OrderRefused(refusal())),
        ended(Some(number()), Ending::Expired),
        ended(Some(number()), Ending::SystemRefunded),
    ]
}

fn describe(payment: &Payment) -> String {
    let mut text = payment.state.code().to_owned();
    if let Some(ending) = payment.state.ending() {
        let _ = write!(text, " ({})", ending.code());
    }
    if let State::Paid { late, .. } = payment.state {
        let _ = write!(text, " / {}", payment.confirmation.code());
        text.push_str(if late { ", late" } else { "" });
    }
    if payment.returned != Returned::NOTHING {
        let (cash, insurance) = (payment.returned.cash, payment.returned.insurance);
        let _ = write!(text, ", {} + {} back", cash.yuan(), insurance.yuan());
    }
    text
}

fn effects(effects: &[Effect]) -> String {
    let one = |effect: &Effect| match effect {
        Effect::Release => "release the bill",
        Effect::Confirm => "confirm in the HIS",
        Effect::TellPayer => "tell the payer",
        Effect::HandOver => "hand over",
    };
    effects.iter().map(one).collect::<Vec<_>>().join(" + ")
}

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for before in payments() {
        let _ = writeln!(table, "{}", describe(&before));
        let question = before.question().map_or("nothing".to_owned(), |it| format!("{it:?}"));
        let _ = writeln!(
            table,
            "  asks: {question}; tells the HIS: {}; holds the bill: {}",
            before.his_is_to_know(),
            before.holds_bill(),
        );
        let mut illegal = Vec::new();
        for name in EVENTS {
            let mut after = before.clone();
            match after.apply(&event(name)) {
                Ok(none) if after == before => {
                    assert!(none.is_empty());
                    let _ = writeln!(table, "  {name:<27} nothing");
                }
                Ok(now) => {
                    let (next, now) = (describe(&after), effects(&now));
                    let _ = writeln!(table, "  {name:<27} → {next} | {now}");
                }
                Err(_) => {
                    assert_eq!(after, before, "an illegal event changes nothing");
                    illegal.push(name);
                }
            }
        }
        let _ = writeln!(table, "  illegal: {}\n", illegal.join(", "));
    }
    let lines = table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("the_payment_machine", lines);
}

#[test]
fn every_event_a_second_time_does_nothing() {
    let mut payment = Payment::new();
    for name in ["bill+", "order+", "give up", "paid there", "his silent", "staff+"] {
        payment.apply(&event(name)).unwrap_or_else(|error| panic!("{error}"));
        let before = payment.clone();
        assert_eq!(payment.apply(&event(name)), Ok(vec![]), "{name} a second time");
        assert_eq!(payment, before);
    }
}

#[test]
#[rustfmt::skip]
fn the_kinds_of_amount() {
    let limit = fen(100_000);
    let insured = |total, cash, insurance| {
        Charge::with_insurance(fen(total), fen(cash), fen(insurance), limit).map(|it| it.kind)
    };
    //                  total cash  ins
    assert_eq!(insured(  905,   0, 905), Ok(Kind::InsuranceOnly));              // 全额医保
    assert_eq!(insured(  905, 100, 805), Ok(Kind::Mixed));                      // 医保 + 自费
    assert_eq!(insured(  905, 905,   0), Ok(Kind::Mixed));                      // 0 元医保
    assert_eq!(insured( 1000, 100, 805), Ok(Kind::Mixed));                      // the bureau's discount
    assert_eq!(insured(  904, 100, 805), Err(ChargeFault::PartsExceedTotal));
    assert_eq!(insured(    0,   0,   0), Err(ChargeFault::Nothing));
    assert_eq!(insured(  905,   0,   0), Err(ChargeFault::Nothing));
    assert_eq!(insured(i64::MAX, i64::MAX, 1), Err(ChargeFault::PartsExceedTotal));
    assert_eq!(Charge::in_cash(fen(905), limit).map(|it| (it.kind, it.cash)), Ok((Kind::CashOnly, fen(905))));
    assert_eq!(Charge::in_cash(fen(100_001), limit), Err(ChargeFault::OverLimit)); // yuan for fen
    assert_eq!(Charge::in_cash(Fen::ZERO, limit), Err(ChargeFault::Nothing));
}
