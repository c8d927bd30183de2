//! Policies that are written and not applied yet, read as strictly as berth reads one that is.

use std::sync::Arc;

use super::counting::unseen_pods;
use super::fault::{Fault, Severity};
use super::object::Object;
use crate::definition;
use crate::encoding::field::FieldError;
use crate::names::KIND;
use crate::node::{Catalogue, NodePool};
use crate::policy::{Policy, examine_policy, remarks, unreached_rules};

/// Returns the faults of the policies among the objects, and the number of the policies. Node pools among the objects
/// are those that a policy finds in its cluster.
pub(super) fn check(objects: &[Object<'_>]) -> (Vec<Fault>, usize) {
    let node_pools = objects
        .iter()
        .filter(|object| object.is_of("karpenter.sh", "NodePool"));
    let node_pools =
        node_pools.filter_map(|object| NodePool::from_object(object.value.clone()).ok());
    let node_pools: Catalogue = node_pools.map(Arc::new).collect();
    let mut faults = Vec::new();
    let policies = objects
        .iter()
        .filter(|object| object.is_of(definition::GROUP, KIND));
    let mut count = 0;
    for policy in policies {
        count += 1;
        let mut note =
            |severity, error: FieldError| faults.push(fault(policy.name, severity, &error));
        match examine_policy(policy.value) {
            Ok((read, written)) => {
                let known = written.with(&node_pools).with(&written.externals());
                for (danger, mut error) in read.dangers(&known) {
                    error.message = format!("{}; {}", error.message, danger.remedy());
                    note(Severity::Error, error);
                }
                let remarks = remarked(&read, &written, &node_pools).into_iter();
                let remarks = remarks.chain(unseen_pods(objects, &read));
                remarks.for_each(|error| note(Severity::Warning, error));
            }
            Err(errors) => errors
                .into_iter()
                .for_each(|error| note(Severity::Error, error)),
        }
    }
    (faults, count)
}

/// Returns an error as a fault. The end of the message, if it has two parts, is the remedy.
pub(super) fn fault(name: &str, severity: Severity, error: &FieldError) -> Fault {
    let (message, remedy) = error.parts();
    Fault {
        severity,
        object: format!("{KIND} {name}"),
        webhook: String::new(),
        field: error.path.to_string(),
        message: message.to_owned(),
        remedy: remedy.unwrap_or("correct the field").to_owned(),
    }
}

/// Returns the remarks on a policy. Those on node pools are of no use if the input holds none.
fn remarked(policy: &Policy, written: &Catalogue, node_pools: &Catalogue) -> Vec<FieldError> {
    if node_pools.is_empty() {
        return unreached_rules(policy).collect();
    }
    remarks(policy, &node_pools.with(&written.externals()))
}
