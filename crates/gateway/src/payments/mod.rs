//! 支付: what the platform says of the hospital's payments.

pub(crate) mod list;
pub(crate) mod notification;
mod rows;

pub use notification::NotificationError;
