//! Output that has to fit a screen.

use std::io::{self, Write};

/// The rows that a screen needs for the command and for what comes after its output.
const RESERVED: usize = 2;

/// Output kept back until it is known to fit. Writing more than that fails.
#[derive(Debug)]
pub(super) struct Screenful {
    kept: Vec<u8>,
    /// The lines that still fit.
    left: usize,
    /// True if something did not fit.
    pub(super) is_exceeded: bool,
}

impl Screenful {
    /// Returns an empty screen of so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Self {
            kept: Vec::new(),
            left: rows.saturating_sub(RESERVED),
            is_exceeded: false,
        }
    }

    /// Returns what was written.
    pub(super) fn into_kept(self) -> Vec<u8> {
        self.kept
    }
}

impl Write for Screenful {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        let Some(left) = self.left.checked_sub(lines) else {
            self.is_exceeded = true;
            return Err(io::Error::other("more than a screenful"));
        };
        self.left = left;
        self.kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
