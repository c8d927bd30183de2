//! The explanation for a program: one document, whose field names stay as they are.

mod capacity;
mod live;
mod origin;
mod summary;
mod workload;

use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{Error, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use super::examine::Examination;
use super::report::Fate;
use crate::cli::files::Manifest;
use origin::{OriginJson, origin};
use summary::{SummaryJson, WarningJson};
use workload::workload;

/// Examines the input, and writes the report.
pub(super) fn write(
    manifests: &[Manifest],
    examination: &mut Examination<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let document = ReportJson {
        manifests,
        examination: RefCell::new(examination),
        refused: RefCell::default(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The document. Its workloads are examined as they are written, so they come first and none is kept.
struct ReportJson<'r, 'p> {
    manifests: &'r [Manifest],
    examination: RefCell<&'r mut Examination<'p>>,
    refused: RefCell<Vec<Value>>,
}

/// The workloads of the document.
struct WorkloadsJson<'w, 'r, 'p>(&'w ReportJson<'r, 'p>);

impl Serialize for ReportJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("workloads", &WorkloadsJson(self))?;
        document.serialize_entry("refused", &*self.refused.borrow())?;
        let examination = self.examination.borrow();
        let summary = &examination.summary;
        // The number of objects that have nothing to do with placement.
        document.serialize_entry("skipped", &summary.skipped)?;
        document.serialize_entry("summary", &SummaryJson::of(summary))?;
        document.serialize_entry("namespacesAssumedOptedIn", &summary.assumed)?;
        let warnings = summary.warnings.iter().map(WarningJson::of);
        document.serialize_entry("warnings", &warnings.collect::<Vec<_>>())?;
        // The mode of the policy as a whole. In Audit the server acts on no finding.
        document.serialize_entry("policyMode", examination.snapshot.policy.mode.as_str())?;
        document.end()
    }
}

impl Serialize for WorkloadsJson<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut workloads = serializer.serialize_seq(None)?;
        let mut examination = self.0.examination.borrow_mut();
        for manifest in self.0.manifests {
            let mut written = Ok(());
            let examined = examination.manifest(manifest, &mut |object| {
                match &object.fate {
                    Fate::Explained(explanation) => {
                        written = workloads.serialize_element(&workload(&object, explanation)?);
                    }
                    Fate::Unreadable(error) => {
                        let refusal = serde_json::to_value(RefusalJson {
                            origin: origin(&object),
                            field: error.path.to_string(),
                            message: &error.message,
                        });
                        self.0.refused.borrow_mut().push(refusal?);
                    }
                    Fate::Skipped => {}
                }
                if written.is_ok() {
                    Ok(())
                } else {
                    Err(io::ErrorKind::Other.into())
                }
            });
            written?;
            examined.map_err(S::Error::custom)?;
        }
        workloads.end()
    }
}

#[derive(Serialize)]
struct RefusalJson<'r> {
    #[serde(flatten)]
    origin: OriginJson<'r>,
    field: String,
    message: &'r str,
}
