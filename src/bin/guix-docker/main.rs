// SPDX-License-Identifier: GPL-3.0-or-later

//! The program `guix-docker`.

#![forbid(unsafe_code)]

#[cfg_attr(not(test), expect(dead_code, reason = "no command draws yet"))]
mod picture;

fn main() {}
