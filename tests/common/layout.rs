// SPDX-License-Identifier: GPL-3.0-or-later

//! Images as other tools write them: OCI archives and Docker archives, part by
//! part.

#![allow(dead_code)] // each test program uses a part

use std::collections::BTreeMap;

use guix_docker::digest::Digest;
use serde_json::{Value, json};

/// Media types.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A type of statements.
pub const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// Files of an archive that is an image.
#[derive(Clone, Default)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn add(&mut self, name: &str, content: impl AsRef<[u8]>) {
        self.0.insert(name.to_owned(), content.as_ref().to_vec());
    }

    /// Adds a blob; returns its descriptor.
    pub fn blob(&mut self, media_type: &str, content: impl AsRef<[u8]>) -> Value {
        let content = content.as_ref();
        let digest = Digest::of(content);
        self.add(&format!("blobs/sha256/{}", digest.hex()), content);
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": content.len()})
    }

    /// Removes the blob of `descriptor`.
    pub fn forget(&mut self, descriptor: &Value) {
        let digest = descriptor["digest"].as_str().unwrap();
        let name = format!("blobs/sha256/{}", &digest[7..]);
        assert!(self.0.remove(&name).is_some());
    }

    /// Adds a manifest of that configuration and those layers.
    pub fn manifest(&mut self, config: &Value, layers: &[Value]) -> Value {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        self.blob(MANIFEST, manifest.to_string())
    }

    /// Adds an image of one file, for `platform`; its layer has `content`.
    pub fn image(&mut self, platform: &str, content: &str) -> Value {
        let layer = layer(&[("file", content.as_bytes())]);
        let config = self.blob(CONFIG, config(platform, &[&layer]).to_string());
        let layer = self.blob(LAYER, &layer);
        let mut manifest = self.manifest(&config, &[layer]);
        if let Some((os, architecture)) = platform.split_once('/') {
            manifest["platform"] = json!({"os": os, "architecture": architecture});
        }
        manifest
    }

    /// Adds an attestation of the image of `manifest`, as BuildKit makes it.
    pub fn attestation(&mut self, manifest: &Value) -> Value {
        let statement = json!({"predicateType": PREDICATE, "about": manifest["digest"]});
        let config = json!({
            "architecture": "unknown", "os": "unknown", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [Digest::of(b"x").to_string()]},
        });
        let config = self.blob(CONFIG, config.to_string());
        let mut layer = self.blob(IN_TOTO, statement.to_string());
        layer["annotations"] = json!({"in-toto.io/predicate-type": PREDICATE});
        let mut attestation = self.manifest(&config, &[layer]);
        attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        attestation["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": manifest["digest"],
        });
        attestation
    }

    /// Adds an index in the index, called `name`.
    pub fn index(&mut self, name: &str, manifests: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        named(self.blob(INDEX, index.to_string()), name)
    }

    /// Completes the layout; returns the archive.
    pub fn oci(&mut self, manifests: &[Value]) -> Vec<u8> {
        self.add("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.add("index.json", index.to_string());
        self.archive()
    }

    /// Returns the archive of the files.
    pub fn archive(&self) -> Vec<u8> {
        let files: Vec<(&str, &[u8])> = self
            .0
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
            .collect();
        layer(&files)
    }
}

/// Returns `descriptor` under the name that containerd reads.
pub fn named(mut descriptor: Value, name: &str) -> Value {
    descriptor["annotations"] = json!({
        "io.containerd.image.name": format!("docker.io/library/{name}"),
        "org.opencontainers.image.ref.name": name,
    });
    descriptor
}

/// Returns an archive of these files.
pub fn layer(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// Returns a configuration for `OS/ARCHITECTURE`, or for none.
pub fn config(platform: &str, layers: &[&[u8]]) -> Value {
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| Digest::of(layer).to_string())
        .collect();
    let mut config = json!({"config": {}, "rootfs": {"type": "layers", "diff_ids": ids}});
    if let Some((os, architecture)) = platform.split_once('/') {
        config["os"] = os.into();
        config["architecture"] = architecture.into();
    }
    config
}
