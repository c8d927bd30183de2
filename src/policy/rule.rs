//! A rule: which pods go where.

use std::sync::Arc;

use super::file::Mode;
use super::pool::Pool;
use super::selector::Selector;
use crate::pod::{NamespaceLabels, Pod};

/// A rule: which pods go where.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule's name.
    pub name: Arc<str>,
    /// Whether it changes anything.
    pub mode: Mode,
    pub(super) matches: Match,
    /// Where its pods go.
    pub place: Place,
    /// The architecture where neither the pod nor its namespace says.
    pub architecture: Option<Architecture>,
}

/// Where a rule's pods go.
#[derive(Debug, Clone)]
pub enum Place {
    /// Into this pool.
    Pool(Arc<Pool>),
    /// Into the pool that this label of the pod names.
    PoolFromLabel(String),
    /// Nowhere.
    LeaveAlone,
}

impl Place {
    /// The key of the label by which a pod asks for its pool, where it does.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::PoolFromLabel(key) => Some(key),
            Self::Pool(_) | Self::LeaveAlone => None,
        }
    }
}

/// A choice of architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// One of the known ones, by its position.
    One(usize),
    /// Whichever there is capacity for.
    Any,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Match {
    pub(super) labels: Option<Selector>,
    pub(super) controllers: Option<Vec<(String, String)>>,
    pub(super) namespace_labels: Option<Selector>,
    pub(super) service_accounts: Option<Vec<String>>,
    pub(super) priority_classes: Option<Vec<String>>,
}

impl Match {
    pub(super) fn holds(&self, pod: &Pod<'_>, namespace: Option<&NamespaceLabels>) -> bool {
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
