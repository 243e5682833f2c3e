// SPDX-License-Identifier: GPL-3.0-or-later

//! The program `guix-docker`.

#![forbid(unsafe_code)]

fn main() {}
