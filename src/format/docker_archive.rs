// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive that `docker save` wrote up to version 24 and `docker load`
//! reads, as Guix has it: the Docker Image Specification v1.2.

use super::members::{file_header, push_directory, push_file};
use super::{ArchiveFormat, Blob, Documents, documents};
use crate::digest::Digest;
use crate::error::Result;
use crate::plan::{Layer, Plan, Role};
use crate::request::Request;
use crate::tar::OwnerNames;

/// An archive with its layers as they are.
pub struct DockerArchive<'a> {
    request: &'a Request,
    plan: &'a Plan,
    form: Form,
    created: String,
    head: Vec<u8>,
}

/// How layers are found in the archive.
enum Form {
    /// There is one, in a directory with this name, beside what older engines
    /// read.
    Single(String),
    /// Each is in a directory that is called by its digest.
    Layered,
}

impl<'a> DockerArchive<'a> {
    /// For the image of `plan`.
    pub fn new(request: &'a Request, plan: &'a Plan) -> Result<Self> {
        let created = documents::rfc3339(request.metadata.creation_time)?;
        let (form, head) = match plan.layers.as_slice() {
            [layer] if layer.role == Role::Everything => {
                let id = Digest::of(&request.content.prefix).hex();
                let head = single_layer_head(&id, &created, layer)?;
                (Form::Single(id), head)
            }
            _ => (Form::Layered, Vec::new()),
        };
        Ok(DockerArchive {
            request,
            plan,
            form,
            created,
            head,
        })
    }

    /// Where the layer is.
    fn layer_file(&self, layer: &Blob) -> String {
        match &self.form {
            Form::Single(id) => format!("{id}/layer.tar"),
            Form::Layered => format!("{}/layer.tar", layer.diff_id),
        }
    }

    fn owner_names(&self) -> OwnerNames {
        match self.form {
            Form::Single(_) => OwnerNames::Root,
            Form::Layered => OwnerNames::None,
        }
    }
}

impl ArchiveFormat for DockerArchive<'_> {
    fn head(&self) -> &[u8] {
        &self.head
    }

    fn has_layer_headers(&self) -> bool {
        matches!(self.form, Form::Layered)
    }

    fn layer_header(&self, layer: &Blob) -> Vec<u8> {
        file_header(&self.layer_file(layer), layer.size, self.owner_names())
    }

    fn documents(&self, layers: &[Blob]) -> Result<Documents> {
        let config = documents::config(self.request, &self.created, self.plan, layers)?;
        let layer_files: Vec<String> = layers.iter().map(|layer| self.layer_file(layer)).collect();
        let image_id = Digest::of(&config);
        let names = self.request.metadata.names_of(&image_id);
        let manifest = documents::manifest("config.json", &names, &layer_files)?;
        let mut members = Vec::new();
        let mut push =
            |name, content: &[u8]| push_file(&mut members, name, content, self.owner_names());
        match &self.form {
            Form::Single(id) => {
                push("config.json", &config);
                push("manifest.json", &manifest);
                let repositories = documents::repositories(&names, id)?;
                push("repositories", &repositories);
            }
            Form::Layered => {
                push("manifest.json", &manifest);
                push("config.json", &config);
            }
        }
        Ok(Documents {
            image_id,
            manifest: None,
            members,
        })
    }
}

/// What comes before the layer of a single-layer image.
fn single_layer_head(id: &str, created: &str, layer: &Layer) -> Result<Vec<u8>> {
    let names = OwnerNames::Root;
    let mut head = Vec::new();
    push_directory(&mut head, &format!("{id}/"), names);
    let mut push = |name: &str, content: &[u8]| {
        push_file(&mut head, &format!("{id}/{name}"), content, names);
    };
    push("VERSION", documents::LAYER_JSON_VERSION);
    push("json", &documents::layer_description(id, created)?);
    head.extend(file_header(&format!("{id}/layer.tar"), layer.size, names));
    Ok(head)
}
