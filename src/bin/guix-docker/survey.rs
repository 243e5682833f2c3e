// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading images: which one is meant, and what its layers hold.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use guix_docker::digest::{DiffId, Digest, Sha256};
use guix_docker::image::{Member, WholeImage, WholeLayer};
use guix_docker::{Job, Phase};
use serde::Serialize;

use crate::failure::Failure;
use crate::item::item_of;
use crate::progress::Display;

/// An image that was read.
pub struct Survey {
    pub image: WholeImage,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
}

/// A layer of it.
pub struct Layer {
    /// The digest of its archive, and the size of that in bytes.
    pub diff_id: DiffId,
    pub size: u64,
    /// The digest and the size in bytes of what is stored.
    pub stored: Digest,
    pub stored_size: u64,
    /// What is in it, the largest first.
    pub items: Vec<Item>,
}

/// A store item, or what is at the root, as far as it is in one layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub path: String,
    /// The bytes in its files.
    pub size: u64,
    /// The digest of all that is known of it.
    #[serde(skip)]
    pub content: Digest,
}

impl Survey {
    /// The bytes of all layers, before compression and as they are stored.
    pub fn sizes(&self) -> (u64, u64) {
        let layers = self.layers.iter();
        layers.fold((0, 0), |(size, stored), layer| {
            (size + layer.size, stored + layer.stored_size)
        })
    }

    /// What people call the image.
    pub fn name(&self) -> String {
        self.image.name()
    }
}

/// What `read` makes of each layer of `image`, several at once.
pub fn read_layers<T: Send>(
    image: &WholeImage,
    display: &Display,
    read: impl Fn(&WholeLayer, &Job) -> guix_docker::error::Result<T> + Sync,
) -> Result<Vec<T>, Failure> {
    let job = Job::default();
    let total = image.layers.iter().map(WholeLayer::stored_size).sum();
    job.begin(Phase::Comparing, total);
    // The largest first, so that no thread has it alone in the end.
    let mut order: Vec<usize> = (0..image.layers.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(image.layers[index].stored_size()));
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, T>> = Mutex::default();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(order.len()).max(1);
    job.run(threads, &mut display.monitor(), || {
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            job.check()?;
            let layer = &image.layers[index];
            let result = read(layer, &job)?;
            job.advance(layer.stored_size());
            if let Ok(mut done) = done.lock() {
                done.insert(index, result);
            }
        }
        Ok(())
    })?;
    let done = done.into_inner().unwrap_or_default();
    Ok(done.into_values().collect())
}

/// Reads `image`, which must be whole.
pub fn survey(image: WholeImage, display: &Display) -> Result<Survey, Failure> {
    let read = read_layers(&image, display, |layer, job| {
        let mut items = Items::default();
        let found = layer.read_contents(|member, content| items.note(member, content), job)?;
        Ok((found, items))
    })?;
    let mut layers = Vec::with_capacity(read.len());
    for (index, ((found, items), layer)) in read.into_iter().zip(&image.layers).enumerate() {
        let wrong = |problem: &str| {
            Failure::Other(format!(
                "layer {} ({}): {problem}; `guix-docker check` tells all",
                index + 1,
                layer.diff_id
            ))
        };
        let Some(found) = found else {
            // A foreign layer that is not here, or a codec that is not read.
            let stored = layer.descriptor.as_ref().map(|(digest, _)| *digest);
            layers.push(Layer {
                diff_id: layer.diff_id,
                size: 0,
                stored: stored.unwrap_or(layer.diff_id),
                stored_size: layer.stored_size(),
                items: Vec::new(),
            });
            continue;
        };
        let (diff_id, size) = found.archive.map_err(|problem| wrong(&problem))?;
        if diff_id != layer.diff_id {
            return Err(wrong("it is not what its digest says"));
        }
        layers.push(Layer {
            diff_id,
            size,
            stored: found.stored,
            stored_size: layer.stored_size(),
            items: items.into_list(),
        });
    }
    Ok(Survey { image, layers })
}

/// The items of a layer.
#[derive(Default)]
struct Items(BTreeMap<Vec<u8>, (u64, Sha256)>);

impl Items {
    fn note(&mut self, member: &Member, content: &Digest) {
        let (size, hash) = self.0.entry(item_of(&member.name)).or_default();
        *size += member.size;
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
    }

    fn into_list(self) -> Vec<Item> {
        let paths: Vec<Vec<u8>> = self.0.keys().cloned().collect();
        // A directory that is there because of what is in it is none.
        let is_above = |path: &[u8]| {
            let path = path.strip_suffix(b"/").unwrap_or(path);
            paths.iter().any(|other| {
                other
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.len() > 1 && rest[0] == b'/')
            })
        };
        let mut items: Vec<Item> = self
            .0
            .into_iter()
            .filter(|(path, (size, _))| *size > 0 || !is_above(path))
            .map(|(path, (size, hash))| Item {
                path: String::from_utf8_lossy(&path).into_owned(),
                size,
                content: hash.into(),
            })
            .collect();
        items.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        items
    }
}
