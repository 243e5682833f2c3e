// SPDX-License-Identifier: GPL-3.0-or-later

//! Walking to the directory of a member: what is missing on the way is made, and
//! symbolic links are followed.

use super::{Layer, View};
use crate::error::Result;
use crate::image::overlay::paths::{MAX_COMPONENT, PathId, ROOT};
use crate::image::overlay::{Allowance, Extra, IMPLIED, Kind, NONE, Own, Problem, State};
use crate::memory;

/// Symbolic links that Linux follows for one name.
const MAX_LINKS: usize = 40;

/// Next step of a walk.
enum Step {
    Entered,
    /// The path is a symbolic link; its target as a range of `targets`.
    Follow(usize, usize),
}

/// A path that is being walked, from its beginning or from behind a link.
struct Route {
    path: Vec<u8>,
    /// Offset of the next component.
    next: usize,
    /// End of what comes from links' targets.
    target_end: usize,
    /// The last link that was followed.
    link: Option<PathId>,
    /// True if that one leads on from its own directory.
    is_relative: bool,
    links: usize,
    /// True if a problem of a link was reported.
    told: bool,
}

impl Route {
    fn new(path: &[u8]) -> Self {
        Route {
            path: path.to_vec(),
            next: 0,
            target_end: 0,
            link: None,
            is_relative: false,
            links: 0,
            told: false,
        }
    }

    /// Goes on; returns the range of the next component that leads anywhere, and
    /// the link whose target it is part of.
    fn next(&mut self) -> Option<(usize, usize, Option<PathId>)> {
        while self.next < self.path.len() {
            let start = self.next;
            let length = self.path[start..].iter().position(|&byte| byte == b'/');
            let end = length.map_or(self.path.len(), |length| start + length);
            self.next = end + 1;
            if !matches!(&self.path[start..end], b"" | b".") {
                return Some((start, end, self.link.filter(|_| start < self.target_end)));
            }
        }
        None
    }

    fn is_at_end(&self) -> bool {
        self.next >= self.path.len()
    }

    /// Goes on at the `target` of `link`.  Returns false if there are too many links.
    fn follow(&mut self, link: PathId, target: &[u8]) -> Result<bool> {
        let rest = self.path.get(self.next..).unwrap_or_default();
        let mut path = memory::with_capacity(target.len() + 1 + rest.len())?;
        path.extend_from_slice(target);
        path.push(b'/');
        path.extend_from_slice(rest);
        *self = Route {
            next: 0,
            target_end: target.len() + 1 + self.target_end.saturating_sub(self.next),
            link: Some(link),
            is_relative: !target.starts_with(b"/"),
            links: self.links + 1,
            told: self.told,
            path,
        };
        Ok(self.links <= MAX_LINKS)
    }
}

impl Layer<'_> {
    /// Directory in which the last walk ended, with the time up to which what is
    /// below is void.
    pub(super) fn top(&self) -> (PathId, u32) {
        self.stack.last().copied().unwrap_or((ROOT, 0))
    }

    fn push(&mut self, id: PathId) {
        let (_, cleared) = self.top();
        let state = *self.overlay.state(id);
        self.diverged |= state.kind == Kind::Either;
        self.stack.push((id, cleared.max(state.cleared)));
    }

    /// Has the next walk begin at the root.
    pub(super) fn restart(&mut self) {
        self.stack.clear();
        self.stack.push((ROOT, self.overlay.state(ROOT).cleared));
    }

    /// Kind of a path in the layer, below directories that were cleared at the time
    /// given.
    pub(super) fn own(&self, id: PathId, cleared: u32) -> Own {
        if id == ROOT {
            return Own::Directory;
        }
        let state = &self.overlay.states[id as usize];
        match state.own_set > self.start.max(cleared) {
            true => state.own,
            false => Own::Absent,
        }
    }

    /// Walks the first `depth` components of the current path.  Returns false if
    /// that cannot be done.
    pub(super) fn descend(&mut self, path: &[u8], depth: usize) -> Result<bool> {
        self.restart();
        let mut start = 0;
        for index in 0..depth {
            let (end, id) = self.trail[index];
            let (_, cleared) = self.top();
            if !matches!(self.own(id, cleared), Own::Implied | Own::Directory) {
                let end = self.trail[depth - 1].0;
                return self.walk(&path[start..end], View::Layer);
            }
            self.push(id);
            start = end + 1;
        }
        Ok(true)
    }

    /// Walks the components of `path` from where the last walk ended.  Returns false
    /// if that cannot be done.
    pub(super) fn walk(&mut self, path: &[u8], view: View) -> Result<bool> {
        let mut route = Route::new(path);
        while let Some((start, end, link)) = route.next() {
            let component = &route.path[start..end];
            if component == b".." {
                self.go_up(&mut route, view);
                continue;
            }
            if component.len() > MAX_COMPONENT {
                self.tell_dangling(link, &mut route.told);
                return Ok(false);
            }
            let (top, _) = self.top();
            let id = self.overlay.add(top, component)?;
            let step = match view {
                View::Layer => self.enter(id, link, &mut route.told)?,
                View::All => self.enter_any(id),
            };
            if let Step::Follow(start, end) = step {
                if !self.follow(&mut route, id, (start, end))? {
                    self.tell(Problem::TooManyLinks);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Returns the path that `path` leads to, the last component not followed, with
    /// the time up to which its state is void.
    pub(super) fn find(&mut self, path: &[u8], view: View) -> Result<Option<(PathId, u32)>> {
        let mut route = Route::new(path);
        self.restart();
        while let Some((start, end, _)) = route.next() {
            let component = &route.path[start..end];
            if component == b".." {
                self.stack
                    .truncate(self.stack.len().saturating_sub(1).max(1));
                continue;
            }
            let (top, cleared) = self.top();
            let Some(id) = self.overlay.paths.child(top, component) else {
                return Ok(None);
            };
            if route.is_at_end() {
                return Ok(Some((id, cleared)));
            }
            let is_link = match (view, self.own(id, cleared)) {
                (View::Layer, Own::Implied | Own::Directory) => false,
                (View::Layer, Own::Link) => true,
                (View::Layer, _) => return Ok(None),
                (View::All, _) => match self.overlay.kind(id, cleared) {
                    Kind::Directory => false,
                    Kind::Link | Kind::Either => true,
                    Kind::File | Kind::Absent => return Ok(None),
                },
            };
            match self.target(id).filter(|_| is_link) {
                None => self.push(id),
                Some(target) if self.follow(&mut route, id, target)? => {}
                Some(_) => return Ok(None),
            }
        }
        Ok(Some((ROOT, 0)))
    }

    fn follow(
        &mut self,
        route: &mut Route,
        id: PathId,
        (start, end): (usize, usize),
    ) -> Result<bool> {
        let may_follow = route.follow(id, &self.overlay.targets[start..end])?;
        if !route.is_relative {
            self.stack.truncate(1);
        }
        let walks = self.overlay.walks.checked_sub(route.path.len() as u64);
        self.overlay.walks = walks.ok_or_else(Allowance::exhausted)?;
        Ok(may_follow)
    }

    fn go_up(&mut self, route: &mut Route, view: View) {
        let link = route.link.filter(|_| route.is_relative && !route.told);
        if self.stack.len() > 1 {
            self.stack.pop();
        } else if let Some(link) = link.filter(|_| view == View::Layer) {
            route.told = true;
            let (link, target) = self.describe(link);
            self.tell(Problem::BelowEscaping { link, target });
        }
    }

    /// Enters a directory of the layer, or makes it.  `link` leads there, if any
    /// does.
    fn enter(&mut self, id: PathId, link: Option<PathId>, told: &mut bool) -> Result<Step> {
        let (_, cleared) = self.top();
        match self.own(id, cleared) {
            Own::Implied | Own::Directory => {}
            Own::Link => {
                if let Some((start, end)) = self.target(id) {
                    return Ok(Step::Follow(start, end));
                }
            }
            Own::File | Own::Whiteout if link.is_some() => {
                self.tell_dangling(link, told);
                self.imply(id);
            }
            Own::File => {
                self.tell(Problem::BelowFile(self.overlay.paths.name(id)));
                self.imply(id);
            }
            Own::Whiteout => {
                self.tell(Problem::BelowWhiteout(self.overlay.paths.name(id)));
                self.imply(id);
            }
            Own::Absent => {
                self.tell_dangling(link, told);
                self.enter_lower(id, cleared, link.is_some())?;
            }
        }
        self.push(id);
        Ok(Step::Entered)
    }

    /// Makes a directory of the layer where lower layers may have something.
    fn enter_lower(&mut self, id: PathId, cleared: u32, is_behind_link: bool) -> Result<()> {
        let now = self.overlay.clock;
        match self.overlay.kind(id, cleared) {
            Kind::Absent => self.imply(id),
            Kind::File => {
                if !is_behind_link {
                    self.tell(Problem::BelowLowerFile(self.overlay.paths.name(id)));
                }
                self.imply(id);
            }
            Kind::Link => {
                if !is_behind_link {
                    let (link, target) = self.describe(id);
                    self.tell(Problem::BelowLowerLink { link, target });
                }
                let state = self.overlay.state(id);
                (state.kind, state.set, state.cleared) = (Kind::Either, now, now - 1);
            }
            Kind::Either => {}
            Kind::Directory => {
                let extra = self.overlay.state(id).extra;
                match self.overlay.extra(extra) {
                    Some(Extra::Attributes(mode, owner)) if (mode, owner) != IMPLIED => {
                        memory::push(&mut self.implied, (id, extra))?;
                    }
                    _ => {}
                }
            }
        }
        let state = self.overlay.state(id);
        (state.own, state.own_set) = (Own::Implied, now);
        Ok(())
    }

    /// Enters a directory of any layer, or makes it.
    fn enter_any(&mut self, id: PathId) -> Step {
        let (_, cleared) = self.top();
        match self.overlay.kind(id, cleared) {
            Kind::Directory => {}
            Kind::Link | Kind::Either => {
                if let Some((start, end)) = self.target(id) {
                    return Step::Follow(start, end);
                }
            }
            Kind::Absent => {
                let State { own, own_set, .. } = *self.overlay.state(id);
                self.imply(id);
                // In the layer it stays what it is.
                let state = self.overlay.state(id);
                (state.own, state.own_set) = (own, own_set);
            }
            Kind::File => {
                let state = self.overlay.state(id);
                (state.kind, state.extra) = (Kind::Either, NONE);
            }
        }
        self.push(id);
        Step::Entered
    }

    /// Makes an empty directory without a member.
    fn imply(&mut self, id: PathId) {
        let now = self.overlay.clock;
        let state = self.overlay.state(id);
        (state.kind, state.set, state.extra) = (Kind::Directory, now, NONE);
        (state.own, state.own_set) = (Own::Implied, now);
        (state.cleared, state.filled) = (now - 1, false);
        let parent = self.overlay.paths.parent(id);
        self.overlay.state(parent).filled = true;
    }

    fn tell_dangling(&mut self, link: Option<PathId>, told: &mut bool) {
        if let Some(link) = link.filter(|_| !*told) {
            *told = true;
            let (link, target) = self.describe(link);
            self.tell(Problem::BelowDangling { link, target });
        }
    }

    /// Range in `targets` of a link's target.
    fn target(&self, id: PathId) -> Option<(usize, usize)> {
        let state = &self.overlay.states[id as usize];
        match self.overlay.extra(state.extra) {
            Some(Extra::Target { start, length }) => {
                let start = start as usize;
                Some((start, start + usize::from(length)))
            }
            _ => None,
        }
    }

    /// Path and target of a link.
    fn describe(&self, id: PathId) -> (Vec<u8>, Vec<u8>) {
        let target = self.target(id);
        let target = target.map_or(&[][..], |(start, end)| &self.overlay.targets[start..end]);
        (self.overlay.paths.name(id), target.to_vec())
    }
}
