// SPDX-License-Identifier: GPL-3.0-or-later

//! All arguments of a request, as lines say them: a word for each argument,
//! and its values.

use guix_docker::codec::ZSTD;
use guix_docker::request::Compressor;

use super::lines::{Line, lines};
use super::scene::Scene;

/// The arguments.
pub struct Settings {
    lines: Vec<Line>,
}

impl Settings {
    /// What `input` says of an image of files of `scene`; `None` if it would have
    /// the fuzzer do what it should not: read the whole machine, run any command
    /// or take a gigabyte.
    pub fn new(input: &[u8], scene: &Scene) -> Option<Self> {
        let tree = scene.tree().into_os_string().into_encoded_bytes();
        let settings = Settings {
            lines: lines(input, &tree),
        };
        let files = ["path", "root", "database", "graph", "reuse", "base"];
        // One that is relative names nothing.
        let is_allowed = |line: &Line| {
            let name = line.field(0);
            let is_absolute = name.starts_with(b"/");
            let is_relative =
                !is_absolute && !["reuse", "base"].map(str::as_bytes).contains(&&*line.word);
            scene.has(name) || is_relative
        };
        let image = settings.last("image").unwrap_or_default();
        let words = settings.values("compressor");
        let is_harmless = match Compressor::from_command(&words) {
            Ok(Some(Compressor::Command(_))) => {
                matches!(words.as_slice(), [b"cat"] | [b"false"] | [b"/missing"])
            }
            Ok(Some(Compressor::ZstdLong(options))) => {
                options.level < 6 && options.long.is_none_or(|window| window <= 20)
            }
            Ok(Some(Compressor::Codec(encoding))) if encoding.codec == ZSTD => encoding.level < 6,
            _ => true,
        };
        let is_good = files
            .iter()
            .flat_map(|word| settings.all(word))
            .all(is_allowed)
            && !image.contains(&b'/')
            && ![b".".as_slice(), b".."].contains(&image)
            && is_harmless;
        is_good.then_some(settings)
    }

    /// The lines of `word`.
    pub fn all<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a Line> {
        let is_it = move |line: &&Line| line.word == word.as_bytes();
        self.lines.iter().filter(is_it)
    }

    /// The first fields of the lines of `word`.
    pub fn values(&self, word: &str) -> Vec<&[u8]> {
        let lines = self.lines.iter();
        let lines = lines.filter(|line| line.word == word.as_bytes());
        lines.map(|line| line.field(0)).collect()
    }

    /// What the last line of `word` says.
    pub fn last(&self, word: &str) -> Option<&[u8]> {
        self.values(word).pop()
    }

    /// What the last line of `word` says, if there is one, as a number.
    pub fn number(&self, word: &str) -> Option<i64> {
        self.all(word).last().map(|line| line.number(0))
    }

    /// How many threads work: not so many that nothing else can be done.
    pub fn threads(&self) -> u32 {
        self.number("threads").unwrap_or(1).clamp(1, 3) as u32
    }
}
