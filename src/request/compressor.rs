// SPDX-License-Identifier: GPL-3.0-or-later

//! What compresses the image: nothing, this library, or a command.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::error::{Argument, Error, Result};

/// The level of `gzip` when none is asked for.
const DEFAULT_LEVEL: u8 = 6;

/// How the archive is compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// Not at all.
    None,
    /// As `gzip` would, at a level of 1 to 9, by this library.
    Gzip(u8),
    /// By a command and its arguments, from standard input to standard
    /// output.
    Command(Vec<OsString>),
}

impl Compressor {
    /// The compressor that the words of a command ask for; none for no words.
    ///
    /// `gzip` and `pigz`, with options that say no more than what this
    /// library does anyway, are not run.
    pub fn from_command<W: AsRef<[u8]>>(command: &[W]) -> Result<Self> {
        let words: Vec<&[u8]> = command.iter().map(AsRef::as_ref).collect();
        let [program, options @ ..] = words.as_slice() else {
            return Ok(Compressor::None);
        };
        if program.is_empty() {
            return Err(Error::argument(
                Argument::Compressor,
                "the command is empty",
            ));
        }
        for word in &words {
            super::file_name(Argument::Compressor, word)?;
        }
        let base_name = program.rsplit(|&byte| byte == b'/').next();
        let is_gzip = matches!(base_name, Some(b"gzip" | b"pigz"));
        if let Some(level) = gzip_level(options).filter(|_| is_gzip) {
            return Ok(Compressor::Gzip(level));
        }
        Ok(Compressor::Command(
            words
                .into_iter()
                .map(|word| OsString::from_vec(word.to_vec()))
                .collect(),
        ))
    }
}

/// The level that the options of `gzip` or `pigz` set, or `None` if they ask
/// for something else besides.
fn gzip_level(options: &[&[u8]]) -> Option<u8> {
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

#[cfg(test)]
mod tests {
    use super::Compressor;

    fn parse(command: &str) -> Compressor {
        let words: Vec<&str> = command.split_whitespace().collect();
        Compressor::from_command(&words).unwrap()
    }

    #[test]
    fn gzip_is_known_by_its_name_and_harmless_options() {
        for (command, level) in [
            ("gzip", 6),
            ("/gnu/store/abc-gzip-1.13/bin/gzip -9n", 9),
            ("pigz --best -n --no-name", 9),
            ("gzip --fast", 1),
            ("gzip -1 -4 -c", 4),
        ] {
            assert_eq!(parse(command), Compressor::Gzip(level), "{command}");
        }
    }

    #[test]
    fn other_commands_are_run() {
        for command in [
            "xz -e",
            "gzip -d",
            "pigz -11",
            "gzip -S .z",
            "gzip --rsyncable",
            "gzip -",
            "zstd -9",
            "bgzip",
            "igzip -1",
            "ungzip",
            "/bin/unpigz",
            "/no/such/notgzip",
            "gzip/",
        ] {
            assert!(
                matches!(parse(command), Compressor::Command(_)),
                "{command}"
            );
        }
        assert_eq!(parse(""), Compressor::None);
    }
}
