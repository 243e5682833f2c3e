// SPDX-License-Identifier: GPL-3.0-or-later

//! The items of a layer, gathered as its members are read, in limited memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guix_docker::digest::{Digest, Sha256};
use guix_docker::image::Member;
use serde::Serialize;

use crate::failure::Failure;
use crate::item::item_of;

/// Memory for the items of all images that a command reads, in bytes.
const ROOM: usize = 64 << 20;

/// Memory for an item without its path: its entry in a list, and what output
/// needs of it.
const ITEM_SIZE: usize = 256;

/// A store item, or a file or directory at the root, as far as it is in one
/// layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub path: String,
    /// Bytes in its files.
    pub size: u64,
    /// Digest of its members: names, kinds, modes, owners, contents.
    #[serde(skip)]
    pub content: Digest,
}

/// Memory that is left for items.  Items that were listed once and are shown
/// several times count each time.
pub struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Room(AtomicUsize::new(ROOM))
    }
}

impl Room {
    /// Takes `size` bytes; returns false if they are not left, and from then on.
    pub fn take(&self, size: usize) -> bool {
        let left = |left: usize| Some(left.saturating_sub(size));
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        before.is_ok_and(|before| before > size)
    }

    /// Returns the failure of the image called `name` if nothing is left.
    pub fn check(&self, name: &str) -> Result<(), Failure> {
        match self.0.load(Ordering::Relaxed) {
            0 => Err(Failure::Other(format!(
                "{name}: its items take more than {} MiB of memory, too much to list them; \
                 unpack its layers with tar",
                ROOM >> 20
            ))),
            _ => Ok(()),
        }
    }
}

/// Items of a layer by their paths.
#[derive(Default)]
pub struct Items {
    found: BTreeMap<Vec<u8>, Found>,
    /// Memory taken for them.
    taken: usize,
}

/// An item as far as its members have been read.
#[derive(Default)]
struct Found {
    size: u64,
    hash: Sha256,
}

impl Items {
    /// Adds a member; returns false if there is no room left.
    pub fn note(&mut self, member: &Member, content: &Digest, room: &Room) -> bool {
        let Some(Found { size, hash }) = self.item(item_of(&member.name), room) else {
            return false;
        };
        *size = size.saturating_add(member.size);
        for text in [&member.name, &member.link] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(&[member.kind.as_byte()]);
        hash.update(&member.mode.to_le_bytes());
        hash.update(&member.owner.uid.to_le_bytes());
        hash.update(&member.owner.gid.to_le_bytes());
        hash.update(&member.size.to_le_bytes());
        hash.update(content.to_string().as_bytes());
        true
    }

    /// Returns the item at `path`, a new one if there is room for it.
    fn item(&mut self, path: Vec<u8>, room: &Room) -> Option<&mut Found> {
        if !self.found.contains_key(&path) {
            let length = match std::str::from_utf8(&path) {
                Ok(_) => path.len(),
                // Each byte that is not text becomes a character of 3 bytes.
                Err(_) => 3 * path.len(),
            };
            if !room.take(ITEM_SIZE + length) {
                return None;
            }
            self.taken += ITEM_SIZE + length;
        }
        Some(self.found.entry(path).or_default())
    }

    /// Memory taken from the room for these items.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Lists the items, the largest first, without directories that are only
    /// there because of other items.
    pub fn into_list(self) -> Rc<[Item]> {
        // In the order of their paths, so that an item's descendants begin
        // where the path with a slash would be.
        let all: Vec<(Vec<u8>, Found)> = self.found.into_iter().collect();
        let is_above = |path: &[u8]| {
            let mut below = path.strip_suffix(b"/").unwrap_or(path).to_vec();
            below.push(b'/');
            let next = all.partition_point(|(other, _)| *other <= below);
            all.get(next)
                .is_some_and(|(other, _)| other.starts_with(&below))
        };
        let is_item: Vec<bool> = all
            .iter()
            .map(|(path, found)| found.size > 0 || !is_above(path))
            .collect();
        let mut items: Vec<Item> = all
            .into_iter()
            .zip(is_item)
            .filter(|(_, is_item)| *is_item)
            .map(|((path, found), _)| Item {
                path: String::from_utf8(path)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into()),
                size: found.size,
                content: found.hash.into(),
            })
            .collect();
        items.sort_by(|a, b| (Reverse(a.size), &a.path).cmp(&(Reverse(b.size), &b.path)));
        items.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_items_are_none() {
        let (mut items, room) = (Items::default(), Room::default());
        let all: [(&[u8], u64); 9] = [
            (b"/", 0),
            (b"/gnu", 0),
            (b"/gnu/store/b", 5),
            (b"/gnu/store/a", 5),
            (b"/gnu-2", 0),
            (b"/gnu.d", 0),
            (b"/top", 7),
            (b"/top/x", 0),
            (b"/\xff", 0),
        ];
        for (path, size) in all {
            items.item(path.into(), &room).unwrap().size += size;
        }
        assert_eq!(items.taken(), ROOM - room.0.load(Ordering::Relaxed));
        let list = items.into_list();
        let list: Vec<(&str, u64)> = list.iter().map(|item| (&*item.path, item.size)).collect();
        assert_eq!(
            list,
            [
                ("/top", 7),
                ("/gnu/store/a", 5),
                ("/gnu/store/b", 5),
                ("/gnu-2", 0),
                ("/gnu.d", 0),
                ("/top/x", 0),
                ("/\u{fffd}", 0),
            ]
        );
    }

    #[test]
    fn what_there_is_no_room_for_is_refused() {
        let (mut items, room) = (Items::default(), Room(AtomicUsize::new(2 * ITEM_SIZE)));
        assert!(items.item(b"/a".into(), &room).is_some());
        assert!(items.item(b"/a".into(), &room).is_some());
        assert!(room.check("app:1").is_ok());
        assert!(items.item(b"/\xff".into(), &room).is_none());
        // Also for what would have fitted.
        assert!(items.item(b"/".into(), &room).is_none());
        assert!(room.check("app:1").is_err());
    }
}
