//! The state of the cluster as the watches tell it, and the snapshot made of it. Updates alone change the state.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{replace, take};
use std::sync::Arc;

use super::availability::Availability;
use super::listing::{Change, Listing};
use super::misspelt::{Judging, Misspelt};
use super::newest::{Newest, Usable};
use super::news::{Assessment, Count, Judgement, News, Notice, StateChange};
use super::update::{UnreadableNodePool, Update};
use crate::encoding::field::FieldError;
use crate::metrics::watching::Watched;
use crate::node::{Catalogue, NodePool, State};
use crate::placement::{Given, Live, Snapshot, live_catalogue};
use crate::pod::NamespaceLabels;
use crate::policy::remarks;
use crate::validation::NamespaceFault;

/// The state of the cluster, and the policy in force.
#[derive(Debug)]
pub(super) struct View {
    /// The node pools of `--node-pools`.
    files: Catalogue,
    own_namespace: Option<Arc<str>>,
    node_pools: Listing<Result<Arc<NodePool>, UnreadableNodePool>>,
    /// Those of the node pools that can be read.
    live: Catalogue,
    namespaces: Listing<Arc<NamespaceLabels>>,
    newest: Newest,
    changed: Changed,
    in_force: Option<Usable>,
    snapshot: Option<Snapshot>,
    /// The error of the newest policy, while berth cannot use it.
    refused: Option<FieldError>,
    /// The node pools that cannot be read, by name.
    unreadable: BTreeMap<Arc<str>, UnreadableNodePool>,
    /// The state of each node pool that the policy in force names.
    states: BTreeMap<Arc<str>, State>,
    /// The remarks on the policy in force.
    remarks: Vec<FieldError>,
    misspelt: Misspelt,
}

/// The objects that have changed since the last news.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changed {
    namespaces: Names,
    node_pools: Names,
    policies: bool,
}

/// The objects of one kind that have changed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    /// Those of these names.
    some: BTreeSet<Arc<str>>,
    /// True if it may be any of them.
    all: bool,
}

impl Names {
    fn add(&mut self, change: Change) {
        match change {
            Change::Nothing => {}
            Change::One(name) => {
                self.some.insert(name);
            }
            Change::All => self.all = true,
        }
    }
}

impl View {
    pub(super) fn new(given: Given, own_namespace: Option<Arc<str>>) -> Self {
        let Given { policy, node_pools } = given;
        Self {
            files: node_pools,
            own_namespace,
            node_pools: Listing::default(),
            live: Catalogue::default(),
            namespaces: Listing::default(),
            newest: Newest::new(policy),
            changed: Changed::default(),
            in_force: None,
            snapshot: None,
            refused: None,
            unreadable: BTreeMap::new(),
            states: BTreeMap::new(),
            remarks: Vec::new(),
            misspelt: Misspelt::default(),
        }
    }

    /// Applies an update of a watch.
    pub(super) fn take(&mut self, update: Update) {
        match update {
            Update::Namespaces(result) => {
                self.changed.namespaces.add(self.namespaces.apply(result));
            }
            Update::NodePools(result) => {
                let change = self.node_pools.apply(result);
                let objects = self.node_pools.objects();
                match &change {
                    Change::Nothing => {}
                    Change::One(name) => match objects.get(name) {
                        Some(Ok(node_pool)) => self.live.put(Arc::clone(node_pool)),
                        _ => self.live.remove(name),
                    },
                    Change::All => self.live = objects.values().flatten().cloned().collect(),
                }
                self.changed.node_pools.add(change);
            }
            Update::Policies(result) => {
                let change = self.newest.apply(result);
                self.changed.policies |= change != Change::Nothing;
            }
        }
    }

    /// Returns what changed since the last call, or `None` if nothing did or a resource is still unlisted.
    pub(super) fn news(&mut self) -> Option<News> {
        if !self.is_listed() || self.changed == Changed::default() {
            return None;
        }
        let mut changed = take(&mut self.changed);
        let is_first = self.snapshot.is_none();
        let is_assessed = changed.policies || changed.node_pools != Names::default() || is_first;
        let (mut assessment, mut notices, mut states) = (None, Vec::new(), Vec::new());
        if is_assessed {
            let before = self
                .snapshot
                .as_ref()
                .map(|before| Arc::clone(&before.policy));
            let refused = self.assess().err();
            let unreadable = self.newly_unreadable(&changed.node_pools).into_iter();
            notices.extend(unreadable.map(Notice::Unreadable));
            notices.extend(self.refusal(refused));
            notices.extend(self.new_remarks().into_iter().map(Notice::Remark));
            states = self.state_changes();
            changed.namespaces.all |= self
                .snapshot
                .as_ref()
                .is_some_and(|now| before.is_none_or(|before| !Arc::ptr_eq(&before, &now.policy)));
        }
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.namespaces = self.namespaces.objects().clone();
        }
        let newly_misspelt = self.look_for_misspelt(&changed.namespaces);
        let misspelt = (newly_misspelt.is_some() || is_first).then(|| self.misspelt.clone());
        notices.extend(misspelt_notices(newly_misspelt.unwrap_or_default()));
        if is_assessed || misspelt.is_some() {
            assessment = Some(Assessment {
                in_force: self.in_force.as_ref().map(|usable| usable.source),
                judgement: self.judgement(),
            });
        }
        if is_first && let Some(usable) = &self.in_force {
            notices.push(Notice::Following(usable.source));
        }
        Some(News {
            snapshot: self.snapshot.clone(),
            assessment,
            counts: self.counts(),
            misspelt,
            notices,
            states,
        })
    }

    /// True while berth waits for the rest of a list.
    pub(super) fn is_listing(&self) -> bool {
        !self.is_listed()
            || self.node_pools.is_arriving()
            || self.namespaces.is_arriving()
            || self.newest.objects().is_arriving()
    }

    /// True if the API server has answered every request for a list that berth needs. A refusal is an answer too.
    fn is_listed(&self) -> bool {
        self.newest.is_known()
            && self.node_pools.availability() != Availability::Unknown
            && self.namespaces.availability() != Availability::Unknown
    }

    /// Notes the error of the newest policy, if any. Returns a notice if it is another than before.
    fn refusal(&mut self, refused: Option<FieldError>) -> Option<Notice> {
        if refused == self.refused {
            return None;
        }
        self.refused = refused;
        Some(match &self.refused {
            Some(error) => Notice::Refused(error.clone()),
            None => Notice::UsableAgain,
        })
    }

    /// Notes which of the changed node pools are unreadable. Returns those that were not unreadable before.
    fn newly_unreadable(&mut self, changed: &Names) -> Vec<UnreadableNodePool> {
        let objects = self.node_pools.objects();
        let all = changed.all.then(|| objects.keys());
        if all.is_some() {
            self.unreadable.retain(|name, _| objects.contains_key(name));
        }
        let mut newly = Vec::new();
        for name in all.into_iter().flatten().chain(&changed.some) {
            match objects.get(name) {
                Some(Err(error)) => {
                    let before = self.unreadable.insert(Arc::clone(name), error.clone());
                    newly.extend((before.as_ref() != Some(error)).then(|| error.clone()));
                }
                _ => {
                    self.unreadable.remove(name);
                }
            }
        }
        newly
    }

    /// Notes the remarks on the policy in force. Returns those that were not made before.
    fn new_remarks(&mut self) -> Vec<FieldError> {
        let now = self.snapshot.as_ref().map_or_else(Vec::new, |snapshot| {
            remarks(&snapshot.policy, &snapshot.catalogue)
        });
        let before = replace(&mut self.remarks, now);
        let new = self.remarks.iter();
        new.filter(|remark| !before.contains(remark))
            .cloned()
            .collect()
    }

    /// Notes the namespaces whose labels are misspelt. Returns the new faults, or `None` if there is no change.
    fn look_for_misspelt(&mut self, changed: &Names) -> Option<Vec<(Arc<str>, NamespaceFault)>> {
        let snapshot = self.snapshot.as_ref()?;
        let judging = Judging {
            namespaces: &snapshot.namespaces,
            own: self.own_namespace.as_deref(),
            policy: &snapshot.policy,
        };
        if !changed.all {
            return judging.update(&mut self.misspelt, changed.some.iter());
        }
        // One that is gone has no faults any more.
        let before = self.misspelt.clone();
        let all: BTreeSet<_> = before.keys().chain(snapshot.namespaces.keys()).collect();
        judging.update(&mut self.misspelt, all.into_iter())
    }

    /// Notes the states of the node pools that the policy in force names. Returns those that were not so before.
    fn state_changes(&mut self) -> Vec<StateChange> {
        let Some(Snapshot {
            policy, catalogue, ..
        }) = &self.snapshot
        else {
            return Vec::new();
        };
        let states = policy.node_pools().into_iter();
        let states = states.map(|name| (Arc::clone(name), catalogue.state(name)));
        let before = replace(&mut self.states, states.collect());
        let names: BTreeSet<&Arc<str>> = before.keys().chain(self.states.keys()).collect();
        let changes = names.into_iter().map(|name| StateChange {
            node_pool: Arc::clone(name),
            before: before.get(name).copied(),
            now: self.states.get(name).copied(),
        });
        changes
            .filter(|change| change.before != change.now)
            .collect()
    }

    /// Puts the newest policy into force with the present node pools. If berth cannot use it, the previous policy stays
    /// in force, with the present node pools too.
    ///
    /// # Errors
    /// The field that keeps the newest policy from being used.
    fn assess(&mut self) -> Result<(), FieldError> {
        let newest = self.newest.usable().and_then(|usable| {
            let catalogue = self.catalogue(&usable)?;
            usable.policy.check(&catalogue)?;
            Ok((usable, catalogue))
        });
        match newest {
            Ok((usable, catalogue)) => {
                self.put_in_force(usable, catalogue);
                Ok(())
            }
            Err(error) => {
                if let Some(usable) = self.in_force.clone() {
                    let catalogue = self.catalogue(&usable)?;
                    self.put_in_force(usable, catalogue);
                }
                Err(error)
            }
        }
    }

    fn put_in_force(&mut self, usable: Usable, catalogue: Catalogue) {
        self.snapshot = Some(Snapshot {
            policy: Arc::clone(&usable.policy),
            catalogue: Arc::new(catalogue),
            namespaces: self.namespaces.objects().clone(),
            own_namespace: self.own_namespace.clone(),
        });
        self.in_force = Some(usable);
    }

    /// Returns the node pools to decide by with a policy.
    fn catalogue(&self, usable: &Usable) -> Result<Catalogue, FieldError> {
        let written = usable.catalogue.with(&self.files);
        let live = match self.node_pools.availability() {
            Availability::Listed => Live::Listed(self.live.clone()),
            Availability::Absent => Live::NotServed,
            Availability::Forbidden | Availability::Unknown => Live::Unknown,
        };
        live_catalogue(live, written)
    }

    fn judgement(&self) -> Option<Judgement> {
        let object = self.newest.object()?;
        let result = match &self.refused {
            Some(error) => Err(error.clone()),
            None => Ok(self.snapshot.clone()?),
        };
        Some(Judgement {
            object: Arc::clone(object),
            result,
            misspelt: self.misspelt.clone(),
        })
    }

    fn counts(&self) -> [Count; 3] {
        let policy_refused = self.newest.object().is_some() && self.refused.is_some();
        [
            Count::new(Watched::NodePools, &self.node_pools, self.unreadable.len()),
            Count::new(Watched::Namespaces, &self.namespaces, 0),
            Count::new(
                Watched::Policies,
                self.newest.objects(),
                policy_refused.into(),
            ),
        ]
    }
}

/// The most faults of namespaces that are told at once, each in a notice of its own.
const TOLD: usize = 20;

/// Returns a notice for each fault, or for as many as a log should hold and one for the rest.
fn misspelt_notices(mut faults: Vec<(Arc<str>, NamespaceFault)>) -> Vec<Notice> {
    let more = faults.len().saturating_sub(TOLD);
    faults.truncate(TOLD);
    let told = faults.into_iter();
    let told = told.map(|(namespace, fault)| Notice::Misspelt(namespace, fault));
    let rest = (more > 0).then_some(Notice::MoreMisspelt(more));
    told.chain(rest).collect()
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests;
