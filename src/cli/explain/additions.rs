//! The additions to a pod in words.

use crate::label::ARCH;
use crate::names::DECISION_ANNOTATION;
use crate::placement::Decision;

/// Returns a line for each thing that a decision adds.
pub(super) fn additions(decision: &Decision<'_>) -> Vec<String> {
    let edits = &decision.edits;
    let mut lines = Vec::new();
    lines.extend(
        edits
            .node_selector
            .map(|(label, name)| format!("node selector {label}: {name}")),
    );
    if let Some(requirements) = edits.required.requirements() {
        let required = [
            (requirements.node_label, &requirements.node_pools),
            (ARCH, &requirements.architectures),
        ];
        for (key, values) in required.iter().filter(|(_, values)| !values.is_empty()) {
            lines.push(format!("node affinity {key} in {}", values.join(", ")));
        }
    }
    if let Some(preference) = &edits.preferred {
        lines.push(format!(
            "preferred node affinity {} in {}",
            preference.node_label,
            preference.node_pools.join(", ")
        ));
    }
    lines.extend(
        edits
            .tolerations
            .iter()
            .map(|toleration| format!("toleration {}", toleration.0)),
    );
    let labels = edits.labels.iter();
    lines.extend(labels.map(|(key, value)| format!("label {key}: {value}")));
    let annotations = edits.annotations.iter();
    lines.extend(annotations.map(|(key, value)| match *key {
        // It repeats the rows above.
        DECISION_ANNOTATION => format!("annotation {key}: {}: …", decision.reason),
        key => format!("annotation {key}: {value}"),
    }));
    lines
}
