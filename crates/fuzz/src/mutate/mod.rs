//! Deterministic mutations: of bytes, of the fields of a document, of a JSON tree. The same seed
//! makes the same inputs everywhere.

mod bytes;
mod json;
mod values;
mod xml;

use medpay_wire::FieldSpec;

/// What a target's inputs look like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A document, whose fields are those of these tables.
    Document(&'static [&'static [FieldSpec]]),
    /// JSON.
    Json,
    /// Lines of text.
    Text,
    /// Anything.
    Bytes,
}

/// Chance from a seed (SplitMix64), so that a run can be repeated.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// `input` with one to four changes, at most `limit` bytes long. `other` is a second input, whose
/// parts may be taken over.
pub fn mutate(
    shape: Shape,
    input: &[u8],
    other: &[u8],
    limit: usize,
    chance: &mut Chance,
) -> Vec<u8> {
    let shaped = match shape {
        _ if chance.one_in(4) => None,
        Shape::Document(tables) => xml::mutate(tables, input, chance),
        Shape::Json => json::mutate(input, chance),
        Shape::Text | Shape::Bytes => None,
    };
    let mut output = match shaped {
        Some(output) if !chance.one_in(8) => output,
        Some(output) => bytes::mutate(&output, other, chance),
        None => bytes::mutate(input, other, chance),
    };
    output.truncate(limit);
    output
}
