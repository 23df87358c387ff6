//! The ways to a patient: what is template messages today can be something else tomorrow, and
//! nobody who has something to say sees the difference.

use super::Message;
use crate::gateway::Site;
use async_trait::async_trait;

/// A message and the number that is the same in each of its attempts.
pub(super) struct Outgoing<'a> {
    /// What is said.
    pub(super) message: &'a Message,
    /// The number against showing it twice.
    pub(super) client_msg_id: &'a str,
}

/// What came of an attempt on one way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It was taken.
    Sent,
    /// This person, or this message, cannot go this way: the next one may do.
    Elsewhere {
        /// The word of the list.
        reason: &'static str,
        /// The other side's code.
        code: String,
    },
    /// It will never be sent: an explicit no that the same words would get again, or no template.
    Refused {
        /// The word of the list.
        reason: &'static str,
        /// The other side's code.
        code: String,
    },
    /// Nothing was shown, and later it may be.
    NotReached {
        /// The other side's code, if it answered.
        code: String,
    },
    /// Asked, and not answered: it may have been shown.
    Unknown,
}

impl Outcome {
    /// Its word in the log.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Refused { .. } => "refused",
            Self::NotReached { .. } => "not_reached",
            Self::Unknown => "unknown",
        }
    }

    /// The other side's code; empty if there was none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Elsewhere { code, .. }
            | Self::Refused { code, .. }
            | Self::NotReached { code } => code,
            Self::Sent | Self::Unknown => "",
        }
    }
}

/// A way to a patient.
#[async_trait]
pub(super) trait Way: Send + Sync {
    /// Its word in the list.
    fn word(&self) -> &'static str;

    /// Whether such a message can go this way at all.
    fn takes(&self, message: &Message) -> bool;

    /// Sends the message once. A repeat with the same number is shown once.
    async fn send(&self, site: &Site, outgoing: &Outgoing<'_>) -> Outcome;
}
