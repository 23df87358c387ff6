//! The machines of the platform: order, refund, registration and bind link.

pub mod refund;
