//! What an audit of book 2 found, for a script and for a reader.

use medpay_domain::books::Difference;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What an audit of book 2 found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The days that were compared, `yyyyMMdd`.
    pub days: Vec<String>,
    /// Business time of the comparison, for a reader.
    pub at: String,
    /// Whether the book is equal at every hospital, as far as it can be while something is in
    /// flight, and every HIS was heard.
    pub equal: bool,
    /// Whether nothing is in flight, so that equal means equal and not within bounds.
    pub quiet: bool,
    /// The hospitals.
    pub sites: Vec<SiteReport>,
}

/// Book 2 of one hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteReport {
    /// Its word in addresses.
    pub site: String,
    /// How many paid orders were compared.
    pub compared: usize,
    /// How many the HIS lists.
    pub confirmed: usize,
    /// What is wrong.
    pub differences: Vec<DifferenceReport>,
    /// What the HIS has not answered yet, and what waits for a person.
    pub in_flight: Vec<FlightReport>,
    /// The days about which the HIS did not answer: it could not be compared.
    pub silent: Vec<Silence>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DifferenceReport {
    /// What is wrong, as a word: `not_confirmed`, `confirmed_unpaid`, `amount_differs`…
    pub kind: String,
    /// The order, or the bill that two orders paid.
    pub number: String,
    /// What the gateway says.
    pub gateway: String,
    /// What the HIS says.
    pub his: String,
}

/// Something that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightReport {
    /// The order.
    pub number: String,
    /// Where it stands.
    pub what: String,
    /// For how long, in seconds of business time.
    pub age_seconds: i64,
}

/// A day about which a HIS did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The day it was asked about.
    pub day: String,
    /// What came instead of an answer.
    pub why: String,
}

impl Report {
    /// Writes down what follows from the hospitals.
    pub(super) fn conclude(&mut self) {
        let clean = |site: &SiteReport| site.differences.is_empty() && site.silent.is_empty();
        self.equal = self.sites.iter().all(clean);
        self.quiet = self.sites.iter().all(|site| site.in_flight.is_empty());
    }

    /// Drops the differences that an earlier look did not see: they came and went while we looked.
    pub(super) fn keep_seen_in(&mut self, earlier: &Self) {
        let name = |site: &SiteReport, one: &DifferenceReport| {
            (site.site.clone(), one.kind.clone(), one.number.clone())
        };
        let seen: BTreeSet<_> = earlier
            .sites
            .iter()
            .flat_map(|site| site.differences.iter().map(|one| name(site, one)))
            .collect();
        for site in &mut self.sites {
            let differences = std::mem::take(&mut site.differences);
            site.differences =
                differences.into_iter().filter(|one| seen.contains(&name(site, one))).collect();
        }
        self.conclude();
    }

    /// Every difference with its hospital.
    pub fn differences(&self) -> impl Iterator<Item = (&str, &DifferenceReport)> {
        self.sites
            .iter()
            .flat_map(|site| site.differences.iter().map(|one| (site.site.as_str(), one)))
    }
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> Self {
        Self {
            kind: difference.kind.as_str().to_owned(),
            number: difference.number.clone(),
            gateway: difference.ours.clone(),
            his: difference.theirs.clone(),
        }
    }
}

/// For a person: what was compared, what is wrong, and what is left open.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "book 2 of {} at {}", self.days.join(", "), self.at)?;
        for site in &self.sites {
            let (name, found) = (&site.site, site.differences.len());
            writeln!(
                f,
                "book 2 (HIS of {name}): {} paid, {} listed, {}",
                site.compared,
                site.confirmed,
                if found == 0 { "equal".to_owned() } else { format!("{found} differences") },
            )?;
            for one in &site.differences {
                let DifferenceReport { kind, number, gateway, his } = one;
                writeln!(f, "  {name} {number}: {kind} — gateway: {gateway}; HIS: {his}")?;
            }
            for flight in &site.in_flight {
                let FlightReport { number, what, age_seconds } = flight;
                writeln!(f, "in flight {age_seconds} s: {number} {what}")?;
            }
            for silent in &site.silent {
                writeln!(f, "no answer of the HIS of {name} about {}: {}", silent.day, silent.why)?;
            }
        }
        let verdict = match (self.equal, self.quiet) {
            (true, true) => "equal",
            (true, false) => "equal as far as can be told while something is in flight",
            (false, _) => "NOT equal",
        };
        write!(f, "book 2 is {verdict}")
    }
}
