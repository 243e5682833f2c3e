// SPDX-License-Identifier: GPL-3.0-or-later

//! Base images: opening one, checking its layers, and putting them below a plan.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Argument, Error, Result, Status, quoted};
use crate::image::{
    Allowance, Base, BaseLayer, Changes, Overlay, Problem, Subject, Wanted, WantedName,
    WantedPlatform,
};
use crate::job::{Job, Monitor, lock};
use crate::plan::{self, Layer, Plan};
use crate::request::Request;
use crate::warning::{Notice, Warnings};

/// The image that `request` wants its own made upon, if any.
pub fn open(request: &Request, job: &Job, monitor: &mut Monitor) -> Result<Option<Base>> {
    let Some(name) = &request.layers.base else {
        return Ok(None);
    };
    let wanted = Wanted {
        name: request.layers.base_name.as_deref().map(WantedName::new),
        platform: Some(WantedPlatform {
            os: "linux".to_owned(),
            architecture: request.metadata.architecture()?.to_owned(),
            variant: request.metadata.architecture_variant().map(str::to_owned),
        }),
    };
    job.run_one(monitor, || Base::open(name, &wanted, job))
        .map(Some)
}

/// Notes what a caller should know of `base`.
fn warn(base: &Base, request: &Request, warnings: &Warnings) {
    let name = request.layers.base.as_deref().unwrap_or_default();
    if base.has_no_platform {
        warnings.note(Notice::Platform, name);
    }
    for layer in base.layers.iter().filter(|layer| layer.was_foreign) {
        warnings.note(Notice::Foreign, layer.diff_id.to_string().as_bytes());
    }
}

/// Puts the layers of `base` below those of `plan`, when they have been read and
/// found right.
pub fn prepend(
    base: Base,
    plan: &mut Plan,
    request: &Request,
    warnings: &Warnings,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<()> {
    warn(&base, request, warnings);
    let Base { config, layers, .. } = base;
    let unpack = !request.output.format.stores_blobs();
    let sizes = layers.iter().map(|layer| layer.section.size);
    let stored = sizes.fold(0, u64::saturating_add);
    let mut files = Overlay::new(Allowance::new(stored));
    let (layers, changes) = check(
        layers,
        &files,
        unpack,
        request.running.threads,
        job,
        monitor,
    )?;
    for changes in changes {
        let mut refused = None;
        let mut note = |subject: Subject, problem: Problem| {
            if refused.is_none() && problem.is_refused() {
                refused = Some(format!("{}: {problem}", quoted(&subject.name())));
            }
        };
        let applied = files.apply(&changes, job, &mut note);
        let refused = refused.map(|problem| Error::new(Status::Input, problem));
        applied
            .and(refused.map_or(Ok(()), Err))
            .map_err(|error: Error| error.with_argument(Argument("base")))?;
    }
    plan::base::check(plan, &files)?;
    plan::base::adopt(plan, &files)?;
    let own = std::mem::take(&mut plan.layers);
    plan.layers = layers.into_iter().map(Layer::from).chain(own).collect();
    plan.base = Some(config);
    Ok(())
}

/// Reads all layers, several at once; returns them with their changes.
fn check(
    layers: Vec<BaseLayer>,
    files: &Overlay,
    unpack: bool,
    threads: usize,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<(Vec<BaseLayer>, Vec<Changes>)> {
    let count = layers.len();
    let next = AtomicUsize::new(0);
    let state: Vec<Mutex<(BaseLayer, Changes)>> = layers
        .into_iter()
        .map(|layer| Mutex::new((layer, files.changes())))
        .collect();
    job.run(threads.min(count).max(1), monitor, || {
        while let Some(layer) = state.get(next.fetch_add(1, Ordering::Relaxed)) {
            job.check()?;
            let (layer, changes) = &mut *lock(layer);
            layer.check(changes, job)?;
            if unpack {
                layer.unpack(job)?;
            }
        }
        Ok(())
    })?;
    let state = state.into_iter();
    let state = state.map(|state| {
        state
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    Ok(state.unzip())
}
