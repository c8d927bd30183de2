//! The words for a workload in a table.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use crate::cli::audit::report::{Change, Workload};
use crate::cli::styled::Span;
use crate::names::SYSTEM_NAMESPACES;

const PLAIN: Style = Style::new();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Returns the node pools that its pods are on, with their numbers if there are several.
pub(super) fn now(workload: &Workload) -> Vec<Span> {
    let mut pods: BTreeMap<&str, u64> = BTreeMap::new();
    for share in &workload.now {
        let place = &share.place;
        let name = match &place.node_pool {
            Some(node_pool) => node_pool,
            None if place.architecture.is_some() => "other nodes",
            None => "no node",
        };
        *pods.entry(name).or_default() += share.pods;
    }
    let is_one = pods.len() == 1;
    let pods = pods.into_iter();
    pods.map(|(name, pods)| {
        let text = if is_one {
            name.to_owned()
        } else {
            format!("{name} {pods}")
        };
        (text, PLAIN)
    })
    .collect()
}

/// Returns the node pools that its pods would be on, or the reason why berth leaves them alone.
pub(super) fn then(workload: &Workload) -> Vec<Span> {
    let then = &workload.then;
    if then.pool.is_none() {
        return vec![(then.reason.clone(), DIM)];
    }
    let names = then.node_pools.iter();
    let Some(other) = &workload.other_side else {
        return names.map(|name| (name.clone(), PLAIN)).collect();
    };
    let all = match workload.pods {
        0 => workload.replicas.unwrap_or(0),
        pods => pods,
    };
    let first = (&then.node_pools, all.saturating_sub(other.pods));
    let sides = [first, (&other.then.node_pools, other.pods)].into_iter();
    let told = sides.map(|(names, pods)| (format!("{} {pods}", names.join(" or ")), PLAIN));
    told.collect()
}

/// Returns the change, with its colour.
pub(super) fn change(workload: &Workload) -> (String, Style) {
    let (text, style) = match workload.change {
        Change::Moves => ("moves", CYAN),
        Change::Stays => ("stays", GREEN),
        Change::LeftAlone => ("left alone", DIM),
        Change::Blocked => ("blocked", RED),
        Change::NoPods => ("no pods", DIM),
    };
    (text.to_owned(), style)
}

/// Says if the namespace of a workload has opted in.
pub(super) fn standing(workload: &Workload) -> String {
    let text = if SYSTEM_NAMESPACES.contains(&workload.namespace.as_str()) {
        "never placed"
    } else if workload.opted_in {
        "opted in"
    } else if workload.assumed {
        "as if opted in"
    } else {
        "not opted in"
    };
    text.to_owned()
}
