//! The machines of the platform: order, refund, registration and bind link.

pub mod refund;

pub mod order;

pub mod bind_link;

pub mod registration;
