//! Following a payment until it is paid or has ended: the worker of queue `follow` (and, on its
//! way, of `release`), and the same steps at once for whoever waits for them. With every
//! notification dropped no order is lost: the platform is asked by a schedule, and again at the end
//! of its time, when it is asked to close.
//!
//! A question may be put twice: lock and order have their own numbers, the others change nothing.

use super::asking::{self, Answered};
use super::moving::{Decision, NotMoved, move_payment};
use super::payment::Payment;
use super::{FOLLOW_QUEUE, find, jobs, release};
use crate::gateway::{Branch, Site};
use crate::staff::queue;
use medpay_domain::hospital::payment::{Ending, Event, Question, State};
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use std::sync::Arc;

/// How many questions a payment may put in a row.
const STEPS: u32 = 8;
/// How long a contradiction, which a person looks at, is left alone, in seconds.
const CONTRADICTION_SECONDS: i64 = 3600;
/// How long whoever began a payment has to follow it first, in seconds.
pub(super) const HEAD_START_SECONDS: i64 = 5;

/// Works off every job that is due at `now`; answers when the next one will be.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let due = jobs::work_off(branch, FOLLOW_QUEUE, now, |site, number, attempt| async move {
        let (payment, said) = step_on(&site, &number).await?;
        Ok(next_look(&payment, said, attempt, site.clock.now()))
    });
    let followed = due.await?;
    let released = release::run_once(branch, now).await?;
    Ok([followed, released].into_iter().flatten().min())
}

/// How a payment's last question ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    /// It has none, or its answer left it waiting for the payer.
    Something,
    /// It was not answered.
    Nothing,
    /// It was answered what cannot be.
    Nonsense,
}

/// When a payment is looked at again; none if it waits for nothing more.
fn next_look(payment: &Payment, said: Said, attempt: u32, now: Timestamp) -> Option<Timestamp> {
    let question = payment.money.question()?;
    let seconds = match said {
        Said::Nonsense => CONTRADICTION_SECONDS,
        Said::Nothing => jobs::wait_seconds(attempt),
        Said::Something if question == Question::Close => 15,
        Said::Something => {
            let age = (now.as_ms() - payment.created_at.as_ms()) / 1000;
            match age {
                ..60 => 10,
                60..300 => 30,
                _ => 60,
            }
        }
    };
    let due = now.plus_seconds(seconds);
    // At the end of its time it is asked to close.
    let waits_for_payer = matches!(payment.money.state, State::Ordered { .. });
    let at_its_end = waits_for_payer && said == Said::Something && payment.expires_at > now;
    Some(if at_its_end { due.min(payment.expires_at) } else { due })
}

/// Follows a payment as far as it goes now; answers where it stands then.
pub(super) async fn follow_now(
    site: &Arc<Site>,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Payment, NotMoved> {
    Ok(step_on(site, hosp_out_trade_no).await?.0)
}

async fn step_on(
    site: &Arc<Site>,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<(Payment, Said), NotMoved> {
    let mut payment = find::find(site, hosp_out_trade_no).await?.ok_or(NotMoved::NoSuchPayment)?;
    for _ in 0..STEPS {
        if let Some(expired) = expire(site, &payment).await? {
            payment = expired;
        }
        let Some(question) = payment.money.question() else { break };
        let before = payment.money.clone();
        match asking::ask(site, &payment, question).await {
            Answered::Nothing => return Ok((payment, Said::Nothing)),
            Answered::Waiting => return Ok((payment, Said::Something)),
            Answered::Contradiction(what) => {
                contradict(site, &payment, what).await?;
                return Ok((payment, Said::Nonsense));
            }
            Answered::Moves(decision) => {
                let asked = payment.money.state.clone();
                let decide = move |now: &Payment| {
                    // Somebody else may have moved it while we asked; a payment is always news.
                    let still = now.money.state == asked
                        || matches!(decision.event, Some(Event::PaidThere { .. }));
                    if still { (*decision).clone() } else { Decision::default() }
                };
                match move_payment(site, "follow payment", hosp_out_trade_no, decide).await {
                    Ok(moved) => payment = moved,
                    Err(NotMoved::Illegal(error)) => {
                        contradict(site, &payment, error.to_string()).await?;
                        return Ok((payment, Said::Nonsense));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if payment.money == before {
            break;
        }
        // A new order is the payer's first; a money that goes back takes its time.
        if matches!(payment.money.state, State::Ordered { .. } | State::Returning { .. }) {
            break;
        }
    }
    Ok((payment, Said::Something))
}

/// Ends a payment whose time is over; none if it is not.
async fn expire(site: &Arc<Site>, payment: &Payment) -> Result<Option<Payment>, NotMoved> {
    let now = site.clock.now();
    let waits = payment.money.state.ending().is_none()
        && matches!(
            payment.money.state,
            State::Offered | State::Ordering { .. } | State::Ordered { .. }
        );
    if !waits || now < payment.expires_at {
        return Ok(None);
    }
    let decide = |payment: &Payment| {
        if payment.is_open() && payment.money.state.ending().is_none() {
            Event::EndWanted { ending: Ending::Expired }.into()
        } else {
            Decision::default()
        }
    };
    match move_payment(site, "expire payment", &payment.hosp_out_trade_no, decide).await {
        // Meanwhile its money is going back.
        Err(NotMoved::Illegal(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Puts what cannot be before a person.
pub(super) async fn contradict(
    site: &Arc<Site>,
    payment: &Payment,
    what: String,
) -> Result<(), StoreError> {
    let number = &payment.hosp_out_trade_no;
    tracing::error!(%number, what, "a contradiction: somebody must look");
    let item = queue::Item {
        kind: queue::Kind::Contradiction,
        key: number.as_str().to_owned(),
        hosp_out_trade_no: number.clone(),
        what,
    };
    let (of_site, now) = (Arc::clone(site), site.clock.now());
    site.store
        .write("a payment's contradiction", move |tx| {
            let (site, item) = (Arc::clone(&of_site), item.clone());
            Box::pin(async move { queue::put(tx, &site, &item, now).await })
        })
        .await?;
    Ok(())
}

/// Has a worker look at a payment at once.
pub(super) async fn hasten(
    site: &Arc<Site>,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<(), StoreError> {
    let job = jobs::job(FOLLOW_QUEUE, site.org_no(), hosp_out_trade_no, site.clock.now());
    let job = jobs::second(job);
    site.store
        .write("look at a payment", move |tx| {
            let job = job.clone();
            Box::pin(async move { tx.push_job(&job).await })
        })
        .await?;
    Ok(())
}
