// SPDX-License-Identifier: GPL-3.0-or-later

//! Requests from the structures of C callers.
//!
//! A plain parameter is a word in one of the lists of [`request`]: the name of the
//! member is the name of the setter and that of the argument in messages.

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

use super::layout::{self, zeros};
use super::options::{
    Directive, DirectiveKind, MergeOptions, NO_PERMISSIONS, NOW, Options, Ownership,
    Transformation, Variable,
};
use super::pointers::{list, null, optional, required, strings, structures};
use crate::Merge;
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::request::{self, Choice, Compressor, Request};

/// Copies the options of a caller whose structure may be older or newer.
///
/// # Safety
///
/// `options` must be NULL or point to as many bytes as its first member says.
pub unsafe fn options(options: *const Options) -> Result<Options> {
    if options.is_null() {
        return Err(null(Argument("options")));
    }
    // SAFETY: the caller promises as many bytes as the first member says.
    unsafe { layout::copy(Argument("options"), options, &Options::new()) }
}

/// Makes a request to merge of the options of a caller, whose structure may be older or
/// newer.
///
/// # Safety
///
/// `options` must be NULL or point to as many bytes as its first member says, and all
/// that it points to must be as the structure describes.
pub unsafe fn merge(options: *const MergeOptions) -> Result<(Merge, MergeOptions)> {
    if options.is_null() {
        return Err(null(Argument("options")));
    }
    // SAFETY: the caller promises the structure, strings, and a list of them.
    unsafe {
        let options = layout::copy(Argument("options"), options, &zeros())?;
        let target = required(Argument("target"), options.target)?;
        let sources = strings(Argument("sources"), options.sources, options.source_count)?;
        Ok((Merge::new(target, &sources)?, options))
    }
}

/// Makes a request of `options`.
///
/// # Safety
///
/// All that `options` points to must be as the structure describes.
pub unsafe fn request(options: &Options) -> Result<Request> {
    // SAFETY: the caller promises that strings end in a NUL and that lists are as long
    // as their counts say; so it is for all that is read below.
    let mut request = unsafe { start(options)? };
    let Request {
        output,
        content,
        layers,
        metadata,
        container,
        running,
    } = &mut request;
    /// Strings that may be NULL.
    macro_rules! texts {
        ($group:ident: $($member:ident),*) => {$(
            // SAFETY: see above.
            if let Some(text) = unsafe { optional(options.$member) } {
                $group.$member(text)?;
            }
        )*};
    }
    /// Lists of strings, which may be NULL.
    macro_rules! lists {
        ($group:ident: $($member:ident[$count:ident]),*) => {$(
            // SAFETY: see above.
            let list = unsafe {
                strings(Argument(stringify!($member)), options.$member, options.$count)?
            };
            if !options.$member.is_null() {
                $group.$member(&list)?;
            }
        )*};
    }
    /// Lists of names and values, and the setter of one of them.
    macro_rules! pairs {
        ($group:ident: $($member:ident[$count:ident] $setter:ident),*) => {$(
            let argument = Argument(stringify!($member));
            // SAFETY: see above.
            for pair in unsafe { structures(argument, options.$member, options.$count)? } {
                let Variable { name, value, .. } = pair;
                // SAFETY: see above.
                let (name, value) = unsafe {
                    (required(argument, name)?, required(argument, value)?)
                };
                $group.$setter(name, value)?;
            }
        )*};
    }
    macro_rules! choices {
        ($group:ident: $($member:ident),*) => {$(
            $group.$member = Choice::of_number(Argument(stringify!($member)), options.$member)?;
        )*};
    }
    macro_rules! flags {
        ($group:ident: $($member:ident),*) => {$(
            $group.$member = flag(Argument(stringify!($member)), options.$member)?;
        )*};
    }

    choices!(output: format);
    flags!(output: archive_digest);
    // SAFETY: see above.
    let command = unsafe {
        strings(
            Argument("compressor"),
            options.compressor,
            options.compressor_count,
        )?
    };
    output.compressor = Compressor::from_command(&command)?;

    // SAFETY: see above.
    unsafe { files(options, content)? };
    texts!(content: database, root_system);
    choices!(content: modes, xattrs, whiteouts);

    if options.max_layers != 0 {
        layers.max_layers(options.max_layers.into())?;
    }
    choices!(layers: layering);
    flags!(layers: parent_directories, immutable_paths);
    lists!(layers: references_graphs[references_graph_count], reuse[reuse_count]);
    texts!(layers: base, base_name);

    lists!(metadata: names[name_count]);
    texts!(metadata: repository, system, variant, author, config);
    pairs!(metadata: labels[label_count] label, annotations[annotation_count] annotation);
    choices!(metadata: history, config_keys);
    if options.creation_time != NOW {
        metadata.creation_time(options.creation_time)?;
    }

    lists!(container: entry_point[entry_point_count], cmd[cmd_count]);
    lists!(container: exposed_ports[exposed_port_count], volumes[volume_count]);
    pairs!(container: environment[environment_count] variable);
    texts!(container: user, working_directory, stop_signal, health_check);

    running.threads(options.threads as usize);
    Ok(request)
}

/// Makes a request of the arguments without defaults.
///
/// # Safety
///
/// As for [`request`].
unsafe fn start(options: &Options) -> Result<Request> {
    // SAFETY: the caller promises strings, and a list of them.
    let (image, paths, prefix) = unsafe {
        (
            optional(options.image),
            strings(Argument("paths"), options.paths, options.path_count)?,
            required(Argument("prefix"), options.prefix),
        )
    };
    match (image, options.image_fd) {
        (None, -1) => Err(null(Argument("image"))),
        (Some(image), -1) => Request::new(image, &paths, prefix?),
        (None, fd) => Request::to_stream(descriptor(fd)?, &paths, prefix?),
        (Some(_), _) => Err(Error::argument(
            Argument("image_fd"),
            "there is a file name for the image as well; leave out one of them",
        )),
    }
}

/// Returns a descriptor of the library's own for the file of the caller's `fd`.
fn descriptor(fd: i32) -> Result<OwnedFd> {
    let failed = || {
        Error::argument(
            Argument("image_fd"),
            format_args!("{fd} is not an open descriptor"),
        )
    };
    if fd < 0 {
        return Err(failed());
    }
    // SAFETY: the descriptor is used for this call alone, which finds out whether it is
    // open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_dupfd_cloexec(fd, 3).map_err(|errno| match errno {
        Errno::BADF => failed(),
        errno => Error::system(Status::Output, "using the descriptor", errno)
            .with_argument(Argument("image_fd")),
    })
}

/// Reads the lists of structures about files.
///
/// # Safety
///
/// As for [`request`].
unsafe fn files(options: &Options, content: &mut request::Content) -> Result<()> {
    // SAFETY: the caller promises lists of structures and strings.
    unsafe {
        let directives = structures(
            Argument("extra_files"),
            options.extra_files,
            options.extra_file_count,
        )?;
        let directives = directives.iter().map(|item| directive(item));
        content.extra_files = directives.collect::<Result<_>>()?;

        const TRANSFORMATIONS: Argument = Argument("transformations");
        let transformations = structures(
            TRANSFORMATIONS,
            options.transformations,
            options.transformation_count,
        )?;
        let transformations = transformations.iter().map(|item: &Transformation| {
            let from = required(TRANSFORMATIONS, item.from)?;
            request::Transformation::new(from, required(TRANSFORMATIONS, item.to)?)
        });
        content.transformations = transformations.collect::<Result<_>>()?;

        const OWNERSHIP: Argument = Argument("ownership");
        let ownership = structures(OWNERSHIP, options.ownership, options.ownership_count)?;
        let ownership = ownership.iter().map(|item: &Ownership| {
            request::Ownership::new(required(OWNERSHIP, item.path)?, item.uid, item.gid)
        });
        content.ownership = ownership.collect::<Result<_>>()?;
    }
    Ok(())
}

fn flag(argument: Argument, value: u32) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::argument(
            argument,
            format_args!("{other} is neither 0 nor 1"),
        )),
    }
}

/// Reads a directive.
///
/// # Safety
///
/// The members that the kind of the directive uses must be valid.
unsafe fn directive(directive: &Directive) -> Result<request::Directive> {
    const DIRECTORY: u32 = DirectiveKind::Directory as u32;
    const FILE: u32 = DirectiveKind::File as u32;
    const LINK: u32 = DirectiveKind::Link as u32;
    const ARGUMENT: Argument = Argument("extra_files");
    // SAFETY: the caller promises valid members.
    let name = unsafe { required(ARGUMENT, directive.name)? };
    match directive.kind {
        DIRECTORY => {
            let mode = match directive.mode {
                0 => None,
                NO_PERMISSIONS => Some(0),
                mode => Some(mode),
            };
            request::Directive::directory(name, mode)
        }
        FILE => {
            // SAFETY: the caller promises as many bytes as there are to be.
            let content = unsafe { list(ARGUMENT, directive.content, directive.content_size)? };
            request::Directive::file(name, content)
        }
        LINK => {
            // SAFETY: the caller promises a string or NULL.
            let target = unsafe { required(ARGUMENT, directive.target)? };
            request::Directive::link(name, target)
        }
        other => Err(Error::argument(
            ARGUMENT,
            format_args!("the directive for {} has no kind {other}", quoted(name)),
        )),
    }
}
