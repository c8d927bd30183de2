//! The pods that a rule sends to a pool, and the labels that berth adds to them.

use crate::names::{CAPACITY_LABEL, POOL_LABEL};
use crate::policy::pool::Pool;
use crate::policy::rule::{Match, Place, Rule};
use crate::policy::selector::Selector;
use crate::policy::split::Capacity;

/// The labels that berth adds to pods.
pub(super) const OWN: [&str; 2] = [POOL_LABEL, CAPACITY_LABEL];

/// The state of a pod.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// berth has not seen it.
    New,
    /// berth has placed and labelled it.
    Placed,
}

/// A label of a pod whose value is known.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    key: &'a str,
    /// The value of a new pod.
    new: Option<&'a str>,
    /// The value of a placed one.
    placed: &'a str,
}

/// The pods that a rule sends to a pool, and to which berth adds the same labels.
pub(super) struct Sent<'a> {
    /// The position of the rule in the policy, from 0.
    pub(super) position: usize,
    pub(super) rule: &'a Rule,
    pool: &'a Pool,
    /// The labels that berth adds, and the one by which the pods name their pool.
    known: Vec<Known<'a>>,
    /// A selector of the labels that berth would add if the pods did not have them.
    present: Selector,
}

/// Returns the pods that a rule sends to a pool, by the labels that berth adds to them.
pub(super) fn sent<'a>(position: usize, rule: &'a Rule, pool: &'a Pool) -> Vec<Sent<'a>> {
    let sends = match &rule.place {
        Place::Pool(only) => only.name == pool.name,
        Place::PoolFromLabel(_) | Place::PoolFromNamespaceLabel(_) => true,
        Place::LeaveAlone => false,
    };
    let sides: &[Capacity] = match &pool.on_demand {
        Some(_) => Capacity::ALL,
        None => &[],
    };
    let sides: Vec<&str> = sides.iter().map(|side| side.as_str()).collect();
    // A label that a pod has stays, and a pod that names its pool by a label has that label.
    let named = rule.place.label();
    let choices = |key: &'a str, values: &[&'a str]| {
        let values = values.iter().filter(|_| named != Some(key));
        let added = values.map(|placed| Known {
            key,
            new: None,
            placed,
        });
        let choices = std::iter::once(None).chain(added.map(Some));
        choices.collect::<Vec<_>>()
    };
    let of_pool = choices(POOL_LABEL, &[&*pool.name]);
    let of_side = choices(CAPACITY_LABEL, &sides);
    let mut found = Vec::new();
    for of_pool in of_pool.iter().filter(|_| sends) {
        for of_side in &of_side {
            let added: Vec<Known<'_>> = [*of_pool, *of_side].into_iter().flatten().collect();
            if !added.is_empty() {
                found.push(Sent::new(position, rule, pool, added));
            }
        }
    }
    found
}

impl<'a> Sent<'a> {
    fn new(position: usize, rule: &'a Rule, pool: &'a Pool, added: Vec<Known<'a>>) -> Self {
        let mut known = added;
        known.extend(rule.place.label().map(|key| Known {
            key,
            new: Some(&*pool.name),
            placed: &pool.name,
        }));
        let may_be_added = |key: &str| key == POOL_LABEL || pool.on_demand.is_some();
        let is_known = |key: &str| known.iter().any(|label| label.key == key);
        let present = OWN.into_iter();
        let present = present.filter(|key| may_be_added(key) && !is_known(key));
        let present = Selector::present(present);
        Self {
            position,
            rule,
            pool,
            known,
            present,
        }
    }

    /// True if a rule admits what is known of the labels.
    pub(super) fn admitted(&self, by: &Rule, state: State) -> bool {
        let Some(selector) = &by.matches.labels else {
            return true;
        };
        self.known.iter().all(|label| {
            let value = match state {
                State::New => label.new,
                State::Placed => Some(label.placed),
            };
            selector.admits(label.key, value)
        })
    }

    /// True if another rule surely sends the placed pods to the same pool. A rule that does not read the pool from a label of
    /// the pod leaves some pods alone that one which does would place.
    pub(super) fn stays_by(&self, next: &Rule) -> bool {
        match (&self.rule.place, &next.place) {
            (Place::Pool(_) | Place::PoolFromNamespaceLabel(_), Place::Pool(pool)) => {
                pool.name == self.pool.name
            }
            (Place::PoolFromNamespaceLabel(key), Place::PoolFromNamespaceLabel(other)) => {
                key == other
            }
            (_, Place::PoolFromLabel(key)) => {
                let mut known = self.known.iter();
                known.any(|label| label.key == key && *label.placed == *self.pool.name)
            }
            _ => false,
        }
    }

    /// Returns the labels that berth adds and of which a rule says something, as text.
    pub(super) fn added(&self, named_by: &Rule) -> String {
        let names = |key: &str| {
            let labels = named_by.matches.labels.as_ref();
            labels.is_some_and(|labels| labels.names(key))
        };
        let added = self.known.iter();
        let added = added.filter(|label| label.new.is_none() && names(label.key));
        let added = added.map(|label| format!("{}={}", label.key, label.placed));
        added.collect::<Vec<_>>().join(" and ")
    }

    /// Returns a rule without what it asks of the known labels.
    pub(super) fn without_known(&self, rule: &Rule) -> Rule {
        let mut rule = rule.clone();
        let is_known = |key: &str| self.known.iter().any(|label| label.key == key);
        let labels = rule.matches.labels.as_ref();
        rule.matches.labels = labels.map(|labels| labels.without(is_known));
        rule
    }

    /// Returns a rule for those of the pods that another rule matches too, without what both ask of the known labels.
    pub(super) fn matched_by(&self, next: &Rule) -> Rule {
        let (own, other) = (&self.rule.matches, &next.matches);
        let labels = both(own.labels.as_ref(), other.labels.as_ref());
        let of_namespace = both(
            own.namespace_labels.as_ref(),
            other.namespace_labels.as_ref(),
        );
        let opened = self.pool.namespaces.iter();
        // No condition on labels of a namespace holds while they are unknown, and then every pool is open.
        let of_namespace =
            of_namespace.map(|labels| opened.fold(labels, |labels, own| labels.and(own)));
        let matches = Match {
            labels: both(labels.as_ref(), Some(&self.present)),
            controllers: common(own.controllers.as_ref(), other.controllers.as_ref()),
            namespace_labels: of_namespace,
            service_accounts: common(
                own.service_accounts.as_ref(),
                other.service_accounts.as_ref(),
            ),
            priority_classes: common(
                own.priority_classes.as_ref(),
                other.priority_classes.as_ref(),
            ),
        };
        let place = match &next.place {
            Place::PoolFromNamespaceLabel(_) => &next.place,
            _ => &self.rule.place,
        };
        self.without_known(&Rule {
            matches,
            place: place.clone(),
            ..self.rule.clone()
        })
    }
}

fn both(one: Option<&Selector>, other: Option<&Selector>) -> Option<Selector> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other).cloned(),
    }
}

fn common<T: Clone + PartialEq>(one: Option<&Vec<T>>, other: Option<&Vec<T>>) -> Option<Vec<T>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let shared = one.iter().filter(|item| other.contains(item));
            Some(shared.cloned().collect())
        }
        (one, other) => one.or(other).cloned(),
    }
}
