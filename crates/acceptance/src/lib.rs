//! Scenarios run over HTTP against any target, as a hospital's own system would.
//!
//! A target is described by its ready file ([`ready`]); nothing else is known of it: no database,
//! no type of platform or gateway, no shortcut. The first scenario is the [`journey`] of
//! `medpay demo --play`, from a token to a bill that is checked against what was paid. The second
//! is the conformance check of the HIS contract ([`his_check`]).

pub mod his_check;
pub mod journey;
pub mod ready;

pub use journey::{Player, StepResult, play, table};
pub use ready::Ready;
