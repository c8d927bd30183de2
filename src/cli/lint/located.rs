//! An object, and where it comes from.

use serde_json::Value;

use crate::cli::files::{Identity, LineSearch, Manifest};
use crate::encoding::field::FieldPath;

/// The name of the policy that the program holds.
pub(super) const DEFAULT_POLICY: &str = "the default policy";

/// A policy or a node pool.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The origin of an object.
#[derive(Debug)]
pub(super) enum Origin {
    /// The manifest at this position, and the path to the object in it.
    File { manifest: usize, path: FieldPath },
    /// The cluster.
    Cluster,
    /// The program: it is the default policy.
    Embedded,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, as it was named; `-` for standard input.
    pub(super) file: String,
    /// The line, from 1; `None` if it is not known.
    pub(super) line: Option<usize>,
}

impl Document {
    /// Returns the object's name; empty if it has none.
    pub(super) fn name(&self) -> &str {
        Identity::of(&self.value).name
    }

    /// Returns the object's kind and name.
    pub(super) fn label(&self) -> String {
        let identity = Identity::of(&self.value);
        let label = format!("{} {}", identity.kind, identity.display_name());
        match self.origin {
            Origin::Embedded => DEFAULT_POLICY.to_owned(),
            Origin::File { .. } | Origin::Cluster => label,
        }
    }

    /// Returns the place of a field. A field that is not written stands where the one around it does. `None` if the object
    /// comes from no file.
    pub(super) fn place(
        &self,
        field: &FieldPath,
        manifests: &[Manifest],
        lines: &mut LineSearch,
    ) -> Option<Place> {
        let Origin::File { manifest, path } = &self.origin else {
            return None;
        };
        let manifest = manifests.get(*manifest)?;
        let mut whole = path.clone();
        whole.0.extend(field.0.iter().cloned());
        let mut line = lines.line(manifest, &whole);
        while line.is_none() && whole.0.len() > path.0.len() {
            whole.0.pop();
            line = lines.line(manifest, &whole);
        }
        Some(Place {
            file: manifest.location.file.to_string(),
            line: line.or(manifest.location.line),
        })
    }
}
