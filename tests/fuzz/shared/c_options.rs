// SPDX-License-Identifier: GPL-3.0-or-later

//! The options of C, and the memory that they point to.  The structures are those of
//! `include/guix_docker.h`, see `build.rs`.
//!
//! Words of lines that only C has a meaning for:
//!
//! - `size`, and `directive_size` and so on for the elements of lists: `struct_size`,
//!   which is also how much memory there is
//! - `rest`: byte behind the members that this version has
//! - `null`: list that is NULL and has a count
//! - `hole`: list, and the index of an element that is NULL
//! - `kind`: directive of another kind
//! - `fd`: descriptor to write to, one that is open if it is below 100

use std::ffi::{CString, c_char, c_int, c_void};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::LazyLock;

use super::settings::Settings;

include!(concat!(env!("OUT_DIR"), "/structures.rs"));

impl Default for Options {
    fn default() -> Self {
        // SAFETY: zeros are NULL, no function or the number 0.
        unsafe { std::mem::zeroed() }
    }
}

/// More than any version of a structure has, in bytes: what says more is not
/// read.
const MAX_SIZE: usize = 1 << 16;

static NOTHING: LazyLock<File> =
    LazyLock::new(|| File::options().write(true).open("/dev/null").unwrap());

/// Options with all that they point to.
pub struct Given {
    pub options: Options,
    rest: u8,
    strings: Vec<CString>,
    lists: Vec<Vec<*const c_void>>,
    memory: Vec<Guarded>,
}

impl Given {
    /// What `settings` make of the defaults, for the file `image`.
    pub fn new(options: Options, settings: &Settings, image: &[u8]) -> Self {
        let mut given = Given {
            options,
            rest: settings.number("rest").unwrap_or(0) as u8,
            strings: Vec::new(),
            lists: Vec::new(),
            memory: Vec::new(),
        };
        let number = |word| settings.number(word).unwrap_or(0);
        let image_fd = match settings.number("fd") {
            None => -1,
            // Not one that the fuzzer uses.
            Some(0..100) => NOTHING.as_raw_fd(),
            Some(fd) => fd as c_int,
        };
        let prefix = settings.last("prefix").unwrap_or(b"prefix");
        let image = (image_fd == -1 || settings.last("image").is_some()).then_some(image);
        let options = Options {
            struct_size: settings
                .number("size")
                .map_or(options.struct_size, |size| size as u32),
            image: given.optional(image),
            prefix: given.optional(Some(prefix)),
            repository: given.last(settings, "repository"),
            system: given.last(settings, "system"),
            database: given.last(settings, "database"),
            creation_time: settings.number("time").unwrap_or(1),
            max_layers: number("layers") as u32,
            root_system: given.last(settings, "root"),
            history: number("history") as u32,
            threads: settings.threads(),
            variant: given.last(settings, "variant"),
            whiteouts: number("whiteouts") as u32,
            modes: number("modes") as u32,
            xattrs: number("xattrs") as u32,
            parent_directories: number("parents") as u32,
            config_keys: number("keys") as u32,
            format: number("format") as u32,
            user: given.last(settings, "user"),
            working_directory: given.last(settings, "workdir"),
            stop_signal: given.last(settings, "signal"),
            health_check: given.last(settings, "health"),
            author: given.last(settings, "author"),
            config: given.last(settings, "config"),
            image_fd,
            archive_digest: number("digest") as u32,
            layering: number("layering") as u32,
            immutable_paths: number("immutable") as u32,
            base: given.last(settings, "base"),
            base_name: given.last(settings, "basename"),
            ..options
        };
        given.options = options;
        given.put_lists(settings);
        given.put_structures(settings);
        given
    }

    /// The options, as large as they say.
    pub fn structure(&mut self) -> *const Options {
        let memory = self.memory_of(&[self.options], self.options.struct_size);
        memory.cast()
    }

    fn put_lists(&mut self, settings: &Settings) {
        let mut list = |word| {
            let values = settings.values(word).into_iter();
            let pointers = values.map(|value| self.optional(Some(value)).cast());
            let pointers = pointers.collect();
            let (start, count) = self.list(settings, word, pointers);
            (start.cast::<*const c_char>(), count)
        };
        let lists = [
            "path",
            "entry",
            "compressor",
            "name",
            "cmd",
            "port",
            "volume",
            "reuse",
            "graph",
        ];
        let lists = lists.map(&mut list);
        let options = &mut self.options;
        (options.paths, options.path_count) = lists[0];
        (options.entry_point, options.entry_point_count) = lists[1];
        (options.compressor, options.compressor_count) = lists[2];
        (options.names, options.name_count) = lists[3];
        (options.cmd, options.cmd_count) = lists[4];
        (options.exposed_ports, options.exposed_port_count) = lists[5];
        (options.volumes, options.volume_count) = lists[6];
        (options.reuse, options.reuse_count) = lists[7];
        (options.references_graphs, options.references_graph_count) = lists[8];
    }

    /// Keeps `pointers`, the list of `word`; returns a pointer to it and its length.
    fn list(
        &mut self,
        settings: &Settings,
        word: &str,
        mut pointers: Vec<*const c_void>,
    ) -> (*const *const c_void, usize) {
        let holes = settings.all("hole");
        for hole in holes.filter(|hole| hole.field(0) == word.as_bytes()) {
            if let Some(pointer) = pointers.get_mut(hole.number(1) as usize) {
                *pointer = ptr::null();
            }
        }
        let count = pointers.len();
        let is_null = count == 0 || settings.values("null").contains(&word.as_bytes());
        self.lists.push(pointers);
        match is_null {
            true => (ptr::null(), count),
            false => (self.lists[self.lists.len() - 1].as_ptr(), count),
        }
    }

    /// The lists of structures, each of as many bytes as is said.
    fn put_structures(&mut self, settings: &Settings) {
        let mut directives = Vec::new();
        for (word, kind) in [("dir", 1), ("file", 2), ("link", 3), ("kind", 0)] {
            for line in settings.all(word) {
                let content = CString::new(line.field(1)).unwrap_or_default();
                let content_size = content.as_bytes().len();
                let content = self.keep(content);
                directives.push(Directive {
                    struct_size: 0,
                    kind: match kind {
                        0 => line.number(1) as u32,
                        kind => kind,
                    },
                    mode: match kind {
                        1 => line.number(1) as u32,
                        _ => 0,
                    },
                    name: self.optional(Some(line.field(0))),
                    target: content,
                    content: content.cast(),
                    content_size,
                });
            }
        }
        let pairs = |given: &mut Self, word| {
            let lines = settings.all(word).map(|line| Variable {
                struct_size: 0,
                name: given.optional(Some(line.field(0))),
                value: given.optional(Some(line.field(1))),
            });
            lines.collect::<Vec<_>>()
        };
        let [transformations, environment, labels, annotations] =
            ["transform", "env", "label", "annotation"].map(|word| pairs(self, word));
        let transformations = transformations.into_iter().map(|pair| Transformation {
            struct_size: 0,
            from: pair.name,
            to: pair.value,
        });
        let transformations: Vec<_> = transformations.collect();
        let ownership = settings.all("owner").map(|line| Ownership {
            struct_size: 0,
            uid: line.number(1) as u32,
            gid: line.number(2) as u32,
            path: self.optional(Some(line.field(0))),
        });
        let ownership: Vec<_> = ownership.collect();

        let (extra_files, extra_file_count) = self.put(settings, "directive", "dir", directives);
        let (transformations, transformation_count) =
            self.put(settings, "transformation", "transform", transformations);
        let (ownership, ownership_count) = self.put(settings, "ownership", "owner", ownership);
        let (environment, environment_count) = self.put(settings, "variable", "env", environment);
        let (labels, label_count) = self.put(settings, "variable", "label", labels);
        let (annotations, annotation_count) =
            self.put(settings, "variable", "annotation", annotations);
        self.options = Options {
            extra_files,
            extra_file_count,
            transformations,
            transformation_count,
            ownership,
            ownership_count,
            environment,
            environment_count,
            labels,
            label_count,
            annotations,
            annotation_count,
            ..self.options
        };
    }

    /// Keeps `elements`, structures called `name`, for the list of `word`; returns a
    /// pointer to the list and its length.
    fn put<T: Structure>(
        &mut self,
        settings: &Settings,
        name: &str,
        word: &str,
        mut elements: Vec<T>,
    ) -> (*const *const T, usize) {
        let size = settings.number(&format!("{name}_size"));
        let size = size.map_or(size_of::<T>() as u32, |size| size as u32);
        elements.truncate(MAX_SIZE / room(size));
        for element in &mut elements {
            *element.struct_size() = size;
        }
        let pointers = if elements.is_empty() {
            Vec::new()
        } else {
            let start = self.memory_of(&elements, size);
            // The elements are as far from each other as their memory is large.
            let offsets = (0..elements.len()).map(|index| index * room(size));
            offsets
                .map(|offset| start.wrapping_add(offset).cast())
                .collect()
        };
        let (start, count) = self.list(settings, word, pointers);
        (start.cast(), count)
    }

    /// Copies `elements`, of which each has `size` bytes, to memory that ends where
    /// nobody can read; returns a pointer to it.
    fn memory_of<T: Copy>(&mut self, elements: &[T], size: u32) -> *const u8 {
        let room = room(size);
        let mut bytes = vec![MaybeUninit::new(self.rest); room * elements.len()];
        for (target, element) in bytes.chunks_exact_mut(room).zip(elements) {
            let known = size_of::<T>()
                .min(size as usize)
                .clamp(size_of::<u32>(), room);
            // SAFETY: both have so many bytes.
            unsafe {
                let element = ptr::from_ref(element).cast();
                ptr::copy_nonoverlapping(element, target.as_mut_ptr(), known);
            }
        }
        let memory = Guarded::new(&bytes);
        let start = memory.start;
        self.memory.push(memory);
        start
    }

    fn last(&mut self, settings: &Settings, word: &str) -> *const c_char {
        self.optional(settings.last(word))
    }

    /// A string of what is before the first NUL, or NULL.
    fn optional(&mut self, value: Option<&[u8]>) -> *const c_char {
        match value.and_then(|value| value.split(|&byte| byte == 0).next()) {
            Some(value) => self.keep(CString::new(value).unwrap_or_default()),
            None => ptr::null(),
        }
    }

    fn keep(&mut self, string: CString) -> *const c_char {
        let pointer = string.as_ptr();
        self.strings.push(string);
        pointer
    }
}

/// Structure that begins with its size.
trait Structure: Copy {
    fn struct_size(&mut self) -> &mut u32;
}

macro_rules! sized {
    ($($structure:ident),*) => {$(
        impl Structure for $structure {
            fn struct_size(&mut self) -> &mut u32 {
                &mut self.struct_size
            }
        }
    )*};
}

sized!(Directive, Transformation, Variable, Ownership);

/// Memory that a structure takes which says that it has `size` bytes: what says more
/// than any version has is not read, every version has its size, and structures are
/// aligned.
fn room(size: u32) -> usize {
    let size = (size as usize).clamp(size_of::<u32>(), MAX_SIZE);
    size.next_multiple_of(align_of::<Options>())
}

/// Bytes in front of a page that nobody can read.
struct Guarded {
    mapping: *mut c_void,
    length: usize,
    start: *const u8,
}

const PAGE: usize = 4096;

impl Guarded {
    /// A copy of `bytes`.
    fn new(bytes: &[MaybeUninit<u8>]) -> Self {
        let pages = bytes.len().next_multiple_of(PAGE);
        let length = pages + PAGE;
        let start = pages - bytes.len();
        // SAFETY: the mapping is new, and has room for the bytes in front of its
        // last page.
        unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let mapping = libc::mmap(ptr::null_mut(), length, protection, flags, -1, 0);
            assert_ne!(mapping, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(mapping.add(pages), PAGE, libc::PROT_NONE), 0);
            let start = mapping.cast::<u8>().add(start);
            ptr::copy_nonoverlapping(bytes.as_ptr().cast(), start, bytes.len());
            Guarded {
                mapping,
                length,
                start,
            }
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: nothing of the mapping is used any more.
        unsafe { libc::munmap(self.mapping, self.length) };
    }
}
