// SPDX-License-Identifier: GPL-3.0-or-later

//! Variants of architectures.

use crate::error::{Argument, Error, Result};

/// The variants that there are of architectures, see "Platform Variants" in
/// the OCI Image Index Specification; those of amd64 are Go's GOAMD64.
const VARIANTS: [(&str, &[&str]); 3] = [
    ("amd64", &["v1", "v2", "v3", "v4"]),
    ("arm", &["v5", "v6", "v7", "v8"]),
    ("arm64", &["v8"]),
];

/// Checks that there is such a `variant` of `architecture`.
pub fn check(architecture: &str, variant: &str) -> Result<()> {
    let known = VARIANTS.iter().find(|&&(name, _)| name == architecture);
    match known {
        Some((_, variants)) if variants.contains(&variant) => Ok(()),
        Some((_, variants)) => Err(Error::argument(
            Argument("variant"),
            format_args!(
                "{variant:?} is not a variant of {architecture}, which has {}",
                variants.join(", ")
            ),
        )),
        None => Err(Error::argument(
            Argument("variant"),
            format_args!("{variant:?}: {architecture} has no variants"),
        )),
    }
}
