// SPDX-License-Identifier: GPL-3.0-or-later

//! Repository names that Docker accepts, made as Guix makes them where it
//! accepts those.

/// The greatest length of a name as engines store it.
pub const MAX_FULL_LENGTH: usize = 255;

/// The registry of one that names none, which they put in front with a slash.
pub const REGISTRY: &str = "docker.io";

/// What they put in front of one that has no directory in Docker's registry.
pub const LIBRARY: &str = "library/";

const LENGTHS: std::ops::RangeInclusive<usize> =
    2..=MAX_FULL_LENGTH - REGISTRY.len() - 1 - LIBRARY.len();
const SEPARATORS: [char; 3] = ['_', '-', '.'];

/// Makes a name of the form `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` of `name`.
///
/// It is lower-cased, without separators at its beginning, and has a dot in
/// the place of every other character that is not allowed.  To this, which is
/// what Guix does, comes that a run of separators that is not allowed becomes
/// one that is, and that there are none at the end.  The result is cut or
/// padded (with "a") to 2 to 237 characters.
pub fn canonicalize(name: &str) -> String {
    let characters = name.chars().map(lower_case).map(|c| match c {
        'a'..='z' | '0'..='9' | '_' | '-' | '.' => c,
        _ => '.',
    });
    let mut canonical = String::new();
    let mut separators = String::new();
    for c in characters {
        if SEPARATORS.contains(&c) {
            separators.push(c);
            continue;
        }
        if !canonical.is_empty() {
            canonical.push_str(allowed(&separators));
        }
        separators.clear();
        canonical.push(c);
    }
    canonical.truncate(*LENGTHS.end());
    canonical.truncate(canonical.trim_end_matches(SEPARATORS).len());
    while canonical.len() < *LENGTHS.start() {
        canonical.push('a');
    }
    canonical
}

/// Whether a run of separators, which may have none, may stand between words.
pub fn is_allowed(run: &str) -> bool {
    matches!(run, "." | "_" | "__") || run.chars().all(|c| c == '-')
}

/// The run of separators that is most like `run`.
fn allowed(run: &str) -> &str {
    let is_all = |separator| run.chars().all(|c| c == separator);
    match run {
        _ if is_allowed(run) => run,
        _ if is_all('.') => ".",
        _ if is_all('_') => "__",
        _ => "-",
    }
}

/// Unicode's simple mapping, one character for one, as Guile's
/// `string-downcase` uses it.
fn lower_case(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::canonicalize;

    #[test]
    fn follows_the_rules() {
        for (name, expected) in [
            ("guix", "guix"),
            ("a.b_c__d-e--f", "a.b_c__d-e--f"),
            ("", "aa"),
            ("A", "aa"),
            ("-_.a._-", "aa"),
            ("x/Y/z", "x.y.z"),
            ("gtk+", "gtk"),
            ("c++", "ca"),
            ("libstdc++-doc", "libstdc-doc"),
            ("hello-", "hello"),
            ("a___b", "a__b"),
            ("a..b", "a.b"),
            ("a_-b", "a-b"),
            ("日本", "aa"),
            ("日本-x", "xa"),
            ("É", "aa"),
            ("\u{212a}", "ka"),
            ("İ", "ia"),
        ] {
            assert_eq!(canonicalize(name), expected, "{name:?}");
        }
        assert_eq!(canonicalize(&"x".repeat(300)), "x".repeat(237));
        assert_eq!(canonicalize(&"x-".repeat(150)), "x-".repeat(118) + "x");
        let cut = "x".repeat(236) + "--y";
        assert_eq!(canonicalize(&cut), "x".repeat(236));
    }
}
