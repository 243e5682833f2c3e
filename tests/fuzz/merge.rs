// SPDX-License-Identifier: GPL-3.0-or-later

//! Configurations of bases, and what is merged into those of images.
//!
//! The input is a configuration of a base, the byte 255, what is merged, and
//! perhaps that byte and a flag: 1 for an OCI image.  What comes of it is
//! compared with what RFC 7396 says, put down once more here, with names of
//! members that are compared as engines do.

#![no_main]

use guix_docker::error::Status;
use guix_docker::format::documents::config;
use guix_docker::json::form::misformed;
use guix_docker::json::keys::WHOLE;
use guix_docker::json::{folded, normalized};
use guix_docker::plan::Plan;
use guix_docker::request::{Format, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    let (base, patch, flag) = (part(), part(), part());
    let base: Option<Object> = serde_json::from_slice(base).ok();
    let mut request = Request::new(b"image", &[b"/item"], b"/item").unwrap();
    request.metadata.system(b"x86_64").unwrap();
    if flag.first().is_some_and(|flag| flag & 1 != 0) {
        request.output.format = Format::OciArchive;
    }
    request.container.variable(b"LANG", b"C").unwrap();
    // What a base may not have, those who read it refuse.
    let base = base.filter(|base| misformed(base, WHOLE).is_none());
    let base = base.map(|base| normalized(&base, WHOLE));
    let plan = Plan {
        layers: Vec::new(),
        base,
    };
    let configuration = |request: &Request| -> Object {
        let bytes = config(request, "1970-01-01T00:00:01Z", &plan, &[]).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let before = configuration(&request);
    assert_eq!(misformed(&before, WHOLE), None);
    match request.metadata.config(patch) {
        Ok(()) => {
            let patch: Object = serde_json::from_slice(patch).unwrap();
            let after = configuration(&request);
            assert_eq!(misformed(&after, WHOLE), None);
            for name in [
                "architecture",
                "created",
                "os",
                "rootfs",
                "history",
                "variant",
            ] {
                assert_eq!(before.get(name), after.get(name));
            }
            let mut members = after.iter();
            assert!(members.any(|(key, value)| folded(key) == "config" && value.is_object()));
            let mut expected = Value::Object(before);
            apply(&mut expected, &Value::Object(patch), 0);
            assert_eq!(expected, Value::Object(after));
        }
        Err(error) => {
            assert!(matches!(
                error.status(),
                Status::InvalidArgument | Status::InvalidText
            ));
            let message = error.message();
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
});

/// The function `MergePatch` of RFC 7396.  Down to a `depth`, a name is another
/// one's if engines take it for that.
fn apply(target: &mut Value, patch: &Value, depth: usize) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if depth < 2 && !target.contains_key(name) {
            let other = target.keys().find(|other| folded(other) == folded(name));
            if let Some(other) = other.cloned() {
                let old = target.shift_remove(&other).unwrap_or_default();
                target.insert(name.clone(), old);
            }
        }
        if value.is_null() {
            target.shift_remove(name);
        } else {
            apply(target.entry(name).or_insert(Value::Null), value, depth + 1);
        }
    }
}
