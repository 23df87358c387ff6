//! Moments and days, in Beijing, whatever the host's time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use std::fmt;

/// Asia/Shanghai has had no summer time since 1991; the documents know no other zone.
const BEIJING: Offset = Offset::constant(8);

/// A moment of business time, in milliseconds since 1970: what [`crate::Clock::now`] answers, what
/// the database stores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A moment of machine time, in milliseconds: leases, call time-outs, elapsed. Never moved by the
/// test clock. Comparable between processes of one system, as far as their hosts' clocks agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Elapsed(pub i64);

/// A business day in Beijing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Elapsed {
    /// This moment and `ms` milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Timestamp {
    /// The first and last moments that can be written down: years 1970 to 9999.
    pub const MAX: Self = Self(253_402_171_200_000);

    /// A moment `ms` milliseconds after 1970-01-01 UTC, held within 1970 to 9999.
    pub const fn from_ms(ms: i64) -> Self {
        if ms < 0 {
            Self(0)
        } else if ms > Self::MAX.0 {
            Self::MAX
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// This moment and `ms` milliseconds, which may be negative.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::from_ms(self.0.saturating_add(ms))
    }

    /// This moment and `seconds` seconds, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_ms(seconds.saturating_mul(1000))
    }

    /// The date and time on a clock in Beijing.
    pub fn civil(self) -> DateTime {
        let instant =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        BEIJING.to_datetime(instant)
    }

    /// The moment when a clock in Beijing shows `civil`.
    pub fn from_civil(civil: DateTime) -> Option<Self> {
        let ms = BEIJING.to_timestamp(civil).ok()?.as_millisecond();
        (0..=Self::MAX.0).contains(&ms).then_some(Self(ms))
    }

    /// The business day of this moment.
    pub fn day(self) -> Day {
        Day(self.civil().date())
    }

    /// `yyyyMMddHHmmss`, the wire's form (PROTOCOL 1.4).
    pub fn wire(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }

    /// Reads `yyyyMMddHHmmss`; `None` for anything else, February 30 included.
    pub fn from_wire(text: &str) -> Option<Self> {
        let (date, time) = text.split_at_checked(8)?;
        let day = Day::from_wire(date)?;
        if time.len() != 6 || !time.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize| time.get(from..from + 2)?.parse::<i8>().ok();
        let time = jiff::civil::Time::new(part(0)?, part(2)?, part(4)?, 0).ok()?;
        Self::from_civil(day.0.to_datetime(time))
    }
}

/// `yyyy-MM-dd HH:mm:ss.mmm`, Beijing: for people and logs.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        write!(f, "{} {:02}:{:02}:{:02}", c.date(), c.hour(), c.minute(), c.second())?;
        write!(f, ".{:03}", self.0 % 1000)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Day {
    /// Reads `yyyyMMdd`, from 1970 on.
    pub fn from_wire(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let year = text.get(..4)?.parse().ok()?;
        let month = text.get(4..6)?.parse().ok()?;
        let day = text.get(6..)?.parse().ok()?;
        let date = Date::new(year, month, day).ok()?;
        (1970..9999).contains(&year).then_some(Self(date))
    }

    /// `yyyyMMdd`.
    pub fn wire(self) -> String {
        format!("{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    /// The first moment of the day.
    pub fn start(self) -> Timestamp {
        Timestamp::from_civil(self.0.at(0, 0, 0, 0)).unwrap_or(Timestamp(0))
    }

    /// The first moment of the next day. A thing done "by 23:59:59" happened before it.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_days(1)
    }

    /// The day `days` days later, or earlier if negative; held within the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }
}

/// `yyyy-MM-dd`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_beijing_begins_at_sixteen_hours_utc() {
        let day = Day::from_wire("20180620").expect("a day");
        assert_eq!(day.start().as_ms(), 1_529_424_000_000);
        assert_eq!(day.start().wire(), "20180620000000");
        assert_eq!(day.end().plus_ms(-1).day(), day);
        assert_eq!(day.end().day(), Day::from_wire("20180621").expect("a day"));
    }

    #[test]
    fn the_wires_time_is_read_and_printed() {
        let moment = Timestamp::from_wire("20160501163102").expect("a moment");
        assert_eq!(moment.wire(), "20160501163102");
        assert_eq!(moment.to_string(), "2016-05-01 16:31:02.000");
        for wrong in [
            "",
            "2016050116310",
            "201605011631022",
            "20160230000000",
            "20160501246060",
            "2016050a163102",
        ] {
            assert_eq!(Timestamp::from_wire(wrong), None, "{wrong}");
        }
    }
}
