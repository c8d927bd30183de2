//! The table of all workloads: a row each, and one below it that says why.

use std::io::{self, Write};

use super::details;
use super::escape::Text;
use super::figures::{an_hour, cores, count, difference, gib};
use super::words;
use crate::cli::audit::report::{Report, Share, Then, Workload};

/// The most node pools that a cell names. The row below has them all.
const MOST: usize = 2;

/// The controls of the table. Only a script can use them, so they show with it alone.
const CONTROLS: &str = include_str!("controls.html");

/// The columns, and if they hold numbers.
const COLUMNS: [(&str, bool); 9] = [
    ("Namespace", false),
    ("Workload", false),
    ("Pods", true),
    ("CPU, cores", true),
    ("Memory, GiB", true),
    ("Now", false),
    ("Then", false),
    ("Change", false),
    ("Findings", false),
];

/// Writes the table.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<section aria-labelledby=workloads><h2 id=workloads tabindex=-1>Workloads</h2>{CONTROLS}<div class=\"scroll wide\" \
         tabindex=0 role=region aria-labelledby=workloads><table id=table><caption class=unseen>Workloads, each with a row of \
         details below it</caption><thead><tr>"
    )?;
    for (name, is_number) in COLUMNS {
        let kind = if is_number { " data-number" } else { "" };
        write!(out, "<th scope=col{kind}>{name}")?;
    }
    let columns = if report.prices.is_some() {
        out.write_all(b"<th scope=col data-number>Cost, $/h")?;
        COLUMNS.len() + 1
    } else {
        COLUMNS.len()
    };
    out.write_all(b"</thead>")?;
    for workload in &report.workloads {
        row(workload, report.prices.is_some(), out)?;
        write!(out, "<tr><td colspan={columns}>")?;
        details::write(workload, out)?;
    }
    out.write_all(
        b"</table></div><nav class=\"pages script\" aria-label=\"Pages, below the table\"></nav></section>",
    )
}

fn row(workload: &Workload, is_priced: bool, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "\n<tbody><tr><td>{}<th scope=row>{}/<wbr>{}<td>{}<td>{}<td>{}<td>",
        Text(&workload.namespace),
        Text(&workload.kind),
        Text(&workload.name),
        count(workload.pods),
        cores(workload.requests),
        gib(workload.requests),
    )?;
    now(&workload.now, out)?;
    out.write_all(b"<td>")?;
    then(&workload.then, out)?;
    if let Some(other) = &workload.other_side
        && !workload.then.denied
    {
        let offers = offers(&other.then);
        write!(
            out,
            "<br><small>{} pods: {}</small>",
            count(other.pods),
            Text(&offers)
        )?;
    }
    write!(
        out,
        "<td><span class=\"mark {}\">{}</span><td>",
        words::class(workload.change),
        words::of_change(workload.change),
    )?;
    for finding in &workload.findings {
        let action = if finding.action == "Deny" {
            "deny"
        } else {
            "warn"
        };
        write!(
            out,
            "<span class={action}>{action} <i>{}</i></span>",
            Text(&finding.check)
        )?;
    }
    if workload.missed != 0 {
        write!(
            out,
            "<span class=deny><i>missed</i> {}</span>",
            count(workload.missed)
        )?;
    }
    match &workload.cost {
        Some(cost) if is_priced => write!(
            out,
            "<td data-by={:.6}>{}<br>→ {}",
            difference(cost),
            an_hour(cost.now_low, cost.now_high),
            an_hour(cost.then_low, cost.then_high),
        ),
        None if is_priced => out.write_all("<td>–".as_bytes()),
        _ => Ok(()),
    }
}

/// Writes the node pools that the pods are on, those with most pods first.
fn now(shares: &[Share], out: &mut impl Write) -> io::Result<()> {
    let mut pools: Vec<(&str, u64)> = Vec::new();
    for share in shares {
        let name = name(share);
        match pools.iter_mut().find(|(other, _)| *other == name) {
            Some((_, pods)) => *pods += share.pods,
            None => pools.push((name, share.pods)),
        }
    }
    pools.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
    if pools.is_empty() {
        return out.write_all("–".as_bytes());
    }
    for (position, (name, pods)) in pools.iter().take(MOST).enumerate() {
        let line_break = if position == 0 { "" } else { "<br>" };
        write!(out, "{line_break}{}", Text(name))?;
        if pools.len() > 1 {
            write!(out, " <small>×{}</small>", count(*pods))?;
        }
    }
    match pools.len().checked_sub(MOST) {
        Some(more) if more != 0 => write!(out, "<br><small>and {more} more</small>"),
        _ => Ok(()),
    }
}

fn name(share: &Share) -> &str {
    let place = &share.place;
    let is_known =
        place.architecture.is_some() || place.zone.is_some() || place.capacity_type.is_some();
    match &place.node_pool {
        Some(name) => name,
        None if is_known => "no node pool",
        None => "waiting",
    }
}

/// Writes where new pods would be: the pool and what its node pools offer, or why there is none.
fn then(then: &Then, out: &mut impl Write) -> io::Result<()> {
    let pool = then.pool.as_deref().filter(|_| !then.node_pools.is_empty());
    match pool {
        Some(pool) if !then.denied => {
            write!(
                out,
                "{}<br><small>{}</small>",
                Text(pool),
                Text(&offers(then))
            )
        }
        _ => {
            let verdict = if then.denied { "denied<br>" } else { "" };
            write!(out, "{verdict}<small>{}</small>", Text(&then.reason))
        }
    }
}

/// Returns what the node pools of a decision offer.
fn offers(then: &Then) -> String {
    let offers = then.capacity_types.iter().chain(&then.architectures);
    let offers: Vec<&str> = offers.map(String::as_str).collect();
    offers.join(", ")
}
