//! The search for the node pools that a pod can use, and for the additions that the pod needs to run there.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use super::decision::Decision;
use super::edits::{self, Edits, NewRequirements, NewToleration};
use super::reason::Reason;
use crate::label::{ARCH, NODE_POOL, Platform, canonical};
use crate::node::{Catalogue, NodePool};
use crate::pod::{Alternative, Pod, PreferredTerm, Spec, demands, demands_instances, implied};
use crate::policy::{Binding, Pool};

/// The search for the node pools of one pool that one pod can use.
///
/// The known architectures are the policy's. The wanted ones are those that the pod's label, its namespace, the rule or
/// the policy chooses, for the alternatives that constrain none.
pub(super) struct Search<'a, 'p> {
    pub(super) pod: &'a Pod<'a>,
    /// The result of [`preference`].
    pub(super) preference: Option<PreferredTerm<'a>>,
    /// The labels over which the pod has a hard topology, so that a node must have them.
    pub(super) topology: Vec<Cow<'a, str>>,
    pub(super) pool: &'p Pool,
    /// The names of the pool's node pools, or of those of one side.
    pub(super) names: &'p [Arc<str>],
    /// The result of [`nodes_of`].
    pub(super) node_label: &'p str,
    pub(super) platform: Platform,
    pub(super) known: &'p [Arc<str>],
    pub(super) wanted: &'p [Arc<str>],
    /// True if the pod may name a label of the instance type. Few do, and all others are spared the questions about it.
    pub(super) asks_for_instances: bool,
    /// True if it does and its own label chose the wanted architectures, so that its instance type does not.
    pub(super) insists: bool,
    /// The last result of [`Search::implied`], with the address of its alternative. Most pods have one alternative, and
    /// every step asks for it.
    pub(super) implied: Cell<Option<(*const (), Option<&'static str>)>>,
    pub(super) catalogue: &'p Catalogue,
}

/// Returns the preference that Karpenter will require of the node for the pod, unless it is the one that berth adds.
pub(super) fn preference<'a>(spec: &Spec<'a>, binding: Binding) -> Option<PreferredTerm<'a>> {
    let least = match binding {
        Binding::Required => i64::MIN,
        Binding::Preferred => edits::WEIGHT.into(),
    };
    spec.heaviest_preference()
        .filter(|preferred| preferred.weight >= least)
}

/// Returns the label by which nodes carry the names of these node pools, and the platform that makes them. The first node
/// pool that the cluster has decides for all, since they share the label.
pub(super) fn nodes_of<'p>(names: &[Arc<str>], catalogue: &'p Catalogue) -> (&'p str, Platform) {
    let mut existing = names.iter();
    let first = existing.find_map(|name| catalogue.lasting(name));
    first.map_or((NODE_POOL, Platform::Karpenter), |first| {
        (first.node_label(), first.platform())
    })
}

impl<'p> Search<'_, 'p> {
    /// Returns the decision, without the labels and annotations to add.
    pub(super) fn place(&self) -> Decision<'p> {
        let node_pools: Vec<&NodePool> = self
            .existing()
            .filter(|node_pool| self.fits(node_pool, None))
            .collect();
        if node_pools.is_empty() {
            return self.nowhere();
        }
        if !node_pools
            .iter()
            .any(|node_pool| self.passes_first_look(node_pool))
        {
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
        let mut added: Vec<&str> = self
            .wanted
            .iter()
            .filter(offered)
            .map(|name| &**name)
            .collect();
        if added.is_empty() {
            // The node pools serve only alternatives that name their own architecture. The others get the wanted ones.
            added = self.wanted.iter().map(|name| &**name).collect();
        }
        let edits = self.edits(&node_pools, added);
        Decision {
            node_pools,
            architectures,
            edits,
            ..Decision::leave(Reason::Placed)
        }
    }

    /// Returns the pool's usable node pools that the cluster has, in the policy's order.
    ///
    /// A pool that binds `Preferred` uses no tainted node pool: a toleration without a binding would widen where the
    /// pod may run. One requirement cannot bind node pools of two labels, so a node pool of another label is left out;
    /// it can come into the cluster after the policy.
    fn existing(&self) -> impl Iterator<Item = &'p NodePool> {
        let binding = self.pool.binding;
        let in_catalogue = self
            .names
            .iter()
            .filter_map(|name| self.catalogue.lasting(name));
        in_catalogue.filter(move |node_pool| {
            (binding == Binding::Required || node_pool.taints().is_empty())
                && node_pool.node_label() == self.node_label
        })
    }

    /// Returns the pod's alternatives: its node selector with each term in turn.
    fn alternatives(&self) -> impl Iterator<Item = Alternative<'_>> {
        self.pod.spec.alternatives()
    }

    /// Returns the architectures that an alternative allows: those that its author asks for, or that of its instance
    /// type, or else the wanted ones.
    fn architectures<'s>(
        &'s self,
        alternative: Alternative<'s>,
    ) -> impl Iterator<Item = &'p Arc<str>> {
        let constrained = alternative.constrains(ARCH);
        let implied = self.implied(alternative);
        let candidates = if constrained || implied.is_some() {
            self.known
        } else {
            self.wanted
        };
        candidates.iter().filter(move |name| {
            (!constrained || alternative.admits(ARCH, name))
                && implied.is_none_or(|implied| ***name == *implied)
        })
    }

    /// Returns the architecture that the alternative gives away by its instance type.
    fn implied(&self, alternative: Alternative<'_>) -> Option<&'static str> {
        if !self.asks_for_instances || self.insists {
            return None;
        }
        match self.implied.get() {
            Some((address, known)) if address == alternative.address() => known,
            _ => {
                let found = implied(self.platform, alternative);
                self.implied.set(Some((alternative.address(), found)));
                found
            }
        }
    }

    /// True if one instance type of the node pool meets all that the alternative asks of it, and the preference if it is
    /// given, on an architecture that the alternative allows.
    fn has_instance(
        &self,
        node_pool: &NodePool,
        alternative: Alternative<'_>,
        preferred: Option<Alternative<'_>>,
        ignored: Option<&str>,
    ) -> bool {
        let platform = node_pool.platform();
        let spared = !self.asks_for_instances && preferred.is_none();
        if spared || !demands_instances(platform, alternative, preferred) {
            return true;
        }
        let mut demands = demands(platform, alternative, preferred);
        demands.retain(|(key, _)| ignored != Some(key));
        if ignored == Some(ARCH) {
            return !node_pool.candidates(None, &demands).is_empty();
        }
        self.architectures(alternative)
            .any(|name| !node_pool.candidates(Some(name), &demands).is_empty())
    }

    /// True if some alternative of the pod allows the architecture.
    fn admits(&self, architecture: &str) -> bool {
        self.alternatives().any(|alternative| {
            self.architectures(alternative)
                .any(|admitted| **admitted == *architecture)
        })
    }

    /// True if some alternative of the pod allows the node pool. Requirements on the label `ignored` do not count.
    fn fits(&self, node_pool: &NodePool, ignored: Option<&str>) -> bool {
        let meets = |alternative: Alternative<'_>, key: &str| {
            ignored == Some(key) || node_pool.can_meet(key, alternative.on(key))
        };
        let has_label = |key: &str| ignored == Some(key) || node_pool.has_label(key);
        let alone = self.pod.spec.selector_alone();
        // If a term constrains a label of the selector too, the label is judged again below, with both.
        alone.selector_keys().all(|key| meets(alone, key))
            && self.topology.iter().all(|key| has_label(canonical(key)))
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
                        && self.has_instance(node_pool, alternative, None, ignored)
                        && (!others_follow || self.preference_met(node_pool, alternative))
                })
    }

    /// True if Karpenter can make a node of the node pool for an alternative and the pod's heaviest preference
    /// together.
    fn preference_met(&self, node_pool: &NodePool, alternative: Alternative<'_>) -> bool {
        self.preference.as_ref().is_none_or(|preferred| {
            let preferred = preferred.preference.alone();
            let mut architectures = self.architectures(alternative);
            let meets = |key| {
                let asked = alternative.on(key).chain(preferred.on(key));
                node_pool.can_meet_preference(key, asked)
            };
            preferred.term_keys().all(meets)
                && architectures.any(|name| node_pool.offers(name) && preferred.admits(ARCH, name))
                && self.has_instance(node_pool, alternative, Some(preferred), None)
        })
    }

    /// True if the pod's first term and its heaviest preference allow the name of the node pool.
    ///
    /// Karpenter looks at these two first. If they leave no node pool, it silently ignores the pod and never tries the
    /// remaining terms.
    fn passes_first_look(&self, node_pool: &NodePool) -> bool {
        let first = self.pod.spec.terms().and_then(<[_]>::first);
        let preferred = self.preference.as_ref();
        let mut parts = first
            .into_iter()
            .chain(preferred.map(|preferred| &preferred.preference));
        parts.all(|part| part.alone().admits(self.node_label, node_pool.name()))
    }

    /// Returns the decision for a pod that can use none of the pool's node pools.
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

    /// True if the author constrains the label of the pool's node pools, and that constraint alone excludes them.
    fn is_explicit(&self) -> bool {
        let constrains = self
            .alternatives()
            .any(|alternative| alternative.constrains(self.node_label));
        let key_allows = |name: &str| {
            self.alternatives()
                .any(|alternative| alternative.admits(self.node_label, name))
        };
        constrains
            && (!self.names.iter().any(|name| key_allows(name))
                || self
                    .existing()
                    .any(|node_pool| self.fits(node_pool, Some(self.node_label))))
    }

    /// True if the author's constraints exclude the pool. False if the cluster lacks the node pools that the pod could
    /// use.
    fn excludes_pool(&self) -> bool {
        let complete = self.existing().count() == self.names.len();
        let mut admitted = self.known.iter().filter(|name| self.admits(name));
        let offering = admitted.any(|name| self.existing().any(|node_pool| node_pool.offers(name)));
        let allows = |names: &[Arc<str>]| names.iter().any(|name| self.admits(name));
        // If the cluster has all node pools of the pool, no missing one could offer what the pod insists on.
        offering || !allows(self.known) || (complete && !allows(self.wanted))
    }

    /// Returns the decision for a pod whose node pools the cluster lacks. It adds nothing: an architecture that nobody
    /// chose would keep the pod off nodes that would have run it.
    ///
    /// The detail names the architectures that the cluster lacks: the author's own, or else the wanted ones.
    fn unavailable(&self) -> Decision<'p> {
        let lacking = self.known.iter().filter(|name| self.admits(name));
        let lacking: Vec<&str> = lacking.map(|name| &**name).collect();
        let detail = format!(
            "the cluster has no node pool of pool {} for {}",
            self.pool.name,
            lacking.join(", ")
        );
        Decision {
            architectures: lacking,
            ..Decision::left(Reason::Unavailable, detail)
        }
    }

    /// Returns the detail of a conflict: the one label that keeps the pod from the pool's node pools, or else all
    /// labels that the pod constrains.
    fn obstacle(&self) -> String {
        let all = self.alternatives();
        let keys =
            all.flat_map(|alternative| alternative.selector_keys().chain(alternative.term_keys()));
        let topology = self.topology.iter().map(|key| canonical(key));
        // Sixteen keys are enough for any pod that a person writes, and they bound the work for an attacker's pod.
        let mut keys: Vec<&str> = topology.chain(keys).take(16).collect();
        keys.sort_unstable();
        keys.dedup();
        // A node pool that the pod could use without its constraint on the label.
        let frees = |key: &str| {
            self.existing()
                .find(|node_pool| self.fits(node_pool, Some(key)))
        };
        let obstacle = keys.iter().find_map(|key| Some((*key, frees(key)?)));
        let pool = &self.pool.name;
        let Some((key, node_pool)) = obstacle else {
            let keys = keys.join(", ");
            return format!("the pod's own constraints exclude pool {pool}: {keys}");
        };
        let excluded = format!("the pod's own {key} excludes pool {pool}");
        let (name, platform) = (node_pool.name(), node_pool.platform());
        let Some(offered) = node_pool.offered(key) else {
            return if let Some(own) = platform.counterpart(key) {
                format!("pool {pool} has {own}, not {key}")
            } else if platform.property(key).is_some() {
                format!("{excluded}; no instance type fits")
            } else if !platform.knows(key) {
                format!("{excluded}; {name} has no such label")
            } else {
                excluded
            };
        };
        match offered.values().map(Vec::from_iter).as_deref() {
            None => format!("{excluded}; {name} has {offered}"),
            Some([]) => format!("{excluded}; {name} has no such label"),
            Some(values) => {
                let offers = format!("offers only {}", values.join(", "));
                match self.required(key) {
                    // The label alone is no obstacle, but together with what the pod asks of the instance type.
                    Some(required) if required.iter().any(|value| values.contains(&&**value)) => {
                        format!("{excluded}; no instance type fits")
                    }
                    Some(required) => {
                        let required = required.join(", ");
                        format!("the pod requires {key} {required}; pool {pool} ({name}) {offers}")
                    }
                    None => format!("{excluded}; {name} {offers}"),
                }
            }
        }
    }

    /// Returns the values of a label that the pod's alternatives list. `None` if one says otherwise which it accepts.
    fn required(&self, key: &str) -> Option<Vec<String>> {
        let mut required: Vec<String> = Vec::new();
        for alternative in self.alternatives() {
            for value in alternative.listed(key)? {
                if !required.iter().any(|known| *known == **value) {
                    required.push((**value).to_owned());
                }
            }
        }
        // A list of more values is no help.
        (1..=4).contains(&required.len()).then_some(required)
    }

    /// True if the pod itself keeps to these node pools.
    fn is_confined(&self, names: &[&str]) -> bool {
        edits::is_confined(self.pod.spec, self.node_label, names)
    }

    /// Returns the additions for these node pools and architectures.
    fn edits(&self, node_pools: &[&'p NodePool], architectures: Vec<&'p str>) -> Edits<'p> {
        let spec = self.pod.spec;
        let names = node_pools.iter().map(|node_pool| &**node_pool.name());
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
        match (self.pool.binding, node_pools) {
            (Binding::Preferred, _) => {
                let names: Vec<&str> = names.collect();
                if !self.is_confined(&names) {
                    preferred = edits::preference_edit(spec, self.node_label, &names);
                }
            }
            (Binding::Required, [only]) => {
                if !self.is_confined(&[only.name()]) {
                    node_selector = Some((self.node_label, &**only.name()));
                }
            }
            (Binding::Required, _) => required_pools = names.collect(),
        }
        let requirements = NewRequirements {
            node_label: self.node_label,
            node_pools: required_pools,
            architectures,
        };
        Edits {
            tolerations,
            node_selector,
            required: edits::required_edits(spec, requirements, |alternative| {
                !alternative.constrains(ARCH) && self.implied(alternative).is_none()
            }),
            preferred,
            labels: Vec::new(),
            annotations: Vec::new(),
        }
    }
}
