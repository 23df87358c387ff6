//! The questions of settlement, as wallet and bureau are asked them, and what their answers mean to
//! an order.

use super::rows::StoredOrder;
use super::{claim, link, present_key};
use crate::app::App;
use medpay_client::Unanswered;
use medpay_domain::platform::order::{CashTxn, Effect, Event, InsuranceTxn, Leg, Refusal};
use medpay_store::Lease;
use medpay_wire::contracts::{bureau, wallet};

/// What a party said.
pub(super) enum Answered {
    /// Nothing, or nothing that makes sense: ask again later.
    Nothing,
    /// What was wanted; it does not move the order.
    Done,
    /// Something that moves the order.
    Event(Event),
}

/// Opens the cashier on the phone of a payer who was scanned.
pub(super) async fn present(app: &App, stored: &StoredOrder) -> Answered {
    if !stored.is_open(app.clock.now()) {
        return Answered::Done;
    }
    let Ok(openid) = stored.openid(&app.vault) else { return unsealed(stored) };
    let ask = wallet::Present {
        key: present_key(stored),
        appid: stored.payer.appid.clone(),
        openid,
        url: link::presented_url(app, &stored.order.med_trans_id),
    };
    match app.parties(stored.environment).wallet.present(&ask).await {
        Ok(wallet::Presented::Presented | wallet::Presented::NoSuchPayer) => Answered::Done,
        Err(error) => silent(stored, &error),
    }
}

/// Puts `question`, the one that `stored` waits for. A key that may have been seen before is asked
/// about first.
pub(super) async fn put(
    app: &App,
    stored: &StoredOrder,
    question: &Effect,
    lease: &Lease,
) -> Answered {
    match question {
        Effect::CaptureCash { attempt, .. } | Effect::ReturnCash { attempt, .. } => {
            let answer = ask_wallet(app, stored, question, lease).await;
            wallet_answered(stored, *attempt, question, answer)
        }
        Effect::SettleInsurance { attempt, .. } | Effect::ReverseInsurance { attempt, .. } => {
            let answer = ask_bureau(app, stored, question, lease).await;
            bureau_answered(app, stored, *attempt, question, answer)
        }
        Effect::Notify => Answered::Done,
    }
}

/// Whether the party may have seen the key. A process that died with its lease may have asked, so
/// only the first lease of a job is sure not to.
const fn asked_before(lease: &Lease) -> bool {
    lease.attempt > 1 || lease.token > 1
}

/// A mistake of ours, found before anything was sent.
fn not_asked<A>(why: &str) -> Result<A, Unanswered> {
    Err(Unanswered::NotSent(why.to_owned()))
}

async fn ask_wallet(
    app: &App,
    stored: &StoredOrder,
    question: &Effect,
    lease: &Lease,
) -> Result<wallet::Outcome, Unanswered> {
    let (wallet, key) = (&app.parties(stored.environment).wallet, lease.key.clone());
    if asked_before(lease) {
        let known = wallet.query(&wallet::Query { key: key.clone() }).await?;
        if known != wallet::Outcome::Unknown {
            return Ok(known);
        }
    }
    match question {
        Effect::CaptureCash { amount, confirmation, .. } => {
            let Ok(openid) = stored.openid(&app.vault) else {
                return not_asked("the payer cannot be unsealed");
            };
            let ask = wallet::Capture {
                key,
                confirmation: confirmation.clone(),
                appid: stored.payer.appid.clone(),
                openid,
                cash_fee: *amount,
                total_fee: stored.order.total,
                body: stored.body.clone(),
            };
            wallet.capture(&ask).await
        }
        Effect::ReturnCash { amount, cash_order_id, .. } => {
            let cash_order_id = cash_order_id.clone();
            wallet.refund(&wallet::Refund { key, cash_order_id, cash_fee: *amount }).await
        }
        Effect::SettleInsurance { .. } | Effect::ReverseInsurance { .. } | Effect::Notify => {
            not_asked("this is no question to the wallet")
        }
    }
}

async fn ask_bureau(
    app: &App,
    stored: &StoredOrder,
    question: &Effect,
    lease: &Lease,
) -> Result<bureau::Outcome, Unanswered> {
    let (bureau, key) = (&app.parties(stored.environment).bureau, lease.key.clone());
    if asked_before(lease) {
        let known = bureau.query(&bureau::Query { key: key.clone() }).await?;
        if known != bureau::Outcome::Unknown {
            return Ok(known);
        }
    }
    match question {
        Effect::SettleInsurance { .. } => {
            let Ok(Some(card)) = stored.medical_card_id(&app.vault) else {
                return not_asked("the order has no card, or it cannot be unsealed");
            };
            let Ok(claim) = claim::of(stored, card, &app.vault) else {
                return not_asked("the order's request_content cannot be unsealed");
            };
            let split = claim::split_for_bureau(&stored.order.split);
            bureau.settle(&bureau::Settle { key, claim, split }).await
        }
        Effect::ReverseInsurance { insurance_order_id, .. } => {
            let ask = bureau::Reverse {
                key,
                insurance_order_id: insurance_order_id.clone(),
                cancel_bill_no: None,
                cancel_serial_no: None,
            };
            bureau.reverse(&ask).await
        }
        Effect::CaptureCash { .. } | Effect::ReturnCash { .. } | Effect::Notify => {
            not_asked("this is no question to the bureau")
        }
    }
}

fn wallet_answered(
    stored: &StoredOrder,
    attempt: u32,
    question: &Effect,
    answer: Result<wallet::Outcome, Unanswered>,
) -> Answered {
    let capture = matches!(question, Effect::CaptureCash { .. });
    let event = match answer {
        Err(error) => return silent(stored, &error),
        Ok(wallet::Outcome::Captured { cash_order_id, coupon_fee, at }) if capture => {
            Event::CashTaken { attempt, cash: CashTxn { cash_order_id, coupon: coupon_fee, at } }
        }
        Ok(wallet::Outcome::Refused(no)) if capture => Event::CashRefused {
            attempt,
            refusal: Refusal { leg: Leg::Cash, code: no.code, reason: no.reason },
        },
        Ok(wallet::Outcome::Refunded { at }) if !capture => Event::CashReturned { attempt, at },
        Ok(wallet::Outcome::Refused(_)) => Event::CashReturnRefused { attempt },
        Ok(
            wallet::Outcome::Captured { .. }
            | wallet::Outcome::Refunded { .. }
            | wallet::Outcome::Unknown,
        ) => return senseless(stored, "wallet"),
    };
    Answered::Event(event)
}

fn bureau_answered(
    app: &App,
    stored: &StoredOrder,
    attempt: u32,
    question: &Effect,
    answer: Result<bureau::Outcome, Unanswered>,
) -> Answered {
    let settle = matches!(question, Effect::SettleInsurance { .. });
    let event = match answer {
        Err(error) => return silent(stored, &error),
        Ok(bureau::Outcome::Settled(settled)) if settle => Event::InsuranceSettled {
            attempt,
            settled: InsuranceTxn {
                insurance_order_id: settled.insurance_order_id,
                split: claim::split_of(&settled.split),
                response_content: settled.response_content,
                at: settled.at,
            },
            heard_at: app.clock.now(),
        },
        Ok(bureau::Outcome::Refused(no)) if settle => Event::InsuranceRefused {
            attempt,
            refusal: Refusal { leg: Leg::Insurance, code: no.code, reason: no.reason },
        },
        Ok(bureau::Outcome::Reversed { at }) if !settle => Event::InsuranceReversed { attempt, at },
        Ok(bureau::Outcome::Refused(_)) => Event::ReversalRefused { attempt },
        Ok(
            bureau::Outcome::Settled(_)
            | bureau::Outcome::Reversed { .. }
            | bureau::Outcome::Unknown,
        ) => return senseless(stored, "bureau"),
    };
    Answered::Event(event)
}

fn silent(stored: &StoredOrder, error: &Unanswered) -> Answered {
    let (med_trans_id, state) = (&stored.order.med_trans_id, stored.order.state.code());
    tracing::info!(%med_trans_id, state, %error, "no answer yet");
    Answered::Nothing
}

fn senseless(stored: &StoredOrder, party: &str) -> Answered {
    let (med_trans_id, state) = (&stored.order.med_trans_id, stored.order.state.code());
    tracing::error!(%med_trans_id, state, party, "an answer to another question");
    Answered::Nothing
}

fn unsealed(stored: &StoredOrder) -> Answered {
    tracing::error!(med_trans_id = %stored.order.med_trans_id, "the payer cannot be unsealed");
    Answered::Nothing
}
