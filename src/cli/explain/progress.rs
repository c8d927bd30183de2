//! How far a long run has come: one line on a terminal, gone when the run is over.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How long a run takes before it is long, and how often its line is written anew.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line of progress, where standard error is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    next: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// Starts.
    pub(super) fn new() -> Self {
        Self {
            next: stderr().is_terminal().then(|| Instant::now() + PATIENCE),
            shown: false,
        }
    }

    /// Shows how much of how much is done, if it is time to.
    pub(super) fn show(&mut self, what: &str, done: usize, total: usize) {
        if let Some(next) = &mut self.next
            && Instant::now() >= *next
        {
            *next = Instant::now() + PATIENCE;
            self.shown = true;
            // A terminal that cannot be written to shows no progress.
            let _ = write!(stderr(), "\r\u{1b}[K{what} {done} of {total}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(stderr(), "\r\u{1b}[K");
        }
    }
}
