// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening the file of an image and choosing the image that is meant.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use guix_docker::Job;
use guix_docker::image::{
    Catalog, ListedImage, Store, Wanted, WantedName, WantedPlatform, WholeImage, described,
};

use crate::failure::Failure;
use crate::options::Selection;
use crate::progress::Display;

/// Archive or layout, of which the documents have been read.
pub struct ImageFile {
    pub store: Store,
    pub catalog: Catalog,
}

impl ImageFile {
    /// Opens the file or directory `name`.
    pub fn open(name: &OsStr, display: &Display) -> Result<Self, Failure> {
        let job = Job::default();
        let file = job.run_one(&mut display.monitor(), || {
            let store = Store::open_packed(name.as_bytes(), &job)?;
            let catalog = Catalog::read(&store, &job)?;
            Ok(ImageFile { store, catalog })
        })?;
        match file.catalog.images.is_empty() {
            true => Err(file.catalog.no_such(&file.store, &Wanted::default()).into()),
            false => Ok(file),
        }
    }

    /// Opens the images that `selection` names.
    pub fn select(&self, selection: &Selection) -> Result<Vec<WholeImage>, Failure> {
        let wanted = wanted(selection)?;
        let meant = self.catalog.matching(&wanted);
        if meant.is_empty() {
            return Err(Failure::Usage(format!(
                "{} has no such image, but these: {}",
                self.store.shown_name(),
                described(&self.catalog.images)
            )));
        }
        meant.into_iter().map(|image| self.image(image)).collect()
    }

    /// Opens the one image that `selection` names.
    pub fn select_one(&self, selection: &Selection) -> Result<WholeImage, Failure> {
        let wanted = wanted(selection)?;
        match self.catalog.matching(&wanted).as_slice() {
            [one] => self.image(one),
            [] => self.select(selection)?.pop().ok_or_else(|| {
                Failure::Other(format!("{} has no images", self.store.shown_name()))
            }),
            _ => match self.catalog.choose(&self.store, &wanted) {
                Ok(first) if wanted.platform.is_some() => self.image(first),
                _ => Err(Failure::Usage(format!(
                    "{} has several images; say by --name or --platform which is meant: {}",
                    self.store.shown_name(),
                    described(&self.catalog.images)
                ))),
            },
        }
    }

    /// Opens `image`.
    fn image(&self, image: &ListedImage) -> Result<WholeImage, Failure> {
        Ok(self.catalog.open(&self.store, image)?)
    }
}

fn wanted(selection: &Selection) -> Result<Wanted, Failure> {
    let platform = |text: &String| {
        WantedPlatform::parse(text).ok_or_else(|| {
            Failure::Usage(format!(
                "--platform: {text:?} is no platform; write OS/ARCHITECTURE, such as linux/arm64"
            ))
        })
    };
    Ok(Wanted {
        name: selection.name.as_deref().map(WantedName::new),
        platform: selection.platform.as_ref().map(platform).transpose()?,
    })
}
