//! The check `wildcard-toleration`: what tolerates everything tolerates what keeps a cluster in order, too (R7.2).

use std::collections::BTreeSet;

use super::revision::Revision;
use crate::node::Taint;
use crate::pod::Toleration;

/// The taint of a node that Karpenter drains. It moves no pod that tolerates it.
const DISRUPTED: &str = "karpenter.sh/disrupted";

/// A toleration of every taint, or of the one by which Karpenter drains a node.
pub(super) fn wildcard_toleration(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let disrupted = Taint {
        key: DISRUPTED.to_owned(),
        value: String::new(),
        effect: "NoSchedule".to_owned(),
    };
    let wild = |toleration: &&Toleration<'_>| toleration.tolerates(&disrupted);
    let what =
        |toleration: &Toleration<'_>| (toleration.key.is_empty(), toleration.effect.is_empty());
    let known: BTreeSet<(bool, bool)> = old
        .into_iter()
        .flat_map(|old| old.pod().spec.tolerations().iter().filter(wild).map(what))
        .collect();
    let all = new.pod().spec.tolerations().iter().enumerate();
    let mut added =
        all.filter(|(_, toleration)| wild(toleration) && !known.contains(&what(toleration)));
    let Some((position, toleration)) = added.next() else {
        return Vec::new();
    };
    let field = new.field(&format!("spec.tolerations[{position}]"));
    if toleration.key.is_empty() {
        vec![
            format!("{field}: Exists without a key enters every tainted node pool"),
            "Karpenter cannot drain such a pod".to_owned(),
            "name the keys of the taints to tolerate".to_owned(),
        ]
    } else {
        vec![
            format!("{field}: Karpenter cannot drain a pod that tolerates {DISRUPTED}"),
            "remove it".to_owned(),
        ]
    }
}
