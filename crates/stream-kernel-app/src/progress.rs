//! A progress bar on standard error, when that is a terminal and the run is long.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::say;
use crate::stopwatch::Stopwatch;

/// A run that is over sooner shows no bar.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// The clock is looked at once in so many lines.
const LINES_PER_LOOK: u64 = 4_096;

/// Shows how far a run has come.
pub(crate) struct Progress {
    stopwatch: Stopwatch,
    total_bytes: Option<u64>,
    is_terminal: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(stopwatch: Stopwatch, total_bytes: Option<u64>) -> Self {
        Self { stopwatch, total_bytes, is_terminal: io::stderr().is_terminal(), bar: None }
    }

    /// Takes note of how far the reading of a file has come, in bytes; to be called once a block.
    pub(crate) fn update_bytes(&mut self, bytes: u64) {
        if !self.is_terminal {
            return;
        }
        if self.bar.is_none() && self.stopwatch.elapsed() >= SHOWN_AFTER {
            self.bar = Some(bar(self.total_bytes, ""));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    /// Takes note of how far the run has come.
    pub(crate) fn update(&mut self, lines: u64, bytes: u64) {
        if !self.is_terminal || !lines.is_multiple_of(LINES_PER_LOOK) {
            return;
        }
        if self.bar.is_none() && self.stopwatch.elapsed() >= SHOWN_AFTER {
            self.bar = Some(bar(self.total_bytes, "{msg} lines  "));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(lines.to_string());
            bar.set_position(bytes);
        }
    }

    /// Writes a line to standard error, above the bar if there is one.
    pub(crate) fn say(&self, line: String) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns a bar that shows `lines`, a template, before the bytes.
fn bar(total_bytes: Option<u64>, lines: &str) -> ProgressBar {
    let (bar, template) = if let Some(bytes) = total_bytes {
        let template = format!("{{wide_bar}} {{percent}}%  {lines}{{bytes_per_sec}}  {{eta}} left");
        (ProgressBar::new(bytes), template)
    } else {
        let template = format!("{{spinner}} {lines}{{bytes}}  {{bytes_per_sec}}  {{elapsed}}");
        (ProgressBar::new_spinner(), template)
    };
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
