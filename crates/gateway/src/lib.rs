//! The gateway: the service that a hospital puts beside its HIS.
//!
//! Today it holds one thing: the receiver of payment notifications ([`payments`]), which verifies,
//! compares, records and acknowledges them. It has no orders of its own yet, so it compares a
//! notice with itself and with what was told before of the same order.

mod gateway;
pub mod migrations;
pub mod payments;
pub mod settings;

pub use gateway::Gateway;
pub use migrations::SCHEMA;
pub use settings::Settings;
