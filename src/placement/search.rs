//! The node pools of a pool that a pod can use, and what the pod lacks to run there.

use std::sync::Arc;

use super::decision::Decision;
use super::edits::{self, Edits, NewRequirements, NewToleration};
use super::reason::Reason;
use crate::node::label::{ARCH, NODE_POOL};
use crate::node::{Catalogue, NodePool};
use crate::pod::{Alternative, Pod, PreferredTerm, Spec};
use crate::policy::{Binding, Pool};

/// The search for the node pools of one pool that one pod can use.
pub(super) struct Search<'a, 'p> {
    pub(super) pod: &'a Pod<'a>,
    /// See [`preference`].
    pub(super) preference: Option<PreferredTerm<'a>>,
    pub(super) pool: &'p Pool,
    /// See [`node_label`].
    pub(super) node_label: &'p str,
    pub(super) known: &'p [Arc<str>],
    pub(super) wanted: &'p [Arc<str>],
    pub(super) catalogue: &'p Catalogue,
}

/// The preference that Karpenter will take for a requirement of the pod, unless it is the one that berth adds.
pub(super) fn preference<'a>(spec: &Spec<'a>, binding: Binding) -> Option<PreferredTerm<'a>> {
    let least = match binding {
        Binding::Required => i64::MIN,
        Binding::Preferred => edits::WEIGHT.into(),
    };
    spec.heaviest_preference()
        .filter(|preferred| preferred.weight >= least)
}

/// The label by which nodes carry the names of the pool's node pools. They share it, so the first that there is has it.
pub(super) fn node_label<'p>(pool: &Pool, catalogue: &'p Catalogue) -> &'p str {
    let mut existing = pool.node_pools.iter();
    existing
        .find_map(|name| catalogue.get(name))
        .map_or(NODE_POOL, NodePool::node_label)
}

impl<'p> Search<'_, 'p> {
    pub(super) fn place(&self) -> Decision<'p> {
        let node_pools: Vec<&NodePool> = self
            .existing()
            .filter(|node_pool| self.fits(node_pool, None))
            .collect();
        if node_pools.is_empty() {
            return self.nowhere();
        }
        if !node_pools.iter().any(|node_pool| self.is_seen(node_pool)) {
            let detail = format!(
                "the pod's first term or heaviest preference asks for another {}",
                self.node_label
            );
            return Decision::left(Reason::Explicit, detail);
        }
        let offered = |name: &&Arc<str>| node_pools.iter().any(|node_pool| node_pool.offers(name));
        let architectures: Vec<&str> = self
            .known
            .iter()
            .filter(offered)
            .filter(|name| self.admits(name))
            .map(|name| &**name)
            .collect();
        let mut injected: Vec<&str> = self
            .wanted
            .iter()
            .filter(offered)
            .map(|name| &**name)
            .collect();
        if injected.is_empty() {
            // Every node pool is there for an alternative that names its own architecture; the others get what was chosen.
            injected = self.wanted.iter().map(|name| &**name).collect();
        }
        let edits = self.edits(&node_pools, injected);
        Decision {
            node_pools,
            architectures,
            edits,
            ..Decision::leave(Reason::Placed)
        }
    }

    /// The pool's node pools that the cluster has, in the policy's order. A tainted one cannot be bound softly: its
    /// toleration alone would widen where the pod may run. Nor can those of two labels be bound together: one that came
    /// after the policy, and has another, is left out.
    fn existing(&self) -> impl Iterator<Item = &'p NodePool> {
        let binding = self.pool.binding;
        let in_catalogue = self
            .pool
            .node_pools
            .iter()
            .filter_map(|name| self.catalogue.get(name));
        in_catalogue.filter(move |node_pool| {
            (binding == Binding::Required || node_pool.taints().is_empty())
                && node_pool.node_label() == self.node_label
        })
    }

    fn alternatives(&self) -> impl Iterator<Item = Alternative<'_>> {
        self.pod.spec.alternatives()
    }

    /// The known architectures that an alternative allows: what its author asks for wins over what was chosen.
    fn architectures<'s>(
        &'s self,
        alternative: Alternative<'s>,
    ) -> impl Iterator<Item = &'p Arc<str>> {
        let constrained = alternative.constrains(ARCH);
        let candidates = if constrained { self.known } else { self.wanted };
        candidates
            .iter()
            .filter(move |name| !constrained || alternative.admits(ARCH, name))
    }

    /// True if some alternative of the pod allows the architecture.
    fn admits(&self, architecture: &str) -> bool {
        self.alternatives().any(|alternative| {
            self.architectures(alternative)
                .any(|admitted| **admitted == *architecture)
        })
    }

    /// Whether some alternative of the pod allows the node pool, leaving one label out of account if so asked.
    fn fits(&self, node_pool: &NodePool, ignored: Option<&str>) -> bool {
        let meets = |alternative: Alternative<'_>, key: &str| {
            ignored == Some(key) || node_pool.can_meet(key, alternative.on(key))
        };
        let alone = self.pod.spec.selector_alone();
        // A label that both the selector and a term constrain is judged again below, with both.
        alone.selector_keys().all(|key| meets(alone, key))
            && self
                .pod
                .spec
                .attempts()
                .any(|(alternative, others_follow)| {
                    alternative.term_keys().all(|key| meets(alternative, key))
                        && (ignored == Some(ARCH)
                            || self
                                .architectures(alternative)
                                .any(|name| node_pool.offers(name)))
                        && (!others_follow || self.preference_met(node_pool, alternative))
                })
    }

    /// Whether the pod's heaviest preference lets Karpenter make a node of the node pool for an alternative.
    fn preference_met(&self, node_pool: &NodePool, alternative: Alternative<'_>) -> bool {
        self.preference.as_ref().is_none_or(|preferred| {
            let preferred = preferred.preference.alone();
            let mut architectures = self.architectures(alternative);
            let meets = |key| {
                let asked = alternative.on(key).chain(preferred.on(key));
                node_pool.can_meet(key, asked)
            };
            preferred.term_keys().all(meets)
                && architectures.any(|name| node_pool.offers(name) && preferred.admits(ARCH, name))
        })
    }

    /// Whether the node pool is left when Karpenter first looks at the pod, with its first term and its heaviest preference:
    /// where they leave none, it takes the pod for one that is not its own, says nothing, and never looks at the rest.
    fn is_seen(&self, node_pool: &NodePool) -> bool {
        let first = self.pod.spec.terms().and_then(<[_]>::first);
        let preferred = self.preference.as_ref();
        let mut parts = first
            .into_iter()
            .chain(preferred.map(|preferred| &preferred.preference));
        parts.all(|part| part.alone().admits(self.node_label, node_pool.name()))
    }

    /// Says why none of the pool's node pools is left, and injects the architecture where the cluster is the reason.
    fn nowhere(&self) -> Decision<'p> {
        if self.is_explicit() {
            let detail = format!("the pod itself constrains {}", self.node_label);
            return Decision::left(Reason::Explicit, detail);
        }
        if self.excludes_pool() {
            return Decision::left(Reason::Conflict, self.obstacle());
        }
        self.unavailable()
    }

    /// True if the author constrained the label of the pool's node pools, and that alone excludes them.
    fn is_explicit(&self) -> bool {
        let constrained = self
            .alternatives()
            .any(|alternative| alternative.constrains(self.node_label));
        let key_allows = |name: &str| {
            self.alternatives()
                .any(|alternative| alternative.admits(self.node_label, name))
        };
        constrained
            && (!self.pool.node_pools.iter().any(|name| key_allows(name))
                || self
                    .existing()
                    .any(|node_pool| self.fits(node_pool, Some(self.node_label))))
    }

    /// True if the author's constraints exclude the pool, and not the cluster that lacks its node pools.
    fn excludes_pool(&self) -> bool {
        let complete = self.existing().count() == self.pool.node_pools.len();
        let offering = self.existing().any(|node_pool| {
            self.known
                .iter()
                .any(|name| node_pool.offers(name) && self.admits(name))
        });
        let allows = |names: &[Arc<str>]| names.iter().any(|name| self.admits(name));
        // With all its node pools there, a pool lacks an architecture only for a pod that insists on another one.
        offering || !allows(self.known) || (complete && !allows(self.wanted))
    }

    /// The cluster lacks the node pools. The pod's own constraint wins over what was chosen, and then it is what the
    /// cluster lacks.
    fn unavailable(&self) -> Decision<'p> {
        let lacking = self.known.iter().filter(|name| self.admits(name));
        let lacking: Vec<&str> = lacking.map(|name| &**name).collect();
        let detail = format!(
            "the cluster has no node pool of pool {} for {}",
            self.pool.name,
            lacking.join(", ")
        );
        let requirements = NewRequirements {
            architectures: self.wanted.iter().map(|name| &**name).collect(),
            ..NewRequirements::default()
        };
        let edits = Edits {
            required: edits::required_edits(self.pod.spec, requirements),
            ..Edits::default()
        };
        Decision {
            edits,
            architectures: lacking,
            ..Decision::left(Reason::Unavailable, detail)
        }
    }

    /// The label that keeps the pod from the pool's node pools, as far as there is one.
    fn obstacle(&self) -> String {
        let all = self.alternatives();
        let keys =
            all.flat_map(|alternative| alternative.selector_keys().chain(alternative.term_keys()));
        // Enough for any pod that a person wrote, and a bound for one that an attacker did.
        let mut keys: Vec<&str> = keys.take(16).collect();
        keys.sort_unstable();
        keys.dedup();
        let blocking = keys.iter().find(|key| {
            self.existing()
                .any(|node_pool| self.fits(node_pool, Some(key)))
        });
        match blocking {
            Some(key) => {
                let offers = self
                    .existing()
                    .find(|node_pool| self.fits(node_pool, Some(key)))
                    .and_then(|node_pool| {
                        node_pool
                            .offered(key)
                            .map(|offered| format!("; {} has {offered}", node_pool.name()))
                    });
                format!(
                    "the pod's own {key} excludes pool {}{}",
                    self.pool.name,
                    offers.unwrap_or_default()
                )
            }
            None => format!(
                "the pod's own constraints exclude pool {}: {}",
                self.pool.name,
                keys.join(", ")
            ),
        }
    }

    fn is_confined(&self, names: &[&str]) -> bool {
        edits::is_confined(self.pod.spec, self.node_label, names)
    }

    fn edits(&self, node_pools: &[&'p NodePool], architectures: Vec<&'p str>) -> Edits<'p> {
        let spec = self.pod.spec;
        let names: Vec<&'p str> = node_pools
            .iter()
            .map(|node_pool| &**node_pool.name())
            .collect();
        let mut tolerations: Vec<NewToleration<'p>> = Vec::new();
        for taint in node_pools.iter().flat_map(|node_pool| node_pool.taints()) {
            let mut own = spec.tolerations().iter();
            if !own.any(|toleration| toleration.covers(taint))
                && !tolerations.contains(&NewToleration(taint))
            {
                tolerations.push(NewToleration(taint));
            }
        }
        let (mut node_selector, mut required_pools, mut preferred) = (None, Vec::new(), None);
        match (self.pool.binding, names.as_slice()) {
            (Binding::Preferred, _) if self.is_confined(&names) => {}
            (Binding::Preferred, _) => {
                preferred = edits::preference_edit(spec, self.node_label, &names);
            }
            (Binding::Required, [only]) => {
                node_selector = (!self.is_confined(&names)).then_some((self.node_label, *only));
            }
            (Binding::Required, _) => required_pools = names,
        }
        let requirements = NewRequirements {
            node_label: self.node_label,
            node_pools: required_pools,
            architectures,
        };
        Edits {
            tolerations,
            node_selector,
            required: edits::required_edits(spec, requirements),
            preferred,
            labels: Vec::new(),
            annotations: Vec::new(),
        }
    }
}
