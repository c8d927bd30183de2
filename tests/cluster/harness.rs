//! The cluster of a test run: its programs, its clients, and berth in front of it.

pub(crate) mod account;
pub(crate) mod additions;
pub(crate) mod api;
pub(crate) mod auto_mode;
pub(crate) mod aws;
pub(crate) mod berth;
pub(crate) mod boundary;
pub(crate) mod cluster;
pub(crate) mod front;
pub(crate) mod gate;
pub(crate) mod load;
pub(crate) mod machines;
pub(crate) mod node_pools;
pub(crate) mod operator;
pub(crate) mod pki;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod registration;
pub(crate) mod scene;
pub(crate) mod setup;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ::berth::encoding::yaml;
use anyhow::{Context, bail};
use serde_json::Value;

/// The longest wait for anything that takes seconds when all is well. It is long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is an answer. Only `None` is asked again; an error ends it at once.
pub(crate) async fn eventually<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await.with_context(|| what.to_owned())? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("{what}: not within {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns the absolute path of a path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Reads the objects of a YAML file, or of the YAML files directly in a directory, in the order of their names.
pub(crate) fn manifests(path: &Path) -> anyhow::Result<Vec<Value>> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = std::fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
        files.sort();
    }
    let mut objects = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        objects.extend(documents(&text).with_context(|| file.display().to_string())?);
    }
    Ok(objects)
}

/// Reads the objects of a YAML stream.
pub(crate) fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    yaml::documents(text)
        .map(|document| {
            yaml::parse(document.text)
                .map_err(|error| anyhow::anyhow!("line {}: {error}", document.line))
        })
        .collect()
}
