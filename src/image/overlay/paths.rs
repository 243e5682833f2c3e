// SPDX-License-Identifier: GPL-3.0-or-later

//! Paths of untrusted archives, each stored once as a chain of components.
//!
//! A path takes memory and time in proportion to its bytes, however deep it is:
//! directories above it are shared nodes, never copies of their names.  The hash
//! table is keyed at random, so that names cannot be chosen to collide.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::allowance::Allowance;
use crate::error::Result;
use crate::memory;

/// Index of a path.
pub type PathId = u32;

/// The root directory.
pub const ROOT: PathId = 0;

/// Maximum length of a component on Linux, in bytes.  A whiteout's has its prefix
/// besides.
pub const MAX_COMPONENT: usize = 255;

/// Marks an empty bucket.
const EMPTY: u32 = u32::MAX;

/// Bytes of memory per path, besides its last component: the node, its buckets
/// and the state that the overlay keeps.
const COST: usize = 48;

struct Node {
    parent: PathId,
    /// Offset of the last component in `names`.
    start: u32,
    length: u16,
}

/// A set of paths.
pub struct Paths {
    nodes: Vec<Node>,
    names: Vec<u8>,
    /// Open addressing with linear probing; the size is a power of two.
    buckets: Vec<u32>,
    hashes: RandomState,
}

impl Paths {
    /// Returns a set with the root directory.
    pub fn new() -> Self {
        let root = Node {
            parent: ROOT,
            start: 0,
            length: 0,
        };
        Paths {
            nodes: vec![root],
            names: Vec::new(),
            buckets: vec![EMPTY; 64],
            hashes: RandomState::new(),
        }
    }

    /// Number of paths.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Directory that holds `id`; the root holds itself.
    pub fn parent(&self, id: PathId) -> PathId {
        self.nodes[id as usize].parent
    }

    /// Returns the path of `component` in `parent`, if the set has it.
    pub fn child(&self, parent: PathId, component: &[u8]) -> Option<PathId> {
        let id = self.buckets[self.bucket(parent, component)];
        (id != EMPTY).then_some(id)
    }

    /// Returns the path of `component` in `parent`, and adds it to the set if need
    /// be.  The component is not longer than a path may be.
    pub fn add(
        &mut self,
        parent: PathId,
        component: &[u8],
        allowance: &Allowance,
    ) -> Result<PathId> {
        let bucket = self.bucket(parent, component);
        if self.buckets[bucket] != EMPTY {
            return Ok(self.buckets[bucket]);
        }
        allowance.take(COST + component.len())?;
        let (Ok(id), Ok(start)) = (
            PathId::try_from(self.nodes.len()),
            u32::try_from(self.names.len()),
        ) else {
            return Err(Allowance::exhausted());
        };
        let node = Node {
            parent,
            start,
            length: component.len() as u16,
        };
        memory::make_room_to_grow(&mut self.names, component.len())?;
        self.names.extend_from_slice(component);
        memory::push(&mut self.nodes, node)?;
        self.buckets[bucket] = id;
        if self.nodes.len() > self.buckets.len() / 4 * 3 {
            self.grow()?;
        }
        Ok(id)
    }

    /// Last component of a path.
    pub fn component(&self, id: PathId) -> &[u8] {
        let node = &self.nodes[id as usize];
        &self.names[node.start as usize..][..usize::from(node.length)]
    }

    /// Returns the normalized path `id` in bytes.
    pub fn name(&self, id: PathId) -> Vec<u8> {
        let above = |id: &PathId| Some(self.parent(*id));
        let chain: Vec<PathId> = std::iter::successors(Some(id), above)
            .take_while(|id| *id != ROOT)
            .collect();
        let components: Vec<&[u8]> = chain.iter().rev().map(|id| self.component(*id)).collect();
        components.join(&b'/')
    }

    /// Index of the bucket that has the path, or is free for it.
    fn bucket(&self, parent: PathId, component: &[u8]) -> usize {
        let mask = self.buckets.len() - 1;
        let mut bucket = self.hash(parent, component) & mask;
        loop {
            let id = self.buckets[bucket];
            if id == EMPTY
                || (self.parent(id) == parent && id != ROOT && self.component(id) == component)
            {
                return bucket;
            }
            bucket = (bucket + 1) & mask;
        }
    }

    fn hash(&self, parent: PathId, component: &[u8]) -> usize {
        let mut hasher = self.hashes.build_hasher();
        hasher.write_u32(parent);
        hasher.write(component);
        hasher.finish() as usize
    }

    fn grow(&mut self) -> Result<()> {
        let size = self.buckets.len() * 2;
        let mut buckets = memory::with_capacity(size)?;
        buckets.resize(size, EMPTY);
        self.buckets = buckets;
        for id in 1..self.nodes.len() as PathId {
            let bucket = self.bucket(self.parent(id), self.component(id));
            self.buckets[bucket] = id;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Paths, ROOT};
    use crate::image::overlay::allowance::Allowance;

    #[test]
    fn paths_are_found_again_after_growing() {
        let allowance = Allowance::new(0);
        let mut paths = Paths::new();
        let mut ids = Vec::new();
        for number in 0..1000 {
            let name = (number % 10).to_string();
            let parent = *ids.last().unwrap_or(&ROOT);
            ids.push(paths.add(parent, name.as_bytes(), &allowance).unwrap());
        }
        assert_eq!(paths.len(), 1001);
        assert_eq!(paths.name(ids[3]), b"0/1/2/3");
        assert_eq!(paths.name(ids[999]).len(), 1999);
        assert_eq!(paths.child(ids[3], b"4"), Some(ids[4]));
        assert_eq!(paths.child(ids[3], b"5"), None);
        assert_eq!(paths.add(ids[3], b"4", &allowance).unwrap(), ids[4]);
        assert_eq!(paths.name(ROOT), b"");
    }
}
