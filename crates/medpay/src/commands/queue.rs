//! `medpay gateway queue`.

use super::{Verdict, gateway};
use crate::output;
use medpay_domain::HospOutTradeNo;
use medpay_gateway::refunds::Scope;
use medpay_gateway::staff::queue::{self, ActError, Confirmed, How, Waiting};
use std::path::PathBuf;

/// What is done about the queue. A running gateway goes on with what is begun here.
#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    /// Lists what waits, the longest waiting first; ends with 1 if anything does.
    List {
        /// The gateway's configuration.
        #[arg(long)]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Asks the HIS once more to confirm a paid order; or notes that it was entered by hand.
    Confirm {
        #[command(flatten)]
        order: Order,
        /// It was entered in the HIS by hand: how, in words. The HIS is not asked.
        #[arg(long, value_name = "NOTE")]
        by_hand: Option<String>,
    },
    /// Begins a refund that a member of staff has decided.
    Refund {
        #[command(flatten)]
        order: Order,
        /// Only the cash part, as after the day of the payment.
        #[arg(long)]
        cash_only: bool,
        /// Why; the HIS and the platform read it.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Takes an order from the queue: nothing is to be done.
    Dismiss {
        #[command(flatten)]
        order: Order,
        /// Why.
        #[arg(long)]
        note: String,
    },
}

/// Which order, and who acts.
#[derive(Debug, clap::Args)]
pub(super) struct Order {
    /// The order's `hosp_out_trade_no`.
    number: String,
    /// Who does it; kept with what is done.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The gateway's configuration.
    #[arg(long)]
    config: PathBuf,
}

impl Order {
    fn number(&self) -> HospOutTradeNo {
        HospOutTradeNo::new(self.number.as_str())
    }
}

pub(super) fn run(what: &What) -> anyhow::Result<Verdict> {
    match what {
        What::List { config, json } => {
            let waiting = gateway::with(config, async |gateway| Ok(queue::list(gateway).await?))?;
            list(&waiting, *json)
        }
        What::Confirm { order, by_hand } => {
            let how = by_hand.clone().map_or(How::AskHis, How::ByHand);
            told(gateway::with(&order.config, async |gateway| {
                act(queue::confirm(gateway, &order.number(), &order.by, how).await, |confirmed| {
                    match confirmed {
                        Confirmed::Now => "It is confirmed.".to_owned(),
                        Confirmed::Already => "It was confirmed before.".to_owned(),
                    }
                })
            })?)
        }
        What::Refund { order, cash_only, reason } => {
            let scope = if *cash_only { Scope::CashOnly } else { Scope::All };
            told(gateway::with(&order.config, async |gateway| {
                let number = order.number();
                let begun = queue::refund(gateway, &number, &order.by, scope, reason).await;
                act(begun, |number| format!("Refund {number} is begun; a running gateway does it."))
            })?)
        }
        What::Dismiss { order, note } => told(gateway::with(&order.config, async |gateway| {
            let dismissed = queue::dismiss(gateway, &order.number(), &order.by, note).await;
            act(dismissed, |count| format!("{count} taken from the queue."))
        })?),
    }
}

/// What was done, or why it was not. Only the database's trouble is no answer.
fn act<T>(
    outcome: Result<T, ActError>,
    words: impl FnOnce(T) -> String,
) -> anyhow::Result<Result<String, String>> {
    match outcome {
        Ok(done) => Ok(Ok(words(done))),
        Err(ActError::Store(error)) => Err(error.into()),
        Err(refused) => Ok(Err(format!("Nothing was done: {refused}."))),
    }
}

fn told(outcome: Result<String, String>) -> anyhow::Result<Verdict> {
    let verdict = Verdict::from(outcome.is_ok());
    output::line(outcome.unwrap_or_else(|refused| refused))?;
    Ok(verdict)
}

fn list(waiting: &[Waiting], json: bool) -> anyhow::Result<Verdict> {
    if json {
        output::json(&waiting)?;
    } else if waiting.is_empty() {
        output::line("Nothing waits for a person.")?;
    }
    for one in waiting.iter().filter(|_| !json) {
        let Waiting { site, kind, hosp_out_trade_no, key, what, since, age_seconds, actions } = one;
        output::line(format!("{kind} {hosp_out_trade_no} ({site}), {age_seconds} s: {what}"))?;
        if key != hosp_out_trade_no {
            output::line(format!("    about {key}"))?;
        }
        output::line(format!("    since {since}"))?;
        for done in actions {
            output::line(format!("    {} {} by {}: {}", done.at, done.action, done.by, done.note))?;
        }
    }
    Ok(Verdict::from(waiting.is_empty()))
}
