//! Prometheus itself, and its answers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::harness::api::{Api, text};
use crate::harness::cluster::{Cluster, probe};
use crate::harness::eventually;
use crate::harness::process::{Process, free_ports};

/// A running Prometheus. Dropping it ends it.
pub(super) struct Prometheus {
    _process: Process,
    api: Api,
}

/// A series of an answer: its labels, and its value.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

impl Sample {
    /// Returns the value of a label; empty if there is none.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Returns the path of the program, if the machine has it.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join("prometheus"))
        .find(|file| file.is_file())
}

impl Prometheus {
    /// Starts it on a configuration, and waits until it answers.
    pub(super) async fn start(
        cluster: &Cluster,
        program: &Path,
        configuration: &Value,
    ) -> anyhow::Result<Self> {
        // JSON is YAML.
        let file = cluster.write("prometheus.yaml", &configuration.to_string())?;
        let [port] = free_ports()?;
        let arguments = [
            format!("--config.file={file}"),
            format!(
                "--storage.tsdb.path={}",
                cluster.path().join("prometheus").display()
            ),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let mut process = Process::start("prometheus", program, &arguments, &[], cluster.path())?;
        let api = probe("http", ([127, 0, 0, 1], port))?;
        eventually("Prometheus is ready", async || {
            process.check()?;
            let reply = api.raw("/-/ready").await.ok();
            Ok(reply.filter(|(status, _)| status.is_success()))
        })
        .await?;
        Ok(Self {
            _process: process,
            api,
        })
    }

    /// Asks a query. It is an error if Prometheus cannot evaluate it.
    pub(super) async fn ask(&self, query: &str) -> anyhow::Result<Vec<Sample>> {
        let path = format!("/api/v1/query?query={}", escaped(query));
        let answer = self
            .api
            .get(&path)
            .await
            .with_context(|| query.to_owned())?;
        let answer = answer.unwrap_or_default();
        let result = answer["data"]["result"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        match text(&answer, "/data/resultType") {
            "vector" => result.iter().map(sample).collect(),
            other => bail!("{query}: a {other}, and not a vector"),
        }
    }

    /// Returns the groups of rules, with the state of each rule.
    pub(super) async fn rules(&self) -> anyhow::Result<Vec<Value>> {
        let answer = self.api.get("/api/v1/rules").await?.unwrap_or_default();
        let groups = answer["data"]["groups"].as_array().cloned();
        let groups = groups.unwrap_or_default();
        let rules = groups.iter().filter_map(|group| group["rules"].as_array());
        Ok(rules.flatten().cloned().collect())
    }

    /// Returns the targets, each with the outcome of its last scrape.
    pub(super) async fn targets(&self) -> anyhow::Result<Vec<Value>> {
        let path = "/api/v1/targets?state=active";
        let answer = self.api.get(path).await?.unwrap_or_default();
        let targets = answer["data"]["activeTargets"].as_array().cloned();
        Ok(targets.unwrap_or_default())
    }
}

fn sample(series: &Value) -> anyhow::Result<Sample> {
    let labels = serde_json::from_value(series["metric"].clone())?;
    let value = text(series, "/value/1").parse()?;
    Ok(Sample { labels, value })
}

/// Escapes a text for a URL.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut url, byte| {
        // Writing to a text cannot fail.
        let _ = write!(url, "%{byte:02X}");
        url
    })
}
