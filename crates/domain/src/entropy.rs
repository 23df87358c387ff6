//! Chance, handed in.

use std::fmt::Write as _;

/// Where randomness comes from. In production the operating system; in simulation a seed.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with unpredictable ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A fresh `nonce_str` (PROTOCOL 1.4) or unguessable name: 32 lower-case hex characters.
    fn nonce(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
