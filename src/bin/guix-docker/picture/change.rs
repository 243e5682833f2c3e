// SPDX-License-Identifier: GPL-3.0-or-later

//! How an item differs from what it is compared with.

use super::words::size_in_words;

/// How an item differs from what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is compared with nothing.
    None,
    /// It does not.
    Same,
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It has another size, and had this one before.
    Resized {
        /// The size in bytes that it had.
        before: u64,
    },
    /// It has the same size and another content.
    Altered,
}

/// The kinds of change in a comparison, in the order of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Same,
    Added,
    Removed,
    Resized,
    Altered,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Same,
        Kind::Added,
        Kind::Removed,
        Kind::Resized,
        Kind::Altered,
    ];

    /// In one word, which is its class in style sheets as well.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Same => "same",
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Resized => "resized",
            Kind::Altered => "altered",
        }
    }

    /// What stands in front of its name, so that colours do not speak alone.
    pub fn mark(self) -> Option<char> {
        match self {
            Kind::Same => None,
            Kind::Added => Some('+'),
            Kind::Removed => Some('−'),
            Kind::Resized => Some('±'),
            Kind::Altered => Some('~'),
        }
    }

    /// What the legend says.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::Altered => "altered, same size",
            _ => self.word(),
        }
    }
}

impl Change {
    /// Its kind.  What is compared with nothing counts as the same.
    pub fn kind(self) -> Kind {
        match self {
            Change::None | Change::Same => Kind::Same,
            Change::Added => Kind::Added,
            Change::Removed => Kind::Removed,
            Change::Resized { .. } => Kind::Resized,
            Change::Altered => Kind::Altered,
        }
    }

    /// In words: "resized, was 12.3 MB".
    pub fn words(self) -> String {
        match self {
            Change::Resized { before } => format!("resized, was {}", size_in_words(before)),
            _ => self.kind().word().into(),
        }
    }
}
