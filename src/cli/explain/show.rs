//! The output: the input examined, and written in a form.

use std::io::{self, BufWriter, Write};

use super::examine::Examination;
use super::form::Form;
use super::report::Summary;
use super::screenful::Screenful;
use super::table::Table;
use super::{hints, json, patched, remarks, text};
use crate::cli::files::Manifest;
use crate::cli::paper::Paper;
use crate::cli::terminal::Screen;

/// Examines the input, and writes the report to standard output. Returns the summary, and remarks for standard error.
///
/// If no form is asked for, a terminal gets a table of what is more than a screenful as text. A file and a pipe get text
/// of any length, so that a script reads the same from both.
pub(super) fn show(
    form: Option<Form>,
    manifests: &[Manifest],
    mut examination: Examination<'_>,
) -> io::Result<(Summary, Vec<String>)> {
    let screen = Screen::of_stdout();
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    let mut said = Vec::new();
    match (form, screen.rows) {
        (Some(Form::Text), _) | (None, None) => {
            text::write(manifests, &mut examination, screen, &mut out)?;
        }
        (Some(Form::Table), _) => {
            let table = Table::of(manifests, &mut examination)?;
            let hints: Vec<_> = hints::of_codes(&examination.summary, screen)
                .into_iter()
                .collect();
            let mut paper = Paper::new(&mut out, screen.columns);
            table.write(&examination, &hints, &mut paper)?;
        }
        (Some(Form::Json), _) => json::write(manifests, &mut examination, &mut out)?,
        (Some(Form::Yaml), _) => {
            said = patched::write_yaml(manifests, &mut examination, &mut out)?;
            said.extend(remarks::closing(&examination.summary));
        }
        (Some(Form::Diff), _) => {
            said = patched::write_diff(manifests, &mut examination, &mut out)?;
            said.extend(remarks::closing(&examination.summary));
        }
        (None, Some(rows)) => fitting(manifests, &mut examination, screen, rows, &mut out)?,
    }
    out.flush()?;
    Ok((examination.summary, said))
}

/// Examines the input, and writes it as text if that fits the rows of a terminal, or if it is one workload, and else as a
/// table.
fn fitting(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    screen: Screen,
    rows: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let table = Table::of(manifests, examination)?;
    let mut anew = examination.anew();
    if table.len() <= 1 {
        return text::write(manifests, &mut anew, screen, out);
    }
    let mut screenful = Screenful::new(rows);
    let written = text::write(manifests, &mut anew, screen, &mut screenful);
    if !screenful.is_exceeded {
        written?;
        return out.write_all(&screenful.into_kept());
    }
    let of_codes = hints::of_codes(&examination.summary, screen);
    let hints: Vec<_> = [hints::of_table()].into_iter().chain(of_codes).collect();
    table.write(examination, &hints, &mut Paper::new(out, screen.columns))
}
