// SPDX-License-Identifier: GPL-3.0-or-later

//! Replacing prefixes of member names.

use super::checks;
use crate::error::{Argument, Result};

/// Replaces the prefix `old` of a member name by `new`.
///
/// Both are compared as strings, not by components, and without their leading
/// slashes, which member names do not have either.
#[derive(Clone, Debug)]
pub struct Transformation {
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Transformation {
    /// A transformation of names that begin with `old`.
    pub fn new(old: &[u8], new: &[u8]) -> Result<Self> {
        for name in [old, new] {
            checks::no_parent(Argument("transformations"), name)?;
            checks::no_nul(Argument("transformations"), name)?;
        }
        Ok(Transformation {
            old: without_leading_slashes(old).to_vec(),
            new: without_leading_slashes(new).to_vec(),
        })
    }

    /// The result of applying `transformations` in turn to `name`; `None`
    /// when there is nothing to change.  A name that becomes empty stays so.
    pub fn apply_all(transformations: &[Self], name: &[u8]) -> Option<Vec<u8>> {
        let mut result: Option<Vec<u8>> = None;
        for Transformation { old, new } in transformations {
            let current = result.as_deref().unwrap_or(name);
            if current.is_empty() {
                break;
            }
            if let Some(rest) = current.strip_prefix(old.as_slice()) {
                result = Some([new, rest].concat());
            }
        }
        // A slash that now leads is dropped, but only in the end: later
        // transformations have seen it.
        result.map(|name| without_leading_slashes(&name).to_vec())
    }
}

fn without_leading_slashes(name: &[u8]) -> &[u8] {
    let start = name.iter().position(|&byte| byte != b'/');
    &name[start.unwrap_or(name.len())..]
}

#[cfg(test)]
mod tests {
    use super::Transformation;

    #[test]
    fn transformations_apply_in_turn() {
        let rules = [("/a/b", ""), ("/c", "/d/"), ("d", "e.f")]
            .map(|(old, new)| Transformation::new(old.as_bytes(), new.as_bytes()).unwrap());
        for (name, expected) in [
            ("a/b/c", Some("c")), // "/c" after the first, which "c" does not begin
            ("a/bc", Some("e.f/")),
            ("a/b", Some("")),
            ("c/x", Some("e.f//x")),
            ("x", None),
        ] {
            assert_eq!(
                Transformation::apply_all(&rules, name.as_bytes()).as_deref(),
                expected.map(str::as_bytes),
                "{name}"
            );
        }
    }
}
