//! The paper that a report for a person is written on: lines broken for the screen.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::Style;

use super::output::clean;
use super::styled::{Span, lines};

const DIM: Style = Style::new().dimmed();

/// The columns before a row's label, and those of the label.
const MARGIN: usize = 2;
const LABEL: usize = 15;
/// The columns by which the second line of a text and the next ones are indented further.
const HANGING: usize = 2;

/// The output that a report is written to, and its width.
#[derive(Debug)]
pub(super) struct Paper<'o, W> {
    out: &'o mut W,
    /// The columns of a line; `None` if a line may have any length.
    pub(super) columns: Option<usize>,
}

impl<'o, W: Write> Paper<'o, W> {
    /// Returns paper with lines of at most so many columns.
    pub(super) fn new(out: &'o mut W, columns: Option<usize>) -> Self {
        Self { out, columns }
    }

    /// Writes a row of a block: a label and its value.
    pub(super) fn row(&mut self, label: &str, style: Style, value: &dyn Display) -> io::Result<()> {
        let columns = self
            .columns
            .map(|columns| columns.saturating_sub(MARGIN + LABEL + HANGING));
        for (position, line) in lines(&[(clean(value), style)], columns).iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            let indent = if position == 0 { 0 } else { HANGING };
            let value = &line.text;
            writeln!(
                self.out,
                "{:MARGIN$}{DIM}{label:<LABEL$}{DIM:#}{:indent$}{value}",
                "", ""
            )?;
        }
        Ok(())
    }

    /// Writes a text, all lines but the first with a hanging indent.
    pub(super) fn paragraph(&mut self, spans: &[Span]) -> io::Result<()> {
        let columns = self.columns.map(|columns| columns.saturating_sub(HANGING));
        for (position, line) in lines(spans, columns).iter().enumerate() {
            let indent = if position == 0 { 0 } else { HANGING };
            writeln!(self.out, "{:indent$}{}", "", line.text)?;
        }
        Ok(())
    }

    /// Writes a line as it is.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }
}
