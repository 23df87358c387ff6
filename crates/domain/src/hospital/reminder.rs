//! Reminders (guide §4.1.3, §4.1.4): when a patient is told something unasked, and when not.
//!
//! [`bind`] is the machine of one follower's bind reminder; [`told`] that of a reminder which first
//! asks the HIS. Nobody is disturbed in the [`QuietHours`].

pub mod bind;
pub mod told;

use crate::time::{Day, Timestamp};

/// When a hospital sends nothing unasked: from the hour `from` until the hour `until`, of Beijing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuietHours {
    /// The first quiet hour, 0 to 23.
    pub from: u8,
    /// The first hour that is not quiet; equal to `from`: there is none.
    pub until: u8,
}

impl QuietHours {
    /// The first moment from `now` on that is not quiet.
    pub fn over(self, now: Timestamp) -> Timestamp {
        let hour = u8::try_from(now.civil().hour()).unwrap_or_default();
        let over_midnight = self.from > self.until;
        let quiet = if over_midnight {
            hour >= self.from || hour < self.until
        } else {
            (self.from..self.until).contains(&hour)
        };
        if !quiet {
            return now;
        }
        let day = if hour < self.until { now.day() } else { now.day().next() };
        day.start().plus_seconds(i64::from(self.until) * 3600)
    }
}

/// When a patient is reminded of a visit, in seconds after midnight: 07:30.
const VISIT_SECONDS: i64 = 7 * 3600 + 30 * 60;

/// When the visit of `day` is reminded of: in its morning, after the quiet hours. None if that is
/// over at `now`: who books then knows.
pub fn visit_reminder_at(day: Day, quiet: Option<QuietHours>, now: Timestamp) -> Option<Timestamp> {
    let morning = day.start().plus_seconds(VISIT_SECONDS);
    let at = quiet.map_or(morning, |quiet| quiet.over(morning));
    (at > now && at < day.end()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_wire(text).expect("a moment")
    }

    #[test]
    fn quiet_hours_over_midnight_end_in_the_morning() {
        let quiet = QuietHours { from: 22, until: 7 };
        for (now, over) in [
            ("20260601215959", "20260601215959"),
            ("20260601220000", "20260602070000"),
            ("20260602000000", "20260602070000"),
            ("20260602065959", "20260602070000"),
            ("20260602070000", "20260602070000"),
        ] {
            assert_eq!(quiet.over(at(now)), at(over), "{now}");
        }
    }

    #[test]
    fn quiet_hours_within_a_day_end_on_it() {
        let quiet = QuietHours { from: 12, until: 14 };
        assert_eq!(quiet.over(at("20260601115959")), at("20260601115959"));
        assert_eq!(quiet.over(at("20260601133000")), at("20260601140000"));
        assert_eq!(quiet.over(at("20260601140000")), at("20260601140000"));
    }

    #[test]
    fn equal_hours_are_no_quiet_hours() {
        let now = at("20260601000000");
        assert_eq!(QuietHours { from: 0, until: 0 }.over(now), now);
        assert_eq!(QuietHours { from: 22, until: 22 }.over(now), now);
    }

    #[test]
    fn a_visit_is_reminded_of_in_its_morning() {
        let day = Day::from_wire("20260605").expect("a day");
        let reminder =
            |until, now| visit_reminder_at(day, Some(QuietHours { from: 22, until }), at(now));
        assert_eq!(reminder(7, "20260601101500"), Some(at("20260605073000")));
        assert_eq!(reminder(9, "20260601101500"), Some(at("20260605090000")));
        assert_eq!(reminder(7, "20260605073000"), None);
        assert_eq!(reminder(7, "20260606073000"), None);
        assert_eq!(visit_reminder_at(day, None, at("20260605072959")), Some(at("20260605073000")));
    }
}
