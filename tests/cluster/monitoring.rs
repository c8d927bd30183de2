//! Monitoring: a real Prometheus scrapes a cluster as `docs/monitoring.md` says, with the shipped rules, and answers
//! every query of the rules, of the dashboard and of the pages.

mod configuration;
mod exporter;
mod pages;
mod prometheus;
mod queries;
mod rules;
mod stage;
mod traffic;

use anyhow::ensure;

use crate::harness::cluster::{Cluster, Extent};
use crate::runner::{Group, NotRun, Test};

pub(crate) fn group() -> Group {
    Group {
        name: "monitoring",
        extent: Extent::All,
        // One test asks all, since the stage takes the time.
        tests: vec![Test {
            name: "queries",
            run: |cluster| Box::pin(asked(cluster)),
        }],
    }
}

/// Asks every query, and reports all that fail.
async fn asked(cluster: &Cluster) -> anyhow::Result<()> {
    let program = prometheus::program().ok_or_else(|| {
        let lack = "there is no `prometheus` on the PATH (Debian: apt-get install prometheus)";
        NotRun(lack.to_owned())
    })?;
    let stage = stage::Stage::new(cluster, &program).await?;
    let mut problems = Vec::new();
    for part in [
        rules::truth(&stage).await,
        // They are first: once they fire, all that they read has been scraped.
        rules::alerts(&stage).await,
        rules::evaluated(&stage).await,
        pages::dashboard(&stage).await,
        pages::queries(&stage).await,
        pages::nothing(&stage).await,
    ] {
        if let Err(error) = part {
            problems.push(format!("{error:#}"));
        }
    }
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}
