//! The flow of pods from node pools to pools: bands whose height is a number of pods, drawn by hand.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::escape::Text;
use super::figures::{cores, count, gib};
use crate::cli::audit::grouping::counted;
use crate::cli::audit::report::{Flow, Report};
use crate::cli::audit::sides;

/// The most ends of a side that are drawn; the smallest beyond are one.
const MOST: usize = 16;
/// The height of all pods together, in pixels.
const HEIGHT: f64 = 280.0;
/// The least height of an end with its label, and the space below it.
const SLOT: f64 = 36.0;
const GAP: f64 = 8.0;
/// The width of an end, and of the bands between, in units that stretch with the page.
const END: f64 = 12.0;
const WIDTH: f64 = 1_000.0;

/// The end of bands: a node pool on the left, a pool on the right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum End<'r> {
    Named(&'r str),
    Nowhere,
    Others,
}

/// An end in its place.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    pods: u64,
    top: f64,
    height: f64,
    /// The height that bands have taken from it.
    used: f64,
}

type Side<'r> = Vec<(End<'r>, Slot)>;

/// A band: the pods that go from an end to an end.
#[derive(Debug)]
struct Band {
    from: usize,
    to: usize,
    pods: u64,
    class: &'static str,
}

/// Writes the drawing, and its numbers as a table. There is none without pods.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let flows: Vec<&Flow> = report
        .flows
        .iter()
        .filter(|flow| flow.sum.pods != 0)
        .collect();
    if flows.is_empty() {
        return Ok(());
    }
    out.write_all(
        b"<section aria-labelledby=flow><h2 id=flow>From node pools to pools</h2><p class=note>The left side has the node \
          pools where pods are now, the right side the pools of the policy that new ones would get.<p class=\"note legend\">\
          <span class=key><i class=moves></i>to other node pools</span> <span class=key><i class=stays></i>to where they \
          are</span> <span class=key><i class=left></i>to no pool</span><div class=panel>",
    )?;
    let (left, right, bands) = layout(report, &flows);
    draw(&left, &right, &bands, out)?;
    out.write_all(
        b"<details><summary>The numbers</summary><div class=scroll tabindex=0 role=region aria-label=\"Pods from node pools \
          to pools\"><table class=plain><caption class=unseen>Pods from node pools to pools</caption><thead><tr>\
          <th scope=col>From node pool<th scope=col>To pool<th scope=col>Pods<th scope=col>CPU, cores<th scope=col>Memory, \
          GiB</thead><tbody>",
    )?;
    for flow in flows {
        write!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}",
            Text(flow.from.as_deref().unwrap_or("no node pool")),
            Text(flow.to.as_deref().unwrap_or("no pool")),
            count(flow.sum.pods),
            cores(flow.sum.requests),
            gib(flow.sum.requests),
        )?;
    }
    out.write_all(b"</table></div></details></div></section>")
}

/// Puts the ends of both sides in their places, and says which bands lie between them.
fn layout<'r>(report: &'r Report, flows: &[&'r Flow]) -> (Side<'r>, Side<'r>, Vec<Band>) {
    let pods: u64 = flows.iter().map(|flow| flow.sum.pods).sum();
    let scale = HEIGHT / float(pods);
    let left = side(
        flows
            .iter()
            .map(|flow| (end(flow.from.as_ref()), flow.sum.pods)),
        scale,
    );
    let right = side(
        flows
            .iter()
            .map(|flow| (end(flow.to.as_ref()), flow.sum.pods)),
        scale,
    );

    let staying = staying(report);
    let mut bands: BTreeMap<(usize, usize, &'static str), u64> = BTreeMap::new();
    for flow in flows {
        let (from, to) = (flow.from.as_deref(), flow.to.as_deref());
        let ends = (
            place(&left, &end(flow.from.as_ref())),
            place(&right, &end(flow.to.as_ref())),
        );
        let stays = staying.get(&(from, to)).copied().unwrap_or_default();
        let stays = stays.min(flow.sum.pods);
        let parts = match to {
            None => [("left", flow.sum.pods), ("stays", 0)],
            Some(_) => [("moves", flow.sum.pods - stays), ("stays", stays)],
        };
        for (class, pods) in parts.into_iter().filter(|(_, pods)| *pods != 0) {
            *bands.entry((ends.0, ends.1, class)).or_default() += pods;
        }
    }
    let bands = bands.into_iter().map(|((from, to, class), pods)| Band {
        from,
        to,
        pods,
        class,
    });
    (left, right, bands.collect())
}

fn end(name: Option<&String>) -> End<'_> {
    name.map_or(End::Nowhere, |name| End::Named(name))
}

/// Returns how many pods of each flow are on a node pool already that their workload's new pods may be on. A flow alone
/// does not say: a pool has node pools of which some are not for all its pods.
fn staying(report: &Report) -> BTreeMap<(Option<&str>, Option<&str>), u64> {
    let pools = &report.policy.pools;
    let pool_of = |node_pool: &String| {
        let mut pools = pools.iter();
        let found = pools.find(|pool| pool.node_pools.contains(node_pool));
        found.map(|pool| pool.name.as_str())
    };
    let mut staying = BTreeMap::new();
    for workload in &report.workloads {
        let then = &workload.then;
        for (share, pods) in workload.now.iter().zip(sides::staying(workload)) {
            let from = share.place.node_pool.as_ref();
            let to = then.pool.as_deref().or_else(|| from.and_then(pool_of));
            if pods > 0 {
                *staying.entry((from.map(String::as_str), to)).or_default() += pods;
            }
        }
    }
    staying
}

/// Returns the ends of a side from above to below: the largest first, then all others as one, then nowhere.
fn side<'r>(ends: impl Iterator<Item = (End<'r>, u64)>, scale: f64) -> Side<'r> {
    let mut pods: BTreeMap<End<'_>, u64> = BTreeMap::new();
    for (end, number) in ends {
        *pods.entry(end).or_default() += number;
    }
    let nowhere = pods.remove_entry(&End::Nowhere);
    let mut ends: Vec<(End<'_>, u64)> = pods.into_iter().collect();
    // Sorting keeps ends of the same size in the order of their names.
    ends.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
    if ends.len() > MOST {
        let others = ends.split_off(MOST - 1);
        let pods = others.iter().map(|(_, pods)| pods).sum();
        ends.push((End::Others, pods));
    }
    ends.extend(nowhere);

    let mut top = 0.0;
    let placed = ends.into_iter().map(|(end, pods)| {
        let height = (float(pods) * scale).max(2.0);
        let slot = Slot {
            pods,
            top,
            height,
            used: 0.0,
        };
        top += height.max(SLOT) + GAP;
        (end, slot)
    });
    placed.collect()
}

/// Returns the place of an end on its side: its own, or that of all others.
fn place(side: &Side<'_>, end: &End<'_>) -> usize {
    let find = |end: &End<'_>| side.iter().position(|(other, _)| other == end);
    find(end).or_else(|| find(&End::Others)).unwrap_or_default()
}

fn draw(left: &Side<'_>, right: &Side<'_>, bands: &[Band], out: &mut impl Write) -> io::Result<()> {
    let bottom = |side: &Side<'_>| {
        let last = side
            .last()
            .map(|(_, slot)| slot.top + slot.height.max(SLOT));
        last.unwrap_or_default()
    };
    let height = bottom(left).max(bottom(right));
    write!(
        out,
        "<svg class=flow role=img aria-label=\"Bands of pods from {} to {}. The table below has the numbers.\" width=\"100%\" \
         height={height:.0}><svg x=\"30%\" width=\"40%\" height={height:.0} viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
         preserveAspectRatio=none>",
        counted(left.len() as u64, "node pool"),
        counted(right.len() as u64, "pool"),
    )?;
    let (mut from, mut to) = (left.clone(), right.clone());
    for band in bands {
        let (start, start_height) = take(&mut from[band.from].1, band.pods);
        let (end, end_height) = take(&mut to[band.to].1, band.pods);
        let (near, far, half) = (END, WIDTH - END, WIDTH / 2.0);
        write!(
            out,
            "<path class={} d=\"M{near} {start:.1}C{half} {start:.1} {half} {end:.1} {far} {end:.1}V{:.1}C{half} {:.1} {half} \
             {:.1} {near} {:.1}Z\"><title>{} → {}: {}</title></path>",
            band.class,
            end + end_height,
            end + end_height,
            start + start_height,
            start + start_height,
            name(&left[band.from].0, "node pool"),
            name(&right[band.to].0, "pool"),
            counted(band.pods, "pod"),
        )?;
    }
    for (side, x) in [(left, 0.0), (right, WIDTH - END)] {
        for (_, slot) in side {
            let Slot { top, height, .. } = slot;
            write!(
                out,
                "<rect class=end x={x} y={top:.1} width={END} height={height:.1} />"
            )?;
        }
    }
    out.write_all(b"</svg>")?;
    label(left, "node pool", "0", out)?;
    label(right, "pool", "71%", out)?;
    out.write_all(b"</svg>")
}

/// Takes the next part of an end for a band, and returns where it begins and how high it is.
fn take(slot: &mut Slot, pods: u64) -> (f64, f64) {
    let height = slot.height * float(pods) / float(slot.pods);
    let top = slot.top + slot.used;
    slot.used += height;
    (top, height)
}

/// Writes the labels of a side beside it.
fn label(side: &Side<'_>, noun: &str, x: &str, out: &mut impl Write) -> io::Result<()> {
    for (end, slot) in side {
        let name = name(end, noun);
        write!(
            out,
            "<foreignObject x=\"{x}\" y={:.1} width=\"29%\" height={SLOT}><div class=end-{noun} title=\"{name}\"><b>{name}</b> \
             <span>{}</span></div></foreignObject>",
            slot.top + (slot.height.max(SLOT) - SLOT) / 2.0,
            counted(slot.pods, "pod"),
            noun = if noun == "pool" { "right" } else { "left" },
        )?;
    }
    Ok(())
}

/// Returns the name of an end, as the page has it.
fn name(end: &End<'_>, noun: &str) -> String {
    match end {
        End::Named(name) => Text(name).to_string(),
        End::Nowhere => format!("no {noun}"),
        End::Others => format!("other {noun}s"),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of pods becomes a height in pixels"
)]
fn float(pods: u64) -> f64 {
    pods.max(1) as f64
}
