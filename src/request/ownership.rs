// SPDX-License-Identifier: GPL-3.0-or-later

//! Whom the files of the image belong to.

use super::checks;
use crate::error::{Argument, Error, Result, quoted};
use crate::path;
pub use crate::tar::Owner;

/// A user or group that cannot be: -1, which system calls take for none.
const NOBODY_AT_ALL: u32 = u32::MAX;

/// What is at and below a name in the image belongs to someone.
#[derive(Clone, Debug)]
pub struct Ownership {
    /// The name, without a leading slash; empty for everything.
    path: Vec<u8>,
    owner: Owner,
}

impl Ownership {
    /// `(PATH UID GID)`.
    pub fn new(path: &[u8], uid: u32, gid: u32) -> Result<Self> {
        checks::no_parent(Argument("ownership"), path)?;
        checks::no_nul(Argument("ownership"), path)?;
        if path.is_empty() {
            return Err(Error::argument(
                Argument("ownership"),
                "a path is empty; the root directory is \"/\"",
            ));
        }
        for id in [uid, gid] {
            if id == NOBODY_AT_ALL {
                return Err(Error::argument(
                    Argument("ownership"),
                    format_args!("nothing can belong to {id}, as {} is to", quoted(path)),
                ));
            }
        }
        Ok(Ownership {
            path: path::clean(path).into_owned(),
            owner: Owner { uid, gid },
        })
    }

    /// Whom the file `name`, which is clean, belongs to: to root, unless one
    /// of `list`, the last one of which wins, says otherwise.
    pub fn owner_of(list: &[Self], name: &[u8]) -> Owner {
        list.iter()
            .rev()
            .find(|ownership| path::is_at_or_below(name, &ownership.path))
            .map_or(Owner::default(), |ownership| ownership.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Ownership};

    #[test]
    fn the_last_that_applies_wins() {
        let list = [("/", 1), ("/home//user/", 2), ("home/user/root", 0)]
            .map(|(path, id)| Ownership::new(path.as_bytes(), id, id + 100).unwrap());
        for (name, uid) in [
            ("", 1),
            ("home", 1),
            ("home/user", 2),
            ("home/user2", 1),
            ("home/user/x", 2),
            ("home/user/root/x", 0),
        ] {
            let expected = Owner {
                uid,
                gid: uid + 100,
            };
            assert_eq!(
                Ownership::owner_of(&list, name.as_bytes()),
                expected,
                "{name}"
            );
        }
    }
}
