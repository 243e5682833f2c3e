// SPDX-License-Identifier: GPL-3.0-or-later

//! Values of options that have parts, or are one of a few words.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser, ValueParser};
use guix_docker::request::{Choice, Directive, Ownership};

use crate::failure::Failure;

/// What is before and after the first `=`; nothing after it if there is none.
#[derive(Clone, Debug)]
pub struct Pair {
    pub name: OsString,
    pub value: Option<OsString>,
}

impl Pair {
    /// Of `NAME=VALUE`.
    pub fn parser() -> ValueParser {
        OsStringValueParser::new()
            .try_map(|text| match Pair::from(text) {
                pair if pair.value.is_some() => Ok(pair),
                pair => Err(format!("{:?} has no \"=\"", pair.name)),
            })
            .into()
    }

    /// Of `NAME` or `NAME=VALUE`.
    pub fn optional_parser() -> ValueParser {
        OsStringValueParser::new().map(Pair::from).into()
    }

    /// Reads `PATH=UID:GID`.
    pub fn ownership(&self) -> Result<Ownership, Failure> {
        let text = String::from_utf8_lossy(self.value());
        let number = |text: &str| text.parse::<u32>().ok();
        let ids = text.split_once(':');
        let ids = ids.and_then(|(uid, gid)| Some((number(uid)?, number(gid)?)));
        let (uid, gid) = ids.ok_or_else(|| {
            Failure::Usage(format!(
                "--ownership: {text:?} is not of the form UID:GID, both numbers"
            ))
        })?;
        Ok(Ownership::new(self.name(), uid, gid)?)
    }

    /// Reads `NAME[=MODE]` of a directory.
    pub fn directory(&self) -> Result<Directive, Failure> {
        let mode = self.value.as_ref().map(|text| {
            let digits = text
                .to_str()
                .and_then(|text| u32::from_str_radix(text, 8).ok());
            digits.filter(|&mode| mode <= 0o7777).ok_or_else(|| {
                Failure::Usage(format!(
                    "--directory: {text:?} is not a mode in octal digits, such as 1777"
                ))
            })
        });
        Ok(Directive::directory(self.name(), mode.transpose()?)?)
    }

    /// The bytes before the `=`.
    pub fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    /// Those after it.
    pub fn value(&self) -> &[u8] {
        self.value.as_ref().map_or(b"", |value| value.as_bytes())
    }
}

impl From<OsString> for Pair {
    fn from(text: OsString) -> Self {
        let bytes = text.as_bytes();
        match bytes.iter().position(|&byte| byte == b'=') {
            None => Pair {
                name: text,
                value: None,
            },
            Some(equals) => Pair {
                name: OsString::from_vec(bytes[..equals].to_vec()),
                value: Some(OsString::from_vec(bytes[equals + 1..].to_vec())),
            },
        }
    }
}

/// Parses the words of a choice.
pub fn word<T: Choice>() -> ValueParser {
    let words = T::WORDS.iter().map(|(word, _)| *word);
    PossibleValuesParser::new(words)
        .try_map(|word| T::of_word(&word).ok_or("it is none of the words"))
        .into()
}

/// Returns the bytes of each text.
pub fn bytes_of(texts: &[OsString]) -> Vec<&[u8]> {
    texts.iter().map(|text| text.as_bytes()).collect()
}

impl CreationTime {
    /// Returns the seconds since 1970, or `None` for the time of the build.
    pub fn seconds(self) -> Result<Option<i64>, Failure> {
        const NAME: &str = "SOURCE_DATE_EPOCH";
        match self {
            CreationTime::Now => Ok(None),
            CreationTime::Seconds(seconds) => Ok(Some(seconds)),
            CreationTime::SourceDateEpoch => {
                let usage =
                    |problem: String| Failure::Usage(format!("--creation-time: {NAME} {problem}"));
                let value = std::env::var_os(NAME).ok_or_else(|| usage("is not set".into()))?;
                let number = value.to_str().and_then(|text| text.parse().ok());
                let wrong = || usage(format!("is {value:?}, not a number of seconds"));
                number.map(Some).ok_or_else(wrong)
            }
        }
    }
}

/// A time of creation.
#[derive(Clone, Copy, Debug)]
pub enum CreationTime {
    Now,
    SourceDateEpoch,
    Seconds(i64),
}

impl std::str::FromStr for CreationTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "now" => Ok(CreationTime::Now),
            "source-date-epoch" => Ok(CreationTime::SourceDateEpoch),
            _ => text.parse().map(CreationTime::Seconds).map_err(|_| {
                "it is neither a number of seconds since 1970 nor now or source-date-epoch".into()
            }),
        }
    }
}
