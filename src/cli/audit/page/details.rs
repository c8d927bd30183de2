//! The details of a workload: why it goes where it goes, and what is wrong with it.

use std::io::{self, Write};

use super::escape::Text;
use super::figures::count;
use crate::cli::audit::report::{Finding, Place, Share, Workload};

/// The most places that are listed.
const MOST: usize = 24;

/// Writes the details.
pub(super) fn write(workload: &Workload, out: &mut impl Write) -> io::Result<()> {
    let then = &workload.then;
    write!(
        out,
        "<dl><dt>Why<dd><span class=code>{}</span>",
        Text(&then.reason)
    )?;
    if let Some(detail) = &then.detail {
        write!(out, " {}", Text(detail))?;
    }
    if then.audited {
        out.write_all(b" (in Audit: not carried out)")?;
    }
    if let Some(rule) = &then.rule {
        write!(out, "<dt>Rule<dd>{}", Text(rule))?;
    }
    if let Some(pool) = &then.pool {
        write!(out, "<dt>Pool<dd>{}", Text(pool))?;
        list(&then.node_pools, ": ", out)?;
    }
    if !workload.now.is_empty() {
        out.write_all(b"<dt>Now<dd>")?;
        places(&workload.now, out)?;
    }
    if let Some(replicas) = workload.replicas {
        write!(out, "<dt>Replicas<dd>{}", count(replicas))?;
    }
    let namespace = match (workload.opted_in, workload.assumed) {
        (true, _) => None,
        (false, true) => Some("has not opted in, and is judged as if it had"),
        (false, false) => Some("has not opted in"),
    };
    if let Some(namespace) = namespace {
        write!(out, "<dt>Namespace<dd>{namespace}")?;
    }
    for found in &workload.findings {
        finding(found, out)?;
    }
    if workload.missed != 0 {
        write!(
            out,
            "<dt>missed<dd>{} created without berth, in a namespace that has opted in",
            count(workload.missed)
        )?;
    }
    out.write_all(b"</dl>")
}

fn finding(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let action = if finding.action == "Deny" {
        "deny"
    } else {
        "warn"
    };
    write!(
        out,
        "<dt><span class={action}>{action}</span> {}<dd>",
        Text(&finding.check)
    )?;
    for (position, line) in finding.lines.iter().enumerate() {
        let line_break = if position == 0 { "" } else { "<br>" };
        write!(out, "{line_break}{}", Text(line))?;
    }
    Ok(())
}

/// Writes the places of pods, one behind the other.
fn places(shares: &[Share], out: &mut impl Write) -> io::Result<()> {
    for (position, share) in shares.iter().take(MOST).enumerate() {
        let comma = if position == 0 { "" } else { "; " };
        write!(out, "{comma}{} ", count(share.pods))?;
        let Place {
            node_pool,
            capacity_type,
            architecture,
            zone,
        } = &share.place;
        if share.place == Place::default() {
            out.write_all(b"waiting")?;
            continue;
        }
        write!(
            out,
            "on {}",
            Text(node_pool.as_deref().unwrap_or("no node pool"))
        )?;
        let known = [capacity_type, architecture, zone].into_iter().flatten();
        let known: Vec<String> = known.cloned().collect();
        list(&known, ", ", out)?;
    }
    match shares.len().checked_sub(MOST) {
        Some(more) if more != 0 => write!(out, "; and {more} more places"),
        _ => Ok(()),
    }
}

/// Writes texts behind what stands before them, if there are any.
fn list(texts: &[String], before: &str, out: &mut impl Write) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    write!(out, "{before}{}", Text(&texts.join(", ")))
}
