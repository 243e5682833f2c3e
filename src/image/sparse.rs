// SPDX-License-Identifier: GPL-3.0-or-later

//! Maps of sparse files in PAX formats, validated as Go's `archive/tar` does: see
//! "Storing Sparse Files" in the manual of GNU tar.
//!
//! A map lists the parts of a file that are not holes.  Formats 0.0 and 0.1 have
//! the map in the extended header, and format 1.0 has it in front of the content.

use super::header::{Parsed, Pax, SIZE, decimal};

/// Maximum size in bytes of a map in front of content.
const MAX_MAP: usize = 1 << 20;

/// Problem of a map.
const WRONG: &str = "the map of a sparse file is malformed";

/// Sparse file that a PAX header describes.
pub struct Sparse<'a> {
    name: Option<&'a [u8]>,
    /// Size of the file with its holes, in bytes.
    size: i64,
    /// Number of parts and their list; `None` if the content begins with the map.
    map: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Sparse<'a> {
    /// Reads the records of `pax` for a member that stores `stored` bytes; `None` if
    /// the member is not sparse.
    pub fn of(pax: &'a Pax, stored: i64) -> Parsed<Option<Self>> {
        let record = |key: &[u8]| pax.get(key).unwrap_or_default();
        let list = record(b"GNU.sparse.map");
        let map = match (record(b"GNU.sparse.major"), record(b"GNU.sparse.minor")) {
            (b"1", b"0") => None,
            (b"0", b"0" | b"1") => Some((record(b"GNU.sparse.numblocks"), list)),
            (b"", b"") if !list.is_empty() => Some((record(b"GNU.sparse.numblocks"), list)),
            _ => return Ok(None),
        };
        let size = pax.get(b"GNU.sparse.size");
        let size = size.or_else(|| pax.get(b"GNU.sparse.realsize"));
        Ok(Some(Sparse {
            name: pax.get(b"GNU.sparse.name"),
            size: match size {
                Some(size) => decimal(size).ok_or(WRONG)?,
                None => stored,
            },
            map,
        }))
    }

    /// Name of the file; the member's own is that of a stand-in.
    pub fn name(&self) -> Option<&[u8]> {
        self.name
    }

    /// Validates the map of a member that stores `stored` bytes.  `next` reads blocks
    /// of the content.  Returns the number of bytes read by it.
    pub fn check(
        &self,
        stored: u64,
        mut next: impl FnMut(&mut [u8; SIZE]) -> Parsed<()>,
    ) -> Parsed<u64> {
        let mut parts = Parts::default();
        let mut read = 0;
        if let Some((count, list)) = self.map {
            let mut numbers = list
                .split(|&byte| byte == b',')
                .filter(|_| !list.is_empty());
            let mut next = || numbers.next().and_then(decimal).ok_or(WRONG.to_owned());
            for _ in 0..number_of_parts(count, list.len())? {
                parts.add(next()?, next()?, self.size)?;
            }
            if numbers.next().is_some() {
                return Err(WRONG.into());
            }
        } else {
            let mut lines = Vec::new();
            let mut at = 0;
            let mut line = |lines: &mut Vec<u8>| -> Parsed<(usize, usize)> {
                let start = at;
                loop {
                    if let Some(end) = lines[at..].iter().position(|&byte| byte == b'\n') {
                        let end = at + end;
                        at = end + 1;
                        return Ok((start, end));
                    }
                    if lines.len() >= MAX_MAP || lines.len() as u64 >= stored {
                        return Err(WRONG.into());
                    }
                    at = lines.len();
                    let mut block = [0; SIZE];
                    next(&mut block)?;
                    lines.extend_from_slice(&block);
                }
            };
            let (start, end) = line(&mut lines)?;
            for _ in 0..number_of_parts(&lines[start..end], MAX_MAP)? {
                let mut number = || -> Parsed<i64> {
                    let (start, end) = line(&mut lines)?;
                    Ok(decimal(&lines[start..end]).ok_or(WRONG)?)
                };
                parts.add(number()?, number()?, self.size)?;
            }
            read = lines.len() as u64;
        }
        match stored.checked_sub(read) == Some(parts.stored) {
            true => Ok(read),
            false => Err("a sparse file has more or fewer bytes than its map".into()),
        }
    }
}

/// Reads a number of parts, each of which takes four bytes at least in a map of
/// `size` bytes.
fn number_of_parts(text: &[u8], size: usize) -> Parsed<usize> {
    let count = decimal(text).and_then(|count| usize::try_from(count).ok());
    Ok(count.filter(|&count| count <= size / 3).ok_or(WRONG)?)
}

/// Parts of a file that are not holes.
#[derive(Default)]
struct Parts {
    /// End of the last part in the file.
    end: i64,
    /// Number of bytes in all parts.
    stored: u64,
}

impl Parts {
    /// Adds a part of a file of `size` bytes, behind the last one.
    fn add(&mut self, offset: i64, length: i64, size: i64) -> Parsed<()> {
        let end = offset.checked_add(length).filter(|&end| end <= size);
        let is_behind = offset >= self.end && length >= 0;
        self.end = end.filter(|_| is_behind).ok_or(WRONG)?;
        self.stored += length as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tar::push_record;

    fn pax(records: &[(&str, &str)]) -> Parsed<Pax> {
        let mut bytes = Vec::new();
        for (key, value) in records {
            push_record(&mut bytes, key.as_bytes(), value.as_bytes());
        }
        Pax::parse(&bytes)
    }

    /// Checks the file of `records` that stores `content`.
    fn check(records: &[(&str, &str)], content: &[u8]) -> Parsed<u64> {
        let pax = pax(records)?;
        let sparse = Sparse::of(&pax, content.len() as i64)?.expect("a sparse file");
        let mut blocks = content.chunks(SIZE);
        sparse.check(content.len() as u64, |block| {
            let bytes = blocks.next().ok_or("it ends")?;
            block[..bytes.len()].copy_from_slice(bytes);
            Ok(())
        })
    }

    fn in_front(map: &str, size: &str) -> Parsed<u64> {
        let mut content = map.as_bytes().to_vec();
        content.resize(content.len().next_multiple_of(SIZE) + 512, 0);
        let records = [
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.realsize", size),
        ];
        check(&records, &content)
    }

    #[test]
    fn a_map_in_front_of_the_content_is_validated() {
        assert_eq!(in_front("1\n512\n512\n", "1024"), Ok(512));
        assert_eq!(in_front("2\n0\n0\n512\n512\n", "1024"), Ok(512));
        let long = format!("200\n{}512\n512\n", "0\n0\n".repeat(199));
        assert_eq!(in_front(&long, "1024"), Ok(1024));
        for (map, size) in [
            ("x\n", "1024"),
            ("", "1024"),
            ("-1\n", "1024"),
            ("1\n512\n", "1024"),
            ("1\n512\n512\n", "100"),
            ("1\n512\n-512\n", "1024"),
            ("1\n512\n256\n", "1024"),
            ("2\n512\n256\n512\n256\n", "1024"),
            ("1\n9223372036854775807\n512\n", "1024"),
            ("9223372036854775807\n512\n512\n", "1024"),
            ("1\n512\n512\n", "many"),
        ] {
            assert!(in_front(map, size).is_err(), "{map:?} {size}");
        }
    }

    #[test]
    fn a_map_in_the_header_is_validated() {
        let list = |count, list| {
            let records = [
                ("GNU.sparse.size", "1024"),
                ("GNU.sparse.numblocks", count),
                ("GNU.sparse.map", list),
            ];
            check(&records, &[0; 512])
        };
        assert_eq!(list("1", "512,512"), Ok(0));
        assert_eq!(list("2", "0,256,768,256"), Ok(0));
        for (count, map) in [
            ("2", "512,512"),
            ("1", "512,512,0,0"),
            ("x", "512,512"),
            ("", "512,512"),
            ("1", "512"),
            ("1", "512,x"),
            ("1", "1000,512"),
        ] {
            assert!(list(count, map).is_err(), "{count} {map}");
        }
    }

    #[test]
    fn offsets_and_sizes_of_their_own_make_a_map() {
        let parts = |records: &[(&str, &str)]| {
            let first = [("GNU.sparse.size", "1024"), ("GNU.sparse.numblocks", "1")];
            check(&[&first, records].concat(), &[0; 512])
        };
        let (offset, size) = ("GNU.sparse.offset", "GNU.sparse.numbytes");
        assert_eq!(parts(&[(offset, "512"), (size, "512")]), Ok(0));
        for records in [
            [(size, "512"), (offset, "512")],
            [(offset, "512"), (offset, "512")],
            [(offset, "512"), (size, "512,0,0")],
        ] {
            assert!(parts(&records).is_err(), "{records:?}");
        }
    }

    #[test]
    fn other_versions_are_not_sparse() {
        for records in [
            &[("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0")] as &[_],
            &[("GNU.sparse.name", "x")],
            &[],
        ] {
            assert!(Sparse::of(&pax(records).unwrap(), 0).unwrap().is_none());
        }
    }
}
