//! What an audit found, for a script and for a reader.

use medpay_domain::books::Difference;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The days that were compared, `yyyyMMdd`.
    pub days: Vec<String>,
    /// Business time of the comparison, for a reader.
    pub at: String,
    /// Whether every book is equal, as far as it can be while something is in flight, and both
    /// parties were heard.
    pub equal: bool,
    /// Whether nothing is in flight, so that equal means equal and not within bounds.
    pub quiet: bool,
    /// Book 1, 3 and 4.
    pub books: Vec<BookReport>,
    /// The legs of book 1, in sums.
    pub legs: Vec<LegReport>,
    /// What was asked and has no answer yet.
    pub in_flight: Vec<FlightReport>,
    /// Notifications that a person must replay.
    pub given_up: Vec<GivenUpReport>,
    /// Refunds that the wallet refuses and a person must look at, by `med_refund_id`.
    pub stuck_refunds: Vec<String>,
    /// Parties that did not answer: their side could not be compared.
    pub silent: Vec<Silence>,
}

/// One book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookReport {
    /// 1, 3 or 4.
    pub book: u8,
    /// Its name.
    pub name: String,
    /// How many things were compared.
    pub compared: usize,
    /// What is wrong.
    pub differences: Vec<DifferenceReport>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DifferenceReport {
    /// What is wrong, as a word: `missing_at_party`, `amount_differs`…
    pub kind: String,
    /// `bureau` or `wallet`; `platform` where it disagrees with itself.
    pub party: String,
    /// The key or number by which both sides know it.
    pub number: String,
    /// What the platform says.
    pub platform: String,
    /// What the other side says.
    pub other: String,
}

/// The sums of one leg; fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegReport {
    /// `test` or `production`.
    pub environment: String,
    /// `bureau` or `wallet`.
    pub party: String,
    /// Taken at the platform: at least.
    pub platform_taken_low: i64,
    /// Taken at the platform: at most, with what is in flight.
    pub platform_taken_high: i64,
    /// Given back at the platform: at least.
    pub platform_given_back_low: i64,
    /// Given back at the platform: at most.
    pub platform_given_back_high: i64,
    /// Taken at the party.
    pub party_taken: i64,
    /// Given back at the party.
    pub party_given_back: i64,
}

/// Something in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightReport {
    /// The idempotency key.
    pub key: String,
    /// What was asked: `took 100 fen, unknown since …`.
    pub what: String,
    /// For how long, in seconds of business time.
    pub age_seconds: i64,
}

/// A notification given up after its whole schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUpReport {
    /// The order.
    pub med_trans_id: String,
    /// How often it was sent.
    pub attempts: u32,
}

/// A party that did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// `test` or `production`.
    pub environment: String,
    /// `bureau` or `wallet`.
    pub party: String,
    /// The day it was asked about.
    pub day: String,
    /// What came instead of an answer.
    pub why: String,
}

impl Report {
    /// Whether nothing is wrong.
    pub(super) fn is_equal(&self) -> bool {
        self.silent.is_empty() && self.books.iter().all(|book| book.differences.is_empty())
    }

    /// Drops the differences that an earlier look did not see: they came and went while we looked.
    pub(super) fn keep_seen_in(&mut self, earlier: &Self) {
        let seen: BTreeSet<_> =
            earlier.differences().map(|(book, one)| (book, &one.kind, &one.number)).collect();
        for book in &mut self.books {
            let number = book.book;
            book.differences.retain(|one| seen.contains(&(number, &one.kind, &one.number)));
        }
        self.equal = self.is_equal();
    }

    /// Every difference with the number of its book.
    pub fn differences(&self) -> impl Iterator<Item = (u8, &DifferenceReport)> {
        self.books.iter().flat_map(|book| book.differences.iter().map(move |one| (book.book, one)))
    }
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> Self {
        Self {
            kind: difference.kind.as_str().to_owned(),
            party: difference.party.map_or("platform", |party| party.as_str()).to_owned(),
            number: difference.number.clone(),
            platform: difference.ours.clone(),
            other: difference.theirs.clone(),
        }
    }
}

/// For a person: what was compared, what is wrong, and what is left open.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "books of {} at {}", self.days.join(", "), self.at)?;
        for leg in &self.legs {
            writeln!(
                f,
                "  {} {}: taken {} (platform {}), given back {} (platform {}) fen",
                leg.environment,
                leg.party,
                leg.party_taken,
                range(leg.platform_taken_low, leg.platform_taken_high),
                leg.party_given_back,
                range(leg.platform_given_back_low, leg.platform_given_back_high),
            )?;
        }
        for book in &self.books {
            let found = book.differences.len();
            writeln!(
                f,
                "book {} ({}): {} compared, {}",
                book.book,
                book.name,
                book.compared,
                if found == 0 { "equal".to_owned() } else { format!("{found} differences") },
            )?;
            for one in &book.differences {
                writeln!(
                    f,
                    "  {} {}: {} — platform: {}; other: {}",
                    one.party, one.number, one.kind, one.platform, one.other
                )?;
            }
        }
        for flight in &self.in_flight {
            writeln!(f, "in flight {} s: {} {}", flight.age_seconds, flight.key, flight.what)?;
        }
        for given_up in &self.given_up {
            writeln!(
                f,
                "notification given up after {} attempts: {}",
                given_up.attempts, given_up.med_trans_id
            )?;
        }
        for refund in &self.stuck_refunds {
            writeln!(f, "refund refused by the wallet, staff must look: {refund}")?;
        }
        for silent in &self.silent {
            writeln!(
                f,
                "no answer of the {} {} about {}: {}",
                silent.environment, silent.party, silent.day, silent.why
            )?;
        }
        let verdict = match (self.equal, self.quiet) {
            (true, true) => "equal",
            (true, false) => "equal as far as can be told while something is in flight",
            (false, _) => "NOT equal",
        };
        write!(f, "the books are {verdict}")
    }
}

fn range(low: i64, high: i64) -> String {
    if low == high { low.to_string() } else { format!("{low} to {high}") }
}
