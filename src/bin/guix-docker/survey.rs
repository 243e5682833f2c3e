// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading images: which one is meant, and what its layers hold.

mod items;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use guix_docker::digest::{DiffId, Digest};
use guix_docker::image::{WholeImage, WholeLayer};
use guix_docker::text::excerpt;
use guix_docker::{Job, Phase};

use crate::failure::Failure;
use crate::progress::Display;
use items::Items;
pub use items::{Item, Room};

/// Maximum length of the names of an image, as people see them, in bytes.
const NAME_SIZE: usize = 1000;

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
    /// Items, the largest first; shared by layers stored in one place.
    pub items: Rc<[Item]>,
}

impl Survey {
    /// The bytes of all layers, before compression and as they are stored.
    pub fn sizes(&self) -> (u64, u64) {
        let layers = self.layers.iter();
        layers.fold((0, 0), |(size, stored), layer| {
            (
                size.saturating_add(layer.size),
                stored.saturating_add(layer.stored_size),
            )
        })
    }

    /// Returns the names of the image, without hidden characters.
    pub fn name(&self) -> String {
        name(&self.image)
    }
}

/// Returns the names of `image`, without hidden characters.
fn name(image: &WholeImage) -> String {
    excerpt(&image.name(), NAME_SIZE).into_owned()
}

/// Returns the results of `read` for all layers of `image`, of which several are
/// read at once.
pub fn read_layers<T: Send>(
    image: &WholeImage,
    display: &Display,
    read: impl Fn(&WholeLayer, &Job) -> guix_docker::error::Result<T> + Sync,
) -> Result<Vec<T>, Failure> {
    let layers: Vec<&WholeLayer> = image.layers.iter().collect();
    read_some(&layers, display, read)
}

/// Returns the results of `read` for `layers`, of which several are read at once.
fn read_some<T: Send>(
    layers: &[&WholeLayer],
    display: &Display,
    read: impl Fn(&WholeLayer, &Job) -> guix_docker::error::Result<T> + Sync,
) -> Result<Vec<T>, Failure> {
    let job = Job::default();
    let sizes = layers.iter().map(|layer| layer.stored_size());
    job.begin(Phase::Comparing, sizes.fold(0, u64::saturating_add));
    // The largest first, so that no thread has it alone in the end.
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(layers[index].stored_size()));
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, T>> = Mutex::default();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(order.len()).max(1);
    job.run(threads, &mut display.monitor(), || {
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            job.check()?;
            let layer = layers[index];
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

/// Identity of a layer's place in an archive or a layout.
#[derive(PartialEq, Eq, Hash)]
enum Stored {
    Blob(Digest),
    /// A part of the file at this address in memory.
    Section(usize, u64, u64),
}

/// Returns the layers of `image` that are stored in different places, and for each
/// layer the index of its place: a manifest may name a layer any number of times.
fn distinct(image: &WholeImage) -> (Vec<&WholeLayer>, Vec<usize>) {
    let mut known = HashMap::new();
    let mut distinct = Vec::new();
    let places = image.layers.iter().map(|layer| {
        let stored = match (&layer.descriptor, &layer.section) {
            (Some((digest, _)), _) => Stored::Blob(*digest),
            (None, Some(section)) => {
                let file = Arc::as_ptr(&section.file) as usize;
                Stored::Section(file, section.offset, section.size)
            }
            (None, None) => Stored::Blob(layer.diff_id),
        };
        *known.entry(stored).or_insert_with(|| {
            distinct.push(layer);
            distinct.len() - 1
        })
    });
    let places = places.collect();
    (distinct, places)
}

/// Reads `image`, which must be whole, and whose items must fit into `room`.
pub fn survey(image: WholeImage, room: &Room, display: &Display) -> Result<Survey, Failure> {
    let (distinct, places) = distinct(&image);
    let read = read_some(&distinct, display, |layer, job| {
        let mut items = Items::default();
        let note = |member: &_, content: &_| {
            if !items.note(member, content, room) {
                job.stop();
            }
        };
        let found = layer.read_contents(note, job)?;
        Ok((found, items))
    });
    // A full room is why the job was stopped.
    room.check(&name(&image))?;
    let read: Vec<_> = read?
        .into_iter()
        .map(|(found, items)| (found, items.taken(), items.into_list()))
        .collect();
    let mut is_first = vec![true; read.len()];
    let mut layers = Vec::with_capacity(places.len());
    for (index, (place, layer)) in places.into_iter().zip(&image.layers).enumerate() {
        let (found, taken, items) = &read[place];
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
                items: Rc::clone(items),
            });
            continue;
        };
        let (diff_id, size) = found.archive.as_ref().map_err(|problem| wrong(problem))?;
        if *diff_id != layer.diff_id {
            return Err(wrong("it is not what its digest says"));
        }
        if !std::mem::take(&mut is_first[place]) {
            room.take(*taken);
            room.check(&name(&image))?;
        }
        layers.push(Layer {
            diff_id: *diff_id,
            size: *size,
            stored: found.stored,
            stored_size: layer.stored_size(),
            items: Rc::clone(items),
        });
    }
    Ok(Survey { image, layers })
}
