// SPDX-License-Identifier: GPL-3.0-or-later

//! What the commands take that look at images.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::ProgressOptions;

/// Which of several images is meant.
#[derive(Args, Clone, Debug)]
pub struct Selection {
    /// Of several images, the one of this name
    #[arg(long, value_name = "REFERENCE")]
    pub name: Option<String>,
    /// Of several images, the one for this platform, such as linux/arm64
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    pub platform: Option<String>,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  guix-docker inspect app.tar
  guix-docker inspect --json app.tar | jq '.[0].layers[].size'
  guix-docker inspect --map app.svg --html app.html app.tar";

/// Options of `inspect`.
#[derive(Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub struct InspectOptions {
    /// A Docker archive, an OCI archive or an OCI layout; archives may be
    /// compressed by gzip or zstd
    #[arg(value_name = "IMAGE")]
    pub image: OsString,
    #[command(flatten)]
    pub selection: Selection,
    /// Print JSON: an array of images
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Name all items, not just the largest ones
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Write a map of layers and items to FILE, in SVG
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub map: Option<PathBuf>,
    /// Write a page with the map and all there is to know to FILE
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  guix-docker diff app-1.tar app-2.tar
  guix-docker diff --map changes.svg app-1.tar app-2.tar";

/// Options of `diff`.
#[derive(Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffOptions {
    /// The image that is there already
    pub old: OsString,
    /// The image to compare with it
    pub new: OsString,
    #[command(flatten)]
    pub selection: Selection,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Name all items, not just those that weigh most
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Write a map of what changed to FILE, in SVG
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub map: Option<PathBuf>,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  guix-docker check app.tar && docker load -i app.tar";

/// Options of `check`.
#[derive(Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckOptions {
    /// A Docker archive, an OCI archive or an OCI layout
    #[arg(value_name = "IMAGE")]
    pub image: OsString,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub progress: ProgressOptions,
}
