// SPDX-License-Identifier: GPL-3.0-or-later

//! How far the work has come: a bar on a terminal, or lines for logs.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use guix_docker::text::excerpt;
use guix_docker::{Phase, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure;
use crate::interrupt;
use crate::item::short_name;
use crate::options::{ProgressKind, ProgressOptions};
use crate::picture::size_in_words;

/// Maximum length of an item's name in bytes, before characters are spelled.
const ITEM_LENGTH: usize = 200;

/// How often a bar is drawn in a second, and how long a log waits for a line.
const DRAWN: u8 = 10;
const LINES: Duration = Duration::from_secs(3);

/// How long another build may have a layout before that is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows progress.
pub struct Display {
    state: RefCell<State>,
    wait: Wait,
}

/// Waiting for another build, which is told once.
struct Wait {
    is_quiet: bool,
    since: Cell<Option<Instant>>,
    is_told: Cell<bool>,
}

enum State {
    Bar { bar: ProgressBar, phase: Phase },
    Lines(Lines),
    Nothing,
}

struct Lines {
    phase: Phase,
    /// When the phase began, and when there was a line last.
    began: Instant,
    last: Instant,
}

impl Display {
    /// The display that is asked for.
    pub fn new(options: &ProgressOptions) -> Self {
        let now = Instant::now();
        let state = match options.progress {
            _ if options.quiet => State::Nothing,
            ProgressKind::Auto if io::stderr().is_terminal() => {
                let target = ProgressDrawTarget::stderr_with_hz(DRAWN);
                let bar = ProgressBar::with_draw_target(None, target);
                bar.set_style(style(Phase::Scanning));
                bar.set_prefix(name(Phase::Scanning));
                State::Bar {
                    bar,
                    phase: Phase::Scanning,
                }
            }
            ProgressKind::Plain => State::Lines(Lines {
                phase: Phase::Scanning,
                began: now,
                last: now,
            }),
            ProgressKind::Auto | ProgressKind::None => State::Nothing,
        };
        Display {
            state: RefCell::new(state),
            wait: Wait {
                is_quiet: options.quiet,
                since: Cell::new(None),
                is_told: Cell::new(false),
            },
        }
    }

    /// A monitor that shows what it is told, and stops the work when a signal
    /// has come.
    pub fn monitor(&self) -> impl FnMut(Progress) -> ControlFlow<()> + '_ {
        |progress| {
            self.show(&progress);
            if let Some(message) = self.wait.message(&progress) {
                match &*self.state.borrow() {
                    State::Bar { bar, .. } => bar.suspend(|| failure::note(&message)),
                    State::Lines(_) | State::Nothing => failure::note(&message),
                }
            }
            interrupt::heed()
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let State::Bar { bar, .. } = &*self.state.borrow() {
            bar.finish_and_clear();
        }
    }

    fn show(&self, progress: &Progress) {
        match &mut *self.state.borrow_mut() {
            State::Bar { bar, phase } => {
                if *phase != progress.phase {
                    *phase = progress.phase;
                    bar.set_style(style(*phase));
                    bar.set_prefix(name(*phase));
                    bar.reset();
                }
                if progress.total > 0 {
                    bar.set_length(progress.total);
                }
                bar.set_position(progress.done);
                bar.set_message(item(progress));
            }
            State::Lines(lines) => lines.show(progress),
            State::Nothing => {}
        }
    }
}

impl Wait {
    /// What to tell, when there is something for the first time.
    fn message(&self, progress: &Progress) -> Option<String> {
        let layout = progress.waits_for.as_deref()?;
        let since = self.since.get().unwrap_or_else(Instant::now);
        self.since.set(Some(since));
        if self.is_quiet || since.elapsed() < PATIENCE || self.is_told.replace(true) {
            return None;
        }
        let layout = Path::new(OsStr::from_bytes(layout));
        Some(format!(
            "{layout:?}: another build writes to this layout; waiting for its end"
        ))
    }
}

impl Lines {
    fn show(&mut self, progress: &Progress) {
        let now = Instant::now();
        if self.phase != progress.phase {
            self.phase = progress.phase;
            self.began = now;
        }
        if now.duration_since(self.last) >= LINES {
            self.last = now;
            let line = line(progress, now.duration_since(self.began).as_secs_f64());
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

/// A line about `progress`, after so many seconds of its phase.
fn line(progress: &Progress, seconds: f64) -> String {
    let phase = name(progress.phase);
    if progress.total == 0 {
        return format!("{phase}: {} files", progress.done);
    }
    let rate = progress.done as f64 / seconds.max(0.001);
    let left = progress.total.saturating_sub(progress.done) as f64 / rate.max(1.0);
    let item = item(progress);
    let separator = if item.is_empty() { "" } else { ", " };
    format!(
        "{phase}: {} of {} ({:.0} %), {}/s, {left:.0} s left{separator}{item}",
        size_in_words(progress.done),
        size_in_words(progress.total),
        100.0 * progress.done as f64 / progress.total as f64,
        size_in_words(rate as u64),
    )
}

/// What is read, by the item of its layer.
fn item(progress: &Progress) -> String {
    let item = progress.item.as_deref().unwrap_or_default();
    excerpt(short_name(&String::from_utf8_lossy(item)), ITEM_LENGTH).into_owned()
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Scanning => "listing",
        Phase::Comparing => "reading",
        Phase::Writing => "writing",
    }
}

fn style(phase: Phase) -> ProgressStyle {
    let template = match phase {
        Phase::Scanning => "{prefix} {human_pos} files",
        Phase::Comparing | Phase::Writing => {
            "{prefix} [{bar:30}] {decimal_bytes} of {decimal_total_bytes}, \
             {decimal_bytes_per_sec}, {eta} left  {wide_msg}"
        }
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_much_is_left() {
        let mut progress = Progress {
            phase: Phase::Scanning,
            done: 7,
            total: 0,
            item: None,
            waits_for: None,
        };
        assert_eq!(line(&progress, 1.0), "listing: 7 files");
        progress = Progress {
            phase: Phase::Writing,
            done: 250_000_000,
            total: 1_000_000_000,
            item: Some("/usr/a\u{1b}b\u{202e}".as_bytes().into()),
            waits_for: None,
        };
        assert_eq!(
            line(&progress, 2.0),
            "writing: 250 MB of 1 GB (25 %), 125 MB/s, 6 s left, /usr/a\\u{1b}b\\u{202e}"
        );
        progress.item = Some("x".repeat(70_000).as_bytes().into());
        assert!(line(&progress, 2.0).len() < 2 * ITEM_LENGTH);
    }
}
