//! The size of the screen that a command writes to.

use std::{env, io};

use terminal_size::{Height, Width, terminal_size_of};

/// The fewest columns that lines are broken for. A narrower screen breaks them by itself.
const NARROWEST: usize = 40;

/// The screen behind standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Screen {
    /// The columns to break lines for; `None` if lines may have any length, as in a file or a pipe.
    pub(super) columns: Option<usize>,
    /// The rows of the terminal; `None` if standard output is none.
    pub(super) rows: Option<usize>,
}

impl Screen {
    /// Returns the screen behind standard output. The variable `COLUMNS` has the last word on its width, in a pipe too.
    pub(super) fn of_stdout() -> Self {
        let size = terminal_size_of(io::stdout());
        let told = env::var("COLUMNS").ok();
        let told = told.and_then(|columns| columns.parse().ok());
        let told = told.filter(|columns| *columns > 0);
        let seen = size.map(|(Width(columns), _)| usize::from(columns));
        Self {
            columns: told.or(seen).map(|columns| columns.max(NARROWEST)),
            rows: size.map(|(_, Height(rows))| usize::from(rows)),
        }
    }
}
