//! Rules, which send pods to pools.

use std::sync::Arc;

use super::file::Mode;
use super::pool::Pool;
use super::selector::Selector;
use crate::pod::{NamespaceLabels, Pod};

/// A rule, which sends the pods that it matches to a place.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule's name, which no other rule of the policy has.
    pub name: Arc<str>,
    /// The mode of this rule. An `Audit` of the whole policy overrides it.
    pub mode: Mode,
    pub(super) matches: Match,
    /// The place that its pods go to.
    pub place: Place,
    /// The architecture for a pod if neither the pod nor its namespace chooses one.
    pub architecture: Option<Architecture>,
}

impl Rule {
    /// True if the rule matches every pod.
    #[must_use]
    pub fn matches_every_pod(&self) -> bool {
        let Match {
            labels: None,
            controllers: None,
            namespace_labels: None,
            service_accounts: None,
            priority_classes: None,
        } = &self.matches
        else {
            return false;
        };
        self.place.namespace_label().is_none()
    }

    /// True if the rule matches a pod. A rule that reads the pool from a label of the namespace does not match if the
    /// namespace lacks the label, or if its labels are unknown (`None`).
    pub(super) fn applies_to(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> bool {
        let names_pool =
            |key| namespace.is_some_and(|labels: &NamespaceLabels| labels.get(key).is_some());
        self.matches.holds(pod, namespace) && self.place.namespace_label().is_none_or(names_pool)
    }
}

/// The place that a rule's pods go to.
#[derive(Debug, Clone)]
pub enum Place {
    /// This pool of the policy.
    Pool(Arc<Pool>),
    /// The pool that the pod names by a label with this key.
    PoolFromLabel(String),
    /// The pool that the pod's namespace names by a label with this key.
    PoolFromNamespaceLabel(String),
    /// No pool: berth leaves the pods as they are.
    LeaveAlone,
}

impl Place {
    /// Returns the key of the label by which a pod names its pool. `None` if the rule does not read the pool from a
    /// label of the pod.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::PoolFromLabel(key) => Some(key),
            Self::Pool(_) | Self::PoolFromNamespaceLabel(_) | Self::LeaveAlone => None,
        }
    }

    /// Returns the key of the label by which a namespace names the pool of its pods. `None` if the rule does not read
    /// the pool from a label of the namespace.
    #[must_use]
    pub fn namespace_label(&self) -> Option<&str> {
        match self {
            Self::PoolFromNamespaceLabel(key) => Some(key),
            Self::Pool(_) | Self::PoolFromLabel(_) | Self::LeaveAlone => None,
        }
    }
}

/// A choice of architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// One of the known architectures, by its position from 0.
    One(usize),
    /// Any of the known architectures: the provisioner chooses by capacity.
    Any,
}

/// The conditions of a rule. A pod must meet all that are given, and meets those that are `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Match {
    pub(super) labels: Option<Selector>,
    /// The pod's controller must be one of these, each an API group and a kind.
    pub(super) controllers: Option<Vec<(String, String)>>,
    pub(super) namespace_labels: Option<Selector>,
    pub(super) service_accounts: Option<Vec<String>>,
    pub(super) priority_classes: Option<Vec<String>>,
}

impl Match {
    /// True if the pod meets all conditions. It does not meet one on unknown labels of its namespace (`None`).
    fn holds(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> bool {
        let Self {
            labels,
            controllers,
            namespace_labels,
            service_accounts,
            priority_classes,
        } = self;
        let listed = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|item| item == value))
        };
        labels
            .as_ref()
            .is_none_or(|selector| selector.matches(|key| pod.metadata.label(key)))
            && controllers.as_ref().is_none_or(|controllers| {
                pod.controller.is_some_and(|owner| {
                    controllers
                        .iter()
                        .any(|(group, kind)| owner.group == group && owner.kind == kind)
                })
            })
            && namespace_labels.as_ref().is_none_or(|selector| {
                namespace.is_some_and(|labels| selector.matches(|key| labels.get(key)))
            })
            && listed(service_accounts, &pod.spec.service_account_name)
            && listed(priority_classes, &pod.spec.priority_class_name)
    }
}
