//! Who may call, and who stands before a page: tokens, keys, permissions, rate limits, visitors.
//!
//! [`caller`] runs the order of checks of PROTOCOL 1.2 for every interface and [`endpoint`] writes
//! every answer, so that an interface's own file holds nothing but its business.

pub mod busy;
pub mod caller;
pub mod endpoint;
pub mod limits;
pub mod page;
pub mod pass_on;
mod rows;
#[cfg(test)]
mod tests;
pub mod token;
pub mod token_endpoints;
pub mod visitor;

pub use caller::{Caller, merchant_key};
pub use visitor::Visitor;
