// SPDX-License-Identifier: GPL-3.0-or-later

//! Keys of an image's configuration: see the OCI Image Configuration and, for
//! the keys that only Docker knows, its types `image.Image` and
//! `container.Config`.
//!
//! A key stands here once, with the form that decoders accept and its way from a
//! base image into the image built on top of it.

use super::form::{Form, FromBase, Key};

use Form::*;
use FromBase::*;

const fn key(name: &'static str, form: Form, from_base: FromBase) -> Key {
    Key {
        name,
        form,
        from_base,
        is_free: true,
    }
}

/// A key whose value follows from other parameters or from the files.
const fn derived(name: &'static str, form: Form, from_base: FromBase) -> Key {
    Key {
        is_free: false,
        ..key(name, form, from_base)
    }
}

/// Keys of the whole configuration.
pub const WHOLE: &[Key] = &[
    derived("architecture", Text, Dropped),
    key("author", Text, Kept),
    key("comment", Text, Dropped),
    key("config", Object(CONFIG), Dropped),
    key("container", Text, Dropped),
    derived("container_config", Object(CONFIG), Dropped),
    derived("created", Time, Dropped),
    key("docker_version", Text, Dropped),
    derived("history", Objects(HISTORY), Dropped),
    key("id", Text, Dropped),
    derived("os", Text, Dropped),
    key("os.version", Text, Kept),
    key("os.features", Texts, Kept),
    key("parent", Text, Dropped),
    derived("rootfs", Object(ROOT_FS), Dropped),
    key("Size", Integer, Dropped),
    derived("variant", Text, Kept),
];

/// Keys of `config`, which containers start with.
pub const CONFIG: &[Key] = &[
    key("ArgsEscaped", Boolean, Kept),
    key("AttachStderr", Boolean, Dropped),
    key("AttachStdin", Boolean, Dropped),
    key("AttachStdout", Boolean, Dropped),
    key("Cmd", Texts, Kept),
    key("Domainname", Text, Dropped),
    key("Entrypoint", Texts, Kept),
    key("Env", Texts, Merged),
    key("ExposedPorts", ObjectsByName, Merged),
    key("Healthcheck", Object(HEALTH_CHECK), Kept),
    key("Hostname", Text, Dropped),
    key("Image", Text, Kept),
    key("Labels", TextsByName, Merged),
    key("MacAddress", Text, Kept),
    key("NetworkDisabled", Boolean, Kept),
    // Triggers run when something is built on top: that is now.
    key("OnBuild", Texts, Dropped),
    key("OpenStdin", Boolean, Kept),
    key("Shell", TextOrTexts, Kept),
    key("StdinOnce", Boolean, Dropped),
    key("StopSignal", Text, Kept),
    key("StopTimeout", Integer, Kept),
    key("Tty", Boolean, Kept),
    key("User", Text, Kept),
    key("Volumes", ObjectsByName, Merged),
    key("WorkingDir", Text, Kept),
];

/// Keys of `Healthcheck`.  Without `Test`, the base's test is inherited.
pub const HEALTH_CHECK: &[Key] = &[
    key("Test", Texts, Kept),
    key("Interval", Integer, Kept),
    key("Timeout", Integer, Kept),
    key("StartPeriod", Integer, Kept),
    key("StartInterval", Integer, Kept),
    key("Retries", Integer, Kept),
];

/// Keys of an entry of `history`.
pub const HISTORY: &[Key] = &[
    key("author", Text, Kept),
    key("comment", Text, Kept),
    key("created", Time, Kept),
    key("created_by", Text, Kept),
    key("empty_layer", Boolean, Kept),
];

/// Keys of `rootfs`.
pub const ROOT_FS: &[Key] = &[key("diff_ids", Texts, Dropped), key("type", Text, Dropped)];
