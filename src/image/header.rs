// SPDX-License-Identifier: GPL-3.0-or-later

//! Headers of members as Go's `archive/tar` reads them: see "Basic Tar Format" in
//! the manual of GNU tar, and `pax` in POSIX.1-2017 for extended headers.

use std::collections::BTreeMap;

use tar::EntryType;

use crate::error::quoted;

/// Result of reading, or the problem with the archive.
pub type Parsed<T> = std::result::Result<T, String>;

/// Size of a header in bytes.
pub const SIZE: usize = 512;

/// Bytes of a header.
pub struct Header(pub [u8; SIZE]);

/// Variant of the header's format, by its magic number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// Fields of a header that are needed.
pub struct Fields {
    /// Name, with its prefix.
    pub name: Vec<u8>,
    /// Target of a link.
    pub link: Vec<u8>,
    /// Type of the member.
    pub kind: EntryType,
    /// Permissions.
    pub mode: i64,
    /// Owner.
    pub uid: i64,
    /// Group.
    pub gid: i64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Size of the content in bytes.
    pub size: i64,
    /// True if the type is the one of files in the oldest format, in which a slash at
    /// the end of a name makes a directory.
    pub is_old_file: bool,
    /// True if the first extension block of an old sparse file follows.
    pub has_sparse_map: bool,
}

impl Header {
    /// Returns true if the checksum is right, of bytes with or without signs.
    pub fn is_valid(&self) -> bool {
        let sum = |value: fn(u8) -> i64| -> i64 {
            let bytes = self.0.iter().enumerate();
            let bytes = bytes.map(|(place, &byte)| match place {
                148..156 => i64::from(b' '),
                _ => value(byte),
            });
            bytes.sum()
        };
        octal(&self.0[148..156]).is_some_and(|stored| {
            stored == sum(i64::from) || stored == sum(|byte| i64::from(byte as i8))
        })
    }

    /// Returns true if all bytes are zero, which marks the end of an archive.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// Reads the fields.
    pub fn fields(&self) -> Parsed<Fields> {
        let bytes = &self.0;
        let name = text(&bytes[..100]);
        let field = |field: &str, start: usize, length: usize| {
            let value = number(&bytes[start..start + length]);
            value.ok_or_else(|| format!("the {field} of its member {} is no number", quoted(name)))
        };
        let variant = self.variant();
        field("modification time", 136, 12)?;
        let mut device = (0, 0);
        if variant != Variant::V7 {
            let number = |start| field("device number", start, 8);
            device = (number(329)? as u32, number(337)? as u32);
        }
        let mut full_name = self.prefix(variant).to_vec();
        if !full_name.is_empty() {
            full_name.push(b'/');
        }
        full_name.extend_from_slice(name);
        let size = field("size", 124, 12)?;
        if size < 0 {
            return Err(format!(
                "the size of its member {} is negative",
                quoted(name)
            ));
        }
        Ok(Fields {
            kind: EntryType::new(bytes[156]),
            mode: match field("mode", 100, 8)? {
                mode if mode < 0 => {
                    return Err(format!(
                        "the mode of its member {} is negative",
                        quoted(name)
                    ));
                }
                mode => mode,
            },
            uid: field("owner", 108, 8)?,
            gid: field("group", 116, 8)?,
            size,
            device,
            link: text(&bytes[157..257]).to_vec(),
            is_old_file: bytes[156] == 0,
            has_sparse_map: bytes[482] == 1,
            name: full_name,
        })
    }

    fn variant(&self) -> Variant {
        let bytes = &self.0;
        match (&bytes[257..263], &bytes[263..265], &bytes[508..512]) {
            (b"ustar\0", _, b"tar\0") => Variant::Star,
            (b"ustar\0", _, _) => Variant::Ustar,
            (b"ustar ", b" \0", _) => Variant::Gnu,
            _ => Variant::V7,
        }
    }

    /// Returns the part of the name that has a field of its own.
    fn prefix(&self, variant: Variant) -> &[u8] {
        let bytes = &self.0;
        match variant {
            Variant::V7 => &[],
            Variant::Ustar => text(&bytes[345..500]),
            Variant::Star => text(&bytes[345..476]),
            Variant::Gnu => {
                // Times of GNU tar stand there, unless Go's first writers of this
                // variant put a prefix there.
                let times = [&bytes[345..357], &bytes[357..369]];
                let is_time = |time: &&[u8]| time[0] == 0 || number(time).is_some();
                let prefix = text(&bytes[345..500]);
                match times.iter().all(is_time) || !prefix.is_ascii() {
                    true => &[],
                    false => prefix,
                }
            }
        }
    }
}

/// Returns the bytes in front of the first NUL.
pub fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&byte| byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// Reads a number in base 256, or in octal digits.
fn number(field: &[u8]) -> Option<i64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 == 0 {
        return octal(field);
    }
    let is_negative = first & 0x40 != 0;
    let invert = |byte: u8| if is_negative { !byte } else { byte };
    let mut value = u64::from(invert(first) & 0x7f);
    for &byte in rest {
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(invert(byte));
    }
    let value = i64::try_from(value).ok()?;
    Some(if is_negative { !value } else { value })
}

/// Reads octal digits with spaces and NULs around them.
fn octal(field: &[u8]) -> Option<i64> {
    let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !is_padding(byte));
    let end = field.iter().rposition(|byte| !is_padding(byte));
    let (Some(start), Some(end)) = (start, end) else {
        return Some(0);
    };
    let digits = std::str::from_utf8(text(&field[start..=end])).ok()?;
    match digits.starts_with(['+', '-']) {
        true => None,
        false => i64::from_str_radix(digits, 8).ok(),
    }
}

/// Records of an extended header that change a member.
#[derive(Default)]
pub struct Pax(BTreeMap<Vec<u8>, Vec<u8>>);

impl Pax {
    /// Reads the records.
    pub fn parse(bytes: &[u8]) -> Parsed<Self> {
        let wrong = || "a member has a malformed extended header".to_owned();
        let mut records = BTreeMap::new();
        let mut sparse_map: Vec<&[u8]> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            // LENGTH KEY=VALUE, and a line end; values may have others.
            let space = rest.iter().position(|&byte| byte == b' ');
            let space = space.ok_or_else(wrong)?;
            let length: usize = decimal(&rest[..space])
                .and_then(|length| length.try_into().ok())
                .ok_or_else(wrong)?;
            if length <= space + 1 || length > rest.len() || rest[length - 1] != b'\n' {
                return Err(wrong());
            }
            let record = &rest[space + 1..length - 1];
            let equals = record.iter().position(|&byte| byte == b'=');
            let equals = equals.filter(|&equals| equals > 0).ok_or_else(wrong)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let is_text = matches!(key, b"path" | b"linkpath" | b"uname" | b"gname");
            let without_zeros = if is_text { value } else { key };
            if without_zeros.contains(&0) {
                return Err(wrong());
            }
            let is_right = match key {
                _ if value.is_empty() => true,
                b"uid" | b"gid" => decimal(value).is_some(),
                b"size" => decimal(value).is_some_and(|size| size >= 0),
                b"atime" | b"ctime" | b"mtime" => is_time(value),
                _ => true,
            };
            if !is_right {
                return Err(wrong());
            }
            rest = &rest[length..];
            if let b"GNU.sparse.offset" | b"GNU.sparse.numbytes" = key {
                let is_offset = key == b"GNU.sparse.offset";
                if is_offset != (sparse_map.len() % 2 == 0) || value.contains(&b',') {
                    return Err(wrong());
                }
                sparse_map.push(value);
                continue;
            }
            records.insert(key.to_vec(), value.to_vec());
        }
        if !sparse_map.is_empty() {
            records.insert(b"GNU.sparse.map".to_vec(), sparse_map.join(&b','));
        }
        Ok(Pax(records))
    }

    /// Changes `fields` as the records say; empty values change nothing.
    pub fn apply(&self, fields: &mut Fields) {
        let number = |key: &[u8]| self.get(key).and_then(decimal);
        if let Some(path) = self.get(b"path") {
            fields.name = path.to_vec();
        }
        if let Some(link) = self.get(b"linkpath") {
            fields.link = link.to_vec();
        }
        fields.uid = number(b"uid").unwrap_or(fields.uid);
        fields.gid = number(b"gid").unwrap_or(fields.gid);
        fields.size = number(b"size").unwrap_or(fields.size);
    }

    /// Returns the extended attribute that Linux refuses to set, if any.
    pub fn wrong_xattr(&self) -> Option<MemberOddity> {
        let attributes = self.0.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix(b"SCHILY.xattr.")?;
            let is_known = XATTR_KINDS.iter().any(|kind| name.starts_with(kind));
            match name {
                b"security.capability" if !is_capability(value) => Some(MemberOddity::Capability),
                _ if !is_known => Some(MemberOddity::XattrName),
                _ => None,
            }
        });
        attributes.min()
    }

    /// Returns the value of a record that is not empty.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let value = self.0.get(key)?;
        (!value.is_empty()).then_some(value)
    }
}

/// Part of a member that some engines refuse, or store otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberOddity {
    /// A capability is none that Linux knows.
    Capability,
    /// An extended attribute has a name of no kind that Linux knows.
    XattrName,
    /// The owner or the group is beyond the numbers that Linux has.
    Owner,
}

/// Kinds of extended attributes, by the beginnings of their names.
const XATTR_KINDS: [&[u8]; 4] = [b"user.", b"trusted.", b"security.", b"system."];

/// Returns true if Linux accepts `value` as a file's capabilities: revision 2 of 20
/// bytes or revision 3 of 24, see `struct vfs_cap_data`.
fn is_capability(value: &[u8]) -> bool {
    const EFFECTIVE: u32 = 1;
    let magic = value.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    matches!(
        (magic.map(|magic| magic & !EFFECTIVE), value.len()),
        (Some(0x0200_0000), 20) | (Some(0x0300_0000), 24)
    )
}

/// Reads a decimal number.
pub fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Returns true if `text` is a number of seconds, with or without a fraction.
fn is_time(text: &[u8]) -> bool {
    let dot = text.iter().position(|&byte| byte == b'.');
    let (seconds, fraction) = text.split_at(dot.unwrap_or(text.len()));
    decimal(seconds).is_some() && fraction.iter().skip(1).all(u8::is_ascii_digit)
}
