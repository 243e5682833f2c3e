// SPDX-License-Identifier: GPL-3.0-or-later

//! An image upon an archive of any bytes.  Sums of headers are set right, or
//! nothing would get beyond the first one.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use guix_docker::request::Format;
use guix_docker_fuzz::place::Place;
use libfuzzer_sys::fuzz_target;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

fuzz_target!(|bytes: &[u8]| {
    let mut archive = bytes.to_vec();
    for block in archive.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            let mut header = tar::Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
    fs::write(PLACE.path("base"), archive).unwrap();
    PLACE.check(Format::DockerArchive);
    PLACE.look();
});
