// SPDX-License-Identifier: GPL-3.0-or-later

//! Reports as C callers see them.

use std::ffi::{CString, c_char};
use std::ptr;

use super::layout::no_padding;
use crate::report::Report;

/// An image that was built.  Later versions add members at the end.
#[repr(C)]
pub struct CReport {
    /// The size of the structure as the library knows it, in bytes.
    pub struct_size: usize,
    /// The image's ID, "sha256:" and 64 hexadecimal digits: the digest of its
    /// configuration.
    pub image_id: *const c_char,
    /// The size of the file in bytes; 0 if a command has written it to a
    /// descriptor, or the image is a directory.
    pub archive_size: u64,
    /// Its layers, lowest first.
    pub layers: *const *const CLayer,
    /// How many layers there are.
    pub layer_count: usize,
    /// What users of the image should know: lines of UTF-8 without a full
    /// stop, such as of files that could not be kept as they are.
    pub warnings: *const *const c_char,
    /// How many warnings there are.
    pub warning_count: usize,
    /// The digest of the file, "sha256:" and 64 hexadecimal digits, or NULL if
    /// it was not asked for, or a command has written to a descriptor.
    pub archive_digest: *const c_char,
    /// What the image is called: repositories with tags.
    pub names: *const *const c_char,
    /// How many names there are.
    pub name_count: usize,
    /// The report as JSON, see `guix_docker_report_json`.
    pub json: *const c_char,
    /// The digest of the image's manifest, "sha256:" and 64 hexadecimal digits,
    /// or NULL if it is no OCI image.
    pub manifest_digest: *const c_char,
    /// The size of the manifest in bytes, or 0.
    pub manifest_size: usize,
}

/// A layer of an image that was built.  Later versions add members at the end.
#[repr(C)]
pub struct CLayer {
    /// The size of the structure as the library knows it, in bytes.
    pub struct_size: usize,
    /// The digest of its archive before compression, "sha256:" and 64
    /// hexadecimal digits.
    pub diff_id: *const c_char,
    /// The size of its archive before compression, in bytes.
    pub size: u64,
    /// The paths that are in it; none for the layer of extra files or of the
    /// root file system, and for those of a base.
    pub items: *const *const c_char,
    /// How many paths there are.
    pub item_count: usize,
    /// The digest of the layer as it is stored in an OCI image, "sha256:" and
    /// 64 hexadecimal digits, or NULL if it is no such image.
    pub blob_digest: *const c_char,
    /// The media type of that, or NULL.
    pub media_type: *const c_char,
    /// The size of that in bytes, or 0.
    pub blob_size: u64,
}

no_padding!(CReport {
    struct_size,
    image_id,
    archive_size,
    layers,
    layer_count,
    warnings,
    warning_count,
    archive_digest,
    names,
    name_count,
    json,
    manifest_digest,
    manifest_size
});
no_padding!(CLayer {
    struct_size,
    diff_id,
    size,
    items,
    item_count,
    blob_digest,
    media_type,
    blob_size
});

/// A report with all it points to.  The report comes first, so that a pointer
/// to it is one to the whole.
#[repr(C)]
struct Owner {
    report: CReport,
    strings: Vec<CString>,
    items: Vec<Vec<*const c_char>>,
    warnings: Vec<*const c_char>,
    names: Vec<*const c_char>,
    layers: Vec<CLayer>,
    pointers: Vec<*const CLayer>,
}

/// A copy of `report`, which is `json` too, for a C caller.
pub fn export(report: Report, json: String) -> *mut CReport {
    let mut strings = Vec::new();
    // Names of files have no NUL.
    let mut keep = |text: Vec<u8>| {
        let string = CString::new(text).unwrap_or_default();
        let pointer = string.as_ptr();
        strings.push(string);
        pointer
    };
    let image_id = keep(report.image_id.to_string().into_bytes());
    let mut items = Vec::new();
    let mut layers = Vec::new();
    for layer in report.layers {
        let paths: Vec<_> = layer
            .items
            .into_iter()
            .map(|item| keep(item.path))
            .collect();
        let (blob_digest, media_type, blob_size) = match &layer.blob {
            Some(blob) => (
                keep(blob.digest.to_string().into_bytes()),
                keep(blob.media_type.as_bytes().to_vec()),
                blob.size,
            ),
            None => (ptr::null(), ptr::null(), 0),
        };
        layers.push(CLayer {
            struct_size: size_of::<CLayer>(),
            diff_id: keep(layer.diff_id.to_string().into_bytes()),
            size: layer.size,
            items: paths.as_ptr(),
            item_count: paths.len(),
            blob_digest,
            media_type,
            blob_size,
        });
        items.push(paths);
    }
    let warnings: Vec<_> = report
        .warnings
        .into_iter()
        .map(|warning| keep(warning.into_bytes()))
        .collect();
    let names: Vec<_> = report
        .names
        .into_iter()
        .map(|name| keep(name.into_bytes()))
        .collect();
    let archive_digest = match report.archive_digest {
        Some(digest) => keep(digest.to_string().into_bytes()),
        None => ptr::null(),
    };
    let (manifest_digest, manifest_size) = match report.manifest {
        Some((digest, size)) => (keep(digest.to_string().into_bytes()), size as usize),
        None => (ptr::null(), 0),
    };
    let json = keep(json.into_bytes());
    let pointers: Vec<*const CLayer> = layers.iter().map(ptr::from_ref).collect();
    let owner = Box::new(Owner {
        report: CReport {
            struct_size: size_of::<CReport>(),
            image_id,
            archive_size: report.archive_size,
            layers: pointers.as_ptr(),
            layer_count: pointers.len(),
            warnings: warnings.as_ptr(),
            warning_count: warnings.len(),
            archive_digest,
            names: names.as_ptr(),
            name_count: names.len(),
            json,
            manifest_digest,
            manifest_size,
        },
        strings,
        items,
        warnings,
        names,
        layers,
        pointers,
    });
    Box::into_raw(owner).cast()
}

/// Frees what [`export`] returned, or does nothing for NULL.
///
/// # Safety
///
/// It must not have been freed.
pub unsafe fn free(report: *mut CReport) {
    if report.is_null() {
        return;
    }
    // SAFETY: `export` made an owner, which begins with the report, and the
    // caller gives it back.
    let owner = unsafe { Box::from_raw(report.cast::<Owner>()) };
    let Owner {
        report: _,
        strings,
        items,
        warnings,
        names,
        layers,
        pointers,
    } = *owner;
    drop((strings, items, warnings, names, layers, pointers));
}
