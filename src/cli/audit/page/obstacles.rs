//! The obstacles: workloads that are blocked and by what, and remarks.

use std::io::{self, Write};

use super::escape::Text;
use crate::cli::audit::grouping::counted;
use crate::cli::audit::report::{Change, Report, Workload};

/// The most workloads that are listed. The table has them all.
const MOST: usize = 12;

/// Writes what blocks workloads, the largest first.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let workloads = report.workloads.iter();
    let mut blocked: Vec<&Workload> = workloads
        .filter(|workload| workload.change == Change::Blocked)
        .collect();
    blocked.sort_by_key(|workload| std::cmp::Reverse(workload.pods));
    out.write_all(b"<section aria-labelledby=blocks><h2 id=blocks>What blocks</h2>")?;
    if blocked.is_empty() {
        return out.write_all(
            b"<p class=note>Nothing: no workload is denied, and each fits on some node.</section>",
        );
    }
    out.write_all(b"<ul class=obstacles>")?;
    for workload in blocked.iter().take(MOST) {
        obstacle(workload, out)?;
    }
    out.write_all(b"</ul>")?;
    if let Some(more) = blocked.len().checked_sub(MOST).filter(|more| *more != 0) {
        let more = counted(more as u64, "more workload");
        write!(
            out,
            "<p class=note>And {more}. <button class=show type=button data-change=Blocked>Show all in the table</button>"
        )?;
    }
    out.write_all(b"</section>")
}

/// Writes the remarks.
pub(super) fn write_remarks(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.remarks.is_empty() {
        return Ok(());
    }
    out.write_all(
        b"<section aria-labelledby=remarks><h2 id=remarks>Remarks</h2><ul class=remarks>",
    )?;
    for remark in &report.remarks {
        write!(out, "<li>{}", Text(remark))?;
    }
    out.write_all(b"</ul></section>")
}

fn obstacle(workload: &Workload, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<li class=panel><h3>{}/{} <span class=where>in {}, {}</span></h3>",
        Text(&workload.kind),
        Text(&workload.name),
        Text(&workload.namespace),
        counted(workload.pods, "pod"),
    )?;
    let denials = workload.findings.iter();
    let mut denials = denials
        .filter(|finding| finding.action == "Deny")
        .peekable();
    if denials.peek().is_none() {
        let detail = workload.then.detail.as_deref();
        write!(
            out,
            "<p><span class=code>{}</span> {}",
            Text(&workload.then.reason),
            Text(detail.unwrap_or("no node takes its pods")),
        )?;
    }
    for finding in denials {
        write!(out, "<p><span class=code>{}</span> ", Text(&finding.check))?;
        for (position, line) in finding.lines.iter().enumerate() {
            let line_break = if position == 0 { "" } else { "<br>" };
            write!(out, "{line_break}{}", Text(line))?;
        }
    }
    Ok(())
}
