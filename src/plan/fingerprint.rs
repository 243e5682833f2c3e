// SPDX-License-Identifier: GPL-3.0-or-later

//! What tells a layer from others without reading its files.

use super::Plan;
use super::layer::Layer;
use crate::digest::{Digest, Sha256};
use crate::input::{Kind, Source};
use crate::tar::OwnerNames;

impl Plan {
    /// Notes the fingerprints of all layers that have members.
    pub fn set_fingerprints(&mut self) {
        for layer in &mut self.layers {
            if layer.base.is_none() {
                layer.fingerprint = Some(fingerprint(layer));
            }
        }
    }
}

/// The digest of all that is known of `layer` when its files have been
/// listed: what its members' headers say, what these were made from, and
/// contents that are no file's.
///
/// Layers of the same bytes from the same files have the same fingerprint.
/// Those of the same fingerprint have the same bytes if the contents of their
/// files are the same.
fn fingerprint(layer: &Layer) -> Digest {
    let mut hash = Sha256::default();
    // A text has its length in front, so that no two lists are the same bytes.
    let mut bytes = vec![u8::from(layer.owner_names == OwnerNames::Root)];
    let text = |bytes: &mut Vec<u8>, text: &[u8]| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text);
    };
    for member in &layer.members {
        text(&mut bytes, &member.name);
        bytes.extend(member.mode.to_le_bytes());
        bytes.extend(member.owner.uid.to_le_bytes());
        bytes.extend(member.owner.gid.to_le_bytes());
        text(&mut bytes, member.origin.as_deref().unwrap_or_default());
        let xattrs = member.xattrs.as_deref().map_or(&[][..], Vec::as_slice);
        bytes.extend((xattrs.len() as u64).to_le_bytes());
        for (name, value) in xattrs {
            text(&mut bytes, name);
            text(&mut bytes, value);
        }
        match &member.kind {
            Kind::Directory => bytes.push(b'd'),
            Kind::Fifo => bytes.push(b'p'),
            Kind::Link(target) => {
                bytes.push(b'l');
                text(&mut bytes, target);
            }
            Kind::CharacterDevice(major, minor) => {
                bytes.push(b'c');
                bytes.extend(major.to_le_bytes());
                bytes.extend(minor.to_le_bytes());
            }
            Kind::BlockDevice(major, minor) => {
                bytes.push(b'b');
                bytes.extend(major.to_le_bytes());
                bytes.extend(minor.to_le_bytes());
            }
            Kind::File(Source::Memory(content)) => {
                bytes.push(b'm');
                bytes.extend((content.len() as u64).to_le_bytes());
                hash.update(&bytes);
                bytes.clear();
                hash.update(content);
            }
            Kind::File(source) => {
                bytes.push(b'f');
                bytes.extend(source.size().to_le_bytes());
            }
        }
        hash.update(&bytes);
        bytes.clear();
    }
    Digest::from(hash)
}
