//! `request_content` and `response_content`: what hospital and bureau tell each other through the
//! platform (PROTOCOL 4). Passed on byte for byte; parsed beside that, per city, for checks.

pub mod shenzhen;

use crate::value::{FromField, Problem};
use medpay_domain::{Dialect, SumRule};
use std::fmt;

/// 医保结构体, exactly as the hospital sent and signed it. It names a patient, so `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestContent(String);

impl RequestContent {
    /// The longest, in bytes: our own bound, since the document gives none (trap 13).
    pub const MAX_BYTES: usize = 65_536;

    /// Takes `text` as it is, if it is not empty nor too long.
    pub fn new(text: impl Into<String>) -> Result<Self, Problem> {
        let text = text.into();
        if text.is_empty() {
            Err(Problem::Needed)
        } else if text.len() > Self::MAX_BYTES {
            Err(Problem::TooLong)
        } else {
            Ok(Self(text))
        }
    }

    /// The text, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a registration's content by the city's dialect. What is sent on is the text itself,
    /// whatever this finds.
    pub fn check_registration(
        &self,
        dialect: Dialect,
        sum_rule: SumRule,
    ) -> Result<(), shenzhen::ContentFault> {
        match dialect {
            Dialect::Opaque => Ok(()),
            Dialect::Shenzhen => shenzhen::RegistrationOrder::parse(&self.0)?.check_sum(sum_rule),
        }
    }
}

impl FromField for RequestContent {
    fn from_field(text: &str) -> Result<Self, Problem> {
        Self::new(text)
    }
}

impl fmt::Debug for RequestContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestContent({} bytes)", self.0.len())
    }
}
