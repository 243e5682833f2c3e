// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters that are one of a few words.
//!
//! The words are the values in Scheme and on the command line, and their places in
//! the list are the numbers in C.

use crate::error::{Argument, Error, Result};

/// A parameter that is one of a few words.
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// Words, in the order of their numbers.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the value that has the number `number`.
    fn of_number(argument: Argument, number: u32) -> Result<Self> {
        let found = Self::WORDS.get(number as usize);
        found.map(|(_, value)| *value).ok_or_else(|| {
            Error::argument(
                argument,
                format_args!("{number} is none of the values it may have"),
            )
        })
    }

    /// Returns the value that is called `word`.
    fn of_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(own, _)| *own == word);
        found.map(|(_, value)| *value)
    }

    /// Returns the word for the value.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.map_or("", |(word, _)| word)
    }
}

macro_rules! choice {
    ($choice:ident: $($word:literal $value:ident),+) => {
        impl Choice for $choice {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $choice::$value)),+];
        }
    };
}

/// Format of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Format {
    /// Docker archive, as Guix makes it.
    #[default]
    DockerArchive,
    /// Archive that is an OCI image layout and a Docker archive, too.
    OciArchive,
    /// Directory that is an OCI image layout, of this and of other images.
    Oci,
}

choice!(Format: "docker-archive" DockerArchive, "oci-archive" OciArchive, "oci" Oci);

/// Policy for the paths that share a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Layering {
    /// The largest paths have layers of their own, as in Guix.
    #[default]
    Size,
    /// Paths that many others refer to are in the lower layers; needs
    /// `references_graphs`.
    References,
}

choice!(Layering: "size" Size, "references" References);

/// Content of `history` in the image's configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum History {
    /// One entry for each layer, about its content.  In a single-layer image, the
    /// entry of Guix 1.5.0.
    #[default]
    Layers,
    /// One entry for all layers, as Guix 1.5.0 writes it.
    One,
    /// No history, as before Guix 1.5.0.
    None,
}

choice!(History: "layers" Layers, "one" One, "none" None);

/// Treatment of names that begin with `.wh.`, by which layers delete files of those
/// below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Whiteouts {
    /// A name that begins with `.wh.` is an error.
    #[default]
    Refuse,
    /// Whiteouts go into the image, and engines delete the files that they name.
    Allow,
}

choice!(Whiteouts: "refuse" Refuse, "allow" Allow);

/// Permissions of files on disk in the layers of paths of a layered image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Modes {
    /// Group and others have the permissions of the user but for writing, as in Guix:
    /// `go+u,go-w`.
    #[default]
    Guix,
    /// Permissions are as on disk.
    Keep,
}

choice!(Modes: "guix" Guix, "keep" Keep);

/// Treatment of extended attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Xattrs {
    /// Extended attributes are left out.
    #[default]
    Drop,
    /// Attributes of users, and capabilities, are kept.
    Keep,
}

choice!(Xattrs: "drop" Drop, "keep" Keep);

/// Spelling of keys in the configuration of a Docker archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum ConfigKeys {
    /// `env` and `entrypoint`, as in Guix.
    #[default]
    Guix,
    /// `Env` and `Entrypoint`, as in the specification.
    Spec,
}

choice!(ConfigKeys: "guix" Guix, "spec" Spec);

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that words and numbers lead to each other.
    fn check<T: Choice + Default + std::fmt::Debug>(number_of: fn(T) -> u32) {
        for (number, (word, value)) in T::WORDS.iter().enumerate() {
            let number = number as u32;
            assert_eq!(number_of(*value), number, "{word}");
            assert_eq!(T::of_number(Argument("x"), number).unwrap(), *value);
            assert_eq!(T::of_word(word), Some(*value));
            assert_eq!(value.word(), *word);
        }
        let end = T::WORDS.len() as u32;
        assert!(T::of_number(Argument("x"), end).is_err());
        assert_eq!(T::default().word(), T::WORDS[0].0);
    }

    #[test]
    fn the_place_of_a_word_is_its_number() {
        check::<Format>(|value| value as u32);
        check::<Layering>(|value| value as u32);
        check::<History>(|value| value as u32);
        check::<Whiteouts>(|value| value as u32);
        check::<Modes>(|value| value as u32);
        check::<Xattrs>(|value| value as u32);
        check::<ConfigKeys>(|value| value as u32);
    }
}
