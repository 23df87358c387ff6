//! The whole machine as a table that people can read, and the kinds of amount.

use super::{
    CashTxn, Closing, Effect, Event, InsuranceTxn, Kind, Leg, Order, Refusal, Reservations, Split,
    State,
};
use crate::{CashOrderId, Fen, InsuranceOrderId, MedTransId, Timestamp};
use std::fmt::Write as _;

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

fn moment(wire: &str) -> Timestamp {
    Timestamp::from_wire(wire).expect("a moment")
}

fn split(cash: i64, insurance: i64) -> Split {
    Split {
        insurance: fen(insurance),
        cash: fen(cash),
        self_fee: fen(insurance),
        fund_fee: Fen::ZERO,
        other_fee: Fen::ZERO,
    }
}

fn order(kind: Kind, cash: i64, insurance: i64) -> Order {
    Order {
        med_trans_id: MedTransId::new("M1"),
        kind,
        total: fen(cash + insurance),
        split: split(cash, insurance),
        state: State::Created { attempt: 1, refused: None },
        reservations: Reservations::default(),
    }
}

/// A paid order, for the tests of refunds.
pub(super) fn paid(kind: Kind, cash: i64, insurance: i64) -> Order {
    let mut order = order(kind, cash, insurance);
    let steps: &[&str] = match kind {
        Kind::CashOnly => &["password", "cash+"],
        Kind::Mixed => &["password", "cash+", "ins+"],
        Kind::InsuranceOnly => &["password", "ins+"],
    };
    for step in steps {
        order.apply(&event(&order, step)).expect("a step towards payment");
    }
    assert!(matches!(order.state, State::Paid { .. }));
    order
}

fn cash_txn() -> CashTxn {
    CashTxn {
        cash_order_id: CashOrderId::new("C1"),
        coupon: Fen::ZERO,
        at: moment("20180620235955"),
    }
}

fn settled(split: Split) -> InsuranceTxn {
    InsuranceTxn {
        insurance_order_id: InsuranceOrderId::new("I1"),
        split,
        response_content: String::new(),
        at: moment("20180620235959"),
    }
}

fn refusal(leg: Leg) -> Refusal {
    let code = match leg {
        Leg::Cash => "NOTENOUGH",
        Leg::Insurance => "ACCOUNT_SHORT",
    };
    Refusal { leg, code: code.to_owned(), reason: "余额不足".to_owned() }
}

/// Every event, by a short name: `+` is yes, `-` is no.
const EVENTS: [&str; 15] = [
    "password",
    "cash+",
    "cash-",
    "cash- of an earlier try",
    "ins+",
    "ins+ after midnight",
    "ins+ other amounts",
    "ins-",
    "ins- of an earlier try",
    "undo+",
    "undo-",
    "back+",
    "back-",
    "expire",
    "close",
];

/// The event called `name`, as an answer to the try that `order` is at.
fn event(order: &Order, name: &str) -> Event {
    let attempt = order.state.attempt();
    let earlier = attempt.saturating_sub(1);
    let booked = |split, heard: &str| Event::InsuranceSettled {
        attempt,
        settled: settled(split),
        heard_at: moment(heard),
    };
    match name {
        "password" => Event::PasswordAccepted { confirmation: "K".to_owned() },
        "cash+" => Event::CashTaken { attempt, cash: cash_txn() },
        "cash-" => Event::CashRefused { attempt, refusal: refusal(Leg::Cash) },
        "cash- of an earlier try" => {
            Event::CashRefused { attempt: earlier, refusal: refusal(Leg::Cash) }
        }
        "ins+" => booked(order.split, "20180620235959"),
        "ins+ after midnight" => booked(order.split, "20180621000001"),
        "ins+ other amounts" => {
            let cash = order.split.cash.get() + 1;
            booked(split(cash, order.split.insurance.get()), "20180620235959")
        }
        "ins-" => Event::InsuranceRefused { attempt, refusal: refusal(Leg::Insurance) },
        "ins- of an earlier try" => {
            Event::InsuranceRefused { attempt: earlier, refusal: refusal(Leg::Insurance) }
        }
        "undo+" => Event::InsuranceReversed { attempt, at: moment("20180620235959") },
        "undo-" => Event::ReversalRefused { attempt },
        "back+" => Event::CashReturned { attempt, at: moment("20180621000100") },
        "back-" => Event::CashReturnRefused { attempt },
        "expire" => Event::Expired,
        "close" => Event::CloseAsked,
        other => unreachable!("no event is called {other}"),
    }
}

/// Every state that an order of `kind` can be in, at its second try.
fn states(kind: Kind) -> Vec<State> {
    let attempt = 2;
    let cash = kind.has_cash().then(cash_txn);
    let split = match kind {
        Kind::InsuranceOnly => split(0, 805),
        Kind::Mixed => split(100, 805),
        Kind::CashOnly => split(100, 0),
    };
    let mut states = vec![
        State::Created { attempt: 1, refused: None },
        State::Created { attempt, refused: Some(refusal(Leg::Cash)) },
    ];
    if kind == Kind::InsuranceOnly {
        states.pop();
        states.push(State::Created { attempt, refused: Some(refusal(Leg::Insurance)) });
    }
    if kind.has_cash() {
        states.push(State::CashPending { attempt, confirmation: "K".to_owned() });
    }
    if kind.has_insurance() {
        states.push(State::InsurancePending { attempt, cash: cash.clone() });
        let other = self::split(split.cash.get() + 1, 805);
        states.push(State::InsuranceReversing {
            attempt,
            refusals: 0,
            cash: cash.clone(),
            settled: settled(other),
        });
    }
    states.push(State::Paid {
        attempt,
        insurance: kind.has_insurance().then(|| settled(split)),
        paid_at: cash.as_ref().map_or(moment("20180620235959"), |cash| cash.at),
        cash,
        late: false,
    });
    if kind == Kind::Mixed {
        let (cash, no) = (cash_txn(), refusal(Leg::Insurance));
        states.push(State::CashReturning {
            attempt,
            refusals: 0,
            cash: cash.clone(),
            refusal: no.clone(),
        });
        let at = moment("20180621000100");
        states.push(State::SystemRefunded { attempt, cash, refusal: no, at });
    }
    states.push(State::Closed { attempt, closing: Closing::Expired, refused: None });
    states.push(State::Closed { attempt, closing: Closing::Asked, refused: None });
    states
}

fn describe(state: &State) -> String {
    let mut text = format!("{} #{}", state.code(), state.attempt());
    if let Some(refusal) = state.refusal() {
        let _ = write!(text, " refused by {:?}", refusal.leg);
    }
    match state {
        State::InsuranceReversing { refusals, .. } | State::CashReturning { refusals, .. } => {
            let _ = write!(text, " after {refusals} no");
        }
        State::Paid { late: true, .. } => text.push_str(" late"),
        State::Closed { closing, .. } => {
            let _ = write!(text, " ({closing:?})");
        }
        _ => {}
    }
    text
}

fn effects(effects: &[Effect]) -> String {
    let one = |effect: &Effect| match effect {
        Effect::CaptureCash { amount, .. } => format!("cash {}", amount.yuan()),
        Effect::SettleInsurance { amount, .. } => format!("ins {}", amount.yuan()),
        Effect::ReverseInsurance { .. } => "undo".to_owned(),
        Effect::ReturnCash { amount, .. } => format!("back {}", amount.yuan()),
        Effect::Notify => "notify".to_owned(),
    };
    effects.iter().map(one).collect::<Vec<_>>().join(" + ")
}

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for (kind, cash, insurance) in
        [(Kind::InsuranceOnly, 0, 805), (Kind::Mixed, 100, 805), (Kind::CashOnly, 100, 0)]
    {
        let _ = writeln!(table, "== {kind:?} ==");
        for state in states(kind) {
            let before = Order { state, ..order(kind, cash, insurance) };
            let (states, waits) = (before.trade_states(), before.outstanding());
            let _ = writeln!(table, "\n{}", describe(&before.state));
            let _ = writeln!(
                table,
                "  on the wire: {:?} / {:?} / {:?}; waits for: {}",
                states.med,
                states.cash,
                states.insurance,
                effects(waits.as_slice()),
            );
            let mut illegal = Vec::new();
            for name in EVENTS {
                let mut after = before.clone();
                match after.apply(&event(&before, name)) {
                    Ok(none) if after == before => {
                        assert!(none.is_empty());
                        let _ = writeln!(table, "  {name:<24} nothing");
                    }
                    Ok(now) => {
                        let (next, now) = (describe(&after.state), effects(&now));
                        let _ = writeln!(table, "  {name:<24} → {next} | {now}");
                    }
                    Err(_) => {
                        assert_eq!(after, before, "an illegal event changes nothing");
                        illegal.push(name);
                    }
                }
            }
            let _ = writeln!(table, "  illegal: {}", illegal.join(", "));
        }
        table.push('\n');
    }
    let lines = table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("the_order_machine", lines);
}

/// Runs `events` on an order, each twice, and lists what they caused.
#[track_caller]
fn check(kind: Kind, cash: i64, insurance: i64, events: &str, expected: &str) {
    let mut order = order(kind, cash, insurance);
    let mut caused = Vec::new();
    for name in events.split(' ') {
        let event = event(&order, name);
        let now = order.apply(&event).expect("a legal event");
        assert_eq!(order.apply(&event), Ok(vec![]), "{name} a second time");
        if !now.is_empty() {
            caused.push(effects(&now));
        }
    }
    assert_eq!(caused.join(" | "), expected);
}

#[test]
#[rustfmt::skip]
fn the_kinds_of_amount() {
    use Kind::{CashOnly, InsuranceOnly, Mixed};
    //    kind           cash  ins  events                 effects, one column per event
    check(InsuranceOnly,    0, 905, "password ins+",       "ins 9.05 | notify");             // 全额医保
    check(Mixed,          100, 805, "password cash+ ins+", "cash 1.00 | ins 8.05 | notify"); // 医保 + 自费
    check(Mixed,          905,   0, "password cash+ ins+", "cash 9.05 | ins 0.00 | notify"); // 0 元医保
    check(CashOnly,       905,   0, "password cash+",      "cash 9.05 | notify");            // 纯自费
}

#[test]
#[rustfmt::skip]
fn what_a_refusal_leads_to() {
    use Kind::{CashOnly, InsuranceOnly, Mixed};
    check(InsuranceOnly, 0, 905, "password ins- password ins+", "ins 9.05 | ins 9.05 | notify");
    check(CashOnly, 905, 0, "password cash- password cash+", "cash 9.05 | cash 9.05 | notify");
    check(CashOnly, 905, 0, "password cash- close", "cash 9.05");
    check(Mixed, 100, 805, "password cash+ ins- back+", "cash 1.00 | ins 8.05 | back 1.00");
    check(Mixed, 100, 805, "password cash+ ins- back- back+", "cash 1.00 | ins 8.05 | back 1.00 | back 1.00");
}

#[test]
fn no_two_tries_share_a_key() {
    let mut order = order(Kind::InsuranceOnly, 0, 905);
    let mut keys = Vec::new();
    for name in [
        "password",
        "ins-",
        "password",
        "ins+ other amounts",
        "undo-",
        "undo+",
        "password",
        "ins+ other amounts",
        "undo+",
        "password",
        "ins+",
    ] {
        let caused = order.apply(&event(&order, name)).expect("a legal event");
        keys.extend(caused.iter().filter_map(|effect| effect.key(&order.med_trans_id)));
    }
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    assert_eq!(keys.first().map(String::as_str), Some("M1-ins-1"));
}

#[test]
fn a_settlement_heard_of_after_midnight_is_paid_and_flagged() {
    let mut order = order(Kind::Mixed, 100, 805);
    for name in ["password", "cash+", "ins+ after midnight"] {
        order.apply(&event(&order, name)).expect("a legal event");
    }
    let State::Paid { paid_at, late, .. } = order.state else { panic!("not paid") };
    assert_eq!((paid_at, late), (moment("20180620235959"), true));
}

#[test]
fn the_answer_to_an_earlier_try_moves_nothing() {
    let mut order = order(Kind::CashOnly, 905, 0);
    let mut apply = |name| {
        let event = event(&order, name);
        order.apply(&event).expect("a legal event");
        event
    };
    apply("password");
    let first_no = apply("cash-");
    apply("password");
    let before = order.clone();
    assert_eq!(order.apply(&first_no), Ok(vec![]));
    assert_eq!(order, before);
}
