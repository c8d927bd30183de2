//! berth as the API server sees it: the shipped registration and its effects.

mod check;
mod corpus;
mod definition;
mod kinds;
mod kubectl;
mod namespaces;
mod node_agents;
mod outage;
mod policies;
mod reinvocation;
mod rotation;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "admission",
        extent: Extent::All,
        tests: tests![
            kinds::kinds,
            kubectl::dry_run,
            kubectl::apply_twice,
            kubectl::denials_and_warnings,
            reinvocation::second_webhook,
            outage::killed_and_restarted,
            outage::rolled,
            outage::before_the_certificate,
            rotation::rotation,
            definition::definition,
            definition::right_policies,
            definition::wrong_policies,
            definition::largest_policy,
            definition::upgrade,
            definition::order,
            definition::columns,
            namespaces::namespace_labels,
            policies::a_mistake_is_a_line,
            policies::every_mistake_is_refused,
            policies::remarks,
            check::check,
            corpus::corpus,
            // It is last: it leaves node pools behind.
            node_agents::node_agents,
        ],
    }
}
