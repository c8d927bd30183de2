//! The law that holds of a view after any updates of the watches.

use std::collections::BTreeMap;

use kube::runtime::watcher::Event;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::definition;
use crate::policy::Source;
use crate::validation::misspelt_namespace;
use crate::watch::update::{Kept, PolicyObject, read_node_pool};

/// The number of kinds of objects; a kind is the position of its variant in [`Update`].
const KINDS: u8 = 3;
const NODE_POOLS: u8 = 0;
const NAMESPACES: u8 = 1;
const POLICIES: u8 = 2;
/// The names that node pools and namespaces have, by their number.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// The number of forms that an object takes: see `node_pool` and `policy`.
const FORMS: u8 = 5;
/// The form of a policy that berth can always use.
const HARMLESS: u8 = 0;

/// The objects of a kind: their forms by the numbers of their names.
type Numbered = BTreeMap<u8, u8>;

/// A step in the life of a view.
#[derive(Debug, Clone)]
enum Step {
    /// A whole list arrives.
    List(u8, Numbered),
    /// A list begins to arrive, and breaks off.
    Break(u8, Numbered),
    /// An object is created or changed.
    Apply(u8, u8, u8),
    Delete(u8, u8),
    Fail(u8, Option<Availability>),
    /// Somebody asks for the news of all steps since the last time.
    Ask,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let objects = || btree_map(0..3_u8, 0..FORMS, 0..=3);
    let failure = prop_oneof![
        Just(None),
        Just(Some(Availability::Absent)),
        Just(Some(Availability::Forbidden)),
    ];
    let step = prop_oneof![
        3 => (0..KINDS, objects()).prop_map(|(kind, objects)| Step::List(kind, objects)),
        1 => (0..KINDS, objects()).prop_map(|(kind, objects)| Step::Break(kind, objects)),
        5 => (0..KINDS, 0..3_u8, 0..FORMS).prop_map(|(kind, name, form)| Step::Apply(kind, name, form)),
        2 => (0..KINDS, 0..3_u8).prop_map(|(kind, name)| Step::Delete(kind, name)),
        2 => (0..KINDS, failure).prop_map(|(kind, failure)| Step::Fail(kind, failure)),
        4 => Just(Step::Ask),
    ];
    vec(step, 0..40)
}

/// Returns a plain node pool, one with a taint, one of two that berth cannot read, or one that is being deleted.
fn node_pool(name: &str, form: u8) -> Kept<Result<Arc<NodePool>, UnreadableNodePool>> {
    let taints = match form {
        1 => json!([{"key": "example.com/only", "effect": "NoSchedule"}]),
        2 => json!(true),
        4 => json!("none"),
        _ => json!([]),
    };
    let deletion = (form == 3).then_some("2026-11-29T00:00:00Z");
    let object = json!({
        "metadata": {"name": name, "deletionTimestamp": deletion},
        "spec": {"template": {"spec": {"taints": taints}}},
    });
    read_node_pool(serde_json::from_str(&object.to_string()).unwrap())
}

/// Returns a namespace with a label that means nothing, one with a label that means nothing under some of the policies, a
/// third one, or none.
fn namespace(name: &str, form: u8) -> Kept<Arc<NamespaceLabels>> {
    let labels = if form < 3 {
        let label = match form {
            0 => ("placement.truemark.io/injection", "true"),
            1 => ("placement.truemark.io/arch", "arm64"),
            _ => ("team", "core"),
        };
        let labels = [("form", form.to_string()), (label.0, label.1.to_owned())];
        Some(Arc::new(NamespaceLabels::from_iter(labels)))
    } else {
        None
    };
    (name.into(), labels)
}

/// Returns a policy that berth can always use, one that it can use while `a` or `b` has no taint, or one that it can
/// never use.
fn policy(form: u8) -> Kept<Arc<PolicyObject>> {
    let (binding, node_pools) = match form {
        HARMLESS => ("Required", json!(["a"])),
        1 => ("Preferred", json!(["a"])),
        2 => ("Preferred", json!(["b"])),
        _ => ("Never", json!([])),
    };
    let known = if form == 1 {
        json!(["amd64", "arm64"])
    } else {
        json!(["amd64"])
    };
    let spec = json!({
        "architectures": {"known": known, "default": "amd64"},
        "pools": [{"name": format!("p{form}"), "nodePools": node_pools, "binding": binding}],
        "rules": [{"name": "all", "place": {"pool": format!("p{form}")}}],
    });
    let object = PolicyObject {
        uid: form.to_string(),
        generation: form.into(),
        spec,
        status: serde_json::Value::Null,
    };
    (definition::NAME.into(), Some(Arc::new(object)))
}

/// Replaces the numbers in events by the objects that they stand for.
fn update<T>(
    events: Vec<Event<(u8, u8)>>,
    object: impl Fn(u8, u8) -> Kept<T>,
) -> Vec<Event<Kept<T>>> {
    let events = events.into_iter().map(|event| match event {
        Event::Init => Event::Init,
        Event::InitApply((name, form)) => Event::InitApply(object(name, form)),
        Event::InitDone => Event::InitDone,
        Event::Apply((name, form)) => Event::Apply(object(name, form)),
        Event::Delete((name, form)) => Event::Delete(object(name, form)),
    });
    events.collect()
}

/// Applies events of a kind to a view.
fn tell(view: &mut View, kind: u8, events: Vec<Event<(u8, u8)>>) {
    let name = |name: u8| NAMES[usize::from(name)];
    match kind {
        NODE_POOLS => update(events, |number, form| node_pool(name(number), form))
            .into_iter()
            .for_each(|event| view.take(Update::NodePools(Ok(event)))),
        NAMESPACES => update(events, |number, form| namespace(name(number), form))
            .into_iter()
            .for_each(|event| view.take(Update::Namespaces(Ok(event)))),
        _ => update(events, |_, form| policy(form))
            .into_iter()
            .for_each(|event| view.take(Update::Policies(Ok(event)))),
    }
}

fn fail(view: &mut View, kind: u8, failure: Option<Availability>) {
    view.take(match kind {
        NODE_POOLS => Update::NodePools(Err(failure)),
        NAMESPACES => Update::Namespaces(Err(failure)),
        _ => Update::Policies(Err(failure)),
    });
}

fn list(objects: &Numbered) -> Vec<Event<(u8, u8)>> {
    let objects = objects.iter().map(|(name, form)| (*name, *form));
    objects.map(Event::InitApply).collect()
}

/// The last list of each kind, or the reason that there is none.
#[derive(Debug, Default)]
struct Lists {
    listed: [Option<Numbered>; KINDS as usize],
    lacking: [Option<Availability>; KINDS as usize],
}

impl Lists {
    /// Returns the node pools that berth cannot read, by the numbers of their names.
    fn unreadable(&self) -> BTreeMap<u8, UnreadableNodePool> {
        let objects = self.listed[usize::from(NODE_POOLS)].iter().flatten();
        let unreadable = objects.filter_map(|(name, form)| {
            let (_, read) = node_pool(NAMES[usize::from(*name)], *form);
            Some((*name, read?.err()?))
        });
        unreadable.collect()
    }

    /// Returns the news of a view that gets these lists alone. A policy, if given, takes the place of the lists' own.
    fn fresh(&self, policy: Option<u8>) -> Option<News> {
        let mut view = View::new(Given::default(), None);
        for kind in 0..KINDS {
            let index = usize::from(kind);
            let policy = match policy {
                Some(form) if kind == POLICIES => Some(Numbered::from([(0, form)])),
                _ => None,
            };
            if let Some(objects) = policy.as_ref().or(self.listed[index].as_ref()) {
                let mut events = list(objects);
                events.push(Event::InitDone);
                tell(&mut view, kind, events);
            } else {
                fail(&mut view, kind, self.lacking[index]);
            }
        }
        view.news()
    }

    /// Applies a step to these lists and to the view, unless it cannot happen now.
    fn take(&mut self, step: Step, view: &mut View) {
        // There is only one policy.
        let one = |kind, name| if kind == POLICIES { 0 } else { name };
        match step {
            Step::List(kind, mut objects) => {
                objects.retain(|name, _| one(kind, *name) == *name);
                let mut events = list(&objects);
                events.push(Event::InitDone);
                tell(view, kind, events);
                self.listed[usize::from(kind)] = Some(objects);
            }
            Step::Break(kind, objects) => {
                tell(view, kind, list(&objects));
                fail(view, kind, None);
            }
            Step::Apply(kind, name, form) => {
                let name = one(kind, name);
                if let Some(objects) = &mut self.listed[usize::from(kind)] {
                    objects.insert(name, form);
                    tell(view, kind, vec![Event::Apply((name, form))]);
                }
            }
            Step::Delete(kind, name) => {
                let name = one(kind, name);
                if let Some(objects) = &mut self.listed[usize::from(kind)] {
                    let form = objects.remove(&name).unwrap_or_default();
                    tell(view, kind, vec![Event::Delete((name, form))]);
                }
            }
            Step::Fail(kind, failure) => {
                fail(view, kind, failure);
                let lacking = &mut self.lacking[usize::from(kind)];
                *lacking = failure.or(*lacking);
            }
            Step::Ask => {}
        }
    }
}

/// The news of a view, added up.
#[derive(Debug, Default)]
struct Heard {
    source: Option<Source>,
    refused: Option<FieldError>,
    snapshot: Option<Snapshot>,
    states: BTreeMap<Arc<str>, State>,
    misspelt: Misspelt,
}

impl Heard {
    fn take(mut self, news: News) -> Self {
        for notice in news.notices {
            match notice {
                Notice::Refused(error) => self.refused = Some(error),
                Notice::UsableAgain => self.refused = None,
                Notice::Unreadable(_)
                | Notice::Following(_)
                | Notice::Remark(_)
                | Notice::Misspelt(..)
                | Notice::MoreMisspelt(_) => {}
            }
        }
        if let Some(assessment) = news.assessment {
            self.source = assessment.in_force;
        }
        for change in news.states {
            let StateChange {
                node_pool,
                before,
                now,
            } = change;
            let known = match now {
                Some(now) => self.states.insert(node_pool, now),
                None => self.states.remove(&node_pool),
            };
            assert_eq!(known, before, "what was told before");
        }
        if let Some(misspelt) = news.misspelt {
            self.misspelt = misspelt;
        }
        self.snapshot = news.snapshot;
        self
    }

    /// Returns the source of the policy in force, and the names of its pools.
    fn in_force(&self) -> Option<(Source, Vec<String>)> {
        let pools = self.snapshot.as_ref()?.policy.pools().iter();
        let names = pools.map(|pool| pool.name.to_string()).collect();
        Some((self.source?, names))
    }
}

proptest! {
    /// A view knows as much as one that gets the end of all steps alone. But a policy that berth cannot use leaves the
    /// last good one in force. A node pool that berth cannot read is told once, until its error is another.
    #[test]
    fn only_the_end_counts_and_the_last_good_policy(steps in steps()) {
        let mut view = View::new(Given::default(), None);
        let (mut lists, mut heard, mut good) = (Lists::default(), None, None);
        let mut known = BTreeMap::new();
        for step in steps.into_iter().chain([Step::Ask]) {
            let is_asked = matches!(step, Step::Ask);
            lists.take(step, &mut view);
            if !is_asked {
                continue;
            }
            if let Some(news) = view.news() {
                let now = lists.unreadable();
                let new = now.iter().filter(|(name, error)| known.get(*name) != Some(*error));
                let new: Vec<_> = new.map(|(_, error)| Notice::Unreadable(error.clone())).collect();
                let notices = news.notices.iter();
                let told = notices.filter(|notice| matches!(notice, Notice::Unreadable(_)));
                prop_assert!(told.eq(&new), "{:?}, and new are {new:?}", news.notices);
                prop_assert!(view.unreadable.values().eq(now.values()), "{:?}", view.unreadable);
                known = now;
                heard = Some(heard.unwrap_or_else(Heard::default).take(news));
            }
            prop_assert!(view.news().is_none(), "told twice");
            let fresh = lists.fresh(None).map(|news| Heard::default().take(news));
            good = fresh.as_ref().and_then(Heard::in_force).or(good);
            let (Some(heard), Some(fresh)) = (&heard, &fresh) else {
                prop_assert!(heard.is_none() && fresh.is_none());
                continue;
            };
            prop_assert_eq!(&heard.in_force(), &good);
            prop_assert_eq!(&heard.refused, &fresh.refused);
            prop_assert_eq!(&view.refused, &fresh.refused);
            if let Some(snapshot) = &heard.snapshot {
                let other = lists.fresh(Some(HARMLESS)).and_then(|news| news.snapshot);
                let other = other.expect("a policy that can always be used");
                prop_assert_eq!(&snapshot.catalogue, &other.catalogue);
                prop_assert_eq!(&snapshot.namespaces, &other.namespaces);
                let namespaces = snapshot.namespaces.iter();
                let faults = namespaces
                    .map(|(name, labels)| (Arc::clone(name), misspelt_namespace(labels, &snapshot.policy)));
                let misspelt = faults.filter(|(_, faults)| !faults.is_empty());
                prop_assert_eq!(&heard.misspelt, &misspelt.collect::<Misspelt>());
                let named = snapshot.policy.node_pools().into_iter();
                let states = named.map(|name| (Arc::clone(name), snapshot.catalogue.state(name)));
                prop_assert_eq!(&heard.states, &states.collect());
            }
        }
    }
}
