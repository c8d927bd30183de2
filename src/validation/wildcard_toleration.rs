//! The check `wildcard-toleration`: a pod that tolerates every taint also tolerates those that keep a cluster in order
//! (R7.2).

use std::collections::BTreeSet;

use crate::forecast::Revision;
use crate::node::Taint;
use crate::pod::Toleration;

/// The taint of a node that Karpenter drains. Karpenter does not move a pod that tolerates it.
const DISRUPTED: &str = "karpenter.sh/disrupted";

/// Reports a toleration of every taint or of [`DISRUPTED`], unless the old revision has one of its breadth.
pub(super) fn wildcard_toleration(new: &Revision<'_>, old: Option<&Revision<'_>>) -> Vec<String> {
    let disrupted = Taint {
        key: DISRUPTED.into(),
        value: "".into(),
        effect: "NoSchedule".into(),
    };
    let wild = |toleration: &&Toleration<'_>| toleration.tolerates(&disrupted);
    // Two tolerations that leave out the same fields are equally wide.
    let breadth =
        |toleration: &Toleration<'_>| (toleration.key.is_empty(), toleration.effect.is_empty());
    let known: BTreeSet<(bool, bool)> = old
        .into_iter()
        .flat_map(|old| {
            old.pod()
                .spec
                .tolerations()
                .iter()
                .filter(wild)
                .map(breadth)
        })
        .collect();
    let all = new.pod().spec.tolerations().iter().enumerate();
    let mut added =
        all.filter(|(_, toleration)| wild(toleration) && !known.contains(&breadth(toleration)));
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
