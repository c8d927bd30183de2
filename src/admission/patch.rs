//! The edits as a JSON Patch. It has `add` operations alone, and adds each missing parent first (R4.5, R4.6, R5.6).

use std::fmt::{self, Write as _};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::placement::{
    Edits, NewExpressions, NewPreference, NewRequirements, NewTerm, RequiredEdits, TermEdit,
};
use crate::pod::{Metadata, Workload};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Writes the edits as a patch of the object; empty if there are no edits.
#[must_use]
pub(super) fn patch(edits: &Edits<'_>, workload: &Workload<'_>) -> Vec<u8> {
    let mut operations = Operations {
        root: workload.place.pointer,
        json: Vec::new(),
    };
    if edits.is_empty() {
        return operations.json;
    }
    operations.json.reserve(1024);
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
        operations.add(
            format_args!("/metadata"),
            &NewMetadata {
                labels,
                annotations,
            },
        );
    }
    if let Some(entry) = node_selector {
        operations.add_entries(
            "/spec/nodeSelector",
            spec.node_selector.is_some(),
            &[*entry],
        );
    }
    if spec.tolerations.is_none() && !tolerations.is_empty() {
        operations.add(format_args!("/spec/tolerations"), tolerations);
    } else {
        for toleration in tolerations {
            operations.add(format_args!("/spec/tolerations/-"), toleration);
        }
    }
    operations.add_affinity(workload, required, preferred.as_ref());
    operations.json.push(b']');
    operations.json
}

/// The operations of a patch, as far as they are written.
struct Operations {
    /// The pointer to the pod or the template, which starts every path.
    root: &'static str,
    json: Vec<u8>,
}

impl Operations {
    /// Writes one operation. The path starts at the pod or the template.
    fn add(&mut self, path: fmt::Arguments<'_>, value: &impl Serialize) {
        let json = &mut self.json;
        json.push(if json.is_empty() { b'[' } else { b',' });
        json.extend_from_slice(br#"{"op":"add","path":""#);
        let path = Escaped(json).write_fmt(format_args!("{}{path}", self.root));
        json.extend_from_slice(br#"","value":"#);
        let value = serde_json::to_writer(&mut *json, value);
        json.push(b'}');
        debug_assert!(
            path.is_ok() && value.is_ok(),
            "writing to memory cannot fail"
        );
    }

    /// Adds entries to a map: one by one if the map exists, or else as a new map.
    fn add_entries<K: AsRef<str>, V: Serialize>(
        &mut self,
        path: &str,
        exists: bool,
        entries: &[(K, V)],
    ) {
        if exists {
            for (key, value) in entries {
                self.add(format_args!("{path}/{}", Token(key.as_ref())), value);
            }
        } else if !entries.is_empty() {
            self.add(format_args!("{path}"), &Entries(entries));
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
            RequiredEdits::NewTerm(new) => Some(NewTerm(NewExpressions([
                new.node_pools(),
                new.architectures(),
            ]))),
            RequiredEdits::Nothing | RequiredEdits::Extend(..) => None,
        };
        let affinity = workload.pod.spec.affinity.as_ref();
        let Some(node_affinity) = affinity.and_then(|affinity| affinity.node_affinity.as_ref())
        else {
            if new_term.is_some() || preferred.is_some() {
                let value = NewNodeAffinity {
                    term: new_term,
                    preference: preferred,
                };
                match affinity {
                    Some(_) => self.add(format_args!("/spec/affinity/nodeAffinity"), &value),
                    None => self.add(
                        format_args!("/spec/affinity"),
                        &Entries(&[("nodeAffinity", value)]),
                    ),
                }
            }
            return;
        };
        if let Some(term) = new_term {
            self.add(
                format_args!("/spec/affinity/nodeAffinity/{REQUIRED}"),
                &Entries(&[("nodeSelectorTerms", [term])]),
            );
        }
        if let RequiredEdits::Extend(requirements, terms) = required {
            for edit in terms {
                self.extend_term(requirements, edit);
            }
        }
        match (preferred, node_affinity.preferred) {
            (None, _) => {}
            (Some(preference), Some(_)) => self.add(
                format_args!("/spec/affinity/nodeAffinity/{PREFERRED}/-"),
                preference,
            ),
            (Some(preference), None) => self.add(
                format_args!("/spec/affinity/nodeAffinity/{PREFERRED}"),
                &[preference],
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
        let path = format_args!(
            "/spec/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms/{}/matchExpressions",
            edit.position
        );
        let added = [node_pools, architectures];
        if edit.has_expressions {
            for requirement in added.iter().flatten() {
                self.add(format_args!("{path}/-"), requirement);
            }
        } else {
            self.add(path, &NewExpressions(added));
        }
    }
}

/// Writes text into a JSON string. Hardly any has something to escape.
struct Escaped<'j>(&'j mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // A loop without an early end compares many bytes at once.
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            self.0.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let quoted = serde_json::to_vec(text).map_err(|_| fmt::Error)?;
        self.0.extend_from_slice(&quoted[1..quoted.len() - 1]);
        Ok(())
    }
}

/// A key as one token of a JSON pointer, escaped (R4.6).
struct Token<'k>(&'k str);

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['~', '/']) {
            match part.as_bytes() {
                [text @ .., b'~'] => write!(f, "{}~0", &part[..text.len()])?,
                [text @ .., b'/'] => write!(f, "{}~1", &part[..text.len()])?,
                _ => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// A list of pairs that is written as a map.
struct Entries<'e, K, V>(&'e [(K, V)]);

impl<K: AsRef<str>, V: Serialize> Serialize for Entries<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key.as_ref(), value)))
    }
}

/// The metadata of a template that has none.
struct NewMetadata<'e, K, V> {
    labels: &'e [(&'static str, &'e str)],
    annotations: &'e [(K, V)],
}

impl<K: AsRef<str>, V: Serialize> Serialize for NewMetadata<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.labels.is_empty() {
            map.serialize_entry("labels", &Entries(self.labels))?;
        }
        if !self.annotations.is_empty() {
            map.serialize_entry("annotations", &Entries(self.annotations))?;
        }
        map.end()
    }
}

/// The node affinity of a pod that has none.
struct NewNodeAffinity<'e> {
    term: Option<NewTerm<'e>>,
    preference: Option<&'e NewPreference<'e>>,
}

impl Serialize for NewNodeAffinity<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(term) = self.term {
            map.serialize_entry(REQUIRED, &Entries(&[("nodeSelectorTerms", [term])]))?;
        }
        if let Some(preference) = self.preference {
            map.serialize_entry(PREFERRED, &[preference])?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, Token, fmt::Write as _};

    /// The patch is JSON, whatever is in a path.
    #[test]
    fn paths_are_escaped_as_json() {
        for text in [
            "",
            "/metadata/labels/a.b~1c",
            "a\"b\\c\n\u{1}é",
            "\u{7f}\u{2028}",
        ] {
            let mut json = Vec::new();
            Escaped(&mut json).write_str(text).unwrap();
            let quoted = serde_json::to_string(text).unwrap();
            assert_eq!(format!("\"{}\"", String::from_utf8(json).unwrap()), quoted);
        }
    }

    /// `~` is escaped before `/` (R4.6).
    #[test]
    fn tokens_escape_tilde_and_slash() {
        assert_eq!(Token("a~b/c~1/").to_string(), "a~0b~1c~01~1");
        assert_eq!(
            Token("karpenter.sh/nodepool").to_string(),
            "karpenter.sh~1nodepool"
        );
    }
}
