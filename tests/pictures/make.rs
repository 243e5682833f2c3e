// SPDX-License-Identifier: GPL-3.0-or-later

//! Draw pictures of images that are made up, for browsers to look at.
//!
//! usage: pictures DIRECTORY
//!
//! They have names as store items have, and such sizes, with 10, 100, 2,000 and
//! 20,000 items, inspected and compared; and one has names as nobody should give.

#[path = "../../src/bin/guix-docker/picture/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "what the tests of the module need"
)]
mod picture;

use std::path::Path;

use picture::{Change, Facts, Item, Layer, Map, html, size_in_words, svg};

/// Names of packages, with their sizes in kB.
const PACKAGES: [(&str, u64); 40] = [
    ("gcc-14.3.0", 231_000),
    ("glibc-2.41", 39_800),
    ("glibc-locales-2.41", 16_200),
    ("python-3.11.14", 143_000),
    ("guile-3.0.9", 59_100),
    ("guile-json-4.7.3", 620),
    ("bash-5.2.37", 7_040),
    ("bash-static-5.2.37", 1_800),
    ("coreutils-9.1", 18_700),
    ("gcc-14.3.0-lib", 36_500),
    ("openssl-3.0.8", 8_900),
    ("sqlite-3.39.3", 3_960),
    ("perl-5.36.0", 61_300),
    ("perl-xml-parser-2.46", 410),
    ("linux-libre-headers-6.12.17", 6_800),
    ("ncurses-6.2.20210619", 6_110),
    ("readline-8.2.13", 1_420),
    ("libgcrypt-1.11.0", 1_960),
    ("emacs-30.2", 312_000),
    ("gtk+-3.24.51", 71_200),
    ("icecat-140.6.0-gnu1", 402_000),
    ("texlive-latex-base-20240312", 4_300),
    ("tzdata-2025a", 2_900),
    ("zlib-1.3.1", 240),
    ("zstd-1.5.6-lib", 1_100),
    ("git-minimal-2.52.0", 41_200),
    ("nss-certs-3.101.4", 1_430),
    ("util-linux-2.40.4-lib", 3_480),
    ("font-google-noto-sans-cjk-2.004", 117_000),
    ("ghc-aeson-2.1.2.1", 17_300),
    ("rust-1.88.0", 262_000),
    ("llvm-18.1.8", 198_000),
    ("mesa-25.2.3", 92_300),
    ("postgresql-16.10", 28_400),
    ("nginx-1.29.3", 3_930),
    ("grep-3.11", 940),
    ("tar-1.35", 3_260),
    ("info-dir", 3),
    ("fonts-dir", 2),
    ("profile", 0),
];

/// Numbers that look like chance and are always the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // Xorshift, by Marsaglia.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn hash(&mut self) -> String {
        let digits = b"0123456789abcdfghijklmnpqrsvwxyz";
        (0..32)
            .map(|_| char::from(digits[self.below(32) as usize]))
            .collect()
    }
}

/// `count` items.  After the first ones they get smaller.
fn items(count: usize, compared: bool, chance: &mut Chance) -> Vec<Item<'static>> {
    (0..count)
        .map(|index| {
            let (name, kilobytes) = PACKAGES[index % PACKAGES.len()];
            let round = index / PACKAGES.len();
            let size = match round {
                0 => kilobytes * 1000 + chance.below(1000),
                _ => kilobytes * (100 + chance.below(900)) / (1 + round as u64),
            };
            let name = match round {
                0 => name.to_string(),
                _ => format!("{name}-{round}"),
            };
            let change = match chance.below(20) {
                _ if !compared => Change::None,
                0..=1 => Change::Added,
                2 => Change::Removed,
                3..=4 => Change::Resized {
                    before: size * (50 + chance.below(100)) / 100,
                },
                5 => Change::Altered,
                _ => Change::Same,
            };
            Item {
                path: format!("/gnu/store/{}-{name}", chance.hash()).into(),
                name: name.into(),
                size,
                change,
            }
        })
        .collect()
}

/// Items in layers as Guix makes them: the largest by themselves, and the last
/// has the others, and a customization on top.
fn layered(count: usize, layers: usize, compared: bool) -> Vec<Layer<'static>> {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d + count as u64);
    let mut items = items(count, compared, &mut chance);
    items.sort_by_key(|item| std::cmp::Reverse(item.size));
    let rest = items.split_off(layers.saturating_sub(2).min(items.len()));
    let mut groups: Vec<Vec<Item>> = items.into_iter().map(|item| vec![item]).collect();
    groups.push(rest);
    let top = if compared { Change::Same } else { Change::None };
    groups.push(vec![Item {
        path: "/bin".into(),
        name: "bin".into(),
        size: 0,
        change: top,
    }]);
    let last = groups.len();
    groups
        .into_iter()
        .enumerate()
        .map(|(index, items)| Layer {
            name: format!("Layer {}", index + 1),
            detail: if index + 1 == last {
                "customization".into()
            } else {
                chance.hash()[..12].into()
            },
            items,
        })
        .collect()
}

fn map(count: usize, layers: usize, compared: bool) -> Map<'static> {
    let (title, subtitle) = if compared {
        (
            "guix:new compared with guix:old",
            "sha256:0f3c2d9be1a7 compared with sha256:77a4e05bc312",
        )
    } else {
        (
            "guix:latest",
            "linux/amd64, sha256:0f3c2d9be1a7, 1970-01-01",
        )
    };
    Map {
        title: title.into(),
        subtitle: subtitle.into(),
        layers: layered(count, layers, compared),
    }
}

/// Names as files may have them.
fn hostile() -> Map<'static> {
    let names = [
        "<script>document.title='broken'</script>",
        "\"><img src=x onerror=\"document.title='broken'\">",
        "]]>&amp;<!--",
        "control-\u{1}\u{7}\u{1b}[31m\r\n\t\u{7f}\u{9b}",
        "right-to-left-\u{202e}gpj.exe",
        "لغة-عربية-1.0",
        "漢字かな交じり文の名前-2.0",
        "🦬🦬🦬🦬🦬🦬-3.0",
        "﷽﷽﷽-4.0",
        "combining-e\u{301}\u{302}\u{303}\u{304}\u{305}-5.0",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW@@@@@@@@@@",
        "",
        " ",
    ];
    let items = |change: Change| {
        names
            .iter()
            .enumerate()
            .map(|(index, name)| Item {
                path: format!("/gnu/store/{name}").into(),
                name: (*name).into(),
                size: 40_000_000 / (index as u64 + 1),
                change,
            })
            .collect()
    };
    let layer = |name: &str, change| Layer {
        name: name.into(),
        detail: name.into(),
        items: items(change),
    };
    Map {
        title: names.join(" "),
        subtitle: names.join(" "),
        layers: vec![
            layer(names[0], Change::Added),
            layer(names[6], Change::Removed),
            layer(names[10], Change::Resized { before: u64::MAX }),
        ],
    }
}

fn facts(layers: usize) -> Vec<Facts> {
    let row = |name: &str, value: &str| (name.to_string(), value.to_string());
    let path = "/gnu/store/1a2b3c4d5f6g7h8i9j0k1l2m3n4p5q6r-profile";
    vec![
        Facts {
            heading: "Configuration".into(),
            rows: vec![
                row("Entry point", &format!("{path}/bin/bash --login")),
                row("PATH", &format!("{path}/bin:{path}/sbin")),
                row("Architecture", "amd64"),
            ],
            left_out: 0,
        },
        Facts {
            heading: "History".into(),
            rows: (1..=layers)
                .map(|layer| (format!("Layer {layer}"), "made by guix pack".into()))
                .collect(),
            left_out: 0,
        },
    ]
}

fn main() -> std::io::Result<()> {
    let directory = std::env::args_os()
        .nth(1)
        .expect("usage: pictures DIRECTORY");
    let write = |name: &str, map: &Map, facts: &[Facts]| {
        let path = Path::new(&directory).join(name);
        std::fs::write(path.with_extension("svg"), svg(map))?;
        std::fs::write(path.with_extension("html"), html(map, facts))
    };
    for (kind, compared) in [("inspect", false), ("diff", true)] {
        for (count, layers) in [(10, 4), (100, 20), (2000, 100)] {
            let map = map(count, layers, compared);
            write(&format!("{kind}-{count}"), &map, &facts(layers))?;
        }
        write(&format!("{kind}-one-layer"), &map(2000, 2, compared), &[])?;
    }
    write("inspect-20000", &map(20_000, 100, false), &[])?;
    let empty = Map {
        layers: vec![],
        ..map(0, 0, false)
    };
    write("inspect-empty", &empty, &[])?;
    let hostile = hostile();
    let facts = Facts {
        heading: hostile.title.clone(),
        rows: vec![(hostile.title.clone(), size_in_words(0))],
        left_out: 1,
    };
    write("diff-hostile", &hostile, &[facts])
}
