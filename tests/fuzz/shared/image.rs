// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker archives of any layers, whose digests and sizes are right.
//!
//! Bytes are one or two images, parted by [`IMAGE`].  An image is documents and
//! layers, parted by [`LAYER`].  Documents are an object of JSON: the members of
//! the configuration, and as `names` the names of the image.  A layer without
//! bytes is the lowest one once more; the first byte of any other says by its
//! lowest bit whether the layer is compressed, and the rest are members, parted
//! by [`MEMBER`]: a type, a name, [`OF`] and a content or a target.  In names and
//! contents, [`REPEAT`] and a number double what is before it that many times.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use guix_docker::digest::Digest;
use serde_json::{Map, Value, json};

const IMAGE: u8 = 0xff;
const LAYER: u8 = 0xfe;
const MEMBER: u8 = 0xfd;
const OF: u8 = 0xfc;
const REPEAT: u8 = 0xfb;

/// Maximum length of a name or a content, and of the members of a layer.
const MAX_FIELD: usize = 128 << 10;
const MAX_LAYER: usize = 1 << 20;

/// Types whose content is not that of a file, such as the name of the next member.
const SPECIAL: &[u8] = b"LKxgS";

/// An image.
pub struct Image {
    /// Docker archive.
    pub archive: Vec<u8>,
    /// Sizes of the layers' archives.
    pub layers: Vec<usize>,
    /// Bytes in the files of all layers.
    pub files: usize,
    /// Bytes of the documents, and of the layers before compression.
    pub size: usize,
}

/// The layers of an image that is being made.
#[derive(Default)]
struct Layers {
    ids: Vec<String>,
    names: Vec<String>,
    sizes: Vec<usize>,
    files: Vec<usize>,
}

/// The images that `bytes` are.
pub fn images(bytes: &[u8]) -> Vec<Image> {
    let parts = bytes.splitn(2, |&byte| byte == IMAGE);
    parts.map(image).collect()
}

fn image(bytes: &[u8]) -> Image {
    let mut parts = bytes.split(|&byte| byte == LAYER);
    let documents: Option<Map<String, Value>> =
        serde_json::from_slice(parts.next().unwrap_or_default()).ok();
    let mut archive = Vec::new();
    let mut layers = Layers::default();
    for part in parts {
        let Some((flags, list)) = part.split_first() else {
            layers.again();
            continue;
        };
        let (layer, files) = layer(list);
        let stored = match flags & 1 {
            0 => layer.clone(),
            _ => gzip(&layer),
        };
        let name = format!("{}.tar", layers.names.len());
        push(&mut archive, b'0', name.as_bytes(), &stored);
        layers.ids.push(Digest::of(&layer).to_string());
        layers.names.push(name);
        layers.sizes.push(layer.len());
        layers.files.push(files);
    }
    let mut config = json!({
        "architecture": "amd64",
        "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": layers.ids },
    });
    let mut documents = documents.unwrap_or_default();
    let names = documents.remove("names").unwrap_or(json!(["app:1"]));
    for (name, value) in documents {
        config[name] = value;
    }
    let config = config.to_string();
    let manifest = json!([{ "Config": "c.json", "RepoTags": names, "Layers": layers.names }]);
    push(&mut archive, b'0', b"c.json", config.as_bytes());
    let manifest = manifest.to_string();
    push(&mut archive, b'0', b"manifest.json", manifest.as_bytes());
    archive.resize(archive.len() + 1024, 0);
    Image {
        archive,
        files: layers.files.iter().sum(),
        size: config.len() + manifest.len() + layers.sizes.iter().sum::<usize>(),
        layers: layers.sizes,
    }
}

impl Layers {
    /// Adds the lowest layer once more, if there is one.
    fn again(&mut self) {
        if let (Some(id), Some(name)) = (self.ids.first(), self.names.first()) {
            self.ids.push(id.clone());
            self.names.push(name.clone());
            self.sizes.push(self.sizes[0]);
            self.files.push(self.files[0]);
        }
    }
}

/// The archive of the members in `list`, and the bytes in its files.
fn layer(list: &[u8]) -> (Vec<u8>, usize) {
    let (mut archive, mut files) = (Vec::new(), 0);
    for member in list.split(|&byte| byte == MEMBER) {
        let Some((&kind, rest)) = member.split_first() else {
            continue;
        };
        let kind = match SPECIAL.contains(&kind) {
            true => b'0',
            false => kind,
        };
        let mut fields = rest.splitn(2, |&byte| byte == OF);
        let mut field = || repeated(fields.next().unwrap_or_default());
        let (name, content) = (field(), field());
        files += push(&mut archive, kind, &name, &content);
        if archive.len() > MAX_LAYER {
            break;
        }
    }
    archive.resize(archive.len() + 1024, 0);
    (archive, files)
}

fn repeated(field: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        if byte != REPEAT {
            result.push(byte);
            continue;
        }
        for _ in 0..bytes.next().map_or(0, |times| times % 20) {
            if result.len() <= MAX_FIELD / 2 {
                result.extend_from_within(..);
            }
        }
    }
    result
}

/// Adds a member; returns the bytes in it as a file.
fn push(archive: &mut Vec<u8>, kind: u8, name: &[u8], content: &[u8]) -> usize {
    let is_file = !matches!(kind, b'1'..=b'6');
    let is_link = matches!(kind, b'1' | b'2');
    let (link, content) = match (is_link, is_file) {
        (true, _) => (content, &b""[..]),
        (false, true) => (&b""[..], content),
        (false, false) => (&b""[..], &b""[..]),
    };
    for (kind, text) in [(b'L', name), (b'K', link)] {
        if text.len() > 100 {
            let text = [text, b"\0"].concat();
            push_header(archive, kind, b"././@LongLink", b"", text.len());
            push_content(archive, &text);
        }
    }
    push_header(archive, kind, name, link, content.len());
    push_content(archive, content);
    content.len()
}

fn push_header(archive: &mut Vec<u8>, kind: u8, name: &[u8], link: &[u8], size: usize) {
    let mut header = tar::Header::new_gnu();
    let fields = header.as_old_mut();
    let length = name.len().min(fields.name.len());
    fields.name[..length].copy_from_slice(&name[..length]);
    let length = link.len().min(fields.linkname.len());
    fields.linkname[..length].copy_from_slice(&link[..length]);
    fields.linkflag = [kind];
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(size as u64);
    header.set_cksum();
    archive.extend(header.as_bytes());
}

fn push_content(archive: &mut Vec<u8>, content: &[u8]) {
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
