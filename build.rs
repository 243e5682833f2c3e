// SPDX-License-Identifier: GPL-3.0-or-later

//! Generates the C header and gives the shared library its soname.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/boundary");
    println!("cargo::rerun-if-changed=src/error.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    // cargo-c gives it one itself, of the same name.
    println!("cargo::rerun-if-env-changed=CARGO_C_CARGO");
    if env::var_os("CARGO_C_CARGO").is_none() {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libguix_docker.so.0");
    }
    link_libgcc_statically(&out)?;
    generate_header(&root, &out)
}

/// Build sandboxes of Guix have no libgcc_s.so.1, which the standard library
/// asks for by name: a linker script of that name answers with the static
/// libraries.
fn link_libgcc_statically(out: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(out.join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")?;
    println!("cargo::rustc-cdylib-link-arg=-L{}", out.display());
    Ok(())
}

/// Writes the header for the test that compares it with the one in `include`.
fn generate_header(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let header = out.join("guix_docker.h");
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    // Only what is C's: other files may have constants of their own.
    let mut sources = vec![root.join("src/error.rs")];
    for entry in fs::read_dir(root.join("src/boundary"))? {
        sources.push(entry?.path());
    }
    sources.sort();
    let builder = cbindgen::Builder::new().with_config(config);
    sources
        .into_iter()
        .fold(builder, |builder, source| builder.with_src(source))
        .generate()?
        .write_to_file(&header);
    println!("cargo::rustc-env=GUIX_DOCKER_HEADER={}", header.display());
    Ok(())
}
