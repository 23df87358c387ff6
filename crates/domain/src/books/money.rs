//! Book 1: what was taken and given back, per leg, at the platform, at the bureau and at the
//! wallet.

use super::{Book, Bound, Difference, Kind, Party};
use crate::fen::Fen;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Which way money went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// Captured or settled.
    Taken,
    /// Refunded or reversed.
    GivenBack,
}

/// A line of a party's own day list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The idempotency key.
    pub key: String,
    /// Which way.
    pub direction: Direction,
    /// The party's number of the leg.
    pub reference: String,
    /// How much; 0 for a booking of 0.
    pub amount: Fen,
    /// When, by the party's clock.
    pub at: Timestamp,
}

/// What the platform knows of one call that moves money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Movement {
    /// The idempotency key.
    pub key: String,
    /// The order, by its `med_trans_id`.
    pub med_trans_id: String,
    /// Whose leg.
    pub party: Party,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Fen,
    /// Whether it is done.
    pub standing: Standing,
}

impl Movement {
    /// Whether the party may rightly have booked another amount than was asked: a settlement that
    /// has not been answered yet. If it did, it will be undone.
    fn may_differ(&self) -> bool {
        self.party == Party::Bureau
            && self.direction == Direction::Taken
            && matches!(self.standing, Standing::Asked { .. })
    }
}

/// How certain a movement is. What was refused explicitly is no movement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The party said so.
    Done {
        /// The party's number of the leg.
        reference: String,
        /// When, by the party's answer.
        at: Timestamp,
    },
    /// Asked, and we do not know.
    Asked {
        /// Since when.
        since: Timestamp,
    },
}

/// What an order's row says of one leg, whole time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Says {
    /// The order.
    pub med_trans_id: String,
    /// Whose leg.
    pub party: Party,
    /// Taken and not given back.
    pub held: Fen,
    /// Whether there is a leg that stands: a booking of 0 stands although it holds nothing.
    pub stands: bool,
}

/// Sums of one party's leg over what was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Taken, at the platform.
    pub our_taken: Bound,
    /// Given back, at the platform.
    pub our_given_back: Bound,
    /// Taken, at the party.
    pub their_taken: i64,
    /// Given back, at the party.
    pub their_given_back: i64,
}

/// Compares the platform's movements of `party` with that party's lists of the same days.
///
/// Something still asked for is no difference, listed or not, unless it is listed otherwise than
/// it was asked for.
pub fn compare(party: Party, ours: &[Movement], theirs: &[Listed]) -> (Sums, Vec<Difference>) {
    let ours: Vec<&Movement> = ours.iter().filter(|movement| movement.party == party).collect();
    let mut differences = vec![];
    let mut difference = |kind, number: &str, ours: String, theirs: String| {
        let number = number.to_owned();
        let party = Some(party);
        differences.push(Difference { book: Book::Money, kind, party, number, ours, theirs });
    };
    let mut listed: BTreeMap<&str, &Listed> = BTreeMap::new();
    for line in theirs {
        if listed.insert(&line.key, line).is_some() {
            difference(Kind::ListedTwice, &line.key, String::new(), line.to_string());
        }
    }
    let mut known = BTreeSet::new();
    for movement in &ours {
        known.insert(movement.key.as_str());
        match (listed.get(movement.key.as_str()), &movement.standing) {
            (Some(line), _) => {
                for kind in disagreements(movement, line) {
                    difference(kind, &movement.key, movement.to_string(), line.to_string());
                }
            }
            (None, Standing::Done { .. }) => difference(
                Kind::MissingAtParty,
                &movement.key,
                movement.to_string(),
                "not listed".to_owned(),
            ),
            (None, Standing::Asked { .. }) => {}
        }
    }
    for line in listed.values().filter(|line| !known.contains(line.key.as_str())) {
        let ours = "no such movement".to_owned();
        difference(Kind::MissingAtPlatform, &line.key, ours, line.to_string());
    }
    (sums(&ours, theirs), differences)
}

/// In what a movement and the line of the same key disagree.
fn disagreements(movement: &Movement, line: &Listed) -> Vec<Kind> {
    let mut kinds = vec![];
    if movement.direction != line.direction {
        kinds.push(Kind::DirectionDiffers);
    }
    if movement.amount != line.amount && !movement.may_differ() {
        kinds.push(Kind::AmountDiffers);
    }
    if let Standing::Done { reference, at } = &movement.standing {
        if *reference != line.reference {
            kinds.push(Kind::ReferenceDiffers);
        }
        if at.day() != line.at.day() {
            kinds.push(Kind::DayDiffers);
        }
    }
    kinds
}

fn sums(ours: &[&Movement], theirs: &[Listed]) -> Sums {
    let mut sums = Sums::default();
    for movement in ours {
        let bound = match movement.direction {
            Direction::Taken => &mut sums.our_taken,
            Direction::GivenBack => &mut sums.our_given_back,
        };
        bound.high = bound.high.saturating_add(movement.amount.get());
        if matches!(movement.standing, Standing::Done { .. }) {
            bound.low = bound.low.saturating_add(movement.amount.get());
        }
    }
    for line in theirs {
        let sum = match line.direction {
            Direction::Taken => &mut sums.their_taken,
            Direction::GivenBack => &mut sums.their_given_back,
        };
        *sum = sum.saturating_add(line.amount.get());
    }
    sums
}

/// Compares what the orders' rows say with what their own movements, of their whole life, add up
/// to. An order with something in flight is compared as a bound.
pub fn compare_orders(says: &[Says], movements: &[Movement]) -> Vec<Difference> {
    let mut held: BTreeMap<(&str, Party), Held> = BTreeMap::new();
    for movement in movements {
        held.entry((&movement.med_trans_id, movement.party)).or_default().add(movement);
    }
    let mut differences = vec![];
    let mut difference = |med_trans_id: &str, party, ours: String, theirs: String| {
        differences.push(Difference {
            book: Book::Money,
            kind: Kind::OrderDisagrees,
            party: Some(party),
            number: med_trans_id.to_owned(),
            ours,
            theirs,
        });
    };
    for order in says {
        let held = held.remove(&(order.med_trans_id.as_str(), order.party)).unwrap_or_default();
        if !held.allows(order) {
            let ours = format!("row holds {} fen, stands: {}", order.held, order.stands);
            difference(&order.med_trans_id, order.party, ours, held.to_string());
        }
    }
    for ((med_trans_id, party), held) in held {
        difference(med_trans_id, party, "no such order".to_owned(), held.to_string());
    }
    differences
}

/// What the movements of one leg of one order add up to.
#[derive(Default)]
struct Held {
    fen: Bound,
    count: Bound,
}

impl Held {
    fn add(&mut self, movement: &Movement) {
        let amount = movement.amount.get();
        let done = matches!(movement.standing, Standing::Done { .. });
        match movement.direction {
            Direction::Taken => {
                self.fen.high = self.fen.high.saturating_add(amount);
                self.count.high += 1;
                if done {
                    self.fen.low = self.fen.low.saturating_add(amount);
                    self.count.low += 1;
                }
            }
            Direction::GivenBack => {
                self.fen.low = self.fen.low.saturating_sub(amount);
                self.count.low -= 1;
                if done {
                    self.fen.high = self.fen.high.saturating_sub(amount);
                    self.count.high -= 1;
                }
            }
        }
    }

    fn allows(&self, order: &Says) -> bool {
        self.fen.holds(order.held.get()) && self.count.holds(i64::from(order.stands))
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.fen.is_exact() && self.count.is_exact() {
            write!(f, "events hold {} fen in {} legs", self.fen.low, self.count.low)
        } else {
            write!(
                f,
                "events hold {} to {} fen in {} to {} legs",
                self.fen.low, self.fen.high, self.count.low, self.count.high
            )
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Taken => "took",
            Self::GivenBack => "gave back",
        })
    }
}

/// For a reader: `took 905 fen as C123 at 2018-06-20 10:00:00.000`.
impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} fen as {} at {}", self.direction, self.amount, self.reference, self.at)
    }
}

impl std::fmt::Display for Movement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.standing {
            Standing::Done { reference, at } => {
                write!(f, "{} {} fen as {reference} at {at}", self.direction, self.amount)
            }
            Standing::Asked { since } => {
                write!(f, "{} {} fen, unknown since {since}", self.direction, self.amount)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).expect("not negative")
    }

    fn done(key: &str, direction: Direction, amount: i64) -> Movement {
        Movement {
            key: key.to_owned(),
            med_trans_id: "M1".to_owned(),
            party: Party::Wallet,
            direction,
            amount: fen(amount),
            standing: Standing::Done { reference: "C1".to_owned(), at: at(5) },
        }
    }

    fn asked(key: &str, direction: Direction, amount: i64) -> Movement {
        Movement { standing: Standing::Asked { since: at(4) }, ..done(key, direction, amount) }
    }

    fn listed(key: &str, direction: Direction, amount: i64) -> Listed {
        Listed {
            key: key.to_owned(),
            direction,
            reference: "C1".to_owned(),
            amount: fen(amount),
            at: at(5),
        }
    }

    fn kinds(ours: &[Movement], theirs: &[Listed]) -> Vec<Kind> {
        compare(Party::Wallet, ours, theirs).1.into_iter().map(|d| d.kind).collect()
    }

    use Direction::{GivenBack, Taken};

    #[test]
    fn equal_books_have_no_difference() {
        let ours = [done("a", Taken, 905), done("b", GivenBack, 905)];
        let theirs = [listed("b", GivenBack, 905), listed("a", Taken, 905)];
        let (sums, differences) = compare(Party::Wallet, &ours, &theirs);
        assert_eq!(differences, vec![]);
        assert_eq!(sums.our_taken, Bound { low: 905, high: 905 });
        assert_eq!((sums.their_taken, sums.their_given_back), (905, 905));
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(kinds(&[done("a", Taken, 1)], &[]), [Kind::MissingAtParty]);
        assert_eq!(kinds(&[], &[listed("a", Taken, 1)]), [Kind::MissingAtPlatform]);
        assert_eq!(kinds(&[done("a", Taken, 1)], &[listed("a", Taken, 2)]), [Kind::AmountDiffers]);
        assert_eq!(
            kinds(&[done("a", Taken, 1)], &[listed("a", GivenBack, 1)]),
            [Kind::DirectionDiffers]
        );
        assert_eq!(
            kinds(&[done("a", Taken, 1)], &[listed("a", Taken, 1), listed("a", Taken, 1)]),
            [Kind::ListedTwice]
        );
        let other = Listed { reference: "C2".to_owned(), ..listed("a", Taken, 1) };
        assert_eq!(kinds(&[done("a", Taken, 1)], &[other]), [Kind::ReferenceDiffers]);
        let later = Listed { at: at(200_000_000), ..listed("a", Taken, 1) };
        assert_eq!(kinds(&[done("a", Taken, 1)], &[later]), [Kind::DayDiffers]);
    }

    #[test]
    fn what_is_in_flight_is_a_bound_and_no_difference() {
        let ours = [done("a", Taken, 905), asked("b", Taken, 100)];
        let (sums, differences) =
            compare(Party::Wallet, &ours, &[listed("a", Taken, 905), listed("b", Taken, 100)]);
        assert_eq!(differences, vec![]);
        assert_eq!(sums.our_taken, Bound { low: 905, high: 1005 });
        assert!(sums.our_taken.holds(sums.their_taken));
        assert_eq!(kinds(&ours, &[listed("a", Taken, 905)]), []);
        assert_eq!(
            kinds(&[asked("b", Taken, 100)], &[listed("b", Taken, 99)]),
            [Kind::AmountDiffers]
        );
    }

    fn says(held: i64, stands: bool) -> Says {
        Says { med_trans_id: "M1".to_owned(), party: Party::Wallet, held: fen(held), stands }
    }

    #[test]
    fn an_order_says_what_its_events_add_up_to() {
        let check = |says: Says, movements: &[Movement]| compare_orders(&[says], movements).len();
        let taken = done("a", Taken, 905);
        let back = done("b", GivenBack, 905);
        assert_eq!(check(says(905, true), std::slice::from_ref(&taken)), 0);
        assert_eq!(check(says(904, true), std::slice::from_ref(&taken)), 1);
        assert_eq!(check(says(0, false), &[taken.clone(), back]), 0);
        assert_eq!(check(says(905, true), &[]), 1);
        assert_eq!(compare_orders(&[], std::slice::from_ref(&taken)).len(), 1);
        // A refund that is asked for may have happened or not.
        let asked = asked("b", GivenBack, 905);
        assert_eq!(check(says(905, true), &[taken.clone(), asked.clone()]), 0);
        assert_eq!(check(says(0, false), &[taken, asked]), 0);
        // A booking of 0 stands, although it holds nothing.
        assert_eq!(check(says(0, true), &[done("z", Taken, 0)]), 0);
        assert_eq!(check(says(0, false), &[done("z", Taken, 0)]), 1);
    }
}
