//! The platform: it joins a hospital, the social-security bureau and the payer's WeChat wallet.
//!
//! A folder is a capability, and a file in it one thing that can be asked of it, from decoding to
//! reply, with its own error enum. SQL stands in the `rows.rs` beside the capability that owns the
//! table. What leaves the service goes through one of the [`doors`].

pub mod access;
pub mod app;
pub mod audit;
pub mod bills;
pub mod cards;
pub mod doors;
pub mod messages;
pub mod migrations;
pub mod notifications;
pub mod orders;
pub mod refunds;
pub mod registrations;
pub mod requests;
pub mod router;
pub mod settings;
#[cfg(test)]
mod testing;
pub mod workers;

pub use app::{App, Platform};
pub use settings::Settings;
