// SPDX-License-Identifier: GPL-3.0-or-later

//! Applying the changes of a layer, in the order of its archive.

mod walk;

use std::collections::{HashMap, HashSet};
use std::mem;

use super::changes::{self, Change, Changes};
use super::paths::{PathId, ROOT};
use super::problem::Name;
use super::{Allowance, Extra, Kind, NONE, Overlay, Own, Problem, SEEN_BITS, State, Subject};
use crate::error::Result;
use crate::job::Job;
use crate::memory;
use crate::path::{Whiteout, rooted, whiteout};

/// Maximum length in bytes of a name below the directories in which docker and
/// podman keep layers, of which `/var/lib/containers/storage/overlay/ID/diff/` is
/// the longest.
const MAX_NAME: usize = 4095 - 106;

/// Bytes of paths that may be walked behind symbolic links, in any case and for
/// each byte of a name.
pub const FREE_WALKS: u64 = 32 << 20;
const WALKS_PER_BYTE: u64 = 8;

/// Number of changes after which the job is asked whether to go on.
const CHECK_EVERY: usize = 1 << 12;

/// Bytes of memory for each whiteout of a directory.
const WHITEOUT_COST: usize = 64;

impl Overlay {
    /// Applies the `changes` of the next layer.  Calls `report` for each member that
    /// has a problem, which is applied as far as some engine does.
    pub fn apply(
        &mut self,
        changes: &Changes,
        job: &Job,
        report: &mut dyn FnMut(Subject, Problem),
    ) -> Result<()> {
        if let Some(error) = changes.failure() {
            return Err(error.clone());
        }
        self.layer += 1;
        self.tick()?;
        let mut layer = Layer {
            has_lower: self.states[ROOT as usize].filled,
            start: self.clock,
            overlay: self,
            report,
            trail: Vec::new(),
            stack: Vec::new(),
            original: Vec::new(),
            quiet: false,
            told: false,
            diverged: false,
            whited_out: HashMap::new(),
            made_again: HashSet::new(),
            implied: Vec::new(),
            directories: Vec::new(),
            hides_own: false,
        };
        layer.overlay.tick()?;
        let mut path = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            if index % CHECK_EVERY == 0 {
                job.check()?;
            }
            path.truncate(change.shared);
            memory::make_room_to_grow(&mut path, change.rest.len())?;
            path.extend_from_slice(change.rest);
            layer.apply(&change, &path)?;
        }
        layer.finish();
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        // The greatest is the root's.
        match self.clock.checked_add(1).filter(|time| *time < u32::MAX) {
            Some(time) => self.clock = time,
            None => return Err(Allowance::exhausted()),
        }
        Ok(())
    }

    fn state(&mut self, id: PathId) -> &mut State {
        &mut self.states[id as usize]
    }
}

/// A layer that is being applied.
struct Layer<'a> {
    overlay: &'a mut Overlay,
    report: &'a mut dyn FnMut(Subject, Problem),
    /// True if lower layers have files.
    has_lower: bool,
    /// Time before the first change.
    start: u32,
    /// Components of the current path, with the offsets at which they end.
    trail: Vec<(usize, PathId)>,
    /// Directories that a walk went through, with the time up to which what is below
    /// them is void.
    stack: Vec<(PathId, u32)>,
    /// Name of the current member as it is in the archive.
    original: Vec<u8>,
    /// True if problems of the current member are not reported any more.
    quiet: bool,
    /// True if a problem of the current member was reported.
    told: bool,
    /// True if the current member is below a link of a lower layer.
    diverged: bool,
    /// Directories of lower layers that this layer deletes, as they were.
    whited_out: HashMap<PathId, State>,
    /// Those that it makes again.
    made_again: HashSet<PathId>,
    /// Directories that members imply, with mode and owner in lower layers.
    implied: Vec<(PathId, u32)>,
    /// Directories that are members of the layer.
    directories: Vec<PathId>,
    /// True if members of the layer are below a later one that is no directory.
    hides_own: bool,
}

/// Files among which a walk finds its way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    /// Those of the layer, as engines with an overlay have them.
    Layer,
    /// Those of all layers, as engines without have them.
    All,
}

impl Layer<'_> {
    fn tell(&mut self, problem: Problem) {
        if !self.quiet {
            self.told |= !matches!(
                problem,
                Problem::LeadingSlash | Problem::WhiteoutContent | Problem::Odd(_)
            );
            (self.report)(Subject(Name::Member(&self.original)), problem);
        }
    }

    fn tell_of(&mut self, id: PathId, problem: Problem) {
        (self.report)(Subject(Name::Path(&self.overlay.paths, id)), problem);
    }

    fn apply(&mut self, change: &Change, path: &[u8]) -> Result<()> {
        self.overlay.tick()?;
        self.overlay.walks += WALKS_PER_BYTE * path.len() as u64;
        change.original(path, &mut self.original);
        (self.quiet, self.told, self.diverged) = (false, false, false);
        while let Some((end, _)) = self.trail.last() {
            let is_whole = *end <= change.shared && matches!(path.get(*end), None | Some(b'/'));
            if is_whole {
                break;
            }
            self.trail.pop();
        }
        match change.kind {
            changes::Kind::PathTooLong => self.tell(Problem::NameTooLong),
            changes::Kind::ComponentTooLong => self.tell(Problem::ComponentTooLong),
            changes::Kind::NoTarget => self.tell(Problem::NoTarget),
            changes::Kind::TargetTooLong => self.tell(Problem::TargetTooLong),
            _ => self.apply_path(change, path)?,
        }
        Ok(())
    }

    fn apply_path(&mut self, change: &Change, path: &[u8]) -> Result<()> {
        if path.len() > MAX_NAME {
            self.tell(Problem::NameTooLong);
        }
        if change.escapes {
            self.tell(Problem::NameEscapes);
        }
        if change.is_absolute() && !path.is_empty() {
            self.tell(Problem::LeadingSlash);
        }
        if let Some(oddity) = change.oddity {
            self.tell(Problem::Odd(oddity));
        }
        let (mut parent, mut start) = match self.trail.last() {
            Some((end, id)) => (*id, end + 1),
            None => (ROOT, 0),
        };
        while start < path.len() {
            let length = path[start..].iter().position(|&byte| byte == b'/');
            let end = length.map_or(path.len(), |length| start + length);
            parent = self.overlay.add(parent, &path[start..end])?;
            memory::push(&mut self.trail, (end, parent))?;
            start = end + 1;
        }
        if !change.escapes && self.is_seen(parent, change.is_absolute()) {
            self.tell(Problem::Duplicate);
            self.quiet = true;
        }
        let Some(depth) = self.trail.len().checked_sub(1) else {
            if change.kind != changes::Kind::Directory {
                let absolute = change.is_absolute();
                self.tell(Problem::RootNotDirectory { absolute });
            }
            return Ok(());
        };
        let start = match depth {
            0 => 0,
            _ => self.trail[depth - 1].0 + 1,
        };
        let component = &path[start..];
        let effect = whiteout(component);
        if effect.is_some() && change.has_content {
            self.tell(Problem::WhiteoutContent);
        }
        match effect {
            Some(Whiteout::Invalid) => self.tell(Problem::InvalidWhiteout),
            Some(Whiteout::Opaque) => self.hide_lower(path, depth)?,
            // Its parents are made all the same.
            Some(Whiteout::Metadata) => drop(self.descend(path, depth)?),
            Some(Whiteout::Path(hidden)) => self.hide(path, depth, hidden)?,
            None => self.make(change, path, depth, component)?,
        }
        Ok(())
    }

    /// Notes a name of the layer; returns true if it has it already.
    fn is_seen(&mut self, id: PathId, absolute: bool) -> bool {
        let form = 1 << u32::from(absolute);
        let layer = self.overlay.layer;
        let state = self.overlay.state(id);
        if state.seen >> SEEN_BITS != layer {
            state.seen = layer << SEEN_BITS;
        }
        let is_seen = state.seen & form != 0;
        state.seen |= form;
        is_seen
    }

    /// Makes a member of the current path.
    fn make(&mut self, change: &Change, path: &[u8], depth: usize, component: &[u8]) -> Result<()> {
        if !self.descend(path, depth)? {
            return Ok(());
        }
        let (parent, cleared) = self.top();
        let id = self.overlay.add(parent, component)?;
        let (kind, extra) = match change.kind {
            changes::Kind::Directory => {
                let (mode, owner) = change.attributes;
                let extra = self.overlay.add_extra(Extra::Attributes(mode, owner))?;
                (Kind::Directory, extra)
            }
            changes::Kind::Link => (Kind::Link, self.overlay.add_target(change.target)?),
            changes::Kind::HardLink => match self.hard_link(change.target, id)? {
                Some(linked) => linked,
                None => return Ok(()),
            },
            changes::Kind::WhiteoutDevice => {
                self.tell(Problem::WhiteoutDevice);
                (Kind::File, NONE)
            }
            changes::Kind::Unknown(kind) => {
                self.tell(Problem::UnknownType(kind));
                (Kind::File, NONE)
            }
            _ => (Kind::File, NONE),
        };
        self.set(id, cleared, kind, extra);
        if kind == Kind::Directory {
            memory::push(&mut self.directories, id)?;
        }
        match self.diverged {
            true => self.set_elsewhere(id, path, depth, component, (kind, extra)),
            false => Ok(()),
        }
    }

    /// Sets the kind of a path, below directories that were cleared at the time
    /// given.
    fn set(&mut self, id: PathId, cleared: u32, kind: Kind, extra: u32) {
        let now = self.overlay.clock;
        match (self.own(id, cleared), kind) {
            (Own::Absent, _) | (Own::Directory | Own::Implied, Kind::Directory) => {}
            (Own::Directory | Own::Implied, _) => {
                self.tell(Problem::HidesOwn);
                self.hides_own = true;
            }
            (Own::File | Own::Link, _) => self.tell(Problem::Overwrites),
            (Own::Whiteout, Kind::Directory) => {
                if let Some(old) = self.whited_out.remove(&id) {
                    let seen = self.overlay.state(id).seen;
                    *self.overlay.state(id) = State { seen, ..old };
                    if old.filled && self.made_again.try_reserve(1).is_ok() {
                        self.made_again.insert(id);
                    }
                }
            }
            (Own::Whiteout, _) => {}
        }
        let was = self.overlay.kind(id, cleared);
        let state = self.overlay.state(id);
        if kind != Kind::Directory || !matches!(was, Kind::Directory | Kind::Either) {
            state.cleared = now - 1;
            state.filled = false;
        }
        (state.kind, state.set, state.extra) = (kind, now, extra);
        state.own_set = now;
        state.own = match kind {
            Kind::Directory => Own::Directory,
            Kind::Link => Own::Link,
            _ => Own::File,
        };
        let parent = self.overlay.paths.parent(id);
        self.overlay.state(parent).filled = true;
    }

    /// Sets the kind of the current path where engines without an overlay have it,
    /// and `id` is not.
    fn set_elsewhere(
        &mut self,
        id: PathId,
        path: &[u8],
        depth: usize,
        component: &[u8],
        (kind, extra): (Kind, u32),
    ) -> Result<()> {
        let end = depth.checked_sub(1).map_or(0, |last| self.trail[last].0);
        self.restart();
        if !self.walk(&path[..end], View::All)? {
            return Ok(());
        }
        let (parent, cleared) = self.top();
        let other = self.overlay.add(parent, component)?;
        if other == id {
            return Ok(());
        }
        let now = self.overlay.clock;
        let was = self.overlay.kind(other, cleared);
        let state = self.overlay.state(other);
        (state.kind, state.extra) = match (was, kind) {
            (Kind::Absent, _) | (Kind::File, Kind::Link) => (kind, extra),
            (Kind::Directory, Kind::Link) => (Kind::Either, extra),
            (Kind::Directory, Kind::File) | (Kind::File, Kind::Directory) => (Kind::Either, NONE),
            (Kind::Link, Kind::Directory) => (Kind::Either, state.extra),
            _ => (was, state.extra),
        };
        if was == Kind::Absent {
            state.cleared = now - 1;
            state.filled = false;
        }
        state.set = now;
        self.overlay.state(parent).filled = true;
        Ok(())
    }

    /// Returns the kind of the path `id` as a hard link to `target`; `None` if it
    /// cannot be made.
    fn hard_link(&mut self, target: &[u8], id: PathId) -> Result<Option<(Kind, u32)>> {
        let (path, escapes) = rooted(target);
        if escapes {
            self.tell(Problem::HardLinkEscapes(target.to_vec()));
        }
        let found = self.find(&path, View::Layer)?;
        // The member takes the place of its own target before that is looked for.
        let found = found.filter(|(found, _)| *found != id);
        let own = found.map_or(Own::Absent, |(found, cleared)| self.own(found, cleared));
        let kind = match (own, found) {
            (Own::File, _) => (Kind::File, NONE),
            (Own::Link, Some((found, _))) => (Kind::Link, self.overlay.state(found).extra),
            (Own::Directory | Own::Implied, _) => {
                self.tell(Problem::HardLinkToDirectory(target.to_vec()));
                return Ok(None);
            }
            (Own::Whiteout, _) => {
                self.tell(Problem::HardLinkToWhiteout(target.to_vec()));
                return Ok(None);
            }
            _ => {
                self.tell(Problem::HardLinkMissing(target.to_vec()));
                match self.find(&path, View::All)? {
                    Some((found, cleared)) if self.overlay.kind(found, cleared) == Kind::Link => {
                        (Kind::Link, self.overlay.state(found).extra)
                    }
                    _ => (Kind::File, NONE),
                }
            }
        };
        Ok(Some(kind))
    }

    /// Applies a whiteout of `hidden` beside the current path.
    fn hide(&mut self, path: &[u8], depth: usize, hidden: &[u8]) -> Result<()> {
        if !self.descend(path, depth)? {
            return Ok(());
        }
        let (parent, cleared) = self.top();
        let id = self.overlay.add(parent, hidden)?;
        if self.own(id, cleared) != Own::Absent {
            self.tell(Problem::WhiteoutOfOwn(self.overlay.paths.name(id)));
            return Ok(());
        }
        // If an opaque whiteout has hidden it before, it does no harm.
        let was = self.overlay.kind(id, cleared);
        if was == Kind::Absent && cleared != self.start && !self.told {
            self.tell(Problem::WhiteoutOfNothing(self.overlay.paths.name(id)));
        }
        let now = self.overlay.clock;
        if matches!(was, Kind::Directory | Kind::Either) {
            self.overlay.allowance.take(WHITEOUT_COST)?;
            let room = self.whited_out.try_reserve(1);
            room.map_err(|_| memory::too_little(WHITEOUT_COST))?;
            let state = *self.overlay.state(id);
            self.whited_out.insert(id, state);
        }
        let state = self.overlay.state(id);
        *state = State {
            own: Own::Whiteout,
            set: now,
            own_set: now,
            cleared: now - 1,
            seen: state.seen,
            ..State::default()
        };
        Ok(())
    }

    /// Applies an opaque whiteout in the directory above the current path.
    fn hide_lower(&mut self, path: &[u8], depth: usize) -> Result<()> {
        let Some(above) = depth.checked_sub(1) else {
            if self.has_lower {
                self.tell(Problem::OpaqueRoot);
            }
            return Ok(());
        };
        if !self.descend(path, above)? {
            return Ok(());
        }
        let start = match above {
            0 => 0,
            _ => self.trail[above - 1].0 + 1,
        };
        let component = &path[start..self.trail[above].0];
        let (parent, cleared) = self.top();
        let id = self.overlay.add(parent, component)?;
        match (self.own(id, cleared), self.overlay.kind(id, cleared)) {
            // Engines make these opaque, which is without effect.
            (Own::File | Own::Whiteout, _) => return Ok(()),
            (Own::Absent, Kind::Absent) => self.tell(Problem::OpaqueNothing),
            _ => {}
        }
        if self.walk(component, View::Layer)? {
            let (id, _) = self.top();
            if id != ROOT {
                let start = self.start;
                let state = self.overlay.state(id);
                state.cleared = state.cleared.max(start);
                self.made_again.remove(&id);
            }
        }
        Ok(())
    }

    /// Reports what shows when the layer is complete.
    fn finish(&mut self) {
        let mut made_again: Vec<PathId> = self.made_again.drain().collect();
        made_again.sort_unstable();
        for id in made_again {
            self.tell_of(id, Problem::MadeAgain);
        }
        if self.hides_own {
            for id in mem::take(&mut self.directories) {
                let time = self.overlay.state(id).own_set;
                let parent = |id: &PathId| Some(self.overlay.paths.parent(*id));
                let mut above = std::iter::successors(parent(&id), parent);
                let hides = |id: &PathId| self.overlay.states[*id as usize].cleared >= time;
                if above
                    .by_ref()
                    .take_while(|id| *id != ROOT)
                    .any(|id| hides(&id))
                {
                    self.tell_of(id, Problem::HiddenDirectory);
                }
            }
        }
        for (id, extra) in mem::take(&mut self.implied) {
            let state = *self.overlay.state(id);
            let attributes = self.overlay.extra(extra);
            if let (Own::Implied, Some(Extra::Attributes(mode, owner))) = (state.own, attributes) {
                self.tell_of(id, Problem::Implied { mode, owner });
            }
        }
    }
}
