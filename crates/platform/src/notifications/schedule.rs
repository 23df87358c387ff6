//! When a notification is sent (PROTOCOL 6.2): at once, and again after each wait of the schedule
//! until the hospital has acknowledged it.

/// The waits between attempts, in seconds of business time.
#[derive(Debug, Clone, Copy)]
pub struct Schedule<'a>(pub &'a [i64]);

impl Schedule<'_> {
    /// How many attempts there are before a person has to look.
    pub fn attempts(self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX - 1) + 1
    }

    /// How long to wait after the `attempt`-th attempt, counted from 1; none after the last.
    pub fn wait_after(self, attempt: u32) -> Option<i64> {
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.0.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_schedule_is_sixteen_attempts_over_a_day() {
        let waits = [
            15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600,
            21_600,
        ];
        let schedule = Schedule(&waits);
        assert_eq!(schedule.attempts(), 16);
        assert_eq!(schedule.wait_after(0), None);
        assert_eq!(schedule.wait_after(1), Some(15));
        assert_eq!(schedule.wait_after(15), Some(21_600));
        assert_eq!(schedule.wait_after(16), None);
        assert_eq!(waits.iter().sum::<i64>(), (24 * 60 + 4) * 60);
    }
}
