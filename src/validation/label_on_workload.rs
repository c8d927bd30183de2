//! The check `label-on-workload`: a label, or an annotation with a number of the split, stands on the workload, where it has
//! no effect, and not on its pod template.

use super::own_labels::NUMBERS;
use super::wording::pool_labels;
use crate::forecast::Revision;
use crate::named::named;
use crate::names::{ARCH_LABEL, CAPACITY_LABEL, INJECTION_LABEL, POOL_LABEL};

named! {
    /// The field of the metadata that something stands in.
    enum Field {
        /// Labels.
        Labels = "labels",
        /// Annotations.
        Annotations = "annotations",
    }
}

/// A label or an annotation that stands above a template and not on it.
type Misplaced<'a> = (&'static str, Field, &'a str);

/// Reports the misplaced labels and annotations that the old revision lacks.
pub(super) fn label_on_workload(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let mut found = misplaced(new);
    let known = old.map(misplaced).unwrap_or_default();
    found.retain(|one| !known.contains(one));
    let mut lines = Vec::new();
    for field in Field::ALL {
        let of_field = found.iter().filter(|(_, other, _)| other == field);
        let told =
            of_field.map(|(path, _, key)| format!("{path}.{field}[{key}] has no effect there"));
        let before = lines.len();
        lines.extend(told);
        if lines.len() > before {
            lines.push(format!(
                "move it to {}",
                new.field(&format!("metadata.{field}"))
            ));
        }
    }
    lines
}

fn misplaced<'a>(revision: &Revision<'a>) -> Vec<Misplaced<'a>> {
    let policy = &*revision.snapshot.policy;
    let mut keys: Vec<&str> = vec![POOL_LABEL, ARCH_LABEL, INJECTION_LABEL];
    for key in pool_labels(policy) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    // Without a split the check `unknown-label` tells of these wherever they stand.
    let numbers = if policy.has_split() {
        &NUMBERS[..]
    } else {
        &[]
    };
    keys.extend(policy.has_split().then_some(CAPACITY_LABEL));
    let template = revision.pod().metadata;
    let mut found = Vec::new();
    for (path, metadata) in revision.workload.above.iter().flatten() {
        let labels = keys.iter().filter(|key| {
            // On a pod only `disabled` has a meaning: namespaces opt in, pods do not.
            let asks = metadata
                .label(key)
                .is_some_and(|value| **key != INJECTION_LABEL || value == "disabled");
            asks && template.label(key).is_none()
        });
        found.extend(labels.map(|key| (*path, Field::Labels, *key)));
        let annotations = numbers.iter().map(|(key, _)| *key);
        let annotations =
            annotations.filter(|key| metadata.has_annotation(key) && !template.has_annotation(key));
        found.extend(annotations.map(|key| (*path, Field::Annotations, key)));
    }
    found
}
