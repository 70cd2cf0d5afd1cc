//! Progress bar on standard error, for long operations on a terminal.
//!
//! A terminal has room for one bar, on its last line. Once results are printed there, it has none.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shorter operations show no bar.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// The number of lines between two readings of the clock.
pub(crate) const LINES_PER_LOOK: u64 = 256;

/// Returns the time for people's measurements of a run: no decision and no trace depends on it.
#[expect(clippy::disallowed_methods, reason = "for the summary and the progress bar alone")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The content of the terminal's last line.
enum LastLine {
    Nothing,
    Bar(ProgressBar),
    /// Other output: a bar would disturb it.
    Results,
}

thread_local! {
    static LAST_LINE: RefCell<LastLine> = const { RefCell::new(LastLine::Nothing) };
}

/// Lets `write` write to standard error, above the bar if there is one.
pub(crate) fn above_bar(write: impl FnOnce()) {
    LAST_LINE.with_borrow(|line| match line {
        LastLine::Bar(bar) => bar.suspend(write),
        LastLine::Nothing | LastLine::Results => write(),
    });
}

/// Removes the bar for good if standard output is a terminal, because results are about to be printed.
pub(crate) fn make_room_for_results() {
    if io::stdout().is_terminal() {
        leave_to(LastLine::Results);
    }
}

fn leave_to(next: LastLine) {
    if let LastLine::Bar(bar) = LAST_LINE.replace(next) {
        bar.finish_and_clear();
    }
}

/// Shows the progress through an input, until it is dropped. There is never a second bar.
pub(crate) struct Progress {
    began: Instant,
    total_bytes: Option<u64>,
    is_terminal: bool,
    has_bar: bool,
}

impl Progress {
    /// Returns a bar that is not shown yet; it has an end if the number of bytes is known.
    pub(crate) fn new(began: Instant, total_bytes: Option<u64>) -> Self {
        Self { began, total_bytes, is_terminal: io::stderr().is_terminal(), has_bar: false }
    }

    /// Notes the progress through a file, in bytes; call it once per block.
    pub(crate) fn update_bytes(&mut self, bytes: u64) {
        self.show("", |bar| bar.set_position(bytes));
    }

    /// Notes the progress of a run; call it once per line.
    pub(crate) fn update(&mut self, lines: u64, bytes: u64) {
        if lines.is_multiple_of(LINES_PER_LOOK) {
            self.update_before_wait(lines, bytes);
        }
    }

    /// Notes the progress of a run that is about to wait.
    pub(crate) fn update_before_wait(&mut self, lines: u64, bytes: u64) {
        self.show("{msg} lines  ", |bar| {
            bar.set_message(lines.to_string());
            bar.set_position(bytes);
        });
    }

    /// Lets `update` change the bar, which shows the template `lines` before the bytes.
    fn show(&mut self, lines: &str, update: impl FnOnce(&ProgressBar)) {
        if !self.is_terminal {
            return;
        }
        LAST_LINE.with_borrow_mut(|line| {
            if matches!(line, LastLine::Nothing) && self.began.elapsed() >= SHOWN_AFTER {
                *line = LastLine::Bar(bar(self.total_bytes, lines));
                self.has_bar = true;
            }
            if let LastLine::Bar(bar) = line
                && self.has_bar
            {
                update(bar);
            }
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_bar && LAST_LINE.with_borrow(|line| matches!(line, LastLine::Bar(_))) {
            leave_to(LastLine::Nothing);
        }
    }
}

/// Returns a bar that shows the template `lines` before the bytes.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns progress on a terminal that began this long ago.
    fn began(ago: Duration) -> Progress {
        Progress { is_terminal: true, ..Progress::new(now().checked_sub(ago).unwrap(), Some(10)) }
    }

    #[track_caller]
    fn assert_shows(progress: &mut Progress, is_shown: bool) {
        progress.update_bytes(5);
        assert_eq!(progress.has_bar, is_shown);
    }

    #[test]
    fn a_bar_is_shown_from_the_bound_on_and_on_a_terminal_alone() {
        assert_shows(&mut began(SHOWN_AFTER.mul_f64(0.5)), false);
        assert_shows(&mut Progress { is_terminal: false, ..began(SHOWN_AFTER) }, false);
        assert_shows(&mut began(SHOWN_AFTER), true);
    }

    #[test]
    fn there_is_one_bar_at_a_time_and_none_beside_results() {
        let (mut one, mut other) = (began(SHOWN_AFTER), began(SHOWN_AFTER));
        assert_shows(&mut one, true);
        assert_shows(&mut other, false);
        drop(one);
        assert_shows(&mut other, true);
        leave_to(LastLine::Results);
        drop(other);
        assert_shows(&mut began(SHOWN_AFTER), false);
    }

    #[test]
    fn lines_are_counted_once_in_a_while_and_before_a_wait() {
        let mut progress = began(SHOWN_AFTER);
        progress.update(LINES_PER_LOOK - 1, 5);
        assert!(!progress.has_bar, "the clock was not looked at");
        progress.update(LINES_PER_LOOK, 5);
        assert!(progress.has_bar);
        drop(progress);
        let mut waiting = began(SHOWN_AFTER);
        waiting.update_before_wait(1, 5);
        assert!(waiting.has_bar);
    }
}
