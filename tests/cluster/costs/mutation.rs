//! Who changes a pod, and by which registration berth does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::ensure;

use super::amounts::{Amounts, amounts};
use super::blocks::Clients;
use super::conditions;
use super::rows::Row;
use super::stage::Stage;
use super::table::{Cell, Measured, added, base, processor, ratios};
use crate::harness::cluster::Cluster;

/// The ratios that are shown.
const RATIOS: [(Row, Row); 3] = [
    (Row::Berth, Row::Constant),
    (Row::Berth, Row::Usual),
    (Row::Berth, Row::Policy),
];

/// The requests that may fail with one size of pods and one number of clients. On a machine that has much else to do, even a
/// webhook that sheds load early is too busy now and then. They are printed, and have no latency.
const FAILURES: usize = 20;

/// Every row makes of a pod what it should. How long that takes is measured at length by `tests/cluster/bench`.
pub(crate) async fn mutation(cluster: &Cluster) -> anyhow::Result<()> {
    let amounts = amounts()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let stage = Stage::set(cluster).await?;
    let mut cells = Vec::new();
    for size in amounts.sizes {
        stage.verify(*size).await?;
        for number in amounts.clients {
            let clients = Clients::connect(cluster, *number).await?;
            let cell = measure(&stage, &clients, *size, &amounts).await?;
            eprintln!("{} measured", cell.title());
            cells.push(cell);
        }
    }
    let tables = [
        format!(
            "Kubernetes {}; the load of the machine was {} before.\n",
            cluster.version().await?,
            load.split(' ').next().unwrap_or_default()
        ),
        ratios(&cells, &RATIOS),
        added(&cells, &Row::PEERS),
        added(&cells, &Row::REGISTRATIONS),
        base(&cells),
        processor(&cells),
        conditions::sentence(cluster).await?,
    ];
    if let Some(kept) = &amounts.kept {
        std::fs::write(kept.join("mutation.md"), tables.join("\n"))?;
        keep(&kept.join("mutation.csv"), &cells)?;
    }
    Ok(())
}

/// Measures all rows with these clients, round by round: what happens to the machine meanwhile happens to all of them.
async fn measure(
    stage: &Stage<'_>,
    clients: &Clients,
    size: usize,
    amounts: &Amounts,
) -> anyhow::Result<Cell> {
    let mut rows: BTreeMap<Row, Measured> = BTreeMap::new();
    let mut failures = 0;
    for round in 0..amounts.rounds {
        for row in order(&stage.rows, round) {
            let create = Stage::create(row, size);
            let before = stage.ran(row)?;
            let block = clients.create(&create, amounts.block).await?;
            let after = stage.ran(row)?;
            // Each client's first request is in none of the others.
            let requests = block.requests() + clients.number();
            let measured = rows.entry(row).or_default();
            measured.add(&block.took, requests, [before, after]);
            for failure in block.failures {
                eprintln!("{}: {failure}", row.name());
                failures += 1;
                ensure!(failures <= FAILURES, "more than {FAILURES} requests failed");
            }
        }
    }
    Ok(Cell {
        size,
        clients: clients.number(),
        rows,
    })
}

/// Returns the rows in the order of a round. From round to round each follows others, whose garbage it may have to collect.
fn order(rows: &[Row], round: u32) -> Vec<Row> {
    // It is prime, so that no two rows have the same key.
    const PRIME: usize = 101;
    let stride = 1 + (round as usize * 37) % (PRIME - 1);
    let mut rows: Vec<_> = rows.iter().copied().enumerate().collect();
    rows.sort_by_key(|(index, _)| (index + 1) * stride % PRIME);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Writes every latency.
fn keep(path: &Path, cells: &[Cell]) -> anyhow::Result<()> {
    let mut text = "bytes,clients,who,round,microseconds\n".to_owned();
    for cell in cells {
        for (row, measured) in &cell.rows {
            for (round, latency) in measured.latencies.all() {
                let (size, clients, name) = (cell.size, cell.clients, row.name());
                writeln!(text, "{size},{clients},{name},{round},{latency}")?;
            }
        }
    }
    Ok(std::fs::write(path, text)?)
}
