//! What holds of a view after whatever the watches tell.

use std::collections::BTreeMap;

use kube::runtime::watcher::Event;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::watch::update::{Entry, read_node_pool};

/// What kind of object something happens to, in the order of [`Update`].
const KINDS: u8 = 3;
const NODE_POOLS: u8 = 0;
const NAMESPACES: u8 = 1;
/// The names of node pools and namespaces.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// The forms that an object takes: see `node_pool` and `policy`.
const FORMS: u8 = 4;
/// A policy that can always be used.
const HARMLESS: u8 = 0;

/// Objects of a kind, by the number of their name.
type Numbered = BTreeMap<u8, u8>;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A whole list arrives.
    List(u8, Numbered),
    /// A list begins to arrive, and breaks off.
    Break(u8, Numbered),
    /// An object is there, or is another.
    Apply(u8, u8, u8),
    Delete(u8, u8),
    Fail(u8, Option<Availability>),
    /// News is asked for: what happened since comes together.
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

/// A plain one, one with a taint, one that cannot be read, and one that is being deleted.
fn node_pool(name: &str, form: u8) -> Entry<Result<Arc<NodePool>, Unreadable>> {
    let taints = match form {
        0 => json!([]),
        1 => json!([{"key": "example.com/only", "effect": "NoSchedule"}]),
        _ => json!(true),
    };
    let spec = json!({"template": {"spec": {"taints": taints}}});
    let read = || read_node_pool(name, json!({"spec": spec}));
    (name.into(), (form < 3).then(|| read().map(Arc::new)))
}

fn namespace(name: &str, form: u8) -> Entry<Arc<NamespaceLabels>> {
    let labels = NamespaceLabels::from_iter([("form", form.to_string())]);
    (name.into(), (form < 3).then(|| Arc::new(labels)))
}

/// One that is always good, two that are while `a` or `b` has no taint, and one that never is.
fn policy(form: u8) -> Entry<Arc<PolicyObject>> {
    let (binding, node_pools) = match form {
        HARMLESS => ("Required", json!(["a"])),
        1 => ("Preferred", json!(["a"])),
        2 => ("Preferred", json!(["b"])),
        _ => ("Never", json!([])),
    };
    let spec = json!({
        "architectures": {"known": ["amd64"], "default": "amd64"},
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

/// Events with what their numbers stand for.
fn update<T>(
    events: Vec<Event<(u8, u8)>>,
    object: impl Fn(u8, u8) -> Entry<T>,
) -> Vec<Event<Entry<T>>> {
    let events = events.into_iter().map(|event| match event {
        Event::Init => Event::Init,
        Event::InitApply((name, form)) => Event::InitApply(object(name, form)),
        Event::InitDone => Event::InitDone,
        Event::Apply((name, form)) => Event::Apply(object(name, form)),
        Event::Delete((name, form)) => Event::Delete(object(name, form)),
    });
    events.collect()
}

/// Has a view take notice of events of a kind.
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

/// What the API server has told of each kind: a list, or why there is none.
#[derive(Debug, Default)]
struct State {
    listed: [Option<Numbered>; KINDS as usize],
    lacking: [Option<Availability>; KINDS as usize],
}

impl State {
    /// A view that hears of this alone, with another policy where one is given.
    fn fresh(&self, policy: Option<u8>) -> Option<News> {
        let mut view = View::new(Given::default(), None);
        for kind in 0..KINDS {
            let index = usize::from(kind);
            let policy = policy.filter(|_| kind == KINDS - 1);
            let policy = policy.map(|form| Numbered::from([(0, form)]));
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

    /// Takes notice of a step, unless it cannot happen now, and has the view do so.
    fn take(&mut self, step: Step, view: &mut View) {
        // There is one policy.
        let one = |kind, name| if kind == KINDS - 1 { 0 } else { name };
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

fn in_force(news: &News) -> Option<(Source, Vec<String>)> {
    let pools = news.snapshot.as_ref()?.policy.pools().iter();
    Some((
        news.source?,
        pools.map(|pool| pool.name.to_string()).collect(),
    ))
}

proptest! {
    /// Whatever the way, what is known is what a view gets that hears of the end alone; but a policy that cannot be used
    /// leaves the last one that could.
    #[test]
    fn only_the_end_counts_and_the_last_good_policy(steps in steps()) {
        let mut view = View::new(Given::default(), None);
        let (mut state, mut last, mut good) = (State::default(), None, None);
        for step in steps.into_iter().chain([Step::Ask]) {
            let is_asked = matches!(step, Step::Ask);
            state.take(step, &mut view);
            if !is_asked {
                continue;
            }
            last = view.news().or(last);
            prop_assert!(view.news().is_none(), "told twice");
            let fresh = state.fresh(None);
            good = fresh.as_ref().and_then(in_force).or(good);
            let (Some(news), Some(fresh)) = (&last, &fresh) else {
                prop_assert!(last.is_none() && fresh.is_none());
                continue;
            };
            prop_assert_eq!(&in_force(news), &good);
            prop_assert_eq!(&news.refused, &fresh.refused);
            prop_assert_eq!(&view.refused, &fresh.refused);
            if let Some(snapshot) = &news.snapshot {
                let other = state.fresh(Some(HARMLESS)).and_then(|news| news.snapshot);
                let other = other.expect("a policy that can always be used");
                prop_assert_eq!(&snapshot.catalogue, &other.catalogue);
                prop_assert_eq!(&snapshot.namespaces, &other.namespaces);
            }
        }
    }
}
