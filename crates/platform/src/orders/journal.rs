//! What is written down of each event of an order, for the books, the bill and people.

use medpay_domain::platform::order::reservation::{Hold, Reservations};
use medpay_domain::platform::order::{Effect, Event, IllegalEvent, Order};
use medpay_domain::{Fen, Timestamp};

/// One line of `order_events`, but for what the order's row says itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) event: &'static str,
    pub(crate) attempt: u32,
    pub(crate) key: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) amount: Option<Fen>,
    pub(crate) refusal: Option<(String, String)>,
    pub(crate) happened_at: Option<Timestamp>,
}

impl Entry {
    /// The order was accepted.
    pub(crate) fn accepted(at: Timestamp) -> Self {
        Self { event: "accepted", attempt: 1, happened_at: Some(at), ..Self::default() }
    }

    /// Refunds moved their holds; `reference` tells how they stand now.
    pub(crate) fn holds(order: &Order) -> Self {
        Self {
            event: "refund_holds",
            attempt: order.state.attempt(),
            reference: Some(holds_in_words(&order.reservations)),
            ..Self::default()
        }
    }

    /// `event`, as it meets `before`.
    fn of(before: &Order, event: &Event) -> Self {
        // An answer is the answer to what the order waits for.
        let asked = before.outstanding();
        let key = asked.as_ref().and_then(|effect| effect.key(&before.med_trans_id));
        let line = |key| Self {
            event: event.code(),
            attempt: before.state.attempt(),
            key,
            ..Self::default()
        };
        match event {
            Event::PasswordAccepted { .. } | Event::Expired | Event::CloseAsked => line(None),
            Event::CashTaken { cash, .. } => Self {
                reference: Some(cash.cash_order_id.as_str().to_owned()),
                amount: Some(before.split.cash),
                happened_at: Some(cash.at),
                ..line(key)
            },
            Event::InsuranceSettled { settled, .. } => Self {
                reference: Some(settled.insurance_order_id.as_str().to_owned()),
                amount: Some(settled.split.insurance),
                happened_at: Some(settled.at),
                ..line(key)
            },
            Event::InsuranceReversed { at, .. } => {
                let settled = before.state.settlement();
                Self {
                    reference: settled.map(|it| it.insurance_order_id.as_str().to_owned()),
                    amount: settled.map(|it| it.split.insurance),
                    happened_at: Some(*at),
                    ..line(key)
                }
            }
            Event::CashReturned { at, .. } => Self {
                reference: before.state.cash().map(|it| it.cash_order_id.as_str().to_owned()),
                amount: Some(before.split.cash),
                happened_at: Some(*at),
                ..line(key)
            },
            Event::CashRefused { refusal, .. } | Event::InsuranceRefused { refusal, .. } => {
                Self { refusal: Some((refusal.code.clone(), refusal.reason.clone())), ..line(key) }
            }
            Event::ReversalRefused { .. } | Event::CashReturnRefused { .. } => line(key),
        }
    }
}

/// Moves `order` by `event`: the line to be written and the effects, or none if nothing moved.
pub(crate) fn step(
    order: &mut Order,
    event: &Event,
) -> Result<Option<(Entry, Vec<Effect>)>, IllegalEvent> {
    let before = order.clone();
    let effects = order.apply(event)?;
    Ok((*order != before).then(|| (Entry::of(&before, event), effects)))
}

fn holds_in_words(holds: &Reservations) -> String {
    let word = |hold: &Hold| match hold {
        Hold::Free => "free".to_owned(),
        Hold::Reserved(by) => format!("reserved {by}"),
        Hold::GivenBack { by, .. } => format!("given back {by}"),
    };
    format!("cash {}, insurance {}", word(&holds.cash), word(&holds.insurance))
}
