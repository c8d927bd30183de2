//! The details of a workload: why it goes where it goes, and what is wrong with it.

use std::io::{self, Write};

use super::escape::Text;
use super::figures::count;
use crate::cli::audit::report::{Finding, Place, Share, Workload};

/// The most places that are listed, and the most zones of one.
const MOST: usize = 8;

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
    if let Some(other) = &workload.other_side {
        write!(out, "<dt>Split<dd>{} of its pods", count(other.pods))?;
        list(&other.then.node_pools, ": ", out)?;
    }
    if !workload.now.is_empty() {
        out.write_all(b"<dt>Now<dd>")?;
        places(&workload.now, out)?;
    }
    if let Some(replicas) = workload
        .replicas
        .filter(|replicas| *replicas != workload.pods)
    {
        write!(out, "<dt>Replicas<dd>{}", count(replicas))?;
    }
    let namespace = match (workload.opted_in, workload.assumed) {
        (true, _) => None,
        (false, true) => Some("judged as if it had opted in"),
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
            "<dt>missed<dd>{} created without berth",
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

/// Writes the places of pods, one behind the other. Those that differ by their zones alone are one.
fn places(shares: &[Share], out: &mut impl Write) -> io::Result<()> {
    let mut places: Vec<(Place, u64, Vec<&str>)> = Vec::new();
    for share in shares {
        let place = Place {
            zone: None,
            ..share.place.clone()
        };
        let zone = share.place.zone.as_deref();
        match places.iter_mut().find(|(other, ..)| *other == place) {
            Some((_, pods, zones)) => {
                *pods += share.pods;
                zones.extend(zone);
            }
            None => places.push((place, share.pods, zone.into_iter().collect())),
        }
    }
    for (position, (place, pods, zones)) in places.iter().take(MOST).enumerate() {
        let comma = if position == 0 { "" } else { "; " };
        write!(out, "{comma}{} ", count(*pods))?;
        write_place(place, zones, out)?;
    }
    match places.len().checked_sub(MOST) {
        Some(more) if more != 0 => write!(out, "; and {more} more places"),
        _ => Ok(()),
    }
}

fn write_place(place: &Place, zones: &[&str], out: &mut impl Write) -> io::Result<()> {
    if *place == Place::default() && zones.is_empty() {
        return out.write_all(b"waiting");
    }
    let node_pool = place.node_pool.as_deref().unwrap_or("no node pool");
    write!(out, "on {}", Text(node_pool))?;
    let known = [&place.capacity_type, &place.architecture];
    let known: Vec<String> = known.into_iter().flatten().cloned().collect();
    list(&known, ", ", out)?;
    if zones.is_empty() {
        return Ok(());
    }
    let more = if zones.len() > MOST { " …" } else { "" };
    let zones = zones.iter().take(MOST).copied();
    let zones: Vec<&str> = zones.collect();
    write!(out, " ({}{more})", Text(&zones.join(", ")))
}

/// Writes texts behind what stands before them, if there are any.
fn list(texts: &[String], before: &str, out: &mut impl Write) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    write!(out, "{before}{}", Text(&texts.join(", ")))
}
