// SPDX-License-Identifier: GPL-3.0-or-later

//! What users should know of an image that was built all the same.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::error::quoted;
use crate::job::lock;

/// How many files a warning names.
const NAMED: usize = 20;

/// The greatest number of layers that Docker takes by its own store, see
/// "max depth exceeded"; containerd's takes more.
const DOCKER_LAYERS: usize = 125;

/// What is worth a warning about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// It is a socket, which archives cannot hold.
    Socket,
    /// It has a capability, which is left out.
    Capability,
    /// It has extended attributes of other kinds than those that are kept.
    Xattr,
    /// It is a blob of a layout that is not what its digest says.
    Blob,
    /// A base image whose platform nothing says.
    Platform,
    /// A layer of the base that was to be fetched from elsewhere.
    Foreign,
    /// It is a blob of a layout that is not the layer that its image says.
    Layer,
    /// It is a directory of the layout that is written to, which other users can
    /// change.
    Layout,
    /// Its size is 0, and so it is in the image, but reading it gives
    /// something.
    Empty,
}

/// The warnings about files, gathered by all threads.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<BTreeMap<Notice, BTreeSet<Vec<u8>>>>);

impl Warnings {
    /// Notes that `notice` is worth a warning about the file `path`.
    pub fn note(&self, notice: Notice, path: &[u8]) {
        let mut notices = lock(&self.0);
        notices.entry(notice).or_default().insert(path.to_vec());
    }

    /// One line about each kind of notice, and one if there are more `layers`
    /// than engines take.
    pub fn lines(&self, layers: usize) -> Vec<String> {
        let notices = lock(&self.0);
        let about_files = notices.iter().map(|(notice, paths)| line(*notice, paths));
        let about_layers = (layers > DOCKER_LAYERS).then(|| {
            format!(
                "the image has {layers} layers; Docker takes {DOCKER_LAYERS}, \
                 and more only with containerd's image store"
            )
        });
        about_files.chain(about_layers).collect()
    }
}

fn line(notice: Notice, paths: &BTreeSet<Vec<u8>>) -> String {
    let what = match notice {
        Notice::Socket => "sockets are left out",
        Notice::Capability => "capabilities are left out; files in the image have none",
        Notice::Xattr => {
            "extended attributes other than capabilities and those of users, \
             and those with a \"=\" in their name, are left out"
        }
        Notice::Blob => "blobs that are not what their digests say are made anew",
        Notice::Platform => {
            "the base has no os or architecture; it is assumed to be for the image's system"
        }
        Notice::Foreign => {
            "foreign layers of the base are stored as ordinary ones, without their addresses"
        }
        Notice::Layer => "blobs that are not the layers that their images say are made anew",
        Notice::Layout => {
            "directories of the layout can be changed by other users, and its images with them"
        }
        Notice::Empty => {
            "files are empty in the image as their size is 0, but reading them \
                          gives something"
        }
    };
    let names = paths
        .iter()
        .take(NAMED)
        .map(|path| quoted(path).to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => format!("{what}: {names}"),
        more => format!("{what}: {names} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, Warnings};

    #[test]
    fn a_line_tells_of_all_files() {
        let warnings = Warnings::default();
        assert!(warnings.lines(125).is_empty());
        for path in [b"/b", b"/a", b"/b"] {
            warnings.note(Notice::Socket, path);
        }
        for number in 0..23 {
            warnings.note(Notice::Empty, format!("/proc/{number:02}").as_bytes());
        }
        let lines = warnings.lines(126);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], "sockets are left out: \"/a\", \"/b\"");
        assert!(
            lines[1].ends_with("\"/proc/19\" and 3 more"),
            "{}",
            lines[1]
        );
        assert!(lines[2].starts_with("the image has 126 layers"));
    }
}
