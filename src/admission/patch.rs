//! The edits as a JSON Patch. It has `add` operations alone, and adds each missing parent first (R4.5, R4.6, R5.6).

mod values;

use crate::encoding::json::Writer;
use crate::placement::{Edits, NewPreference, NewRequirements, RequiredEdits, TermEdit};
use crate::pod::{Metadata, Workload};
use values::{PREFERRED, REQUIRED};

const NODE_AFFINITY: &str = "/spec/affinity/nodeAffinity";

/// Writes the edits as a patch of the object; empty if there are no edits.
#[must_use]
pub(super) fn patch(edits: &Edits<'_>, workload: &Workload<'_>) -> Vec<u8> {
    if edits.is_empty() {
        return Vec::new();
    }
    let mut operations = Operations {
        root: workload.place.pointer,
        json: Writer::with_capacity(1024),
    };
    let Edits {
        tolerations,
        node_selector,
        required,
        preferred,
        labels,
        annotations,
    } = edits;
    let spec = workload.pod.spec;
    if workload.has_metadata {
        let Metadata {
            labels: has_labels,
            annotations: has_annotations,
            ..
        } = workload.pod.metadata;
        operations.add_entries("/metadata/labels", has_labels.is_some(), labels);
        operations.add_entries(
            "/metadata/annotations",
            has_annotations.is_some(),
            annotations,
        );
    } else if !(labels.is_empty() && annotations.is_empty()) {
        operations.add("/metadata", |json| {
            values::metadata(json, labels, annotations);
        });
    }
    if let Some(entry) = node_selector {
        operations.add_entries(
            "/spec/nodeSelector",
            spec.node_selector.is_some(),
            &[*entry],
        );
    }
    if spec.tolerations.is_none() && !tolerations.is_empty() {
        operations.add("/spec/tolerations", |json| {
            json.list(tolerations.iter().copied(), values::toleration);
        });
    } else {
        for &toleration in tolerations {
            operations.add("/spec/tolerations/-", |json| {
                values::toleration(json, toleration);
            });
        }
    }
    operations.add_affinity(workload, required, preferred.as_ref());
    operations.json.raw("]");
    operations.json.into_bytes()
}

/// The operations of a patch, as far as they are written.
struct Operations {
    /// The pointer to the pod or the template, which starts every path.
    root: &'static str,
    json: Writer,
}

impl Operations {
    /// Writes one operation. The path starts at the pod or the template.
    fn add(&mut self, path: &str, value: impl FnOnce(&mut Writer)) {
        self.add_at(|json| json.raw(path), value);
    }

    /// Writes one operation. `path` writes the path from the pod or the template on, as a part of a string.
    fn add_at(&mut self, path: impl FnOnce(&mut Writer), value: impl FnOnce(&mut Writer)) {
        let json = &mut self.json;
        json.raw(if json.is_empty() { "[" } else { "," });
        json.raw(r#"{"op":"add","path":""#);
        json.raw(self.root);
        path(json);
        json.raw(r#"","value":"#);
        value(json);
        json.raw("}");
    }

    /// Adds entries to a map: one by one if the map exists, or else as a new map.
    fn add_entries<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        exists: bool,
        entries: &[(K, V)],
    ) {
        if exists {
            for (key, value) in entries {
                let path = |json: &mut Writer| {
                    json.raw(path);
                    json.raw("/");
                    json.token(key.as_ref());
                };
                self.add_at(path, |json| json.text(value.as_ref()));
            }
        } else if !entries.is_empty() {
            self.add(path, |json| values::entries(json, entries));
        }
    }

    /// Adds the required and the preferred terms, with the parents that are missing.
    fn add_affinity(
        &mut self,
        workload: &Workload<'_>,
        required: &RequiredEdits<'_>,
        preferred: Option<&NewPreference<'_>>,
    ) {
        let new_term = match required {
            RequiredEdits::NewTerm(new) => Some([new.node_pools(), new.architectures()]),
            RequiredEdits::Nothing | RequiredEdits::Extend(..) => None,
        };
        let affinity = workload.pod.spec.affinity.as_ref();
        let Some(present) = affinity.and_then(|affinity| affinity.node_affinity.as_ref()) else {
            if new_term.is_some() || preferred.is_some() {
                let value = |json: &mut Writer| values::node_affinity(json, new_term, preferred);
                match affinity {
                    Some(_) => self.add(NODE_AFFINITY, value),
                    None => self.add("/spec/affinity", |json| {
                        values::member(json, "nodeAffinity", value);
                    }),
                }
            }
            return;
        };
        if let Some(term) = new_term {
            self.add_at(
                |json| below_affinity(json, REQUIRED),
                |json| values::terms(json, term),
            );
        }
        if let RequiredEdits::Extend(requirements, terms) = required {
            for edit in terms {
                self.extend_term(requirements, edit);
            }
        }
        match (preferred, present.preferred) {
            (None, _) => {}
            (Some(added), Some(_)) => {
                let path = |json: &mut Writer| {
                    below_affinity(json, PREFERRED);
                    json.raw("/-");
                };
                self.add_at(path, |json| values::preference(json, added));
            }
            (Some(added), None) => self.add_at(
                |json| below_affinity(json, PREFERRED),
                |json| json.list([added], values::preference),
            ),
        }
    }

    /// Adds the requirements that a term lacks.
    fn extend_term(&mut self, requirements: &NewRequirements<'_>, edit: &TermEdit) {
        let (mut node_pools, mut architectures) = (None, None);
        if edit.node_pools {
            node_pools = requirements.node_pools();
        }
        if edit.architectures {
            architectures = requirements.architectures();
        }
        let path = |json: &mut Writer| {
            below_affinity(json, REQUIRED);
            json.raw("/nodeSelectorTerms/");
            json.number(edit.position);
            json.raw("/matchExpressions");
        };
        let added = [node_pools, architectures];
        if edit.has_expressions {
            for expression in added.into_iter().flatten() {
                let path = |json: &mut Writer| {
                    path(json);
                    json.raw("/-");
                };
                self.add_at(path, |json| values::expression(json, expression));
            }
        } else {
            self.add_at(path, |json| values::expressions(json, added));
        }
    }
}

/// Writes the path of a member of the node affinity.
fn below_affinity(json: &mut Writer, name: &str) {
    json.raw(NODE_AFFINITY);
    json.raw("/");
    json.raw(name);
}
