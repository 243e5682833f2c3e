// SPDX-License-Identifier: GPL-3.0-or-later

//! The header that was committed is the one that the sources make.

#[test]
fn the_header_is_what_the_sources_make_of_it() {
    let generated = env!("GUIX_DOCKER_HEADER");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/include/guix_docker.h");
    assert!(
        std::fs::read(generated).unwrap() == std::fs::read(committed).unwrap(),
        "the header is stale: cp {generated} {committed}"
    );
}
