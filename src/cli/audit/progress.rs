//! The progress of long work, said on a terminal and nowhere else.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// The pause between two words.
const PAUSE: Duration = Duration::from_millis(200);

/// Progress that is said on standard error if that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    is_shown: bool,
    said: Option<Instant>,
}

impl Progress {
    /// Begins with nothing said.
    pub(super) fn new() -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            said: None,
        }
    }

    /// Says how far the work is, in place of what was said before.
    pub(super) fn tell(&mut self, what: &str, number: u64) {
        let is_due = self.said.is_none_or(|said| said.elapsed() >= PAUSE);
        if self.is_shown && is_due {
            self.said = Some(Instant::now());
            anstream::eprint!("\r\u{1b}[K{what}: {number}");
        }
    }

    /// Takes away what was said.
    pub(super) fn end(&mut self) {
        if self.said.take().is_some() {
            anstream::eprint!("\r\u{1b}[K");
        }
    }
}
