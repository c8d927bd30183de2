//! The policy and all node pools, as the lints look at them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::flaw::Subject;
use super::offers::{Extent, Offers};
use crate::encoding::field::{FieldError, Segment};
use crate::node::{Catalogue, NodePool};
use crate::policy::{Place, Policy, Pool, Rule, unmatched, unreached};

/// Everything that a lint looks at.
pub(super) struct Scope<'p> {
    pub(super) policy: &'p Policy,
    /// The node pools that the policy finds.
    pub(super) catalogue: Catalogue,
    /// Those of the policy's catalogue among them that other node pools replace, too.
    pub(super) written: Catalogue,
    pub(super) offers: &'p Offers,
    /// The names of the policy's catalogue, in its order.
    listed: Vec<&'p str>,
    extent: Extent,
    /// The positions of the rules that no pod meets.
    unmet: BTreeSet<usize>,
}

/// A part of a node pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Name,
    Taints,
    Requirements,
    Weight,
}

impl Part {
    /// Puts the path to the part in a NodePool object in front of an error.
    fn in_object(self, error: FieldError) -> FieldError {
        let of_template = |error: FieldError| {
            let error = error.in_field("spec").in_field("template");
            error.in_field("spec")
        };
        match self {
            Self::Name => error.in_field("name").in_field("metadata"),
            Self::Taints => of_template(error.in_field("taints")),
            Self::Requirements => of_template(error.in_field("requirements")),
            Self::Weight => error.in_field("weight").in_field("spec"),
        }
    }

    /// Puts the path to the part in an entry of a catalogue in front of an error. An entry has no weight.
    fn in_entry(self, error: FieldError) -> FieldError {
        error.in_field(match self {
            Self::Name | Self::Weight => "name",
            Self::Taints => "taints",
            Self::Requirements => "requirements",
        })
    }
}

impl<'p> Scope<'p> {
    pub(super) fn new(
        object: &'p Value,
        policy: &'p Policy,
        written: &Catalogue,
        offers: &'p Offers,
        extent: Extent,
    ) -> Self {
        let catalogue = match extent {
            Extent::Whole => offers.catalogue.with(&written.externals()),
            Extent::NotServed | Extent::Open => written.with(&offers.catalogue),
        };
        let listed = object.pointer("/spec/catalogue").and_then(Value::as_array);
        let names = listed.into_iter().flatten();
        Self {
            policy,
            catalogue,
            written: written.with(&offers.catalogue).with(&written.externals()),
            offers,
            listed: names.filter_map(|entry| entry["name"].as_str()).collect(),
            extent,
            unmet: unmatched(policy)
                .filter_map(|error| rule_of(&error))
                .collect(),
        }
    }

    /// True if each node pool that the policy names is known, or known to be absent.
    pub(super) fn is_whole(&self) -> bool {
        let mut pools = self.policy.pools().iter();
        pools.all(|pool| self.knows_all_of(pool))
    }

    /// Returns the rules that pods can reach, in the policy's order.
    pub(super) fn reached(&self) -> Vec<&'p Rule> {
        let hidden: BTreeSet<usize> = unreached(self.policy).map(|found| found.position).collect();
        let rules = self.policy.rules().iter().enumerate();
        let reached = rules
            .filter(|(position, _)| !hidden.contains(position) && !self.unmet.contains(position));
        reached.map(|(_, rule)| rule).collect()
    }

    /// True if an error is in a rule that no pod meets, which is told already.
    pub(super) fn is_of_unmet(&self, error: &FieldError) -> bool {
        rule_of(error).is_some_and(|position| self.unmet.contains(&position))
    }

    /// Returns the pool of the pods that no other rule takes. It is meant to be open.
    pub(super) fn default_pool(&self) -> Option<&'p Pool> {
        let mut rules = self.policy.rules().iter();
        match &rules.find(|rule| rule.matches_every_pod())?.place {
            Place::Pool(pool) if pool.namespaces.is_none() => Some(pool),
            _ => None,
        }
    }

    /// Returns the node pools of a pool that are there.
    pub(super) fn node_pools(&self, pool: &'p Pool) -> impl Iterator<Item = &NodePool> {
        let names = pool.all_node_pools();
        names.filter_map(|name| self.catalogue.lasting(name))
    }

    /// True if each node pool of the pool is known, or known to be absent.
    pub(super) fn knows_all_of(&self, pool: &Pool) -> bool {
        let mut names = pool.all_node_pools();
        self.extent != Extent::Open || names.all(|name| self.catalogue.get(name).is_some())
    }

    /// Returns an error as one in a part of a node pool, and the object that the node pool is written in.
    pub(super) fn of_node_pool(
        &self,
        name: &str,
        part: Part,
        message: String,
    ) -> (Subject, FieldError) {
        let error = FieldError::new(message);
        let is_external = self.catalogue.get(name).is_some_and(NodePool::is_external);
        let position = self.offers.position(name).filter(|_| !is_external);
        if let Some(position) = position {
            return (Subject::NodePool(position), part.in_object(error));
        }
        let position = self.listed.iter().position(|listed| *listed == name);
        let error = part.in_entry(error).in_item(position.unwrap_or(0));
        let error = error.in_field("catalogue").in_field("spec");
        (Subject::Policy, error)
    }
}

/// Returns the position of the rule that an error is in.
fn rule_of(error: &FieldError) -> Option<usize> {
    match &error.path.0[..] {
        [_, Segment::Key(list), Segment::Index(position), ..] if list == "rules" => Some(*position),
        _ => None,
    }
}
