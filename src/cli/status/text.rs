//! The report for a person: one screen of 80 columns.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::report::{Line, Mark, Report};
use crate::cli::output::clean;

/// The width of the screen.
const WIDTH: usize = 80;
/// The columns before the text of a line: its mark and the name of its section.
const INDENT: usize = 16;

const DIM: Style = Style::new().dimmed();

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for section in &report.sections {
        for (position, line) in section.lines.iter().enumerate() {
            let name = if position == 0 { section.name } else { "" };
            write_line(name, line, out)?;
        }
    }
    Ok(())
}

fn write_line(name: &str, line: &Line, out: &mut impl Write) -> io::Result<()> {
    let (sign, style) = match line.mark {
        Mark::Wrong => ('✗', AnsiColor::Red.on_default()),
        Mark::Warning => ('!', AnsiColor::Yellow.on_default()),
        Mark::Fine => ('✓', AnsiColor::Green.on_default()),
        Mark::Note => (' ', DIM),
    };
    let mut lines = wrapped(&clean(&line.text)).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{style}{sign}{style:#} {name:<14}{first}")?;
    for line in lines {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    if !line.remedy.is_empty() {
        let remedy = clean(&line.remedy);
        // A command is copied, so it stays in one piece.
        let is_command = ["kubectl ", "helm ", "berth "]
            .iter()
            .any(|name| remedy.starts_with(name));
        let lines = if is_command && !remedy.contains("; ") {
            vec![remedy]
        } else {
            wrapped(&remedy)
        };
        for (position, line) in lines.iter().enumerate() {
            let arrow = if position == 0 { "→ " } else { "  " };
            let indent = INDENT - 2;
            writeln!(out, "{:indent$}{DIM}{arrow}{line}{DIM:#}", "")?;
        }
    }
    Ok(())
}

/// Breaks a text at words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else {
            break;
        };
        let is_full = line.chars().count() + 1 + word.chars().count() > WIDTH - INDENT;
        if line.is_empty() {
            word.clone_into(line);
        } else if is_full {
            lines.push(word.to_owned());
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}
