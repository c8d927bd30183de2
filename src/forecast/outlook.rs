//! The outlook of a pod: if Karpenter would make a node of a node pool for it now, and what keeps it from that.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::karpenter::unsupported;
use super::reach::{Nodes, Obstacle, Reach};
use super::revision::Revision;
use crate::encoding::wording::{clipped, listed};
use crate::instance::{InstanceType, TypeSet};
use crate::label::{ARCH, Asked, CAPACITY_TYPE, Platform, ValueSet, canonical};
use crate::node::{Candidates, NodePool, State, Taint};
use crate::placement::{Reason, asked_architecture};
use crate::pod::{MOST_TOPOLOGY_KEYS, PreferredTerm, Resources, demands};

/// The most alternatives of a pod for which berth looks at the sizes of instance types.
const ALTERNATIVES: usize = 64;

/// The reason if each label fits some instance type of a node pool, and all together fit none, or too few kinds.
const TOGETHER: &str = "none of its instance types has all that the pod asks for";

/// The reason if a node pool demands a choice of instance types that the pod does not leave.
const TOO_FEW: &str = "fewer kinds of its instance types fit the pod than its minValues demand";

/// A pod, with all that decides if Karpenter makes a node for it.
pub(crate) struct Outlook<'a> {
    revision: &'a Revision<'a>,
    reach: Reach<'a>,
    preference: Option<PreferredTerm<'a>>,
    resources: Resources<'a>,
    /// The labels over which the pod has a hard topology, or keeps apart from others. Karpenter demands both of a node; the
    /// scheduler lets a pod that keeps apart onto a node without the label.
    topology: Vec<Cow<'a, str>>,
    /// For each platform that was asked for: true if its Karpenter refuses the pod's selectors.
    refused: RefCell<BTreeMap<Platform, bool>>,
}

impl<'a> Outlook<'a> {
    pub(crate) fn of(revision: &'a Revision<'a>) -> Self {
        let spec = revision.pod().spec;
        let apart = spec.anti_affinities().into_iter();
        let apart = apart.map(|term| term.topology_key).take(MOST_TOPOLOGY_KEYS);
        // What cannot be read requests nothing: the API server refuses it.
        let resources = spec.resources().unwrap_or_default();
        Self {
            revision,
            reach: Reach::of(revision, Nodes::New),
            preference: spec.heaviest_preference(),
            topology: spec.hard_topology_keys().into_iter().chain(apart).collect(),
            refused: RefCell::default(),
            // Devices that no node pool of the pool has may be on nodes that Karpenter does not make.
            resources: if revision.decision.reason == Reason::SpecialResource {
                resources.without_devices()
            } else {
                resources
            },
        }
    }

    /// True if Karpenter would make a node of the node pool for the pod now, or if the budget runs out.
    pub(crate) fn makes_node(&self, node_pool: &NodePool) -> bool {
        self.fits(node_pool) && self.misses(node_pool).is_none()
    }

    /// True if Karpenter would make a node of the node pool for the pod now, if the pod tolerated its taints.
    pub(crate) fn would_make_node(&self, node_pool: &NodePool) -> bool {
        let pod = self.revision.pod();
        let policy = &self.revision.snapshot.policy;
        let asked = asked_architecture(pod, &self.revision.namespace, policy);
        let chosen = match asked {
            Ok(Some(choice)) => policy.chosen(choice),
            Ok(None) | Err(_) => policy.architectures(),
        };
        let mut alternatives = pod.spec.alternatives();
        alternatives.any(|alternative| {
            let platform = node_pool.platform();
            let demands = demands(platform, alternative, None);
            let is_chosen = |name: &Arc<str>| {
                node_pool.offers(name) && !node_pool.candidates(Some(name), &demands).is_empty()
            };
            self.reach.allows_by(node_pool, alternative)
                && (alternative.constrains(ARCH) || chosen.iter().any(is_chosen))
        }) && self.misses(node_pool).is_none()
    }

    /// True if Karpenter, which takes the preference for a requirement, would make a node of the node pool for it.
    pub(crate) fn meets_preference(
        &self,
        node_pool: &NodePool,
        preferred: &PreferredTerm<'_>,
    ) -> bool {
        let preferred = preferred.preference.alone();
        let mut alternatives = self.revision.pod().spec.alternatives();
        alternatives.any(|alternative| {
            self.reach
                .preference_allows(node_pool, alternative, preferred)
        })
    }

    /// Returns what keeps Karpenter from making a node of a node pool that the pod's selectors allow. `None` if nothing
    /// does.
    pub(crate) fn misses(&self, node_pool: &NodePool) -> Option<String> {
        if self.is_refused_by(node_pool.platform()) {
            return Some("Karpenter supports no such selectors".to_owned());
        }
        if let Some(key) = self.missing_key(node_pool) {
            return Some(without(key));
        }
        let state = node_pool.state().obstacle();
        state
            .map(str::to_owned)
            .or_else(|| self.too_small(node_pool))
    }

    /// True if the platform's Karpenter makes no node for the pod from any node pool.
    fn is_refused_by(&self, platform: Platform) -> bool {
        let mut refused = self.refused.borrow_mut();
        let known = refused.entry(platform);
        *known.or_insert_with(|| unsupported(self.revision, platform).is_some())
    }

    /// Returns a label over which the pod has a hard topology, and of which Karpenter knows no value in the whole
    /// catalogue, so that it makes no node for the pod.
    pub(crate) fn without_domain(&self) -> Option<&str> {
        let mut karpenters = self.revision.snapshot.catalogue.iter();
        if !karpenters.any(|node_pool| node_pool.platform().is_karpenter()) {
            return None;
        }
        let mut keys = self.topology.iter();
        let unknown = keys.find(|key| {
            let ready = self.revision.snapshot.catalogue.iter();
            let mut ready = ready
                .filter(|node_pool| !matches!(node_pool.state(), State::Static | State::Unready));
            !ready.any(|node_pool| node_pool.has_domain(key))
        })?;
        Some(unknown)
    }

    /// True if the taints and labels of the node pool fit the pod, by Karpenter's rule, or if the budget runs out.
    ///
    /// For every term but the last, Karpenter requires the heaviest preference, and treats a `PreferNoSchedule` taint
    /// as a hard one. No other provisioner is known to do either.
    pub(crate) fn fits(&self, node_pool: &NodePool) -> bool {
        let taint = self.untolerated(node_pool);
        if taint.is_some_and(Taint::is_hard) || self.missing_key(node_pool).is_some() {
            return false;
        }
        let preferred = self.preference.as_ref();
        let preferred = preferred.map(|preferred| preferred.preference.alone());
        let is_karpenters = node_pool.platform().is_karpenter();
        let spec = self.revision.pod().spec;
        let fits = spec.attempts().any(|(alternative, others_follow)| {
            let is_preferred = || {
                taint.is_none()
                    && preferred.is_none_or(|preferred| {
                        self.reach
                            .preference_allows(node_pool, alternative, preferred)
                    })
            };
            self.reach.allows_by(node_pool, alternative)
                && (!is_karpenters || !others_follow || is_preferred())
        });
        fits || self.reach.is_exhausted()
    }

    /// Returns the reason for which the node pool gives no node: a taint before a label, in the order of Karpenter
    /// (R7.5).
    pub(crate) fn reason<'n>(&self, node_pool: &'n NodePool) -> Obstruction<'n> {
        let taint = self.untolerated(node_pool);
        if let Some(taint) = taint.filter(|taint| taint.is_hard()) {
            return Obstruction::Taint(taint);
        }
        if let Some((obstacle, alternative)) = self.reach.obstacle(node_pool) {
            return Obstruction::Other(match obstacle {
                Obstacle::Label(key) => {
                    self.unmet(node_pool, key, &Asked::new(alternative.on(key)))
                }
                Obstacle::InstanceType => TOGETHER.to_owned(),
            });
        }
        if let Some(key) = self.missing_key(node_pool) {
            return Obstruction::Other(without(key));
        }
        if self.fits(node_pool)
            && let Some(missing) = self.misses(node_pool)
        {
            return Obstruction::Other(missing);
        }
        let fits_a_term = self.revision.pod().spec.alternatives().next().is_some();
        let why = if fits_a_term {
            "Karpenter requires the pod's heaviest preference, which excludes it"
        } else {
            "matches none of the pod's terms"
        };
        taint.map_or_else(|| Obstruction::Other(why.to_owned()), Obstruction::Taint)
    }

    /// Returns the two sides of a disagreement, if the pod lists values of one label of which the node pool offers
    /// others: the pod's and the node pool's.
    pub(crate) fn disagreement(&self, node_pool: &NodePool) -> Option<(String, String)> {
        let (Obstacle::Label(key), alternative) = self.reach.obstacle(node_pool)? else {
            return None;
        };
        let offered = values(node_pool.offered(key)?)?;
        let required = alternative
            .listed(key)
            .filter(|values| !values.is_empty())?;
        let required = listed(required.iter().map(|value| &**value));
        // The values of these labels say by themselves which label they are of.
        let is_plain = matches!(key, ARCH | CAPACITY_TYPE);
        let required = if is_plain {
            required
        } else {
            format!("{} {required}", clipped(key))
        };
        Some((required, offered))
    }

    /// Returns the reason for which a label of the node pool does not fit.
    fn unmet(&self, node_pool: &NodePool, key: &str, asked: &Asked<'_>) -> String {
        let spec = self.revision.pod().spec;
        let added = spec
            .alternatives()
            .next()
            .map_or(&[][..], |first| self.reach.added(node_pool, first));
        let allowed = if key == ARCH && !added.is_empty() {
            format!("[{}]", added.join(", "))
        } else {
            asked.to_string()
        };
        let named = clipped(key);
        match node_pool.offered(key) {
            Some(offered) => match values(offered) {
                Some(values) => format!("needs {named} in [{values}], pod allows {allowed}"),
                None => format!("needs {named} {offered}, pod allows {allowed}"),
            },
            None if asked.excludes_every_value() => {
                format!("its nodes have the label {named}, pod allows {allowed}")
            }
            None => match node_pool.platform().counterpart(key) {
                Some(own) => format!("its nodes have no label {named}; theirs is {own}"),
                None => format!("its nodes have no label {named}, pod allows {allowed}"),
            },
        }
    }

    /// Returns the label of a hard topology that the nodes of the node pool lack.
    fn missing_key(&self, node_pool: &NodePool) -> Option<&str> {
        let mut keys = self.topology.iter();
        let missing = keys.find(|key| !node_pool.has_label(canonical(key)))?;
        Some(missing)
    }

    /// Returns a taint of the node pool that the pod does not tolerate: a hard one if there is one.
    fn untolerated<'n>(&self, node_pool: &'n NodePool) -> Option<&'n Taint> {
        let spec = self.revision.pod().spec;
        let untolerated = |taint: &&Taint| !spec.tolerates(taint);
        let hard = node_pool.hard_taints().find(untolerated);
        hard.or_else(|| node_pool.taints().iter().find(untolerated))
    }

    /// Returns what the instance types of the node pool lack for the size of the pod. `None` if one is large enough, as
    /// far as berth knows.
    fn too_small(&self, node_pool: &NodePool) -> Option<String> {
        let mut all = TypeSet::EMPTY;
        let mut too_few = false;
        let mut alternatives = self.revision.pod().spec.alternatives();
        let looked_at = alternatives.by_ref().take(ALTERNATIVES);
        for alternative in looked_at.filter(|of| self.reach.allows_by(node_pool, *of)) {
            for candidates in self.reach.candidates(node_pool, alternative, None) {
                let Candidates::Listed(types) = candidates else {
                    return None;
                };
                let large_enough = if self.resources.is_empty() {
                    types
                } else {
                    types.keep(|kind| self.resources.fit(kind))
                };
                if !large_enough.is_empty() && node_pool.are_various(large_enough) {
                    return None;
                }
                too_few |= !large_enough.is_empty();
                all |= &types;
            }
        }
        if self.reach.is_exhausted() || alternatives.next().is_some() {
            // One that nobody looked at may do.
            return None;
        }
        Some(match (all.is_empty(), too_few) {
            (true, _) => TOGETHER.to_owned(),
            (false, true) => TOO_FEW.to_owned(),
            (false, false) => self.too_large_for(all),
        })
    }

    /// Returns the size of the pod that none of the instance types has, beside that of the largest.
    fn too_large_for(&self, types: TypeSet) -> String {
        let most = |amount: fn(&InstanceType) -> u64| types.types().map(amount).max().unwrap_or(0);
        let (cpu, memory) = (self.resources.cpu(), self.resources.memory_mib());
        let vcpus = most(|kind| kind.vcpus);
        let mib = most(|kind| kind.memory_mib);
        if cpu > u128::from(vcpus) * 1000 {
            format!(
                "the pod requests {} vCPUs, its largest instance type has {vcpus}",
                decimal(cpu, 1000)
            )
        } else if memory > u128::from(mib) {
            format!(
                "the pod requests {} GiB of memory, its largest instance type has {}",
                decimal(memory, 1024),
                decimal(mib.into(), 1024)
            )
        } else if let Some(resource) = self.resources.lacking(types) {
            format!(
                "no instance type of it has what the pod requests of {}",
                clipped(resource)
            )
        } else {
            format!(
                "no instance type of it has {} vCPUs, {} GiB and the other resources together",
                decimal(cpu, 1000),
                decimal(memory, 1024)
            )
        }
    }
}

/// The reason for which a node pool gives a pod no node.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Obstruction<'n> {
    /// The pod does not tolerate this taint.
    Taint(&'n Taint),
    /// Another reason, for a person to read.
    Other(String),
}

impl Obstruction<'_> {
    /// True if one line can say both: the taints differ in their value or effect at most.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Taint(one), Self::Taint(other)) => one.key == other.key,
            (one, other) => one == other,
        }
    }
}

/// Returns the reason if the nodes of a node pool lack a label that the pod's selectors do not name.
fn without(key: &str) -> String {
    format!(
        "its nodes have no label {}, over which the pod spreads or parts",
        clipped(key)
    )
}

/// Returns a fraction with at most one decimal, rounded up.
fn decimal(amount: u128, unit: u128) -> String {
    let tenths = amount.saturating_mul(10).div_ceil(unit);
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// Returns the values of a set that lists some.
fn values(offered: &ValueSet) -> Option<String> {
    let values = offered.values()?;
    if values.len() > 0 {
        Some(listed(values))
    } else {
        None
    }
}
