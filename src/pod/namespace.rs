//! What is known of namespaces.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of a pod's namespace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Namespace<'n> {
    /// Its name.
    pub name: &'n str,
    /// Its labels; unknown is not the same as none.
    pub labels: Option<&'n NamespaceLabels>,
    /// Whether berth itself runs there.
    pub own: bool,
}

/// The labels of the namespaces that are known, by name.
pub type Namespaces = BTreeMap<Arc<str>, Arc<NamespaceLabels>>;

/// The labels of a namespace, sorted by key, in as little memory as can be: a cluster may have ten thousand namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceLabels(Box<[(Box<str>, Box<str>)]>);

impl NamespaceLabels {
    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(listed, _)| (**listed).cmp(key));
        found.ok().map(|index| &*self.0[index].1)
    }
}

impl<K: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(K, V)> for NamespaceLabels {
    /// Of a key that stands twice, the last value.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        let labels = labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        let sorted: BTreeMap<Box<str>, Box<str>> = labels.collect();
        Self(sorted.into_iter().collect())
    }
}
