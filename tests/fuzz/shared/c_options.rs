// SPDX-License-Identifier: GPL-3.0-or-later

//! The options of C, as `include/guix_docker.h` has them, and the memory that
//! they point to.

use std::ffi::{CString, c_char, c_int, c_void};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::LazyLock;

use super::settings::Settings;

/// `struct guix_docker_options`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Options {
    pub size: usize,
    pub image: *const c_char,
    pub paths: *const *const c_char,
    pub path_count: usize,
    pub prefix: *const c_char,
    pub repository: *const c_char,
    pub extra_files: *const c_void,
    pub extra_file_count: usize,
    pub transformations: *const c_void,
    pub transformation_count: usize,
    pub system: *const c_char,
    pub database: *const c_char,
    pub entry_point: *const *const c_char,
    pub entry_point_count: usize,
    pub environment: *const c_void,
    pub environment_count: usize,
    pub compressor: *const *const c_char,
    pub compressor_count: usize,
    pub creation_time: i64,
    pub max_layers: i64,
    pub root_system: *const c_char,
    pub history: u32,
    pub threads: u32,
    pub progress: Option<unsafe extern "C" fn(*mut c_void, u64, u64) -> c_int>,
    pub progress_data: *mut c_void,
    pub monitor: *const c_void,
    pub directive_size: u32,
    pub transformation_size: u32,
    pub variable_size: u32,
    pub reserved: u32,
    pub ownership: *const c_void,
    pub ownership_count: usize,
    pub ownership_size: usize,
    pub variant: *const c_char,
    pub whiteouts: u32,
    pub modes: u32,
    pub xattrs: u32,
    pub parent_directories: u32,
    pub config_keys: u32,
    pub format: u32,
    pub names: *const *const c_char,
    pub name_count: usize,
    pub cmd: *const *const c_char,
    pub cmd_count: usize,
    pub user: *const c_char,
    pub working_directory: *const c_char,
    pub exposed_ports: *const *const c_char,
    pub exposed_port_count: usize,
    pub volumes: *const *const c_char,
    pub volume_count: usize,
    pub labels: *const c_void,
    pub label_count: usize,
    pub stop_signal: *const c_char,
    pub health_check: *const c_char,
    pub author: *const c_char,
    pub config: *const c_char,
    pub image_fd: c_int,
    pub archive_digest: u32,
    pub annotations: *const c_void,
    pub annotation_count: usize,
    pub reuse: *const *const c_char,
    pub reuse_count: usize,
    pub references_graphs: *const *const c_char,
    pub references_graph_count: usize,
    pub layering: u32,
    pub immutable_paths: u32,
    pub base: *const c_char,
    pub base_name: *const c_char,
}

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
    lists: Vec<Vec<*const c_char>>,
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
        let image_fd = match number("fd") {
            // Not one that the fuzzer uses.
            fd @ 0..100 => fd.signum() as c_int * NOTHING.as_raw_fd(),
            fd => fd as c_int,
        };
        let prefix = settings.last("prefix").unwrap_or(b"prefix");
        let image = (image_fd == 0 || settings.last("image").is_some()).then_some(image);
        let options = Options {
            size: settings
                .number("size")
                .map_or(options.size, |size| size as usize),
            image: given.optional(image),
            prefix: given.optional(Some(prefix)),
            repository: given.last(settings, "repository"),
            system: given.last(settings, "system"),
            database: given.last(settings, "database"),
            creation_time: settings.number("time").unwrap_or(1),
            max_layers: number("layers"),
            root_system: given.last(settings, "root"),
            history: number("history") as u32,
            threads: settings.threads(),
            reserved: number("reserved") as u32,
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
        // SAFETY: the structure has no padding.
        let bytes = unsafe {
            std::slice::from_raw_parts((&raw const self.options).cast::<u8>(), size_of::<Options>())
        };
        // Every version has its size.
        let size = self.options.size.clamp(size_of::<usize>(), MAX_SIZE);
        let memory = Guarded::new(&resized(bytes, size, self.rest), align_of::<Options>());
        let start = memory.start;
        self.memory.push(memory);
        start.cast()
    }

    fn put_lists(&mut self, settings: &Settings) {
        let mut list = |word| {
            let values = settings.values(word).into_iter();
            let pointers = values.map(|value| self.optional(Some(value))).collect();
            self.lists.push(pointers);
            let pointers: &Vec<_> = &self.lists[self.lists.len() - 1];
            let is_null = pointers.is_empty() || settings.values("null").contains(&word.as_bytes());
            let start = if is_null {
                ptr::null()
            } else {
                pointers.as_ptr()
            };
            (start, pointers.len())
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

    /// The lists of structures, each of as many bytes as is said.
    fn put_structures(&mut self, settings: &Settings) {
        let size = |word, size| settings.number(word).map_or(size, |size| size as u32);
        self.options.directive_size = size("directive_size", self.options.directive_size);
        self.options.transformation_size =
            size("transformation_size", self.options.transformation_size);
        self.options.variable_size = size("variable_size", self.options.variable_size);
        if let Some(size) = settings.number("ownership_size") {
            self.options.ownership_size = size as usize;
        }
        let mut directives: Vec<[u64; 5]> = Vec::new();
        for (word, kind) in [("dir", 1), ("file", 2), ("link", 3), ("kind", 0)] {
            for line in settings.all(word) {
                let kind = if kind == 0 {
                    line.number(1) as u32
                } else {
                    kind
                };
                let mode = if kind == 1 { line.number(1) as u32 } else { 0 };
                let content = CString::new(line.field(1)).unwrap_or_default();
                let content_size = content.as_bytes().len() as u64;
                let content = self.keep(content) as u64;
                directives.push([
                    u64::from(kind) | u64::from(mode) << 32,
                    self.optional(Some(line.field(0))) as u64,
                    content,
                    content,
                    content_size,
                ]);
            }
        }
        let directives = words(&directives);
        let pairs = |given: &mut Self, word| {
            let lines = settings.all(word).map(|line| {
                let one = given.optional(Some(line.field(0)));
                [one as u64, given.optional(Some(line.field(1))) as u64]
            });
            words(&lines.collect::<Vec<_>>())
        };
        let [transformations, environment, labels, annotations] =
            ["transform", "env", "label", "annotation"].map(|word| pairs(self, word));
        let ownership = settings.all("owner").map(|line| {
            let (uid, gid) = (line.number(1) as u32, line.number(2) as u32);
            let path = self.optional(Some(line.field(0)));
            [path as u64, u64::from(uid) | u64::from(gid) << 32]
        });
        let ownership = words(&ownership.collect::<Vec<_>>());

        let mut put = |elements: Vec<Vec<u8>>, size: usize| {
            // What is larger is refused by its size.
            let size = size.min(MAX_SIZE + 1);
            let elements: Vec<Vec<u8>> = elements
                .iter()
                .take(MAX_SIZE / size.max(1))
                .map(|element| resized(element, size, self.rest))
                .collect();
            if elements.is_empty() {
                return (ptr::null(), 0);
            }
            let memory = Guarded::new(&elements.concat(), 1);
            let start = memory.start.cast();
            self.memory.push(memory);
            (start, elements.len())
        };
        let options = &mut self.options;
        (options.extra_files, options.extra_file_count) =
            put(directives, options.directive_size as usize);
        (options.transformations, options.transformation_count) =
            put(transformations, options.transformation_size as usize);
        (options.ownership, options.ownership_count) = put(ownership, options.ownership_size);
        let size = options.variable_size as usize;
        (options.environment, options.environment_count) = put(environment, size);
        (options.labels, options.label_count) = put(labels, size);
        (options.annotations, options.annotation_count) = put(annotations, size);
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

/// The bytes of structures that are words of 64 bits.
fn words<const N: usize>(structures: &[[u64; N]]) -> Vec<Vec<u8>> {
    let bytes = |words: &[u64; N]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    structures.iter().map(bytes).collect()
}

/// As much of a structure as fits into `size` bytes, and `rest` behind it.
fn resized(structure: &[u8], size: usize, rest: u8) -> Vec<u8> {
    let mut bytes = structure.to_vec();
    bytes.resize(size, rest);
    bytes
}

/// Bytes in front of a page that nobody can read.
struct Guarded {
    mapping: *mut c_void,
    length: usize,
    start: *const u8,
}

const PAGE: usize = 4096;

impl Guarded {
    /// A copy of `bytes`, aligned to a multiple of `alignment`.
    fn new(bytes: &[u8], alignment: usize) -> Self {
        let pages = bytes.len().next_multiple_of(PAGE);
        let length = pages + PAGE;
        let start = (pages - bytes.len()) / alignment * alignment;
        // SAFETY: the mapping is new, and has room for the bytes in front of its
        // last page.
        unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let mapping = libc::mmap(ptr::null_mut(), length, protection, flags, -1, 0);
            assert_ne!(mapping, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(mapping.add(pages), PAGE, libc::PROT_NONE), 0);
            let start = mapping.cast::<u8>().add(start);
            ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
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
