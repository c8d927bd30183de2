//! What is known of the cluster, and the snapshot that it makes: a state that nothing but updates changes.

#[cfg(test)]
mod laws;

use std::mem::take;
use std::sync::Arc;

use super::availability::Availability;
use super::listing::Listing;
use super::news::{Count, Judgement, News};
use super::update::{Outcome, PolicyObject, Unreadable, Update};
use crate::definition;
use crate::encoding::field::FieldError;
use crate::metrics::watching::Watched;
use crate::node::{Catalogue, NodePool};
use crate::placement::{Given, Snapshot, or_embedded};
use crate::pod::NamespaceLabels;
use crate::policy::{Policy, Source, embedded_policy, read_policy_spec};

/// A policy that can be used.
#[derive(Debug, Clone)]
struct Usable {
    source: Source,
    policy: Arc<Policy>,
    /// The static catalogue that stands in it.
    catalogue: Catalogue,
}

impl Usable {
    fn new(source: Source, (policy, catalogue): (Policy, Catalogue)) -> Self {
        Self {
            source,
            policy: Arc::new(policy),
            catalogue,
        }
    }
}

/// What is known of the cluster.
#[derive(Debug)]
pub(super) struct View {
    given: Option<Usable>,
    /// The node pools of `--node-pools`.
    files: Catalogue,
    own_namespace: Option<Arc<str>>,
    node_pools: Listing<Result<Arc<NodePool>, Unreadable>>,
    namespaces: Listing<Arc<NamespaceLabels>>,
    policies: Listing<Arc<PolicyObject>>,
    changed: Changed,
    in_force: Option<Usable>,
    snapshot: Option<Snapshot>,
    refused: Option<FieldError>,
    unreadable: Vec<Unreadable>,
}

/// What has changed since the last snapshot.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Changed {
    namespaces: bool,
    policy_or_node_pools: bool,
}

impl View {
    pub(super) fn new(given: Given, own_namespace: Option<Arc<str>>) -> Self {
        let Given { policy, node_pools } = given;
        Self {
            given: policy.map(|policy| Usable::new(Source::Flag, policy)),
            files: node_pools,
            own_namespace,
            node_pools: Listing::default(),
            namespaces: Listing::default(),
            policies: Listing::default(),
            changed: Changed::default(),
            in_force: None,
            snapshot: None,
            refused: None,
            unreadable: Vec::new(),
        }
    }

    /// Takes notice of what a watch tells.
    pub(super) fn take(&mut self, update: Update) {
        fn apply<T: Clone + PartialEq>(listing: &mut Listing<T>, outcome: Outcome<T>) -> bool {
            match outcome {
                Ok(event) => listing.take(event),
                Err(availability) => listing.failed(availability),
            }
        }
        match update {
            Update::Namespaces(outcome) => {
                self.changed.namespaces |= apply(&mut self.namespaces, outcome);
            }
            Update::NodePools(outcome) => {
                self.changed.policy_or_node_pools |= apply(&mut self.node_pools, outcome);
            }
            Update::Policies(outcome) => {
                self.changed.policy_or_node_pools |= apply(&mut self.policies, outcome);
            }
        }
    }

    /// What comes of the updates since it was last asked for; nothing where nothing does, or something is still to be
    /// listed.
    pub(super) fn news(&mut self) -> Option<News> {
        let policies =
            self.given.is_some() || self.policies.availability() != Availability::Unknown;
        let is_listed = policies
            && self.node_pools.availability() != Availability::Unknown
            && self.namespaces.availability() != Availability::Unknown;
        if !is_listed || self.changed == Changed::default() {
            return None;
        }
        let Changed {
            namespaces: _,
            policy_or_node_pools,
        } = take(&mut self.changed);
        let is_first = self.snapshot.is_none();
        let of_policy = policy_or_node_pools || is_first;
        let (mut tell_refusal, mut newly_unreadable) = (false, Vec::new());
        if of_policy {
            let refused = self.assess().err();
            tell_refusal = refused != self.refused;
            self.refused = refused;
            let errors = self
                .node_pools
                .objects()
                .values()
                .filter_map(|object| object.as_ref().err());
            let unreadable: Vec<_> = errors.cloned().collect();
            let news = unreadable
                .iter()
                .filter(|error| !self.unreadable.contains(error));
            newly_unreadable = news.cloned().collect();
            self.unreadable = unreadable;
        }
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.namespaces = Arc::clone(self.namespaces.objects());
        }
        Some(News {
            of_policy,
            judgement: self.judgement(),
            source: self.in_force.as_ref().map(|usable| usable.source),
            refused: self.refused.clone(),
            tell_refusal,
            newly_unreadable,
            counts: self.counts(),
            is_first: is_first && self.snapshot.is_some(),
            snapshot: self.snapshot.clone(),
        })
    }

    /// Puts the newest policy into force with the node pools as they are now, or leaves the one before in force.
    fn assess(&mut self) -> Result<(), FieldError> {
        let newest = self.newest().and_then(|usable| {
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
            namespaces: Arc::clone(self.namespaces.objects()),
            own_namespace: self.own_namespace.clone(),
        });
        self.in_force = Some(usable);
    }

    /// The policy of the flag, the cluster's, or the embedded one: the first that there is.
    fn newest(&self) -> Result<Usable, FieldError> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let (source, policy) = match self.object() {
            Some(object) => (Source::Cluster, read_policy_spec(object.spec.clone())?),
            None => (Source::Embedded, embedded_policy()?),
        };
        Ok(Usable::new(source, policy))
    }

    fn object(&self) -> Option<&Arc<PolicyObject>> {
        self.policies.objects().get(definition::NAME)
    }

    /// The node pools of the cluster and those that no `NodePool` object describes.
    ///
    /// Where the cluster serves no `NodePool`s, those that somebody wrote down take their place; where berth may not
    /// look, even the default policy's, since what is not known is not absent.
    fn catalogue(&self, usable: &Usable) -> Result<Catalogue, FieldError> {
        let written = usable.catalogue.with(&self.files);
        Ok(match self.node_pools.availability() {
            Availability::Listed => {
                let live = self.node_pools.objects().values().flatten();
                let live: Catalogue = live.map(Arc::clone).collect();
                // One of the same name too: whoever wrote it down said that it is no object's.
                live.with(&written.externals())
            }
            Availability::Absent => written,
            Availability::Forbidden | Availability::Unknown => or_embedded(written)?,
        })
    }

    fn judgement(&self) -> Option<Judgement> {
        let object = self.object().filter(|_| self.given.is_none())?;
        let outcome = match &self.refused {
            Some(error) => Err(error.clone()),
            None => Ok(self.snapshot.clone()?),
        };
        Some(Judgement {
            object: Arc::clone(object),
            outcome,
        })
    }

    fn counts(&self) -> [Count; 3] {
        let policy_refused = self.object().is_some() && self.refused.is_some();
        [
            Count::new(Watched::NodePools, &self.node_pools, self.unreadable.len()),
            Count::new(Watched::Namespaces, &self.namespaces, 0),
            Count::new(Watched::Policies, &self.policies, policy_refused.into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use kube::runtime::watcher::Event;
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::embedded_node_pools;
    use crate::watch::update::read_node_pool;

    /// A view of a cluster that has listed these node pools, no namespace, and this policy, if any.
    fn view(given: Given, node_pools: &Catalogue, spec: Option<Value>) -> View {
        let mut view = View::new(given, None);
        view.take(Update::NodePools(Ok(Event::Init)));
        for node_pool in node_pools.iter() {
            let entry = (
                Arc::clone(node_pool.name()),
                Some(Ok(Arc::new(node_pool.clone()))),
            );
            view.take(Update::NodePools(Ok(Event::InitApply(entry))));
        }
        view.take(Update::NodePools(Ok(Event::InitDone)));
        view.take(Update::Namespaces(Ok(Event::InitDone)));
        view.take(Update::Policies(Ok(Event::InitDone)));
        if let Some(spec) = spec {
            view.take(policy(1, spec));
        }
        view
    }

    fn policy(generation: i64, spec: Value) -> Update {
        let object = PolicyObject {
            uid: String::new(),
            generation,
            spec,
            status: Value::Null,
        };
        Update::Policies(Ok(Event::Apply((
            definition::NAME.into(),
            Some(Arc::new(object)),
        ))))
    }

    /// A policy with one pool of these node pools, which binds as told.
    fn spec(node_pools: &[&str], binding: &str) -> Value {
        json!({
            "architectures": {"known": ["amd64", "arm64"], "default": "amd64"},
            "pools": [{"name": "only", "nodePools": node_pools, "binding": binding}],
            "rules": [{"name": "all", "place": {"pool": "only"}}],
        })
    }

    fn pools(news: &News) -> Vec<&str> {
        let pools = news.snapshot.as_ref().unwrap().policy.pools().iter();
        pools.map(|pool| &*pool.name).collect()
    }

    #[test]
    fn nothing_is_decided_before_everything_is_listed() {
        let mut view = View::new(Given::default(), None);
        assert!(view.news().is_none());
        view.take(Update::NodePools(Ok(Event::InitDone)));
        view.take(Update::Namespaces(Ok(Event::InitDone)));
        assert!(view.news().is_none());
        view.take(Update::Policies(Err(None)));
        assert!(
            view.news().is_none(),
            "an API server that cannot be reached is no answer"
        );
        view.take(Update::Policies(Err(Some(Availability::Absent))));
        let news = view.news().unwrap();
        assert_eq!(news.source, Some(Source::Embedded));
        assert!(news.judgement.is_none());
        assert!(view.news().is_none(), "told once");
    }

    #[test]
    fn the_flags_policy_comes_before_the_clusters_and_that_before_the_embedded_one() {
        let mut embedded = view(Given::default(), &Catalogue::default(), None);
        assert_eq!(
            pools(&embedded.news().unwrap()),
            ["default", "truemark", "batch"]
        );

        let of_cluster = Some(spec(&["a"], "Required"));
        let mut cluster = view(Given::default(), &Catalogue::default(), of_cluster.clone());
        assert_eq!(pools(&cluster.news().unwrap()), ["only"]);

        let given = Given {
            policy: Some(embedded_policy().unwrap()),
            ..Given::default()
        };
        let mut flag = view(given, &Catalogue::default(), of_cluster);
        let news = flag.news().unwrap();
        assert_eq!(pools(&news), ["default", "truemark", "batch"]);
        assert_eq!(news.source, Some(Source::Flag));
        assert!(
            news.judgement.is_none(),
            "of what is not used, nothing is said"
        );
    }

    #[test]
    fn a_policy_that_cannot_be_used_never_replaces_a_good_one() {
        let node_pools = embedded_node_pools().unwrap();
        let mut view = view(
            Given::default(),
            &node_pools,
            Some(spec(&["amd64-batch", "gone"], "Required")),
        );
        let news = view.news().unwrap();
        assert!(news.judgement.unwrap().outcome.is_ok());

        view.take(policy(2, json!({"pools": []})));
        let news = view.news().unwrap();
        assert!(news.tell_refusal);
        assert_eq!(pools(&news), ["only"]);
        let judgement = news.judgement.unwrap();
        assert_eq!(judgement.object.generation, 2);
        assert_eq!(judgement.outcome.unwrap_err().path.to_string(), "spec");

        // That every node pool of it is tainted is what the catalogue alone says.
        view.take(policy(3, spec(&["amd64-batch"], "Preferred")));
        let news = view.news().unwrap();
        assert_eq!(
            news.judgement
                .unwrap()
                .outcome
                .unwrap_err()
                .path
                .to_string(),
            "spec.pools[0].binding"
        );

        // Without the object, the embedded one is what is left.
        view.take(Update::Policies(Ok(Event::Delete((
            definition::NAME.into(),
            None,
        )))));
        let news = view.news().unwrap();
        assert_eq!(news.source, Some(Source::Embedded));
        assert!(news.refused.is_none() && news.judgement.is_none());
    }

    #[test]
    fn a_first_policy_that_cannot_be_used_leaves_nothing_to_decide_by() {
        let mut view = view(Given::default(), &Catalogue::default(), Some(json!({})));
        let news = view.news().unwrap();
        assert!(news.snapshot.is_none());
        assert!(news.judgement.unwrap().outcome.is_err());
        view.take(policy(2, spec(&["a"], "Required")));
        let news = view.news().unwrap();
        assert!(news.is_first && news.snapshot.is_some());
    }

    #[test]
    fn live_node_pools_replace_the_static_ones_but_for_the_external() {
        let mut spec = spec(&["a"], "Required");
        spec["catalogue"] = json!([{"name": "static"}, {"name": "reserved", "external": true}]);
        let names = |news: News| -> Vec<String> {
            let catalogue = news.snapshot.unwrap().catalogue;
            catalogue
                .iter()
                .map(|node_pool| node_pool.name().to_string())
                .collect()
        };
        let given = Given {
            node_pools: embedded_node_pools().unwrap(),
            ..Given::default()
        };
        let mut listed = view(given.clone(), &Catalogue::default(), Some(spec.clone()));
        assert_eq!(names(listed.news().unwrap()), ["reserved"]);
        for name in ["reserved", "live"] {
            let object = json!({"spec": {"template": {"spec": {}}}});
            let entry = (
                name.into(),
                Some(read_node_pool(name, object).map(Arc::new)),
            );
            listed.take(Update::NodePools(Ok(Event::Apply(entry))));
        }
        let catalogue = listed.news().unwrap().snapshot.unwrap().catalogue;
        let external = |name: &str| catalogue.get(name).map(NodePool::is_external);
        assert_eq!(external("live"), Some(false));
        assert_eq!(external("reserved"), Some(true));

        let of = |availability| {
            let mut view = View::new(Given::default(), None);
            view.take(Update::NodePools(Err(Some(availability))));
            view.take(Update::Namespaces(Ok(Event::InitDone)));
            view
        };
        let mut absent = of(Availability::Absent);
        absent.take(Update::Policies(Ok(Event::InitDone)));
        assert!(names(absent.news().unwrap()).is_empty(), "it has none");
        absent.take(policy(1, spec));
        assert_eq!(names(absent.news().unwrap()), ["reserved", "static"]);

        // What berth may not see is not absent.
        let mut forbidden = of(Availability::Forbidden);
        forbidden.take(Update::Policies(Ok(Event::InitDone)));
        assert_eq!(names(forbidden.news().unwrap()).len(), 6);
    }

    #[test]
    fn a_namespace_changes_nothing_but_itself() {
        let mut view = view(Given::default(), &embedded_node_pools().unwrap(), None);
        let before = view.news().unwrap().snapshot.unwrap();
        let labels = NamespaceLabels::from_iter([("team", "red")]);
        let entry = ("red".into(), Some(Arc::new(labels.clone())));
        view.take(Update::Namespaces(Ok(Event::Apply(entry))));
        let after = view.news().unwrap().snapshot.unwrap();
        assert_eq!(after.namespace("red").labels, Some(&labels));
        assert_eq!(before.namespace("red").labels, None);
        assert!(Arc::ptr_eq(&before.catalogue, &after.catalogue));
        assert!(Arc::ptr_eq(&before.policy, &after.policy));
    }
}
