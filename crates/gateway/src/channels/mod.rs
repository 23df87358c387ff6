//! Where a patient came from (guide §4.1.7: 统计埋点): every session has a channel, every order
//! keeps its session's.

mod report;
mod rows;

#[cfg(test)]
mod tests;

pub use report::{Brought, Line, Report, report};
pub(crate) use rows::count_visit;

use crate::gateway::Gateway;
use axum::Router;
use std::fmt;

/// A channel: a word, and after a colon which one of its kind, such as `poster:2f-hall`. At most
/// 64 characters of letters, digits and `-_.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Channel(String);

impl Channel {
    /// The query parameter that names it on a link to a page.
    pub const PARAMETER: &str = "from";

    /// Opened by itself.
    pub fn direct() -> Self {
        Self("direct".into())
    }

    /// From the account's menu.
    pub fn menu() -> Self {
        Self("menu".into())
    }

    /// From the words that a new follower is greeted with.
    pub fn subscribe() -> Self {
        Self("subscribe".into())
    }

    /// From a message.
    pub fn message() -> Self {
        Self("message".into())
    }

    /// From a prescription's QR code.
    pub fn prescription_qr() -> Self {
        Self("prescription_qr".into())
    }

    /// At a window.
    pub fn window() -> Self {
        Self("window".into())
    }

    /// What a link says; none if it is no channel.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
        let length = text.chars().count();
        ((1..=64).contains(&length) && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
