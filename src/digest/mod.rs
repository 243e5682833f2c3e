// SPDX-License-Identifier: GPL-3.0-or-later

//! SHA-256 digests and how they are written.

mod interleaved;
mod sha256;

use std::fmt;

pub use sha256::{Sha256, update_both};

/// A SHA-256 digest.  It is shown as image formats write it: `sha256:` and 64
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// The digest of a layer's archive before compression.
pub type DiffId = Digest;

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = Sha256::default();
        hash.update(bytes);
        Digest::from(hash)
    }

    /// The digest that is written so, if it is one of SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Digest(bytes))
    }

    /// The 64 lower-case hexadecimal digits alone.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl From<Sha256> for Digest {
    /// Of all that the hash was given.
    fn from(hash: Sha256) -> Self {
        Digest(hash.finish())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}
