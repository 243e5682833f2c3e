// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading what a C caller points to.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::slice;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

use super::layout::{self, Structure};
use super::null;
use super::options::{
    CONFIG_KEYS_REFERENCE, CONFIG_KEYS_SPEC, DEFAULT_MODE, DIRECTIVE_DIRECTORY, DIRECTIVE_FILE,
    DIRECTIVE_LINK, Directive, FORMAT_DOCKER_ARCHIVE, FORMAT_OCI, FORMAT_OCI_ARCHIVE,
    HISTORY_LAYERS, HISTORY_NONE, HISTORY_ONE, LAYERING_REFERENCES, LAYERING_SIZE, MODES_KEEP,
    MODES_REFERENCE, MergeOptions, NO_PERMISSIONS, NOW, Options, WHITEOUTS_ALLOW, WHITEOUTS_REFUSE,
    XATTRS_DROP, XATTRS_KEEP,
};
use crate::Merge;
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::memory;
use crate::request::{
    self, Compressor, ConfigKeys, Format, History, Layering, Modes, Request, Whiteouts, Xattrs,
};

/// So many bytes can be had at any time.
const LITTLE: usize = 64 << 10;

/// Copies the options of a caller whose structure may be older or newer.
///
/// # Safety
///
/// `options` must be NULL or point to as many bytes as its first member says.
pub unsafe fn options(options: *const Options) -> Result<Options> {
    if options.is_null() {
        return Err(null(Argument::Options));
    }
    // SAFETY: every version of the structure begins with its size.
    let size = unsafe { options.cast::<usize>().read() };
    // SAFETY: the caller promises `size` bytes.
    let options = unsafe { layout::copy(Argument::Options, options, size, &Options::new(size))? };
    if options.reserved != 0 {
        return Err(Error::argument(
            Argument::Options,
            "a reserved member is not 0",
        ));
    }
    Ok(options)
}

/// Copies what a caller, whose structure may be older or newer, wants merged.
///
/// # Safety
///
/// `options` must be NULL or point to as many bytes as its first member says,
/// and all that it points to must be as the structure describes.
pub unsafe fn merge(options: *const MergeOptions) -> Result<(Merge, MergeOptions)> {
    if options.is_null() {
        return Err(null(Argument::Options));
    }
    // SAFETY: every version of the structure begins with its size.
    let size = unsafe { options.cast::<usize>().read() };
    let defaults = MergeOptions::new(size);
    // SAFETY: the caller promises `size` bytes.
    let options = unsafe { layout::copy(Argument::Options, options, size, &defaults)? };
    // SAFETY: the caller promises strings, and a list of them.
    let (target, sources) = unsafe {
        (
            required(Argument::Target, options.target)?,
            strings(Argument::Sources, options.sources, options.source_count)?,
        )
    };
    Ok((Merge::new(target, &sources)?, options))
}

/// Makes a request of `options`.
///
/// # Safety
///
/// Everything that `options` points to must be as the structure describes.
pub unsafe fn request(options: &Options) -> Result<Request> {
    // SAFETY: the caller promises that strings end in a NUL and that lists are
    // as long as their counts say; so it is for all that is read below.
    let (image, paths, prefix) = unsafe {
        (
            optional(options.image),
            strings(Argument::Paths, options.paths, options.path_count)?,
            required(Argument::Prefix, options.prefix),
        )
    };
    let mut request = match (image, options.image_fd) {
        (None, 0) => return Err(null(Argument::Image)),
        (Some(image), 0) => Request::new(image, &paths, prefix?)?,
        (None, fd) => Request::to_stream(descriptor(fd)?, &paths, prefix?)?,
        (Some(_), _) => {
            return Err(Error::argument(
                Argument::ImageFd,
                "there is a file name for the image as well; leave out one of them",
            ));
        }
    };
    request.archive_digest(match options.archive_digest {
        0 => false,
        1 => true,
        other => return Err(unknown(Argument::ArchiveDigest, other)),
    });
    // SAFETY: see above.
    let (repository, system, database, root_system) = unsafe {
        (
            optional(options.repository),
            optional(options.system),
            optional(options.database),
            optional(options.root_system),
        )
    };
    if let Some(repository) = repository {
        request.repository(repository)?;
    }
    if let Some(system) = system {
        request.system(system)?;
    }
    if let Some(database) = database {
        request.database(database)?;
    }
    if let Some(root_system) = root_system {
        request.root_system(root_system)?;
    }
    // SAFETY: see above; elements are as large as the caller says.
    let (directives, transformations, environment) = unsafe {
        (
            structures(
                Argument::ExtraFiles,
                options.extra_files,
                options.extra_file_count,
                options.directive_size as usize,
            )?,
            structures(
                Argument::Transformations,
                options.transformations,
                options.transformation_count,
                options.transformation_size as usize,
            )?,
            structures(
                Argument::Environment,
                options.environment,
                options.environment_count,
                options.variable_size as usize,
            )?,
        )
    };
    let directives = directives.iter().map(|item| {
        // SAFETY: see above.
        unsafe { directive(item) }
    });
    request.extra_files(directives.collect::<Result<_>>()?);
    let transformations = transformations.iter().map(|item| {
        // SAFETY: see above.
        let (from, to) = unsafe {
            (
                required(Argument::Transformations, item.from)?,
                required(Argument::Transformations, item.to)?,
            )
        };
        request::Transformation::new(from, to)
    });
    request.transformations(transformations.collect::<Result<_>>()?);
    for variable in environment {
        // SAFETY: see above.
        let (name, value) = unsafe {
            (
                required(Argument::Environment, variable.name)?,
                required(Argument::Environment, variable.value)?,
            )
        };
        request.variable(name, value)?;
    }
    // SAFETY: see above.
    let (entry_point, command) = unsafe {
        (
            strings(
                Argument::EntryPoint,
                options.entry_point,
                options.entry_point_count,
            )?,
            strings(
                Argument::Compressor,
                options.compressor,
                options.compressor_count,
            )?,
        )
    };
    if !options.entry_point.is_null() {
        request.entry_point(&entry_point)?;
    }
    request.compressor(Compressor::from_command(&command)?);
    if options.creation_time != NOW {
        request.creation_time(options.creation_time)?;
    }
    if options.max_layers != 0 {
        request.max_layers(options.max_layers)?;
    }
    request.history(match options.history {
        HISTORY_LAYERS => History::Layers,
        HISTORY_ONE => History::One,
        HISTORY_NONE => History::None,
        other => return Err(unknown(Argument::History, other)),
    });
    request.threads(options.threads as usize);
    // SAFETY: see above.
    unsafe {
        contents(options, &mut request)?;
        container(options, &mut request)?;
        oci(options, &mut request)?;
    }
    Ok(request)
}

/// A descriptor of the library's own for what the caller's `fd` is of.
fn descriptor(fd: i32) -> Result<OwnedFd> {
    let failed = || {
        Error::argument(
            Argument::ImageFd,
            format_args!("{fd} is not an open descriptor"),
        )
    };
    if fd < 0 {
        return Err(failed());
    }
    // SAFETY: it is used for this call alone, which finds out whether it is
    // open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_dupfd_cloexec(fd, 3).map_err(|errno| match errno {
        Errno::BADF => failed(),
        errno => Error::system(Status::Output, "using the descriptor", errno)
            .because_of(Argument::ImageFd),
    })
}

/// The part of the request that says what the image is called and what
/// containers start with.
///
/// # Safety
///
/// As for [`request`].
unsafe fn container(options: &Options, request: &mut Request) -> Result<()> {
    // SAFETY: as in `request`.
    let list = |argument, items, count| unsafe { strings(argument, items, count) };
    // SAFETY: as in `request`.
    let text = |pointer| unsafe { optional(pointer) };
    for name in list(Argument::Names, options.names, options.name_count)? {
        request.name(name)?;
    }
    let container = &mut request.container;
    let cmd = list(Argument::Cmd, options.cmd, options.cmd_count)?;
    if !options.cmd.is_null() {
        container.cmd(&cmd)?;
    }
    if let Some(user) = text(options.user) {
        container.user(user)?;
    }
    if let Some(directory) = text(options.working_directory) {
        container.working_directory(directory)?;
    }
    for port in list(
        Argument::ExposedPorts,
        options.exposed_ports,
        options.exposed_port_count,
    )? {
        container.exposed_port(port)?;
    }
    for volume in list(Argument::Volumes, options.volumes, options.volume_count)? {
        container.volume(volume)?;
    }
    // SAFETY: as in `request`.
    let labels = unsafe {
        structures(
            Argument::Labels,
            options.labels,
            options.label_count,
            options.variable_size as usize,
        )?
    };
    for label in labels {
        // SAFETY: as in `request`.
        let (name, value) = unsafe {
            (
                required(Argument::Labels, label.name)?,
                required(Argument::Labels, label.value)?,
            )
        };
        container.label(name, value)?;
    }
    if let Some(signal) = text(options.stop_signal) {
        container.stop_signal(signal)?;
    }
    if let Some(check) = text(options.health_check) {
        container.health_check(check)?;
    }
    if let Some(author) = text(options.author) {
        container.author(author)?;
    }
    if let Some(config) = text(options.config) {
        container.config(config)?;
    }
    Ok(())
}

/// The part of the request that says how files are in the image.
///
/// # Safety
///
/// As for [`request`].
unsafe fn contents(options: &Options, request: &mut Request) -> Result<()> {
    // SAFETY: as in `request`.
    let (ownership, variant) = unsafe {
        (
            structures(
                Argument::Ownership,
                options.ownership,
                options.ownership_count,
                options.ownership_size,
            )?,
            optional(options.variant),
        )
    };
    let ownership = ownership.iter().map(|item| {
        // SAFETY: as in `request`.
        let path = unsafe { required(Argument::Ownership, item.path)? };
        request::Ownership::new(path, item.uid, item.gid)
    });
    request.ownership(ownership.collect::<Result<_>>()?);
    if let Some(variant) = variant {
        request.variant(variant)?;
    }
    request.whiteouts(match options.whiteouts {
        WHITEOUTS_REFUSE => Whiteouts::Refuse,
        WHITEOUTS_ALLOW => Whiteouts::Allow,
        other => return Err(unknown(Argument::Whiteouts, other)),
    });
    request.modes(match options.modes {
        MODES_REFERENCE => Modes::Reference,
        MODES_KEEP => Modes::Keep,
        other => return Err(unknown(Argument::Modes, other)),
    });
    request.xattrs(match options.xattrs {
        XATTRS_DROP => Xattrs::Drop,
        XATTRS_KEEP => Xattrs::Keep,
        other => return Err(unknown(Argument::Xattrs, other)),
    });
    request.parent_directories(match options.parent_directories {
        0 => false,
        1 => true,
        other => return Err(unknown(Argument::ParentDirectories, other)),
    });
    request.config_keys(match options.config_keys {
        CONFIG_KEYS_REFERENCE => ConfigKeys::Reference,
        CONFIG_KEYS_SPEC => ConfigKeys::Spec,
        other => return Err(unknown(Argument::ConfigKeys, other)),
    });
    Ok(())
}

/// The part of the request that is about images that exist, and OCI images.
///
/// # Safety
///
/// As for [`request`].
unsafe fn oci(options: &Options, request: &mut Request) -> Result<()> {
    request.format(match options.format {
        FORMAT_DOCKER_ARCHIVE => Format::DockerArchive,
        FORMAT_OCI_ARCHIVE => Format::OciArchive,
        FORMAT_OCI => Format::Oci,
        other => return Err(unknown(Argument::Format, other)),
    });
    request.layering(match options.layering {
        LAYERING_SIZE => Layering::Size,
        LAYERING_REFERENCES => Layering::References,
        other => return Err(unknown(Argument::Layering, other)),
    });
    request.immutable_paths(match options.immutable_paths {
        0 => false,
        1 => true,
        other => return Err(unknown(Argument::ImmutablePaths, other)),
    });
    // SAFETY: as in `request`.
    let (annotations, layouts, graphs) = unsafe {
        (
            structures(
                Argument::Annotations,
                options.annotations,
                options.annotation_count,
                options.variable_size as usize,
            )?,
            strings(Argument::Reuse, options.reuse, options.reuse_count)?,
            strings(
                Argument::ReferencesGraphs,
                options.references_graphs,
                options.references_graph_count,
            )?,
        )
    };
    for annotation in annotations {
        // SAFETY: as in `request`.
        let (name, value) = unsafe {
            (
                required(Argument::Annotations, annotation.name)?,
                required(Argument::Annotations, annotation.value)?,
            )
        };
        request.annotation(name, value)?;
    }
    // SAFETY: as in `request`.
    let (base, base_name) = unsafe { (optional(options.base), optional(options.base_name)) };
    if let Some(base) = base {
        request.base(base)?;
    }
    if let Some(name) = base_name {
        request.base_name(name)?;
    }
    if !options.reuse.is_null() {
        request.reuse(&layouts)?;
    }
    request.references_graphs(&graphs)
}

/// `argument` is a number that means nothing.
fn unknown(argument: Argument, value: u32) -> Error {
    Error::argument(
        argument,
        format_args!("{value} is none of the values it may have"),
    )
}

/// # Safety
///
/// The members that the kind of the directive uses must be valid.
unsafe fn directive(directive: &Directive) -> Result<request::Directive> {
    // SAFETY: the caller promises valid members.
    let name = unsafe { required(Argument::ExtraFiles, directive.name)? };
    match directive.kind {
        DIRECTIVE_DIRECTORY => {
            let mode = match directive.mode {
                DEFAULT_MODE => None,
                NO_PERMISSIONS => Some(0),
                mode => Some(mode),
            };
            request::Directive::directory(name, mode)
        }
        DIRECTIVE_FILE => {
            // SAFETY: the caller promises as many bytes as there are to be.
            let content = unsafe {
                list(
                    Argument::ExtraFiles,
                    directive.content,
                    directive.content_size,
                )?
            };
            request::Directive::file(name, content)
        }
        DIRECTIVE_LINK => {
            // SAFETY: the caller promises a string or NULL.
            let target = unsafe { required(Argument::ExtraFiles, directive.target)? };
            request::Directive::link(name, target)
        }
        other => Err(Error::argument(
            Argument::ExtraFiles,
            format_args!("the directive for {} has no kind {other}", quoted(name)),
        )),
    }
}

/// The string behind a pointer that may not be NULL.
///
/// # Safety
///
/// It must be NULL or a string that lives as long as is needed.
unsafe fn required<'a>(argument: Argument, string: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: this is what `optional` asks for.
    let string = unsafe { optional(string) }.ok_or_else(|| null(argument))?;
    ask(argument, string.len())?;
    Ok(string)
}

/// The string behind a pointer, or `None` for NULL.
///
/// # Safety
///
/// As for [`required`].
unsafe fn optional<'a>(string: *const c_char) -> Option<&'a [u8]> {
    if string.is_null() {
        return None;
    }
    // SAFETY: it is not NULL, and so it is a string.
    Some(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// Fails unless there is memory for what is made of `size` bytes of the caller's.
fn ask(argument: Argument, size: usize) -> Result<()> {
    match size > LITTLE {
        true => memory::ask(size.saturating_mul(4)).map_err(|error| error.because_of(argument)),
        false => Ok(()),
    }
}

/// A list of strings, none of which may be NULL.
///
/// # Safety
///
/// As for [`list`] and [`required`].
unsafe fn strings<'a>(
    argument: Argument,
    items: *const *const c_char,
    count: usize,
) -> Result<Vec<&'a [u8]>> {
    // SAFETY: the caller promises `count` elements.
    let items = unsafe { list(argument, items, count)? };
    let mut strings = memory::with_capacity(count)?;
    for &item in items {
        // SAFETY: each is NULL or a string.
        strings.push(unsafe { required(argument, item)? });
    }
    Ok(strings)
}

/// Copies a list of structures, each of which has `size` bytes to the caller.
///
/// # Safety
///
/// As for [`list`], with elements of that size.
unsafe fn structures<T: Structure>(
    argument: Argument,
    items: *const T,
    count: usize,
    size: usize,
) -> Result<Vec<T>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    layout::check_size::<T>(argument, size)?;
    if items.is_null() {
        return Err(null_list(argument, count));
    }
    let total = count.saturating_mul(size);
    // SAFETY: the caller promises as many bytes.
    let bytes = unsafe { list(argument, items.cast::<u8>(), total)? };
    // SAFETY: zeros are NULL or the number 0, and structures of lists consist
    // of these.
    let zeros: T = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut elements = memory::with_capacity(count)?;
    for index in 0..count {
        let element = bytes[index * size..].as_ptr().cast::<T>();
        // SAFETY: the list has `size` bytes for each of its elements.
        elements.push(unsafe { layout::copy(argument, element, size, &zeros)? });
    }
    Ok(elements)
}

fn null_list(argument: Argument, count: usize) -> Error {
    Error::argument(
        argument,
        format_args!("it is NULL, but its count is {count}"),
    )
}

/// A list that may be NULL if it is empty.
///
/// # Safety
///
/// It must have `count` elements and live as long as is needed.
unsafe fn list<'a, T>(argument: Argument, items: *const T, count: usize) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(null_list(argument, count));
    }
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Error::argument(
            argument,
            format_args!("no list has {count} elements"),
        ));
    }
    // SAFETY: it is not NULL, its size was checked, and the caller promises
    // the rest.
    Ok(unsafe { slice::from_raw_parts(items, count) })
}
