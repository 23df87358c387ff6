//! A registration's report to the bureau (挂号报备, 选用接口 §1.3): no money moves, but the bureau is
//! asked once only, however often the hospital asks.

/// Where a report stands. A variant carries the facts that hold in it, and no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// The bureau was asked. Its answer is unknown.
    Pending,
    /// The bureau recorded the visit.
    Registered {
        /// Its words to the hospital, byte for byte.
        response_content: String,
    },
    /// The bureau said no. The hospital's number is used up by that.
    Refused {
        /// The bureau's words.
        reason: String,
    },
}

/// What can happen to a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The hospital sent the same request again.
    Repeated,
    /// The bureau recorded the visit.
    Registered {
        /// Its words to the hospital.
        response_content: String,
    },
    /// The bureau said no.
    Refused {
        /// Its words.
        reason: String,
    },
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the bureau, by the report's one key: it answers a repeated key with its first answer.
    AskBureau,
}

/// An event that cannot happen in this state: somebody must look.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a registration that is {state} cannot become {event}")]
pub struct IllegalEvent {
    /// The state's code.
    pub state: &'static str,
    /// The event's code.
    pub event: &'static str,
}

impl State {
    /// The state's name in the database and in messages.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Registered { .. } => "registered",
            Self::Refused { .. } => "refused",
        }
    }

    /// Where `event` leads from here, and what it causes.
    ///
    /// A second delivery of the answer that led here changes nothing; another answer is illegal,
    /// because the bureau answers a repeated key as it did first.
    pub fn apply(&self, event: &Event) -> Result<(Self, Option<Effect>), IllegalEvent> {
        use {Event as E, State as S};
        match (self, event) {
            (S::Pending, E::Repeated) => Ok((S::Pending, Some(Effect::AskBureau))),
            (S::Registered { .. } | S::Refused { .. }, E::Repeated) => Ok((self.clone(), None)),
            (S::Pending, E::Registered { response_content }) => {
                Ok((S::Registered { response_content: response_content.clone() }, None))
            }
            (S::Pending, E::Refused { reason }) => {
                Ok((S::Refused { reason: reason.clone() }, None))
            }
            (S::Registered { response_content: is }, E::Registered { response_content: told })
                if is == told =>
            {
                Ok((self.clone(), None))
            }
            (S::Refused { reason: is }, E::Refused { reason: told }) if is == told => {
                Ok((self.clone(), None))
            }
            (
                S::Registered { .. } | S::Refused { .. },
                E::Registered { .. } | E::Refused { .. },
            ) => Err(IllegalEvent { state: self.code(), event: event.code() }),
        }
    }
}

impl Event {
    /// The event's name in messages.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Registered { .. } => "registered",
            Self::Refused { .. } => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn every_state_by_every_event() {
        let yes = |text: &str| Event::Registered { response_content: text.to_owned() };
        let no = |text: &str| Event::Refused { reason: text.to_owned() };
        let states = [
            State::Pending,
            State::Registered { response_content: "好".to_owned() },
            State::Refused { reason: "停诊".to_owned() },
        ];
        let events = [Event::Repeated, yes("好"), yes("另一内容"), no("停诊"), no("另一原因")];
        let mut table = String::new();
        for state in &states {
            for event in &events {
                let to = match state.apply(event) {
                    Ok((next, effect)) => format!("{next:?}, {effect:?}"),
                    Err(illegal) => illegal.to_string(),
                };
                let _ = writeln!(table, "{state:?} + {event:?}\n  -> {to}");
            }
        }
        insta::assert_snapshot!(table);
    }
}
