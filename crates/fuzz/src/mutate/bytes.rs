//! Mutations that know nothing of the input but that it is bytes.

use super::Chance;
use super::values::{any, piece};

pub(super) fn mutate(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(3) {
        once(&mut bytes, other, chance);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    match chance.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(chance.below(256)).unwrap_or_default();
            }
        }
        2 => drop(bytes.drain(at..end(bytes, at, chance))),
        3 => {
            let again = bytes[at..end(bytes, at, chance)].to_vec();
            insert(bytes, at, &again);
        }
        4 => {
            let from = chance.below(other.len() + 1);
            let to = (from + chance.below(64)).min(other.len());
            insert(bytes, at, &other[from..to]);
        }
        5 => {
            // The head of one and the tail of the other.
            let from = chance.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        6 => insert(bytes, at, any(chance).as_bytes()),
        7 => {
            let piece = piece(chance).as_bytes();
            let end = (at + piece.len()).min(bytes.len());
            bytes.splice(at..end, piece.iter().copied());
        }
        _ => bytes.truncate(at),
    }
}

fn end(bytes: &[u8], at: usize, chance: &mut Chance) -> usize {
    (at + 1 + chance.below(16)).min(bytes.len())
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
