//! Book 3: every payment notification is acknowledged, still scheduled, or given up after the whole
//! schedule and listed for a person.

use super::{Book, Difference, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// The notification of one order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// The order.
    pub med_trans_id: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What became of it.
    pub standing: Standing,
}

/// What became of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The hospital said SUCCESS.
    Acknowledged,
    /// It will be sent, or sent again.
    Waiting,
    /// The whole schedule was tried in vain; a person must replay it.
    GivenUp,
}

/// Compares the paid orders with their notifications, and these with the jobs that send them.
///
/// `schedule` is how many attempts there are before one is given up; `jobs` the orders for which a
/// job is unfinished.
pub fn compare(
    paid: &BTreeSet<String>,
    notices: &[Notice],
    jobs: &BTreeSet<String>,
    schedule: u32,
) -> Vec<Difference> {
    let mut differences = vec![];
    let mut difference = |kind, number: &str, ours: String, theirs: &str| {
        differences.push(Difference {
            book: Book::Notifications,
            kind,
            party: None,
            number: number.to_owned(),
            ours,
            theirs: theirs.to_owned(),
        });
    };
    let by_order: BTreeMap<&str, &Notice> =
        notices.iter().map(|notice| (notice.med_trans_id.as_str(), notice)).collect();
    for order in paid {
        if !by_order.contains_key(order.as_str()) {
            difference(Kind::PaidWithoutNotice, order, "paid".to_owned(), "no notification");
        }
    }
    for (order, notice) in &by_order {
        let ours = format!("{:?} after {} attempts", notice.standing, notice.attempts);
        if !paid.contains(*order) {
            difference(Kind::NoticeOfUnpaid, order, ours.clone(), "not paid");
        }
        match (notice.standing, jobs.contains(*order)) {
            (Standing::Waiting, false) => {
                difference(Kind::WaitingWithoutJob, order, ours, "no job");
            }
            (Standing::Acknowledged | Standing::GivenUp, true) => {
                difference(Kind::JobWithoutNotice, order, ours, "an unfinished job");
            }
            (Standing::GivenUp, false) if notice.attempts < schedule => {
                difference(Kind::GivenUpEarly, order, ours, &format!("{schedule} scheduled"));
            }
            _ => {}
        }
    }
    for order in jobs.iter().filter(|order| !by_order.contains_key(order.as_str())) {
        let ours = "no notification".to_owned();
        difference(Kind::JobWithoutNotice, order, ours, "an unfinished job");
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(orders: &[&str]) -> BTreeSet<String> {
        orders.iter().map(|order| (*order).to_owned()).collect()
    }

    fn notice(standing: Standing, attempts: u32) -> Vec<Notice> {
        vec![Notice { med_trans_id: "M1".to_owned(), attempts, standing }]
    }

    fn kinds(paid: &[&str], notices: &[Notice], jobs: &[&str]) -> Vec<Kind> {
        compare(&set(paid), notices, &set(jobs), 3).into_iter().map(|d| d.kind).collect()
    }

    #[test]
    fn acknowledged_scheduled_and_given_up_after_the_schedule_are_fine() {
        assert_eq!(kinds(&["M1"], &notice(Standing::Acknowledged, 1), &[]), []);
        assert_eq!(kinds(&["M1"], &notice(Standing::Waiting, 0), &["M1"]), []);
        assert_eq!(kinds(&["M1"], &notice(Standing::GivenUp, 3), &[]), []);
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(kinds(&["M1"], &[], &[]), [Kind::PaidWithoutNotice]);
        assert_eq!(kinds(&[], &notice(Standing::Acknowledged, 1), &[]), [Kind::NoticeOfUnpaid]);
        assert_eq!(kinds(&["M1"], &notice(Standing::Waiting, 1), &[]), [Kind::WaitingWithoutJob]);
        assert_eq!(
            kinds(&["M1"], &notice(Standing::Acknowledged, 1), &["M1"]),
            [Kind::JobWithoutNotice]
        );
        assert_eq!(kinds(&[], &[], &["M1"]), [Kind::JobWithoutNotice]);
        assert_eq!(kinds(&["M1"], &notice(Standing::GivenUp, 2), &[]), [Kind::GivenUpEarly]);
    }
}
