// SPDX-License-Identifier: GPL-3.0-or-later

//! Generates the C header and gives the shared library its soname.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Files outside of the boundary whose enums are part of the header.
const ENUMS: &[&str] = &[
    "src/error.rs",
    "src/job/progress.rs",
    "src/request/choices.rs",
];

fn main() -> Result<(), Box<dyn Error>> {
    for source in ["src/boundary", "cbindgen.toml"].iter().chain(ENUMS) {
        println!("cargo::rerun-if-changed={source}");
    }
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
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.export.include = config.export.rename.keys().cloned().collect();
    // The order of a map differs from run to run.
    config.export.include.sort_unstable();
    let part = |name: &str| -> Result<u32, Box<dyn Error>> {
        Ok(env::var(format!("CARGO_PKG_VERSION_{name}"))?.parse()?)
    };
    let number = part("MAJOR")? << 16 | part("MINOR")? << 8 | part("PATCH")?;
    config.after_includes = Some(format!(
        "\n/** Version of this header: 0xMMNNPP for MM.NN.PP.  */\n\
         #define GUIX_DOCKER_VERSION_NUMBER 0x{number:06x}"
    ));
    // Other files may have constants of their own.
    let mut sources: Vec<PathBuf> = ENUMS.iter().map(|source| root.join(source)).collect();
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
