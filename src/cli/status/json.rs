//! The report for a program: one document, whose field names stay as they are.

use std::io::{self, Write};

use serde::Serialize;

use super::report::Report;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'r> {
    /// True if nothing is wrong, as far as could be read.
    well: bool,
    sections: Vec<SectionJson<'r>>,
}

#[derive(Serialize)]
struct SectionJson<'r> {
    name: &'r str,
    lines: Vec<LineJson<'r>>,
}

#[derive(Serialize)]
struct LineJson<'r> {
    /// One of wrong, warning, fine and note.
    mark: &'r str,
    text: &'r str,
    remedy: &'r str,
}

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let sections = report.sections.iter().map(|section| {
        let lines = section.lines.iter().map(|line| LineJson {
            mark: line.mark.as_str(),
            text: &line.text,
            remedy: &line.remedy,
        });
        SectionJson {
            name: section.name,
            lines: lines.collect(),
        }
    });
    let document = ReportJson {
        well: report.is_well(),
        sections: sections.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
