//! One look at book 2.

use super::report::{FlightReport, Report, Silence, SiteReport};
use crate::gateway::{Gateway, Site};
use crate::payments::{self, Payment};
use crate::refunds::{self, rows};
use medpay_domain::books::Bound;
use medpay_domain::books::hospital::{self, Confirmed, Listed, Paid};
use medpay_domain::hospital::payment::Confirmation;
use medpay_domain::hospital::refund::{Outcome, State};
use medpay_domain::{Day, Fen, HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use medpay_wire::his::bills::{DayPayment, ListDay};
use std::collections::{BTreeMap, BTreeSet};

/// How many days after the last one an order may still have been confirmed.
const LATER_DAYS: i32 = 31;

/// Compares everything once.
pub(super) async fn look(gateway: &Gateway, days: &BTreeSet<Day>) -> Result<Report, StoreError> {
    let mut report = Report {
        days: days.iter().map(|day| day.wire()).collect(),
        at: String::new(),
        equal: true,
        quiet: true,
        sites: vec![],
    };
    for site in gateway.branches().flat_map(|branch| branch.sites()) {
        report.at = site.clock.now().to_string();
        if site.hospital().is_some() {
            report.sites.push(look_at(site, days).await?);
        }
    }
    report.conclude();
    Ok(report)
}

async fn look_at(site: &Site, days: &BTreeSet<Day>) -> Result<SiteReport, StoreError> {
    let mut orders: BTreeMap<HospOutTradeNo, Payment> = BTreeMap::new();
    for &day in days {
        let paid = payments::paid_on(site, day).await?;
        orders.extend(paid.into_iter().map(|paid| (paid.hosp_out_trade_no.clone(), paid)));
    }
    let mut report = SiteReport {
        site: site.institution.site.clone(),
        compared: 0,
        confirmed: 0,
        differences: vec![],
        in_flight: vec![],
        silent: vec![],
    };
    let mut theirs = vec![];
    for &day in days {
        theirs.extend(list(site, day, &mut report).await);
    }
    if !report.silent.is_empty() {
        return Ok(report);
    }
    for line in &theirs {
        let number = HospOutTradeNo::new(&line.hosp_out_trade_no);
        if let Some(payment) = payments::find(site, &number).await?.filter(Payment::is_paid) {
            orders.insert(number, payment);
        }
    }
    let mut ours = vec![];
    for payment in orders.values() {
        ours.extend(paid(site, payment, &mut report.in_flight).await?);
    }
    let elsewhere = elsewhere(site, days, &ours, &theirs, &mut report).await;
    report.compared = ours.len();
    report.confirmed = theirs.len();
    let found = hospital::compare(&ours, &theirs, &elsewhere);
    report.differences = found.iter().map(Into::into).collect();
    Ok(report)
}

/// What the HIS lists of a day; a silence is written down.
async fn list(site: &Site, day: Day, report: &mut SiteReport) -> Vec<Listed> {
    let why = match site.doors.his.ask(&ListDay { day }).await {
        Ok(Ok(list)) => return list.payments.iter().map(line).collect(),
        Ok(Err(refusal)) => format!("refused: {:?}", refusal.code),
        Err(error) => error.to_string(),
    };
    report.silent.push(Silence { day: day.wire(), why });
    vec![]
}

/// What the HIS lists of the day before and of the days after, as long as something that it has
/// confirmed is not found: a day ends at two places at two moments, and a HIS that was down
/// confirms later.
async fn elsewhere(
    site: &Site,
    days: &BTreeSet<Day>,
    ours: &[Paid],
    theirs: &[Listed],
    report: &mut SiteReport,
) -> Vec<Listed> {
    let listed = theirs.iter().map(|line| line.hosp_out_trade_no.as_str());
    let mut missing: BTreeSet<String> = ours
        .iter()
        .filter(|paid| paid.confirmed == Confirmed::Yes)
        .map(|paid| paid.hosp_out_trade_no.clone())
        .collect();
    for number in listed {
        missing.remove(number);
    }
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return vec![] };
    let today = site.clock.now().day();
    let later = (1..=LATER_DAYS).map(|ahead| last.plus_days(ahead));
    let others = std::iter::once(first.plus_days(-1)).chain(later.filter(|day| *day <= today));
    let mut found = vec![];
    for day in others {
        if missing.is_empty() {
            break;
        }
        for line in list(site, day, report).await {
            if missing.remove(&line.hosp_out_trade_no) {
                found.push(line);
            }
        }
    }
    found
}

fn line(payment: &DayPayment) -> Listed {
    Listed {
        hosp_out_trade_no: payment.hosp_out_trade_no.as_str().to_owned(),
        bill_no: payment.bill_no.as_str().to_owned(),
        total: payment.total_fen,
        cash: payment.cash_fen,
        insurance: payment.insurance_fen,
        cash_back: payment.cash_refunded_fen,
        insurance_back: payment.insurance_refunded_fen,
        refunded: payment.refunded,
    }
}

/// A paid order as the gateway knows it; what of it the HIS has still to answer is listed.
async fn paid(
    site: &Site,
    payment: &Payment,
    in_flight: &mut Vec<FlightReport>,
) -> Result<Option<Paid>, StoreError> {
    let Some(charge) = payment.charge() else { return Ok(None) };
    let now = site.clock.now();
    let number = payment.hosp_out_trade_no.as_str();
    let mut flies = |what: &str, since: Timestamp| {
        in_flight.push(FlightReport {
            number: number.to_owned(),
            what: what.to_owned(),
            age_seconds: now.as_ms().saturating_sub(since.as_ms()).max(0) / 1000,
        });
    };
    let whole = payment.money.wholly_returned();
    let confirmed = match &payment.money.confirmation {
        Confirmation::Confirmed(_) => Confirmed::Yes,
        confirmation => {
            let since = payment.heard_at.unwrap_or(payment.created_at);
            // What a member of staff has entered by hand is not in the list of the contract.
            if !confirmation.is_confirmed() && !whole {
                flies(confirmation.code(), since);
            }
            Confirmed::Perhaps
        }
    };
    let mut back = Back::default();
    for refund in refunds::of_order(site, &payment.hosp_out_trade_no).await? {
        if refund.is_open() {
            flies(&format!("refund {}", refund.refund.state.code()), refund.changed_at);
        }
        back.add(&refund);
    }
    Ok(Some(Paid {
        hosp_out_trade_no: number.to_owned(),
        bill_no: payment.bill.bill_no.as_str().to_owned(),
        total: charge.total,
        cash: charge.cash,
        insurance: charge.insurance,
        confirmed,
        cash_back: back.cash,
        insurance_back: back.insurance,
        wholly_back: whole,
    }))
}

/// What the HIS knows to have gone back: it counts what it was told.
#[derive(Default)]
struct Back {
    cash: Bound,
    insurance: Bound,
}

impl Back {
    fn add(&mut self, refund: &rows::StoredRefund) {
        let Some(Outcome::Returned { cash, insurance, .. }) = refund.refund.state.outcome() else {
            return;
        };
        let known = matches!(refund.refund.state, State::Ended { .. });
        let add = |bound: &mut Bound, amount: Fen| {
            bound.high = bound.high.saturating_add(amount.get());
            if known {
                bound.low = bound.low.saturating_add(amount.get());
            }
        };
        add(&mut self.cash, *cash);
        add(&mut self.insurance, *insurance);
    }
}
