//! The table of the demonstration: a line for the pods of a workload that run in the same place for the same reason, at most
//! as wide as the terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::palette::Palette;
use super::rows::Shown;
use crate::harness::node_pools::Place;

/// A line of the table: the workload, its pods, why they are there, and where.
type Cells = [String; 6];

/// Returns the lines of the table, the first of which is its head.
pub(super) fn lines(pods: &[Shown], width: usize, palette: Palette) -> Vec<String> {
    let head = ["WORKLOAD", "PODS", "WHY", "NODE POOL", "CAPACITY", "ARCH"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(grouped(pods));
    let widths = widths(&rows);
    let total = |gap: usize| widths.iter().sum::<usize>() + gap * 5;
    let gap = if total(2) > width { 1 } else { 2 };
    // The workloads' names give way if the terminal is too narrow.
    let excess = total(gap).saturating_sub(width);
    let names = widths[0].saturating_sub(excess).max(8);
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let line = line(row, names, &widths[1..], gap);
        let end = line
            .char_indices()
            .nth(width)
            .map_or(line.len(), |(at, _)| at);
        lines.push(match index {
            0 => palette.dim(&line[..end]),
            _ => coloured(&line[..end], row, palette),
        });
    }
    lines
}

/// Counts the pods that differ in nothing but their names and nodes.
fn grouped(pods: &[Shown]) -> impl Iterator<Item = Cells> {
    let mut counts: BTreeMap<[&str; 6], usize> = BTreeMap::new();
    for pod in pods {
        let place = pod.place.as_ref();
        let (node_pool, capacity, arch) = place.map_or(("", "", ""), Place::kind);
        let key = [
            &pod.workload,
            &*pod.phase,
            &pod.why,
            node_pool,
            capacity,
            arch,
        ];
        *counts.entry(key).or_default() += 1;
    }
    counts.into_iter().map(|(key, count)| {
        let mut cells = key.map(str::to_owned);
        cells[1] = format!("{count} {}", cells[1]);
        cells
    })
}

/// Returns the width of each column. A reason may go over the columns of a place that there is not.
fn widths(rows: &[Cells]) -> [usize; 6] {
    let mut widths = [0; 6];
    for row in rows {
        let has_place = !row[3].is_empty();
        for (column, cell) in row.iter().enumerate() {
            if column != 2 || has_place {
                widths[column] = widths[column].max(cell.chars().count());
            }
        }
    }
    widths
}

fn line(row: &Cells, names: usize, widths: &[usize], gap: usize) -> String {
    let mut line = format!("{:<names$}", shortened(&row[0], names));
    for (cell, width) in row[1..].iter().zip(widths) {
        let _ = write!(line, "{:gap$}{cell:<width$}", "");
    }
    line.trim_end().to_owned()
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// Colours a line by the state of its pods.
fn coloured(line: &str, row: &Cells, palette: Palette) -> String {
    let state = &row[1];
    let painted = if state.ends_with("Running") {
        palette.green(state)
    } else if state.ends_with("Succeeded") || state.ends_with("Terminating") {
        palette.dim(state)
    } else {
        palette.yellow(state)
    };
    line.replacen(state.as_str(), &painted, 1)
}
