// SPDX-License-Identifier: GPL-3.0-or-later

//! What several targets have in common.

pub mod c_options;
pub mod image;
pub mod lines;
pub mod markup;
pub mod place;
pub mod scene;
pub mod settings;
