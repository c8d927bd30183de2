//! The check `bound-by-author`: somebody set `nodeName` by hand.

use crate::encoding::wording::clipped;
use crate::forecast::Revision;

/// Reports a `nodeName` that the old revision lacks. In an UPDATE of a running pod, both have the one that the
/// scheduler set.
pub(super) fn bound_by_author(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let name = &new.pod().spec.node_name;
    if name.is_empty() || old.is_some_and(|old| old.pod().spec.node_name == *name) {
        return Vec::new();
    }
    vec![
        format!(
            "{}: {:?} is set by hand",
            new.field("spec.nodeName"),
            clipped(name)
        ),
        "it passes over the scheduler and the node's taints".to_owned(),
        "select nodes by their labels".to_owned(),
    ]
}
