//! A dump of a cluster: files of what `kubectl get` prints, in any mixture and order.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;

use super::basis::{Read, unreadable};
use super::inventory::Inventory;
use super::progress::Progress;
use crate::cli::cluster::{Basis, Refusal};
use crate::cli::files::{Inputs, Piece, each};
use crate::cli::output::clean;
use crate::placement::{Given, Snapshot};
use crate::pod::Namespaces;
use crate::policy::Source;

/// The most messages about the input that are kept.
const MESSAGES: usize = 20;

/// Reads a dump, and all that berth decides by: what flags name, or else what is in the dump.
///
/// # Errors
/// Fails if the policy cannot be used.
pub(super) fn read(inputs: &Inputs, given: Given, progress: &mut Progress) -> anyhow::Result<Read> {
    let mut inventory = Inventory::by_labels(node_labels(&given));
    let mut unread = Vec::new();
    each(inputs.named(), &mut |piece| {
        match piece {
            Piece::Object(object) => inventory.add(object),
            Piece::Unread(message) => unread.push(message),
        }
        progress.tell("objects read", inventory.objects);
    });
    let mut remarks = Vec::new();
    let (policy, has_limits, mut snapshot) = snapshot(&inventory, given, &mut remarks)?;
    snapshot.namespaces = namespaces(&inventory);
    let is_whole = unread.is_empty();
    remarks.extend(shortened(unread));
    remarks.extend(assumptions(&inventory));
    Ok(Read {
        origin: origin(inputs),
        inventory,
        snapshot,
        policy,
        has_limits,
        remarks,
        is_whole,
    })
}

/// Returns the keys of the labels by which nodes may carry the names of their node pools.
pub(super) fn node_labels(given: &Given) -> BTreeSet<String> {
    let of_policy = given.policy.iter().map(|(_, catalogue)| catalogue);
    let catalogues = of_policy.chain([&given.node_pools]);
    catalogues
        .flat_map(|catalogue| catalogue.node_labels().into_iter().map(str::to_owned))
        .collect()
}

/// Returns the source of the policy, and the snapshot without its namespaces. It is true if the NodePools are the dump's.
fn snapshot(
    inventory: &Inventory,
    given: Given,
    remarks: &mut Vec<String>,
) -> anyhow::Result<(Source, bool, Snapshot)> {
    let has_node_pools = !inventory.node_pools.is_empty() && given.node_pools.is_empty();
    let basis = Basis {
        node_pools: if has_node_pools {
            Ok(inventory.node_pools.clone())
        } else {
            Err(Refusal::NotFound)
        },
        policy: inventory.policy.clone().ok_or(Refusal::NotFound),
    };
    if has_node_pools {
        remarks.extend(unreadable(&basis));
        let (source, snapshot) = basis.snapshot(given)?;
        return Ok((source, true, snapshot));
    }
    let node_pools = given.node_pools;
    let (source, policy) = basis.policy(given.policy)?;
    let given = Given {
        policy: Some(policy),
        node_pools,
    };
    let snapshot = given.snapshot().context("policy")?;
    Ok((source, false, snapshot))
}

/// Returns the labels of the namespaces, as a snapshot has them.
pub(super) fn namespaces(inventory: &Inventory) -> Namespaces {
    let namespaces = inventory.namespaces.iter();
    namespaces
        .map(|(name, labels)| (Arc::from(&**name), Arc::new(labels.clone())))
        .collect()
}

/// Says what the dump lacks.
fn assumptions(inventory: &Inventory) -> Vec<String> {
    let mut remarks = Vec::new();
    let owners = inventory.pods.keys().chain(inventory.makers.keys());
    let unknown: BTreeSet<&str> = owners
        .map(|key| &*key.namespace)
        .filter(|name| !inventory.namespaces.contains_key(*name))
        .collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().copied().take(5).collect();
        let more = unknown.len() - names.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        remarks.push(format!(
            "namespaces are not in the input, and are taken as opted in: {}{more}; add kubectl get namespaces -o yaml",
            clean(names.join(", "))
        ));
    }
    if inventory.nodes.len() == 0 && !inventory.pods.is_empty() {
        remarks.push(
            "no node is in the input, so nothing is known of where pods are; add kubectl get nodes -o yaml"
                .to_owned(),
        );
    }
    remarks
}

/// Returns the first messages on what cannot be read, and how many more there are.
pub(super) fn shortened(messages: Vec<String>) -> Vec<String> {
    let more = messages.len().saturating_sub(MESSAGES);
    let messages = messages.into_iter().take(MESSAGES);
    let mut messages: Vec<String> = messages
        .map(|message| format!("unreadable: {message}"))
        .collect();
    if more > 0 {
        messages.push(format!("and {more} more that cannot be read"));
    }
    messages
}

fn origin(inputs: &Inputs) -> String {
    let names = inputs.named().map(|path| match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}
