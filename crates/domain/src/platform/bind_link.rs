//! A bind link (绑卡链接, 选用接口 §1.2): one person, one use, a limited life.

use crate::time::Timestamp;

/// Where a link stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Given to the hospital. It may be looked at as often as one likes.
    Issued {
        /// From when on it is worth nothing.
        expires_at: Timestamp,
    },
    /// A card was bound through it, or its bound visitor went on to the hospital.
    Used,
    /// Its time ran out first.
    Expired,
}

/// What can happen to a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its person opened it.
    Opened,
    /// Its person finished: bound a card, or went on with the one that was bound.
    Finished,
}

/// Why a link does not serve any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// It served once.
    #[error("the link was used")]
    Used,
    /// Its time ran out.
    #[error("the link has expired")]
    Expired,
}

impl State {
    /// The state's name in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issued { .. } => "issued",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }

    /// Where `event` at `now` leads from here. A used or expired link stays what it is; one whose
    /// time has come becomes [`State::Expired`], whatever was to be done with it.
    pub fn apply(self, event: Event, now: Timestamp) -> (Self, Result<(), Unusable>) {
        match (self, event) {
            (Self::Issued { expires_at }, _) if expires_at <= now => {
                (Self::Expired, Err(Unusable::Expired))
            }
            (Self::Issued { .. }, Event::Opened) => (self, Ok(())),
            (Self::Issued { .. }, Event::Finished) => (Self::Used, Ok(())),
            (Self::Used, Event::Opened | Event::Finished) => (self, Err(Unusable::Used)),
            (Self::Expired, Event::Opened | Event::Finished) => (self, Err(Unusable::Expired)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn every_state_by_every_event() {
        let end = Timestamp::from_wire("20180620103000").expect("a moment");
        let states = [State::Issued { expires_at: end }, State::Used, State::Expired];
        let mut table = String::new();
        for state in states {
            for event in [Event::Opened, Event::Finished] {
                for (when, now) in [("in time", end.plus_ms(-1)), ("too late", end)] {
                    let (next, answer) = state.apply(event, now);
                    let _ = writeln!(
                        table,
                        "{:8} {event:?} {when:8} -> {:8} {answer:?}",
                        state.code(),
                        next.code(),
                    );
                }
            }
        }
        insta::assert_snapshot!(table, @r"
        issued   Opened in time  -> issued   Ok(())
        issued   Opened too late -> expired  Err(Expired)
        issued   Finished in time  -> used     Ok(())
        issued   Finished too late -> expired  Err(Expired)
        used     Opened in time  -> used     Err(Used)
        used     Opened too late -> used     Err(Used)
        used     Finished in time  -> used     Err(Used)
        used     Finished too late -> used     Err(Used)
        expired  Opened in time  -> expired  Err(Expired)
        expired  Opened too late -> expired  Err(Expired)
        expired  Finished in time  -> expired  Err(Expired)
        expired  Finished too late -> expired  Err(Expired)
        ");
    }
}
