// SPDX-License-Identifier: GPL-3.0-or-later

//! Writes the structures of `include/guix_docker.h` as Rust has them.
//!
//! A structure `guix_docker_merge` becomes `Merge`.

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() {
    let header = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../include/guix_docker.h");
    println!("cargo::rerun-if-changed={}", header.display());
    let text = without_comments(&fs::read_to_string(header).unwrap());
    let structures: String = text
        .split("typedef struct ")
        .skip(1)
        .map(structure)
        .collect();
    assert_eq!(
        structures.matches("pub struct_size: u32").count(),
        10,
        "{structures}"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::write(out.join("structures.rs"), structures).unwrap();
}

fn without_comments(text: &str) -> String {
    let parts = text.split("/*");
    let code = parts.map(|part| part.split_once("*/").map_or(part, |(_, code)| code));
    code.collect()
}

/// The structure that `text` begins with, after `typedef struct`.
fn structure(text: &str) -> String {
    let (name, rest) = text.split_once('{').unwrap();
    let (members, _) = rest.split_once('}').unwrap();
    let members = members.split(';').map(str::trim);
    let members: String = members
        .filter(|member| !member.is_empty())
        .map(|member| {
            let start = member.rfind([' ', '*']).unwrap() + 1;
            let (kind, member) = member.split_at(start);
            format!("    pub {member}: {},\n", rust_type(kind.trim()))
        })
        .collect();
    let name = rust_name(name.trim());
    format!("#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n{members}}}\n")
}

/// `guix_docker_some_name` as `SomeName`.
fn rust_name(name: &str) -> String {
    let words = name.strip_prefix("guix_docker_").unwrap().split('_');
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

fn rust_type(kind: &str) -> String {
    if let Some(target) = kind.strip_suffix("const *") {
        return format!("*const {}", rust_type(target.trim()));
    }
    if let Some(target) = kind.strip_suffix('*') {
        let target = target.trim();
        return match target.strip_prefix("const ") {
            Some(target) => format!("*const {}", rust_type(target)),
            None => format!("*mut {}", rust_type(target)),
        };
    }
    if let Some(name) = kind.strip_prefix("struct ") {
        return rust_name(name);
    }
    let known = match kind {
        "char" => "std::ffi::c_char",
        "int" => "std::ffi::c_int",
        "void" => "std::ffi::c_void",
        "uint8_t" => "u8",
        "int32_t" | "guix_docker_status" => "i32",
        "uint32_t" => "u32",
        "int64_t" => "i64",
        "uint64_t" => "u64",
        "size_t" => "usize",
        "guix_docker_progress" => {
            "Option<unsafe extern \"C\" fn(*mut std::ffi::c_void, *const Event) -> std::ffi::c_int>"
        }
        other => panic!("no type of Rust is known for {other}"),
    };
    known.to_owned()
}
