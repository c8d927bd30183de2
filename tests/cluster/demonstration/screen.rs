//! The output of the demonstration: on a terminal a table that is drawn again in its place, elsewhere a line for each change.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stdout};

use rustix::termios::tcgetwinsize;

use super::palette::Palette;
use super::rows::Shown;
use super::table;

/// The size of a terminal that does not say it.
const USUAL: (usize, usize) = (80, 24);

/// The place where the pods are shown. Dropping it gives a terminal its cursor back.
pub(super) struct Screen {
    is_terminal: bool,
    palette: Palette,
    /// The number of lines that are drawn, and the size of the terminal then.
    drawn: usize,
    size: (usize, usize),
    last: Vec<Shown>,
}

impl Screen {
    pub(super) fn new() -> Self {
        let is_terminal = stdout().is_terminal();
        Self {
            is_terminal,
            palette: Palette::of(is_terminal),
            drawn: 0,
            size: USUAL,
            last: Vec::new(),
        }
    }

    pub(super) fn palette(&self) -> Palette {
        self.palette
    }

    /// Shows the pods, if they are others than before.
    pub(super) fn show(&mut self, pods: &[Shown]) {
        let size = if self.is_terminal { size() } else { USUAL };
        if self.last == pods && self.size == size {
            return;
        }
        // A reader that has gone ends the program by Ctrl-C, as any other.
        let _ = if self.is_terminal {
            self.draw(pods, size)
        } else {
            self.tell(pods)
        };
        self.last = pods.to_vec();
        self.size = size;
    }

    /// Draws the table over the one before.
    fn draw(&mut self, pods: &[Shown], (width, height): (usize, usize)) -> std::io::Result<()> {
        let mut lines = table::lines(pods, width, self.palette);
        // The cursor stands on the last line: a taller table would move what is above it off the screen at each change.
        let room = height.saturating_sub(1).max(2);
        if lines.len() > room {
            let rest = lines.len() - (room - 1);
            lines.truncate(room - 1);
            lines.push(self.palette.dim(&format!("… and {rest} more lines")));
        }
        let mut out = stdout().lock();
        write!(out, "\x1b[?25l")?;
        if self.drawn > 0 && self.size.0 > width {
            // What was wider has been wrapped by the terminal.
            write!(out, "\x1b[2J\x1b[H")?;
        } else if self.drawn > 0 {
            write!(out, "\r\x1b[{}A\x1b[J", self.drawn)?;
        }
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        self.drawn = lines.len();
        out.flush()
    }

    /// Prints a line for each pod that is new, changed or gone.
    fn tell(&self, pods: &[Shown]) -> std::io::Result<()> {
        let by_name = |pods: &'_ [Shown]| -> BTreeMap<String, Shown> {
            let named = pods.iter().map(|pod| (pod.pod.clone(), pod.clone()));
            named.collect()
        };
        let (before, now) = (by_name(&self.last), by_name(pods));
        let mut out = stdout().lock();
        for (name, pod) in &now {
            if before.get(name) != Some(pod) {
                writeln!(out, "{}", told(pod))?;
            }
        }
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            writeln!(out, "{name} is gone")?;
        }
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.drawn > 0 {
            print!("\x1b[?25h");
            let _ = stdout().flush();
        }
    }
}

/// Returns the line about a pod.
fn told(pod: &Shown) -> String {
    let Shown {
        pod: name,
        phase,
        place,
        why,
        ..
    } = pod;
    match place {
        Some(place) => {
            let (node_pool, capacity, arch) = place.kind();
            format!("{name} {phase} on {node_pool} ({capacity}, {arch}): {why}")
        }
        None => format!("{name} {phase}: {why}"),
    }
}

/// Returns the columns and lines of the terminal.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(stdout()).ok();
    let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
    size.filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or(USUAL)
}
