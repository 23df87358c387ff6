//! The documents of the parties, in both directions: fields to bytes and back, nothing else.

pub mod contracts;
