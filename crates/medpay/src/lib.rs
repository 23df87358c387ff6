//! medpay's binary, and the composition root: configuration, the real clock and randomness, the one
//! HTTP client, listeners, and a file for each command. What a command does is in a library crate;
//! here it is put together.

pub mod admission;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
mod doorman;
pub mod environment;
pub mod listening;
pub mod logging;
pub mod operations;
pub mod outgoing;
pub mod output;
pub mod readiness;
pub mod services;
pub mod system;
