//! The namespaces that berth knows, and their labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use crate::names::SYSTEM_NAMESPACES;

/// The namespace of a pod.
#[derive(Debug, Clone, Copy, Default)]
pub struct Namespace<'n> {
    /// The name. It comes with the request, since a pod need not give it (R1.10).
    pub name: &'n str,
    /// The labels, or `None` if berth does not know them. Unknown labels differ from no labels.
    pub labels: Option<&'n NamespaceLabels>,
    /// True if berth itself runs in the namespace.
    pub own: bool,
}

impl Namespace<'_> {
    /// True if it is the system's or berth's own, which berth never touches.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.own || SYSTEM_NAMESPACES.contains(&self.name)
    }
}

/// The labels of all namespaces that berth knows, by the namespace's name. A changed map shares what has not changed with
/// the one before, so a change costs the same in a cluster of ten thousand.
pub type Namespaces = RedBlackTreeMapSync<Arc<str>, Arc<NamespaceLabels>>;

/// The labels of a namespace, sorted by key. The form saves memory, since a cluster may have ten thousand namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceLabels(Box<[(Box<str>, Box<str>)]>);

impl NamespaceLabels {
    /// Returns the value of a label, or `None` if the namespace lacks the label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(listed, _)| (**listed).cmp(key));
        found.ok().map(|index| &*self.0[index].1)
    }

    /// Returns the labels whose keys begin with a prefix, sorted by key, each with its value.
    pub fn under<'l>(&'l self, prefix: &'l str) -> impl Iterator<Item = (&'l str, &'l str)> {
        let start = self.0.partition_point(|(key, _)| &**key < prefix);
        let labels = self.0[start..]
            .iter()
            .map(|(key, value)| (&**key, &**value));
        labels.take_while(move |(key, _)| key.starts_with(prefix))
    }
}

impl<K: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(K, V)> for NamespaceLabels {
    /// Collects labels. If a key occurs twice, the last value wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        let labels = labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        let sorted: BTreeMap<Box<str>, Box<str>> = labels.collect();
        Self(sorted.into_iter().collect())
    }
}
