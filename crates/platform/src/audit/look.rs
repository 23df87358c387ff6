//! One look at every book.

use super::report::{
    BookReport, DifferenceReport, FlightReport, GivenUpReport, LegReport, Report, Silence,
};
use crate::access::merchant_key;
use crate::app::App;
use crate::bills::day_bill;
use crate::notifications::rows as notification_rows;
use crate::orders::ledger;
use crate::refunds::ledger as refund_ledger;
use crate::settings::Environment;
use medpay_domain::books::bill::{BillRow, BillSums, RowKind};
use medpay_domain::books::money::{self, Direction, Listed, Movement, Says, Standing};
use medpay_domain::books::{Book, Difference, Party, bill, notices};
use medpay_domain::{Day, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::bill::{Bill, Event};
use medpay_wire::contracts::{bureau, wallet};
use std::collections::BTreeSet;

/// What the platform's own tables say.
struct Own {
    /// What moved on the days, and what is in flight, of each environment.
    movements: Vec<(Environment, Movement)>,
    /// What moved in the whole life of the orders that the above belong to, and what these say.
    lives: Vec<Movement>,
    says: Vec<Says>,
    paid: BTreeSet<String>,
    notices: Vec<notices::Notice>,
    given_up: Vec<GivenUpReport>,
    stuck_refunds: Vec<String>,
    bills: Vec<OwnBill>,
}

/// One merchant's bill of one day beside the events of that day.
struct OwnBill {
    name: String,
    events: Vec<BillRow>,
    rows: Vec<BillRow>,
    totals: BillSums,
}

/// Compares everything once.
pub(super) async fn look(app: &App, days: &BTreeSet<Day>) -> Result<Report, StoreError> {
    let now = app.clock.now();
    let own = read_own(app, days).await?;
    let jobs = app.store.pending_jobs(crate::notifications::deliver::QUEUE).await?;
    let jobs: BTreeSet<String> = jobs.into_iter().map(|job| job.key).collect();
    let mut silent = vec![];
    let mut legs = vec![];
    let mut differences = money::compare_orders(&own.says, &own.lives);
    let mut environments = vec![Environment::Test];
    environments.extend(app.settings.production.as_ref().map(|_| Environment::Production));
    for environment in environments {
        let ours: Vec<Movement> = own
            .movements
            .iter()
            .filter(|(of, _)| *of == environment)
            .map(|(_, movement)| movement.clone())
            .collect();
        for party in [Party::Bureau, Party::Wallet] {
            match list(app, environment, party, days).await {
                Ok(theirs) => {
                    let (sums, found) = money::compare(party, &ours, &theirs);
                    differences.extend(found);
                    legs.push(leg_report(environment, party, sums));
                }
                Err(silence) => silent.push(silence),
            }
        }
    }
    let schedule = crate::notifications::schedule::Schedule(&app.settings.notify_schedule_seconds);
    differences.extend(notices::compare(&own.paid, &own.notices, &jobs, schedule.attempts()));
    for one in &own.bills {
        differences.extend(bill::compare(&one.name, &one.events, &one.rows, one.totals));
    }
    Ok(report(days, now, &own, legs, silent, &differences))
}

fn report(
    days: &BTreeSet<Day>,
    now: Timestamp,
    own: &Own,
    legs: Vec<LegReport>,
    silent: Vec<Silence>,
    differences: &[Difference],
) -> Report {
    let book = |book: Book, name: &str, compared| BookReport {
        book: book.number(),
        name: name.to_owned(),
        compared,
        differences: differences
            .iter()
            .filter(|one| one.book == book)
            .map(DifferenceReport::from)
            .collect(),
    };
    let in_flight = own.movements.iter().filter_map(|(_, movement)| flight(movement, now));
    let in_flight: Vec<_> = in_flight.collect();
    let billed = own.bills.iter().map(|bill| bill.events.len()).sum();
    let mut report = Report {
        days: days.iter().map(|day| day.wire()).collect(),
        at: now.to_string(),
        equal: false,
        quiet: in_flight.is_empty(),
        books: vec![
            book(Book::Money, "money", own.movements.len() + own.says.len()),
            book(Book::Notifications, "notifications", own.notices.len()),
            book(Book::Bill, "bills", billed),
        ],
        legs,
        in_flight,
        given_up: own.given_up.clone(),
        stuck_refunds: own.stuck_refunds.clone(),
        silent,
    };
    report.equal = report.is_equal();
    report
}

fn flight(movement: &Movement, now: Timestamp) -> Option<FlightReport> {
    let Standing::Asked { since } = movement.standing else { return None };
    Some(FlightReport {
        key: movement.key.clone(),
        what: movement.to_string(),
        age_seconds: now.as_ms().saturating_sub(since.as_ms()).max(0) / 1000,
    })
}

fn leg_report(environment: Environment, party: Party, sums: money::Sums) -> LegReport {
    LegReport {
        environment: environment.as_str().to_owned(),
        party: party.as_str().to_owned(),
        platform_taken_low: sums.our_taken.low,
        platform_taken_high: sums.our_taken.high,
        platform_given_back_low: sums.our_given_back.low,
        platform_given_back_high: sums.our_given_back.high,
        party_taken: sums.their_taken,
        party_given_back: sums.their_given_back,
    }
}

/// What `party` lists of `days`.
async fn list(
    app: &App,
    environment: Environment,
    party: Party,
    days: &BTreeSet<Day>,
) -> Result<Vec<Listed>, Silence> {
    let mut lines = vec![];
    for &day in days {
        let parties = app.parties(environment);
        let answer = match party {
            Party::Bureau => parties
                .bureau
                .day(&bureau::ListDay { day })
                .await
                .map(|list| list.entries.into_iter().map(bureau_line).collect::<Vec<_>>()),
            Party::Wallet => parties
                .wallet
                .day(&wallet::ListDay { day })
                .await
                .map(|list| list.entries.into_iter().map(wallet_line).collect()),
        };
        lines.extend(answer.map_err(|error| Silence {
            environment: environment.as_str().to_owned(),
            party: party.as_str().to_owned(),
            day: day.wire(),
            why: error.to_string(),
        })?);
    }
    Ok(lines)
}

fn bureau_line(entry: bureau::DayEntry) -> Listed {
    Listed {
        key: entry.key,
        direction: match entry.kind {
            bureau::DayKind::Settled => Direction::Taken,
            bureau::DayKind::Reversed => Direction::GivenBack,
        },
        reference: entry.insurance_order_id.to_string(),
        amount: entry.insurance_fee,
        at: entry.at,
    }
}

fn wallet_line(entry: wallet::DayEntry) -> Listed {
    Listed {
        key: entry.key,
        direction: match entry.kind {
            wallet::DayKind::Captured => Direction::Taken,
            wallet::DayKind::Refunded => Direction::GivenBack,
        },
        reference: entry.cash_order_id.to_string(),
        amount: entry.cash_fee,
        at: entry.at,
    }
}

/// Reads the platform's own side, in one transaction.
async fn read_own(app: &App, days: &BTreeSet<Day>) -> Result<Own, StoreError> {
    let days: Vec<Day> = days.iter().copied().collect();
    let merchants: Vec<String> = app.settings.institutions.iter().map(merchant_key).collect();
    let vault = app.vault.clone();
    app.store
        .read("audit", move |tx| {
            let (days, merchants, vault) = (days.clone(), merchants.clone(), vault.clone());
            Box::pin(async move { own(tx, &vault, &days, &merchants).await })
        })
        .await
}

async fn own(
    tx: &mut Tx,
    vault: &Vault,
    days: &[Day],
    merchants: &[String],
) -> Result<Own, StoreError> {
    let mut movements = vec![];
    for day in days {
        movements.extend(ledger::movements_between(tx, day.start(), day.end()).await?);
        movements.extend(refund_ledger::movements_between(tx, day.start(), day.end()).await?);
    }
    let mut asked = ledger::in_flight(tx, vault).await?;
    asked.extend(refund_ledger::in_flight(tx).await?);
    let mut lives: Vec<Movement> = asked.iter().map(|(_, movement)| movement.clone()).collect();
    movements.extend(asked);
    let orders: BTreeSet<String> =
        movements.iter().map(|(_, movement)| movement.med_trans_id.clone()).collect();
    let mut says = vec![];
    for med_trans_id in &orders {
        lives.extend(ledger::movements_of(tx, med_trans_id).await?);
        lives.extend(refund_ledger::movements_of(tx, med_trans_id).await?);
        says.extend(ledger::says(tx, vault, med_trans_id).await?);
    }
    let stored = notification_rows::all(tx).await?;
    let mut bills = vec![];
    for merchant in merchants {
        for day in days {
            bills.push(own_bill(tx, vault, merchant, *day).await?);
        }
    }
    Ok(Own {
        movements,
        lives,
        says,
        paid: ledger::paid(tx).await?,
        notices: stored.iter().map(notice).collect(),
        given_up: given_up(&stored),
        stuck_refunds: refund_ledger::stuck(tx).await?,
        bills,
    })
}

fn notice(stored: &notification_rows::StoredNotification) -> notices::Notice {
    notices::Notice {
        med_trans_id: stored.med_trans_id.to_string(),
        attempts: stored.attempts,
        standing: match stored.standing {
            notification_rows::Standing::Waiting => notices::Standing::Waiting,
            notification_rows::Standing::Acknowledged => notices::Standing::Acknowledged,
            notification_rows::Standing::GivenUp => notices::Standing::GivenUp,
        },
    }
}

fn given_up(stored: &[notification_rows::StoredNotification]) -> Vec<GivenUpReport> {
    stored
        .iter()
        .filter(|one| one.standing == notification_rows::Standing::GivenUp)
        .map(|one| GivenUpReport {
            med_trans_id: one.med_trans_id.to_string(),
            attempts: one.attempts,
        })
        .collect()
}

/// The bill as the hospital would get it, written and read back, beside the day's events.
async fn own_bill(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    day: Day,
) -> Result<OwnBill, StoreError> {
    let mut events = ledger::billable_between(tx, merchant, day.start(), day.end()).await?;
    events.extend(refund_ledger::billable_between(tx, merchant, day.start(), day.end()).await?);
    let written = Bill::new(day_bill::rows(tx, vault, merchant, day).await?).to_text();
    let name = format!("bill {merchant} {}", day.wire());
    let read = Bill::read(written.as_bytes()).map_err(|fault| {
        tracing::error!(bill = name, %fault, "a bill cannot be read back");
        StoreError::Corrupt { table: "orders", column: "bill", key: name.clone() }
    })?;
    let totals = BillSums {
        payments: read.totals.payments,
        cash: read.totals.cash_fee.get(),
        insurance: read.totals.insurance_fee.get(),
        refunds: read.totals.refunds,
        cash_back: read.totals.cash_refund_fee.get(),
        insurance_back: read.totals.insurance_refund_fee.get(),
    };
    Ok(OwnBill { name, events, rows: read.rows.iter().map(bill_row).collect(), totals })
}

fn bill_row(row: &medpay_wire::bill::Row) -> BillRow {
    match &row.event {
        Event::Payment(payment) => BillRow {
            kind: RowKind::Payment,
            number: row.med_trans_id.to_string(),
            cash: payment.cash_fee,
            insurance: payment.insurance_fee,
        },
        Event::Refund(refund) => BillRow {
            kind: if refund.med_refund_id.is_some() {
                RowKind::Refund
            } else {
                RowKind::SystemRefund
            },
            number: refund
                .med_refund_id
                .as_ref()
                .map_or_else(|| row.med_trans_id.to_string(), ToString::to_string),
            cash: refund.cash_refund_fee,
            insurance: refund.insurance_refund_fee,
        },
    }
}
