// SPDX-License-Identifier: GPL-3.0-or-later

//! Checks that many parameters share.

use std::collections::BTreeMap;

use crate::error::{Argument, Error, Result, Status, quoted};

/// Checks that bytes can name a file, relative to the current directory or not.
pub fn file_name(argument: Argument, name: &[u8]) -> Result<Vec<u8>> {
    match name.is_empty() {
        true => Err(Error::argument(argument, "a file name is empty")),
        false => no_nul(argument, name),
    }
}

/// Checks that bytes can be part of a file name.
pub fn no_nul(argument: Argument, name: &[u8]) -> Result<Vec<u8>> {
    if name.contains(&0) {
        return Err(Error::argument(
            argument,
            format_args!("{} contains a NUL", quoted(name)),
        ));
    }
    Ok(name.to_vec())
}

/// Checks an absolute file name without `..`.
pub fn absolute(argument: Argument, name: &[u8]) -> Result<Vec<u8>> {
    if !name.starts_with(b"/") {
        return Err(Error::argument(
            argument,
            format_args!("{} is not an absolute file name", quoted(name)),
        ));
    }
    no_parent(argument, name)?;
    no_nul(argument, name)
}

/// Checks several absolute file names.
pub fn all_absolute<T: AsRef<[u8]>>(argument: Argument, names: &[T]) -> Result<Vec<Vec<u8>>> {
    let names = names.iter().map(|name| absolute(argument, name.as_ref()));
    names.collect()
}

/// Refuses a `..` component.
pub fn no_parent(argument: Argument, name: &[u8]) -> Result<()> {
    if name.split(|&byte| byte == b'/').any(|part| part == b"..") {
        return Err(Error::argument(
            argument,
            format_args!("{} contains \"..\"", quoted(name)),
        ));
    }
    Ok(())
}

/// Checks an absolute name in the image that becomes text of its metadata.
pub fn directory(argument: Argument, name: &[u8]) -> Result<String> {
    absolute(argument, name)?;
    text(argument, name)
}

/// Checks text of the image's metadata.
pub fn text(argument: Argument, bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        Error::new(
            Status::InvalidText,
            format!("{} is not UTF-8 text", quoted(bytes)),
        )
        .with_argument(argument)
    })
}

/// Checks several texts of the image's metadata.
pub fn texts<T: AsRef<[u8]>>(argument: Argument, list: &[T]) -> Result<Vec<String>> {
    let texts = list.iter().map(|item| text(argument, item.as_ref()));
    texts.collect()
}

/// Adds a name and its value to `pairs`.  Two values of one name are an error.
pub fn add_pair(
    argument: Argument,
    pairs: &mut BTreeMap<String, String>,
    name: &[u8],
    value: &[u8],
) -> Result<()> {
    let name = text(argument, name)?;
    let value = text(argument, value)?;
    if name.is_empty() {
        return Err(Error::argument(argument, "a name is empty"));
    }
    match pairs.insert(name.clone(), value.clone()) {
        Some(other) if other != value => Err(twice(argument, &name, &other, &value)),
        _ => Ok(()),
    }
}

/// A name has two values.
pub fn twice(argument: Argument, name: &str, one: &str, other: &str) -> Error {
    Error::argument(
        argument,
        format_args!("{name:?} is given twice, as {one:?} and as {other:?}"),
    )
}
