// SPDX-License-Identifier: GPL-3.0-or-later

//! References, by which engines and registries know images: see the grammar
//! of the package `reference` of distribution.

use std::fmt;

use super::repository::{LIBRARY, MAX_FULL_LENGTH, REGISTRY, is_allowed};

use crate::digest::Digest;
use crate::error::{Argument, Error, Result};

/// The greatest length of a tag.
const MAX_TAG: usize = 128;

/// Another name of the registry that names without a host stand for.
const REGISTRY_ALIAS: &str = "index.docker.io";

/// The tag of those that have none.
const DEFAULT_TAG: &str = "latest";

/// The tag that becomes the beginning of the image's ID.
const ID_TAG: &str = "auto";

/// How many digits of the ID that is.
const ID_DIGITS: usize = 12;

/// A whole reference: a registry perhaps, a repository, and a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    name: String,
    tag: String,
}

/// A name of one image: a repository and a tag, shown with a colon between.
#[derive(Clone, Debug)]
pub struct ImageName<'a> {
    /// The repository, with the registry if there is one.
    pub repository: &'a str,
    /// The tag.
    pub tag: String,
}

impl<'a> ImageName<'a> {
    /// The name of an image in `repository` that has no tag of its own.
    pub fn untagged(repository: &'a str) -> Self {
        ImageName {
            repository,
            tag: DEFAULT_TAG.to_owned(),
        }
    }

    /// The name with the host and directory that it stands for, as engines
    /// store it.
    pub fn whole(&self) -> String {
        format!("{}:{}", whole(self.repository), self.tag)
    }
}

impl fmt::Display for ImageName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

impl Reference {
    /// `[HOST[:PORT]/]PATH[:TAG]`.
    pub fn new(reference: &[u8]) -> Result<Self> {
        let reference = super::checks::text(Argument("names"), reference)?;
        let wrong = |what: &str| {
            Err(Error::argument(
                Argument("names"),
                format_args!("{reference:?} is no name of an image: {what}"),
            ))
        };
        // A port is in front of a slash, a tag after the last one.
        let (name, tag) = match reference.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (reference.as_str(), None),
        };
        if reference.contains('@') {
            return wrong("its digest is not known before; leave out the \"@\" and what follows");
        }
        let tag = tag.unwrap_or(DEFAULT_TAG);
        if !is_tag(tag) {
            return wrong(
                "a tag has 1 to 128 of A-Z, a-z, 0-9, \"_\", \".\" and \"-\", and does not \
                 begin with the last two",
            );
        }
        let (host, path) = split_host(name);
        if host.is_some_and(|host| !is_host(host)) {
            return wrong("what is in front of the first \"/\" is not HOST or HOST:PORT");
        }
        if !path.split('/').all(is_component) {
            return wrong(
                "between \"/\"s, it must have words of a-z and 0-9 with \".\", \"_\", \"__\" or \
                 \"-\"s between them",
            );
        }
        if whole(name).len() > MAX_FULL_LENGTH {
            return wrong("it is too long");
        }
        if host.is_none() && path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return wrong("it would be taken for an ID");
        }
        Ok(Reference {
            name: name.to_owned(),
            tag: tag.to_owned(),
        })
    }

    /// What it calls an image with the ID `image_id`.
    pub fn of(&self, image_id: &Digest) -> ImageName<'_> {
        ImageName {
            repository: &self.name,
            tag: match self.tag.as_str() {
                ID_TAG => image_id.hex()[..ID_DIGITS].to_owned(),
                tag => tag.to_owned(),
            },
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}:{}\"", self.name, self.tag)
    }
}

/// What stands for a whole name as engines show it.
pub fn familiar(whole: &str) -> String {
    let rest = whole
        .strip_prefix(REGISTRY)
        .and_then(|rest| rest.strip_prefix('/'));
    match rest {
        Some(rest) => match rest.strip_prefix(LIBRARY) {
            // Of "library/a/b", engines would take "a/b" for another one.
            Some(name) if !name.contains('/') => name.to_owned(),
            _ => rest.to_owned(),
        },
        None => whole.to_owned(),
    }
}

/// The whole name that `reference` stands for, if it is a name.
pub fn whole_name(reference: &str) -> Option<String> {
    let reference = Reference::new(reference.as_bytes()).ok()?;
    Some(format!("{}:{}", whole(&reference.name), reference.tag))
}

/// The host of a name without a tag, if there is one, and the rest.
fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((host, path)) if is_host_like(host) => (Some(host), path),
        _ => (None, name),
    }
}

/// A name without a tag, with the host and directory that it stands for.
fn whole(name: &str) -> String {
    let (host, path) = split_host(name);
    let host = host
        .filter(|host| *host != REGISTRY_ALIAS)
        .unwrap_or(REGISTRY);
    let directory = match host == REGISTRY && !path.contains('/') {
        true => LIBRARY,
        false => "",
    };
    format!("{host}/{directory}{path}")
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=MAX_TAG).contains(&tag.len())
        && tag.starts_with(is_word)
        && tag.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
}

/// Whether engines take the first part of a name for a host.
fn is_host_like(part: &str) -> bool {
    part.contains(['.', ':', '['])
        || part == "localhost"
        || part.chars().any(|c| c.is_ascii_uppercase())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, rest)) => {
                let is_address = address.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
                let port = match rest.strip_prefix(':') {
                    Some(port) => Some(port),
                    None if rest.is_empty() => None,
                    None => return false,
                };
                return is_address && !address.is_empty() && port.is_none_or(is_port);
            }
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(is_word) && part.ends_with(is_word) && part.split(is_word).all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::{Reference, familiar};
    use crate::digest::Digest;

    #[test]
    fn references_are_taken_apart() {
        for (reference, name, tag) in [
            ("app", "app", "latest"),
            ("app:1.2", "app", "1.2"),
            ("team/app__x:V_1-a", "team/app__x", "V_1-a"),
            (
                "registry.example:5000/team/app:1.2",
                "registry.example:5000/team/app",
                "1.2",
            ),
            ("localhost/app", "localhost/app", "latest"),
            ("[::1]:80/a--b", "[::1]:80/a--b", "latest"),
            ("Host/app", "Host/app", "latest"),
        ] {
            let parsed = Reference::new(reference.as_bytes()).unwrap();
            let parsed = parsed.of(&Digest::of(b""));
            assert_eq!(parsed.repository, name);
            assert_eq!(parsed.tag, tag);
        }
        for (name, expected) in [
            ("app", "docker.io/library/app:latest"),
            ("team/app:1", "docker.io/team/app:1"),
            ("docker.io/app", "docker.io/library/app:latest"),
            ("index.docker.io/a/b", "docker.io/a/b:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("host.x:5000/app:2", "host.x:5000/app:2"),
        ] {
            let reference = Reference::new(name.as_bytes()).unwrap();
            assert_eq!(reference.of(&Digest::of(b"")).whole(), expected);
        }
        for (whole, expected) in [
            ("docker.io/library/app:1", "app:1"),
            ("docker.io/library/a/b:1", "library/a/b:1"),
            ("docker.io/team/app:1", "team/app:1"),
            ("host.x/library/app:1", "host.x/library/app:1"),
        ] {
            assert_eq!(familiar(whole), expected);
        }
        let auto = Reference::new(b"app:auto").unwrap();
        assert_eq!(auto.of(&Digest::of(b"")).tag, "e3b0c44298fc");
        for wrong in [
            "",
            ":tag",
            "App",
            "app:",
            "app:.x",
            "app:a b",
            "a//b",
            "/app",
            "app/",
            "a..b",
            "a___b",
            "-a",
            "a-",
            "app@sha256:e3b0",
            "host:port/app",
            "a_b.c/app",
            "[::1/app",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert!(Reference::new(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let long = "x".repeat(237);
        assert!(Reference::new(long.as_bytes()).is_ok());
        assert!(Reference::new((long + "x").as_bytes()).is_err());
        assert!(Reference::new(format!("app:{}", "t".repeat(129)).as_bytes()).is_err());
    }
}
