//! When a message is tried again.

use medpay_domain::Timestamp;

/// Waits where nothing was shown yet, in seconds: most of a day.
const NOT_REACHED: [i64; 7] = [30, 120, 600, 1800, 7200, 21_600, 43_200];

/// Waits where it may have been shown. WeChat shows one message for a `client_msg_id` within ten
/// minutes and promises nothing after that, so they end before (decision 0012).
const UNKNOWN: [i64; 3] = [30, 120, 300];

/// How long after the first attempt without an answer it may be tried again, in seconds.
const UNKNOWN_SECONDS: i64 = 540;

/// When attempt number `attempts` + 1 is made; none when there is no other. `unknown_since` is when
/// an attempt first had no answer.
pub(super) fn next(
    attempts: u32,
    unknown_since: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let index = usize::try_from(attempts).ok()?.checked_sub(1)?;
    match unknown_since {
        None => NOT_REACHED.get(index).map(|wait| now.plus_seconds(*wait)),
        Some(since) => {
            let wait = UNKNOWN.get(index.min(UNKNOWN.len() - 1))?;
            let next = now.plus_seconds(*wait);
            (next <= since.plus_seconds(UNKNOWN_SECONDS)).then_some(next)
        }
    }
}

/// Whether the time is over in which a repeat is not shown twice.
pub(super) fn too_late(unknown_since: Option<Timestamp>, now: Timestamp) -> bool {
    unknown_since.is_some_and(|since| now > since.plus_seconds(UNKNOWN_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_wire(text).expect("a moment")
    }

    #[test]
    fn what_did_not_reach_anybody_is_tried_for_most_of_a_day() {
        let mut now = at("20260601100000");
        let mut attempts = 1;
        while let Some(next) = super::next(attempts, None, now) {
            (attempts, now) = (attempts + 1, next);
        }
        assert_eq!((attempts, now), (8, at("20260602064230")));
    }

    #[test]
    fn what_may_have_been_shown_is_repeated_only_while_wechat_keeps_its_number() {
        let since = at("20260601100000");
        let mut now = since;
        let mut attempts = 1;
        while let Some(next) = super::next(attempts, Some(since), now) {
            (attempts, now) = (attempts + 1, next);
        }
        assert_eq!((attempts, now), (4, at("20260601100730")));
        // Its fifth attempt may be the first that has no answer.
        assert_eq!(super::next(5, Some(since), since), Some(at("20260601100500")));
        assert!(!too_late(Some(since), now) && !too_late(None, now));
        assert!(too_late(Some(since), at("20260601100901")));
    }
}
