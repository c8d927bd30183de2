//! The pages of reasons and checks, printed.

use std::io::{self, Write};

use anstyle::Style;

use crate::cli::codes::{groups, page};
use crate::cli::terminal::Screen;
use crate::cli::wrap::wrap;

const BOLD: Style = Style::new().bold();

/// The columns of the widest code, and those between it and its meaning.
const CODE: usize = 25;

/// Writes the pages of codes, or a list of all codes if none is named.
pub(super) fn write(codes: &[String], out: &mut impl Write) -> io::Result<()> {
    if codes.is_empty() {
        return list(Screen::of_stdout().columns, out);
    }
    let pages = codes.iter().filter_map(|code| page(code));
    for (position, page) in pages.enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        for line in page.lines() {
            let style = if line.starts_with('#') {
                BOLD
            } else {
                Style::new()
            };
            writeln!(out, "{style}{line}{style:#}")?;
        }
    }
    Ok(())
}

fn list(columns: Option<usize>, out: &mut impl Write) -> io::Result<()> {
    for group in groups() {
        writeln!(out, "{BOLD}{}{BOLD:#}", group.heading)?;
        for (code, meaning) in group.codes {
            let room = columns.map(|columns| columns.saturating_sub(CODE));
            for (position, line) in wrap(meaning, room).iter().enumerate() {
                let code = if position == 0 { code } else { "" };
                let code = format!("  {code}");
                writeln!(out, "{code:<CODE$}{line}")?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "berth explain --code CODE prints the page of one.")
}
