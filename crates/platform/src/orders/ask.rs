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
    // A process that died with its lease may have asked; only the first lease is sure not to have.
    let asked_before = lease.attempt > 1 || lease.token > 1;
    match question {
        Effect::CaptureCash { attempt, .. } => {
            let answer = match known_to_wallet(app, stored, lease, asked_before).await {
                Some(answer) => answer,
                None => capture(app, stored, question, lease).await,
            };
            wallet_answered(stored, *attempt, question, answer)
        }
        Effect::ReturnCash { attempt, amount, cash_order_id, .. } => {
            let answer = match known_to_wallet(app, stored, lease, asked_before).await {
                Some(answer) => answer,
                None => {
                    let ask = wallet::Refund {
                        key: lease.key.clone(),
                        cash_order_id: cash_order_id.clone(),
                        cash_fee: *amount,
                    };
                    app.parties(stored.environment).wallet.refund(&ask).await
                }
            };
            wallet_answered(stored, *attempt, question, answer)
        }
        Effect::SettleInsurance { attempt, .. } => {
            let answer = match known_to_bureau(app, stored, lease, asked_before).await {
                Some(answer) => answer,
                None => settle(app, stored, lease).await,
            };
            bureau_answered(app, stored, *attempt, question, answer)
        }
        Effect::ReverseInsurance { attempt, insurance_order_id, .. } => {
            let answer = match known_to_bureau(app, stored, lease, asked_before).await {
                Some(answer) => answer,
                None => {
                    let ask = bureau::Reverse {
                        key: lease.key.clone(),
                        insurance_order_id: insurance_order_id.clone(),
                        cancel_bill_no: None,
                        cancel_serial_no: None,
                    };
                    app.parties(stored.environment).bureau.reverse(&ask).await
                }
            };
            bureau_answered(app, stored, *attempt, question, answer)
        }
        Effect::Notify => Answered::Done,
    }
}

/// What the wallet knows of a key; none if the question is to be put (again).
async fn known_to_wallet(
    app: &App,
    stored: &StoredOrder,
    lease: &Lease,
    asked_before: bool,
) -> Option<Result<wallet::Outcome, Unanswered>> {
    if !asked_before {
        return None;
    }
    let ask = wallet::Query { key: lease.key.clone() };
    match app.parties(stored.environment).wallet.query(&ask).await {
        Ok(wallet::Outcome::Unknown) => None,
        answer => Some(answer),
    }
}

/// What the bureau knows of a key; none if the question is to be put (again).
async fn known_to_bureau(
    app: &App,
    stored: &StoredOrder,
    lease: &Lease,
    asked_before: bool,
) -> Option<Result<bureau::Outcome, Unanswered>> {
    if !asked_before {
        return None;
    }
    let ask = bureau::Query { key: lease.key.clone() };
    match app.parties(stored.environment).bureau.query(&ask).await {
        Ok(bureau::Outcome::Unknown) => None,
        answer => Some(answer),
    }
}

async fn capture(
    app: &App,
    stored: &StoredOrder,
    question: &Effect,
    lease: &Lease,
) -> Result<wallet::Outcome, Unanswered> {
    let Effect::CaptureCash { amount, confirmation, .. } = question else {
        return Err(Unanswered::NotSent("this is no capture".to_owned()));
    };
    let openid = stored.openid(&app.vault);
    let openid = openid.map_err(|error| Unanswered::NotSent(error.to_string()))?;
    let ask = wallet::Capture {
        key: lease.key.clone(),
        confirmation: confirmation.clone(),
        appid: stored.payer.appid.clone(),
        openid,
        cash_fee: *amount,
        total_fee: stored.order.total,
        body: stored.body.clone(),
    };
    app.parties(stored.environment).wallet.capture(&ask).await
}

async fn settle(
    app: &App,
    stored: &StoredOrder,
    lease: &Lease,
) -> Result<bureau::Outcome, Unanswered> {
    let card = stored.medical_card_id(&app.vault);
    let card = card.map_err(|error| Unanswered::NotSent(error.to_string()))?;
    let card = card.ok_or_else(|| Unanswered::NotSent("the order has no card".to_owned()))?;
    let ask = bureau::Settle {
        key: lease.key.clone(),
        claim: claim::of(stored, card),
        split: claim::split_for_bureau(&stored.order.split),
    };
    app.parties(stored.environment).bureau.settle(&ask).await
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
