//! The policy: where it comes from, if berth uses it, and the node pools of its pools.

use super::contents::Contents;
use super::counting;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use std::sync::Arc;

use crate::cli::cluster::Refusal;
use crate::definition::{self, Condition, ConditionStatus, Status};
use crate::node::{Catalogue, State};
use crate::placement::{Live, live_catalogue};
use crate::policy::{Capacity, Mode, Policy, Pool};

/// The policy that the cluster goes by, as far as it can be read.
pub(super) struct InForce {
    pub(super) policy: Policy,
    catalogue: Catalogue,
}

/// Returns the policy that the cluster goes by. `None` if it is in a file of berth's own, may not be read or cannot be used.
pub(super) fn in_force(contents: &Contents) -> Option<InForce> {
    if contents.flag("--policy").is_some() {
        return None;
    }
    let (_, (policy, written)) = contents.basis.policy(None).ok()?;
    let (live, _) = contents.basis.live();
    Some(InForce {
        catalogue: live_catalogue(live, written).ok()?,
        policy,
    })
}

pub(super) fn section(contents: &Contents, in_force: Option<&InForce>) -> Section {
    let mut lines = vec![source(contents, in_force)];
    let (live, unreadable) = contents.basis.live();
    if let (Live::Unknown, Err(refusal)) = (&live, &contents.basis.node_pools) {
        lines.push(unread("nodepools.karpenter.sh", refusal));
    } else if let Some(in_force) = in_force {
        let pools = in_force.policy.pools();
        let lines_of = |pool| of_pool(pool, &in_force.catalogue);
        lines.extend(pools.iter().flat_map(|pool| lines_of(pool)));
    }
    lines.extend(counting::line(contents));
    let unreadable = unreadable.into_iter().map(|(name, error)| {
        let text = format!("NodePool {name} cannot be read, and counts as absent: {error}");
        Line::new(Mark::Warning, text).with_remedy(format!("kubectl edit nodepool {name}"))
    });
    lines.extend(unreadable);
    Section {
        name: "policy",
        lines,
    }
}

fn source(contents: &Contents, in_force: Option<&InForce>) -> Line {
    if let Some(file) = contents.flag("--policy") {
        let text = format!("in a file of berth's pods, {file}: not seen from here");
        return Line::new(Mark::Note, text);
    }
    let mode = in_force.map_or("", |in_force| match in_force.policy.mode {
        Mode::Enforce => "Enforce",
        Mode::Audit => "Audit: berth changes nothing",
    });
    match &contents.basis.policy {
        Ok(object) => of_cluster(object, mode),
        Err(Refusal::NotFound) => Line::new(
            Mark::Fine,
            format!("the compiled-in one, {mode}; there is no PlacementPolicy"),
        ),
        Err(refusal) => unread("placementpolicies", refusal),
    }
}

fn of_cluster(object: &serde_json::Value, mode: &str) -> Line {
    let generation = object["metadata"]["generation"]
        .as_i64()
        .unwrap_or_default();
    let status: Option<Status> = serde_json::from_value(object["status"].clone()).ok();
    let status = status.unwrap_or_default();
    let name = format!("PlacementPolicy {}", definition::NAME);
    let log = "kubectl --namespace berth-system logs deployment/berth";
    let Some(Condition {
        status: accepted,
        message,
        ..
    }) = status.conditions.first()
    else {
        let text = format!("{name}: berth has not judged it yet");
        return Line::new(Mark::Warning, text).with_remedy(log);
    };
    let seen = status.observed_generation.unwrap_or_default();
    if seen < generation {
        let text =
            format!("{name}: it has changed (generation {generation}), and berth has seen {seen}");
        Line::new(Mark::Warning, text).with_remedy(log)
    } else if *accepted == ConditionStatus::True {
        Line::new(
            Mark::Fine,
            format!("{name}, {mode}; accepted, generation {seen}"),
        )
    } else {
        let text = format!("{name}: not accepted, the one before stays in force: {message}");
        Line::new(Mark::Wrong, text).with_remedy("kubectl edit placementpolicy default")
    }
}

/// Returns a line with the state of each node pool of a pool, or of each side of a split one.
fn of_pool(pool: &Pool, catalogue: &Catalogue) -> Vec<Line> {
    let nowhere = "no pod is placed in it";
    if pool.on_demand.is_none() {
        return vec![of_side(&pool.name, &pool.node_pools, nowhere, catalogue)];
    }
    let is_there = |name: &Arc<str>| catalogue.state(name).is_there();
    let lines = Capacity::ALL.iter().map(|side| {
        let effect = if pool.side(side.other()).iter().any(is_there) {
            "its pods go to the other side"
        } else {
            nowhere
        };
        let name = format!("{}, {side}", pool.name);
        of_side(&name, pool.side(*side), effect, catalogue)
    });
    lines.collect()
}

/// Returns a line with the state of each of these node pools. `nowhere` is said if none is there.
fn of_side(name: &str, node_pools: &[Arc<str>], nowhere: &str, catalogue: &Catalogue) -> Line {
    let states = node_pools.iter().map(|name| (name, catalogue.state(name)));
    let states: Vec<_> = states.collect();
    let named: Vec<String> = states
        .iter()
        .map(|(name, state)| match state {
            State::Absent => format!("{name} missing"),
            state => format!("{name} {state}"),
        })
        .collect();
    let text = format!("pool {name}: {}", named.join(", "));
    let is = |test: fn(State) -> bool| states.iter().filter(|(_, state)| test(*state)).count();
    let there = is(State::is_there);
    let ready = is(|state| state.obstacle().is_none());
    if there == 0 {
        Line::new(Mark::Wrong, format!("{text}: {nowhere}")).with_remedy(
            "name node pools that there are: berth init --cluster writes such a policy",
        )
    } else if ready == 0 {
        Line::new(Mark::Warning, format!("{text}: its pods wait"))
            .with_remedy("kubectl get nodepools")
    } else if there < states.len() {
        Line::new(Mark::Warning, text)
            .with_remedy("apply the missing ones, or take them out of the policy")
    } else {
        Line::new(Mark::Fine, text)
    }
}
