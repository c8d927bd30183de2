//! Webhooks that are not called, since a selector of theirs does not match.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::ensure;
use serde_json::{Value, json};

use super::amounts::amounts;
use super::blocks::{Clients, Create};
use super::latencies::{Latencies, quantile};
use super::pods::{Owner, pod};
use super::rows::LABEL;
use crate::harness::cluster::Cluster;
use crate::harness::registration::{register, shipped};
use crate::watching::stage::namespace;

/// The webhooks of a configuration. One alone costs too little to be measured.
const WEBHOOKS: u32 = 64;

const NAMESPACE: &str = "costs-bystanders";

/// The webhooks that are registered, none of which is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bystanders {
    Absent,
    /// The namespace selector does not match.
    ByNamespace,
    /// The namespace selector matches, and the object selector does not.
    ByObject,
}

impl Bystanders {
    const ALL: [Self; 3] = [Self::Absent, Self::ByNamespace, Self::ByObject];

    fn title(self) -> &'static str {
        match self {
            Self::Absent => "none",
            Self::ByNamespace => "a namespace selector that does not match",
            Self::ByObject => "one that matches, and an object selector that does not",
        }
    }

    /// Returns the configuration of these webhooks. Nothing listens where they are.
    fn configuration(self) -> anyhow::Result<Value> {
        let url = "https://127.0.0.1:1";
        let mut configuration = shipped(url, "")?.swap_remove(0);
        configuration["metadata"]["name"] = json!("bystanders");
        let mut webhook = configuration["webhooks"][0].take();
        let label = if self == Self::ByObject {
            NAMESPACE
        } else {
            "another"
        };
        webhook["namespaceSelector"]["matchLabels"] = json!({LABEL: label});
        webhook["failurePolicy"] = json!("Fail");
        webhook["clientConfig"] = json!({"url": url});
        if self == Self::ByObject {
            webhook["objectSelector"] = json!({"matchLabels": {LABEL: "another"}});
        }
        let number = if self == Self::Absent { 0 } else { WEBHOOKS };
        let webhooks: Vec<Value> = (0..number)
            .map(|index| {
                webhook["name"] = json!(format!("w{index}.bystanders.example.com"));
                webhook.clone()
            })
            .collect();
        configuration["webhooks"] = json!(webhooks);
        Ok(configuration)
    }
}

/// A webhook that is not called has no effect on a pod. How long its selectors take is measured by `tests/cluster/bench`.
pub(crate) async fn bystanders(cluster: &Cluster) -> anyhow::Result<()> {
    let amounts = amounts()?;
    namespace(cluster, NAMESPACE, json!({LABEL: NAMESPACE})).await?;
    let create = Create::new(&pod(NAMESPACE, Owner::ReplicaSet, amounts.sizes[0]));
    let clients = Clients::connect(cluster, 1).await?;
    let mut rows: BTreeMap<Bystanders, Latencies> = BTreeMap::new();
    for _ in 0..amounts.rounds {
        for bystanders in Bystanders::ALL {
            let configuration = bystanders.configuration()?;
            register(&cluster.api, &[configuration]).await?;
            let block = clients.create(&create, amounts.block).await?;
            ensure!(block.failures.is_empty(), "{:?}", block.failures);
            rows.entry(bystanders).or_default().add_round(&block.took);
        }
    }
    if let Some(kept) = &amounts.kept {
        std::fs::write(kept.join("bystanders.md"), table(&rows))?;
        std::fs::write(kept.join("bystanders.csv"), raw(&rows))?;
    }
    Ok(())
}

/// Writes what one webhook adds to the median, with the quartiles of the rounds.
fn table(rows: &BTreeMap<Bystanders, Latencies>) -> String {
    let mut text = "Added to the median by each webhook that is not called (quartiles of the rounds), µs:\n\n| because of | |\n|---|--:|\n".to_owned();
    let Some(base) = rows.get(&Bystanders::Absent) else {
        return text;
    };
    let webhooks = f64::from(WEBHOOKS);
    for (bystanders, latencies) in rows.iter().skip(1) {
        let added = (latencies.quantile(500) - base.quantile(500)) / webhooks;
        let rounds = latencies.medians().zip(base.medians());
        let rounds: Vec<f64> = rounds.map(|(own, base)| (own - base) / webhooks).collect();
        let [low, high] = [250, 750].map(|of| quantile(rounds.clone(), of));
        let title = bystanders.title();
        let _ = writeln!(text, "| {title} | {added:.1} ({low:.1}–{high:.1}) |");
    }
    text
}

/// Writes every latency.
fn raw(rows: &BTreeMap<Bystanders, Latencies>) -> String {
    let mut text = "bystanders,round,microseconds\n".to_owned();
    for (bystanders, latencies) in rows {
        for (round, latency) in latencies.all() {
            let _ = writeln!(text, "{bystanders:?},{round},{latency}");
        }
    }
    text
}
