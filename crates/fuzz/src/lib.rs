//! What must be true of every reader of outside input, whatever the bytes.
//!
//! A [`Target`] takes bytes and panics where a property does not hold: no reader panics, what is
//! accepted is what the document allows, what was read is written and read as the same, and no
//! fault quotes a value. Two of the properties are differential: `reference` holds a second
//! reader of XML and of the tables, written from the documents and not from `wire`.
//!
//! The same targets run in two ways: by `cargo test`, over the kept corpus and a fixed number of
//! mutations of it ([`mutate`]), and for long by `make fuzz`, whose driver in `fuzz/` joins them to
//! libFuzzer. `docs/fuzzing.md` tells what was run and found.

pub mod mutate;
mod reference;
mod silence;
mod targets;

#[cfg(test)]
mod tests;

pub use mutate::{Chance, Shape};
pub use targets::{TARGETS, named};

/// Something that reads outside input, and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Reads `input`, and panics if a property does not hold.
    pub run: fn(&[u8]),
    /// What inputs look like, so that mutations get past the first check.
    pub shape: Shape,
}
