//! The figures of the report: tables of sums now and then, and the node pools that are too small.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::cli::audit::grouping::grouped;
use crate::cli::audit::report::{NodePoolLoad, NowThen, Report, Sum};
use crate::cli::audit::sums::{amount, decimal};
use crate::cli::output::clean;
use crate::cli::paper::Paper;
use crate::cli::wrap::width;

const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();

/// The columns of figures: pods, CPU and memory, now and then each.
const COLUMNS: usize = 6;
const HEADING: [&str; COLUMNS] = ["PODS", "THEN", "VCPU", "THEN", "GIB", "THEN"];

/// The most columns of the names, so that the figures fit a narrow screen.
const NAMES: usize = 28;

/// Writes the tables, and a line for each node pool whose limits do not take what would come.
pub(super) fn write(report: &Report, paper: &mut Paper<'_, impl Write>) -> io::Result<()> {
    let sums = &report.sums;
    let tables = [
        ("POOL", &sums.by_pool, "no pool"),
        ("CAPACITY", &sums.by_capacity_type, "unknown"),
        ("ARCHITECTURE", &sums.by_architecture, "unknown"),
    ];
    for (title, table, unnamed) in tables {
        if table.is_empty() {
            continue;
        }
        for line in lines(title, table, unnamed) {
            paper.line(&line)?;
        }
        paper.line("")?;
    }
    let mut is_first = true;
    for load in report
        .node_pools
        .iter()
        .filter(|one| one.fits == Some(false))
    {
        is_first = false;
        paper.paragraph(&[(clean(too_small(load)), RED)])?;
    }
    if is_first { Ok(()) } else { paper.line("") }
}

fn lines(title: &str, table: &BTreeMap<String, NowThen>, unnamed: &str) -> Vec<String> {
    let heading = (title.to_owned(), HEADING.map(str::to_owned));
    let rows = table.iter().map(|(name, sums)| {
        let name = if name.is_empty() { unnamed } else { name };
        (shortened(name), figures(sums))
    });
    let rows: Vec<(String, [String; COLUMNS])> = [heading].into_iter().chain(rows).collect();
    let names = rows
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or_default();
    let column = |column: usize| {
        let cells = rows.iter().map(|(_, cells)| width(&cells[column]));
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..COLUMNS).map(column).collect();
    let line = |(position, (name, cells)): (usize, &(String, [String; COLUMNS]))| {
        let cells = cells.iter().zip(&widths).enumerate();
        let cells = cells.map(|(position, (cell, width))| {
            // The two figures of a kind stand together.
            let gap = if position % 2 == 0 { "   " } else { " " };
            format!("{gap}{cell:>width$}")
        });
        let text = format!("{name:<names$}{}", cells.collect::<Vec<_>>().concat());
        if position == 0 {
            format!("{DIM}{text}{DIM:#}")
        } else {
            text
        }
    };
    rows.iter().enumerate().map(line).collect()
}

fn shortened(name: &str) -> String {
    let name = clean(name);
    if width(&name) <= NAMES {
        return name;
    }
    name.chars().take(NAMES - 1).chain(['…']).collect()
}

fn figures(sums: &NowThen) -> [String; COLUMNS] {
    let of = |sum: &Sum| {
        let memory = (u128::from(sum.requests.memory_bytes) * 10).div_ceil(1 << 30);
        [
            grouped(&sum.pods.to_string()),
            decimal(sum.requests.cpu_millis.div_ceil(100).into()),
            decimal(memory),
        ]
    };
    let ([pods, cpu, memory], [more_pods, more_cpu, more_memory]) = (of(&sums.now), of(&sums.then));
    [pods, more_pods, cpu, more_cpu, memory, more_memory]
}

/// Says that a node pool's limits do not take what would come.
fn too_small(load: &NodePoolLoad) -> String {
    let cpu = load.limit_cpu_millis.map(|cpu| {
        let cpu = decimal(cpu.div_ceil(100).into());
        format!("{cpu} vCPU")
    });
    let memory = load.limit_memory_bytes.map(|memory| {
        let gib = (u128::from(memory) * 10).div_ceil(1 << 30);
        format!("{} GiB", decimal(gib))
    });
    let limits: Vec<String> = cpu.into_iter().chain(memory).collect();
    format!(
        "node pool {}: its limits, {}, do not take what would come, {} at most; raise spec.limits",
        load.name,
        limits.join(", "),
        amount(load.then_at_most.requests)
    )
}
