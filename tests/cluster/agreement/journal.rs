//! The notes on pods that get neither a node nor an event.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::labels::OWN;
use crate::harness::api::text;
use crate::harness::setup::AUDIT_LOG;

/// The notes of the API server and Karpenter's log, as far as they were read. Pods go by their names.
pub(super) struct Journal {
    audit: Tail,
    karpenter: Tail,
    /// The messages by which the API server refused the node claims of pods.
    pub(super) refused: BTreeMap<String, String>,
    /// The messages by which Karpenter could not launch the node claims of pods.
    pub(super) not_launched: BTreeMap<String, String>,
    /// The pods that Karpenter passes over.
    pub(super) ignored: BTreeSet<String>,
    /// The pods of node claims by the names of those.
    claims: BTreeMap<String, String>,
}

impl Journal {
    pub(super) fn new(directory: &Path, program: &str) -> Self {
        Self {
            audit: Tail::new(directory.join(AUDIT_LOG)),
            karpenter: Tail::new(directory.join(format!("{program}.log"))),
            refused: BTreeMap::new(),
            not_launched: BTreeMap::new(),
            ignored: BTreeSet::new(),
            claims: BTreeMap::new(),
        }
    }

    /// Reads what came since the last time.
    pub(super) fn read_on(&mut self) -> anyhow::Result<()> {
        let own = format!("/requestObject/metadata/labels/{}", OWN.replace('/', "~1"));
        for line in self.audit.lines()?.lines() {
            let event: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            let pod = text(&event, &own).to_owned();
            if event["responseStatus"]["code"].as_u64() >= Some(400) {
                let message = text(&event, "/responseStatus/message");
                self.refused.insert(pod, message.to_owned());
            } else {
                let name = text(&event, "/responseObject/metadata/name");
                self.claims.insert(name.to_owned(), pod);
            }
        }
        for line in self.karpenter.lines()?.lines() {
            // Some lines are no JSON.
            let entry: Value = serde_json::from_str(line).unwrap_or_default();
            let claim = self.claims.get(text(&entry, "/NodeClaim/name"));
            match (text(&entry, "/message"), claim) {
                ("ignoring pod", _) => {
                    self.ignored.insert(text(&entry, "/Pod/name").to_owned());
                }
                ("failed launching nodeclaim", Some(pod)) => {
                    let error = text(&entry, "/error").to_owned();
                    self.not_launched.insert(pod.clone(), error);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A file that grows by lines.
struct Tail {
    path: PathBuf,
    read: u64,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// Returns the whole lines that came since the last time.
    fn lines(&mut self) -> anyhow::Result<String> {
        let mut file = File::open(&self.path).with_context(|| self.path.display().to_string())?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut lines = Vec::new();
        file.read_to_end(&mut lines)?;
        let end = lines.iter().rposition(|byte| *byte == b'\n');
        lines.truncate(end.map_or(0, |end| end + 1));
        self.read += u64::try_from(lines.len())?;
        Ok(String::from_utf8_lossy(&lines).into_owned())
    }
}
