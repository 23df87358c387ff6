//! Keys and secrets, which never show.

use std::fmt;

/// Bytes that never show.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes `bytes` as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for a MAC or a comparison.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}
