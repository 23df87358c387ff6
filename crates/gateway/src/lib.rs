//! The gateway: the service that a hospital puts beside its HIS.
//!
//! It serves the patients' pages (`/h/{site}/…`), receives what the platform notifies and what
//! WeChat and the HIS call, and works off what follows. A folder is a capability of the guide, and
//! a file in it one thing that can be asked of it. SQL stands in the `rows.rs` beside the
//! capability that owns the table. What leaves the service goes through one of the [`doors`].

pub mod account;
mod assets;
mod at;
pub mod audit;
pub mod bills;
pub mod busy;
pub mod cards;
pub mod channels;
pub mod doors;
pub mod gateway;
pub mod help;
pub mod his_api;
pub mod messages;
pub mod migrations;
mod page;
pub mod payments;
pub mod prescriptions;
pub mod refunds;
pub mod registrations;
pub mod reminders;
pub mod results;
pub mod router;
pub mod settings;
pub mod staff;
#[cfg(test)]
mod testing;
pub mod visit_cards;
pub mod window;
pub mod workers;

pub use gateway::{Branch, Gateway, Site, Stores};
pub use migrations::SCHEMA;
pub use settings::Settings;
