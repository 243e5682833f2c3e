// SPDX-License-Identifier: GPL-3.0-or-later

//! What compresses the image, or its layers: nothing, this library, or a
//! command.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::checks;
use crate::codec::{Encoding, zstd};
use crate::error::{Argument, Error, Result, quoted};

/// The level of `gzip` when none is asked for.
pub const DEFAULT_LEVEL: u8 = 6;

/// The word that asks for no compression.
const NONE: &[u8] = b"none";

/// The level of `zstd` when none is asked for, and the window of its `--long`.
const ZSTD_LEVEL: u8 = 3;
const ZSTD_LONG: u8 = 27;

/// The largest window that there is on all processors.
const ZSTD_LONGEST: u8 = 30;

/// How the archive is compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// By a codec of this library, which can compress layers as well.
    Codec(Encoding),
    /// By this library as `zstd --long` does, which compresses archives alone.
    ZstdLong(zstd::Options),
    /// By a command and its arguments, from standard input to standard
    /// output.
    Command(Vec<OsString>),
}

impl Compressor {
    /// The compressor that the words of a command ask for; `None` for no
    /// words.
    ///
    /// `gzip`, `pigz` and `zstd`, with options that say no more than what this
    /// library does anyway, are not run.
    pub fn from_command<W: AsRef<[u8]>>(command: &[W]) -> Result<Option<Self>> {
        let words: Vec<&[u8]> = command.iter().map(AsRef::as_ref).collect();
        let [program, options @ ..] = words.as_slice() else {
            return Ok(None);
        };
        if program.is_empty() {
            return Err(Error::argument(
                Argument("compressor"),
                "the command is empty",
            ));
        }
        for word in &words {
            checks::no_nul(Argument("compressor"), word)?;
        }
        if words == [NONE] {
            return Ok(Some(Compressor::Codec(Encoding::NONE)));
        }
        let base_name = program.rsplit(|&byte| byte == b'/').next();
        let is_gzip = matches!(base_name, Some(b"gzip" | b"pigz"));
        let is_pigz = base_name == Some(b"pigz");
        if let Some(level) = gzip_level(options, is_pigz).filter(|_| is_gzip) {
            return Ok(Some(Compressor::Codec(Encoding::gzip(level))));
        }
        let is_zstd = base_name == Some(b"zstd");
        if let Some(options) = zstd_options(options).filter(|_| is_zstd) {
            return Ok(Some(match options.long {
                Some(_) => Compressor::ZstdLong(options),
                None => Compressor::Codec(Encoding::zstd(options.level)),
            }));
        }
        Ok(Some(Compressor::Command(
            words
                .into_iter()
                .map(|word| OsString::from_vec(word.to_vec()))
                .collect(),
        )))
    }

    /// How layers are compressed by it.
    pub fn encoding(&self) -> Result<Encoding> {
        let refused = |what: &dyn fmt::Display| {
            Err(Error::argument(
                Argument("compressor"),
                format_args!(
                    "layers are compressed by \"gzip\" or \"pigz\" at levels 1 to 9, by \"zstd\" at \
                     levels 1 to 19, or not (\"none\"), without other options; not by {what}"
                ),
            ))
        };
        match self {
            Compressor::Codec(encoding) => Ok(*encoding),
            Compressor::ZstdLong(_) => refused(&"\"zstd --long\""),
            Compressor::Command(words) => {
                let command = words.join(OsStr::new(" "));
                refused(&quoted(command.as_bytes()))
            }
        }
    }
}

/// The level that the options of `gzip` or `pigz` set, or `None` if they ask
/// for something else besides.
fn gzip_level(options: &[&[u8]], is_pigz: bool) -> Option<u8> {
    let mut level = DEFAULT_LEVEL;
    for option in options {
        match *option {
            b"--fast" => level = 1,
            b"--best" => level = 9,
            b"--no-name" | b"--stdout" | b"--to-stdout" | b"--quiet" | b"--silent" | b"--force"
            | b"--keep" => {}
            [b'-', letters @ ..] if !letters.is_empty() => {
                let mut digits = 0;
                for &letter in letters {
                    match letter {
                        // How many threads pigz is to have is not asked.
                        b'p' if is_pigz && letters[0] == b'p' => {
                            let count = &letters[1..];
                            let is_count =
                                !count.is_empty() && count.iter().all(u8::is_ascii_digit);
                            if !is_count {
                                return None;
                            }
                            break;
                        }
                        b'1'..=b'9' => {
                            level = letter - b'0';
                            digits += 1;
                        }
                        b'n' | b'c' | b'q' | b'f' | b'k' => {}
                        _ => return None,
                    }
                }
                // To pigz, "-11" is a level of its own.
                if digits > 1 {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(level)
}

/// What the options of `zstd` set, or `None` if they ask for something else
/// besides.  How many threads it would take is not asked: this library has its
/// own number, of which the result does not depend.
fn zstd_options(options: &[&[u8]]) -> Option<zstd::Options> {
    let mut found = zstd::Options {
        level: ZSTD_LEVEL,
        long: None,
    };
    for option in options {
        let option = std::str::from_utf8(option).ok()?;
        match option {
            "--quiet" | "--stdout" | "--no-progress" | "--compress" | "--check" | "--force" => {}
            "--long" => found.long = Some(ZSTD_LONG),
            _ => {
                if let Some(window) = option.strip_prefix("--long=") {
                    found.long = Some(number(window, 10..=ZSTD_LONGEST)?);
                } else if let Some(threads) = option.strip_prefix("--threads=") {
                    number(threads, 0..=u8::MAX)?;
                } else if let Some(letters) = option.strip_prefix('-') {
                    zstd_letters(letters, &mut found)?;
                } else {
                    return None;
                }
            }
        }
    }
    Some(found)
}

/// What comes after the dash of an option of `zstd`.
fn zstd_letters(letters: &str, found: &mut zstd::Options) -> Option<()> {
    let mut rest = letters;
    if rest.is_empty() || rest.starts_with('-') {
        return None;
    }
    while let Some(letter) = rest.chars().next() {
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match letter {
            '0'..='9' => {
                let length = digits(rest);
                found.level = number(&rest[..length], 1..=19)?;
                rest = &rest[length..];
            }
            'T' => {
                let length = digits(&rest[1..]);
                number(&rest[1..1 + length], 0..=u8::MAX)?;
                rest = &rest[1 + length..];
            }
            'q' | 'c' | 'z' | 'f' => rest = &rest[1..],
            _ => return None,
        }
    }
    Some(())
}

fn number(text: &str, range: std::ops::RangeInclusive<u8>) -> Option<u8> {
    let number = text.parse().ok().filter(|_| !text.starts_with('+'))?;
    range.contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Compressor, Encoding, zstd};

    fn parse(command: &str) -> Compressor {
        let words: Vec<&str> = command.split_whitespace().collect();
        let compressor = Compressor::from_command(&words).unwrap();
        compressor.unwrap_or(Compressor::Codec(Encoding::NONE))
    }

    #[test]
    fn gzip_is_known_by_its_name_and_harmless_options() {
        for (command, level) in [
            ("gzip", 6),
            ("/gnu/store/abc-gzip-1.13/bin/gzip -9n", 9),
            ("pigz --best -n --no-name", 9),
            ("pigz -p4 -5", 5),
            ("gzip --fast", 1),
            ("gzip -1 -4 -c", 4),
        ] {
            assert_eq!(
                parse(command),
                Compressor::Codec(Encoding::gzip(level)),
                "{command}"
            );
        }
    }

    #[test]
    fn zstd_is_known_by_its_name_and_harmless_options() {
        for (command, level, long) in [
            ("zstd", 3, None),
            ("/gnu/store/abc-zstd-1.5/bin/zstd -19", 19, None),
            ("zstd -T2 -9 -q -c --no-progress", 9, None),
            ("zstd -T0q7", 7, None),
            ("zstd --threads=4 --long", 3, Some(27)),
            ("zstd -1 --long=30", 1, Some(30)),
        ] {
            let expected = match long {
                Some(_) => Compressor::ZstdLong(zstd::Options { level, long }),
                None => Compressor::Codec(Encoding::zstd(level)),
            };
            assert_eq!(parse(command), expected, "{command}");
        }
    }

    #[test]
    fn other_commands_are_run() {
        for command in [
            "xz -e",
            "gzip -d",
            "pigz -11",
            "gzip -S .z",
            "gzip -p4",
            "pigz -p",
            "pigz -px",
            "gzip --rsyncable",
            "gzip -",
            "zstd -20",
            "zstd --ultra -22",
            "zstd -0",
            "zstd --fast",
            "zstd -d",
            "zstd -D dictionary",
            "zstd --rsyncable",
            "zstd --long=31",
            "zstd --long=+27",
            "zstd --adapt",
            "zstd -T",
            "zstd file",
            "zstd -",
            "unzstd",
            "pzstd -3",
            "bgzip",
            "igzip -1",
            "ungzip",
            "/bin/unpigz",
            "/no/such/notgzip",
            "gzip/",
            "none -1",
            "/bin/none",
        ] {
            assert!(
                matches!(parse(command), Compressor::Command(_)),
                "{command}"
            );
        }
        assert_eq!(Compressor::from_command::<&str>(&[]).unwrap(), None);
        assert_eq!(parse("none"), Compressor::Codec(Encoding::NONE));
    }
}
