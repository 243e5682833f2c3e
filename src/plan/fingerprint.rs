// SPDX-License-Identifier: GPL-3.0-or-later

//! What tells a layer from others without reading its files.

use sha2::{Digest as _, Sha256};

use super::layer::Layer;
use crate::digest::Digest;
use crate::input::{Kind, Source};

/// The digest of all that is known of `layer` when its files have been
/// listed: its members' headers, what these were made from, and contents that
/// are no file's.
///
/// Layers of the same bytes from the same files have the same fingerprint.
/// Those of the same fingerprint have the same bytes if the contents of their
/// files are the same.
pub fn fingerprint(layer: &Layer) -> Digest {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    let mut headers = Vec::new();
    for member in &layer.members {
        headers.clear();
        member.push_headers(layer.owner_names, &mut headers);
        add(&headers);
        add(member.origin.as_deref().unwrap_or_default());
        if let Kind::File(Source::Memory(content)) = &member.kind {
            add(content);
        }
    }
    Digest::from(<[u8; 32]>::from(hash.finalize()))
}
