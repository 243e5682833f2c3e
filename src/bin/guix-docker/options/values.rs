// SPDX-License-Identifier: GPL-3.0-or-later

//! Values of options that have parts, or are one of a few words.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, TypedValueParser, ValueParser};
use guix_docker::request::{ConfigKeys, Format, History, Layering, Modes, Whiteouts, Xattrs};

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

/// Words for what a parameter of the library may be.
pub trait Choice: Copy {
    type Value;
    fn value(self) -> Self::Value;
}

macro_rules! choices {
    ($($name:ident for $value:ty { $($word:ident),+ })+) => {$(
        #[derive(Clone, Copy, Debug, ValueEnum)]
        pub enum $name { $($word),+ }

        impl Choice for $name {
            type Value = $value;
            fn value(self) -> $value {
                match self { $($name::$word => <$value>::$word),+ }
            }
        }
    )+};
}

choices! {
    FormatWord for Format { DockerArchive, OciArchive, Oci }
    LayeringWord for Layering { Size, References }
    HistoryWord for History { Layers, One, None }
    ModesWord for Modes { Reference, Keep }
    XattrsWord for Xattrs { Drop, Keep }
    WhiteoutsWord for Whiteouts { Refuse, Allow }
    ConfigKeysWord for ConfigKeys { Reference, Spec }
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
