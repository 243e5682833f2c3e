// SPDX-License-Identifier: GPL-3.0-or-later

//! Reports for C callers.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::OnceLock;

use crate::report::{LayerReport, Report};

/// Image that was built.  Later versions append members.
#[repr(C)]
pub struct CReport {
    /// Size of the structure as the library knows it, in bytes.
    pub struct_size: u32,
    /// ID of the image, "sha256:" and 64 hexadecimal digits: the digest of its
    /// configuration.
    pub image_id: *const c_char,
    /// Size of the file in bytes; 0 if a command has written it to a descriptor, or the
    /// image is a directory.
    pub archive_size: u64,
    /// Digest of the file, of the same form, or NULL if it was not asked for, or a
    /// command has written the file to a descriptor.
    pub archive_digest: *const c_char,
    /// Digest of the image's manifest, of the same form, or NULL in a Docker archive.
    pub manifest_digest: *const c_char,
    /// Size of the manifest in bytes, or 0.
    pub manifest_size: u64,
    /// Names of the image: repositories with tags.
    pub names: *const *const c_char,
    /// Number of names.
    pub name_count: usize,
    /// Layers of the image, lowest first.
    pub layers: *const *const CLayer,
    /// Number of layers.
    pub layer_count: usize,
    /// Warnings for users of the image: lines of UTF-8 without a full stop, such as of
    /// files that could not be kept as they are.
    pub warnings: *const *const c_char,
    /// Number of warnings.
    pub warning_count: usize,
}

/// Layer of an image that was built.  Later versions append members.
#[repr(C)]
pub struct CLayer {
    /// Size of the structure as the library knows it, in bytes.
    pub struct_size: u32,
    /// Digest of the layer's archive before compression, "sha256:" and 64 hexadecimal
    /// digits.
    pub diff_id: *const c_char,
    /// Size of the layer's archive before compression, in bytes.
    pub size: u64,
    /// Paths in the layer; none for the layer of extra files or of the root file
    /// system, and for those of a base.
    pub items: *const *const c_char,
    /// Number of paths.
    pub item_count: usize,
    /// Digest of the layer's blob in an OCI image, of the same form, or NULL in a Docker
    /// archive.
    pub blob_digest: *const c_char,
    /// Media type of the blob, or NULL.
    pub media_type: *const c_char,
    /// Size of the blob in bytes, or 0.
    pub blob_size: u64,
}

/// Report with all it points to.  The C structure comes first, so that a pointer to it
/// is one to the whole.
#[repr(C)]
struct Owner {
    report: CReport,
    _layers: Vec<CLayer>,
    _layer_pointers: Vec<*const CLayer>,
    _texts: Texts,
    source: Report,
    json: OnceLock<Option<CString>>,
}

/// Strings that pointers lead to, and lists of such pointers.
#[derive(Default)]
struct Texts {
    strings: Vec<CString>,
    lists: Vec<Vec<*const c_char>>,
}

impl Texts {
    /// Keeps a copy of `text`; returns a pointer to it.
    fn string(&mut self, text: impl Into<Vec<u8>>) -> *const c_char {
        // Names of files have no NUL.
        let string = CString::new(text).unwrap_or_default();
        let pointer = string.as_ptr();
        self.strings.push(string);
        pointer
    }

    /// Keeps a list of texts; returns a pointer to it, and its length.
    fn list<T: Into<Vec<u8>>>(
        &mut self,
        texts: impl Iterator<Item = T>,
    ) -> (*const *const c_char, usize) {
        let pointers: Vec<_> = texts.map(|text| self.string(text)).collect();
        let list = (pointers.as_ptr(), pointers.len());
        self.lists.push(pointers);
        list
    }

    /// Keeps a text if there is one; returns a pointer to it, or NULL.
    fn optional(&mut self, text: Option<impl ToString>) -> *const c_char {
        text.map_or(ptr::null(), |text| self.string(text.to_string()))
    }

    fn layer(&mut self, layer: &LayerReport) -> CLayer {
        let (items, item_count) = self.list(layer.items.iter().map(|item| item.path.as_slice()));
        let blob = layer.blob.as_ref();
        CLayer {
            struct_size: size_of::<CLayer>() as u32,
            diff_id: self.string(layer.diff_id.to_string()),
            size: layer.size,
            items,
            item_count,
            blob_digest: self.optional(blob.map(|blob| blob.digest)),
            media_type: self.optional(blob.map(|blob| blob.media_type)),
            blob_size: blob.map_or(0, |blob| blob.size),
        }
    }
}

/// Returns a copy of `report` for a C caller.
pub fn export(report: Report) -> *mut CReport {
    let mut texts = Texts::default();
    let layers: Vec<CLayer> = report
        .layers
        .iter()
        .map(|layer| texts.layer(layer))
        .collect();
    let layer_pointers: Vec<_> = layers.iter().map(ptr::from_ref).collect();
    let (names, name_count) = texts.list(report.names.iter().map(String::as_str));
    let (warnings, warning_count) = texts.list(report.warnings.iter().map(String::as_str));
    let owner = Box::new(Owner {
        report: CReport {
            struct_size: size_of::<CReport>() as u32,
            image_id: texts.string(report.image_id.to_string()),
            archive_size: report.archive_size,
            archive_digest: texts.optional(report.archive_digest),
            manifest_digest: texts.optional(report.manifest.map(|(digest, _)| digest)),
            manifest_size: report.manifest.map_or(0, |(_, size)| size),
            names,
            name_count,
            layers: layer_pointers.as_ptr(),
            layer_count: layer_pointers.len(),
            warnings,
            warning_count,
        },
        _layers: layers,
        _layer_pointers: layer_pointers,
        _texts: texts,
        source: report,
        json: OnceLock::new(),
    });
    Box::into_raw(owner).cast()
}

/// Returns the report as JSON, which is made by the first call; NULL if there is too
/// little memory.
///
/// # Safety
///
/// `report` must be one that [`export`] returned and that has not been freed.
pub unsafe fn json(report: *const CReport) -> *const c_char {
    // SAFETY: `export` made an owner, which begins with the report.
    let owner = unsafe { &*report.cast::<Owner>() };
    let json = owner.json.get_or_init(|| {
        let json = owner.source.to_json().ok()?;
        CString::new(json).ok()
    });
    json.as_ref().map_or(ptr::null(), |json| json.as_ptr())
}

/// Frees a report that [`export`] returned; does nothing for NULL.
///
/// # Safety
///
/// The report must not have been freed.
pub unsafe fn free(report: *mut CReport) {
    if !report.is_null() {
        // SAFETY: `export` made an owner, which begins with the report, and the caller
        // gives it back.
        drop(unsafe { Box::from_raw(report.cast::<Owner>()) });
    }
}
