//! What each channel brought, by day: for `medpay gateway channels`, and as JSON.

use super::rows;
use crate::gateway::Site;
use crate::payments;
use medpay_domain::Day;
use medpay_store::StoreError;
use serde::Serialize;
use std::collections::BTreeMap;

/// The report of some days. Without personal data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The hospital.
    pub org_no: String,
    /// The first day.
    #[serde(serialize_with = "as_wire")]
    pub from: Day,
    /// The last day, included.
    #[serde(serialize_with = "as_wire")]
    pub to: Day,
    /// By day, then by channel; a channel without anything on a day is left out.
    pub lines: Vec<Line>,
}

/// A channel on a day. Amounts are in fen, of the orders that were begun on the day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// The day.
    #[serde(serialize_with = "as_wire")]
    pub day: Day,
    /// The channel.
    pub channel: String,
    /// What it brought.
    #[serde(flatten)]
    pub brought: Brought,
}

/// What a channel brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Brought {
    /// Sessions that began by it, and arrivals by it within one.
    pub visits: i64,
    /// Orders that were begun.
    pub orders: i64,
    /// Those of them that are paid, refunded since or not.
    pub paid_orders: i64,
    /// Their cash.
    pub cash_fen: i64,
    /// Their insurance.
    pub insurance_fen: i64,
    /// What of both was given back.
    pub refunded_fen: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_wire<S: serde::Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&day.wire())
}

/// The report of the days `from` to `to`, both included.
pub async fn report(site: &Site, from: Day, to: Day) -> Result<Report, StoreError> {
    let mut lines: BTreeMap<(Day, String), Brought> = BTreeMap::new();
    for (day, channel, visits) in rows::visits(site, from, to).await? {
        lines.entry((day, channel)).or_default().visits = visits;
    }
    let mut day = from;
    while day <= to {
        for of in payments::by_channel(site, day.start(), day.next().start()).await? {
            let line = lines.entry((day, of.channel.as_str().to_owned())).or_default();
            line.orders = of.begun;
            line.paid_orders = of.paid;
            line.cash_fen = of.cash.get();
            line.insurance_fen = of.insurance.get();
            line.refunded_fen = of.returned.get();
        }
        day = day.next();
    }
    let lines = lines.into_iter();
    let lines = lines.map(|((day, channel), brought)| Line { day, channel, brought }).collect();
    Ok(Report { org_no: site.org_no().as_str().to_owned(), from, to, lines })
}
