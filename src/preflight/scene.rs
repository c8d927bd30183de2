//! The surroundings of a webhook, by which it is judged.

use std::collections::{BTreeMap, BTreeSet};

use super::configuration::{Configuration, own_namespaces};
use super::object::Object;
use crate::names::{NAME_LABEL, SHIPPED_NAMESPACE, SYSTEM_NAMESPACES};
use crate::pod::NamespaceLabels;

/// The origin of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Manifests that are not applied yet: fields that are filled in later may be empty.
    Rendered,
    /// A cluster.
    Live,
}

/// Everything that a webhook is judged by besides itself.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) stage: Stage,
    /// The namespaces of berth's own service.
    pub(super) own: BTreeSet<String>,
    /// The labels of the namespaces that are known, their names among them.
    pub(super) namespaces: BTreeMap<String, NamespaceLabels>,
    /// The labels of berth's own pods, one map a Deployment; empty if no Deployment tells.
    pub(super) pods: Vec<BTreeMap<String, String>>,
    /// True if berth makes its certificate, and fills in the `caBundle`.
    pub(super) self_managed: bool,
}

impl Scene {
    pub(super) fn new(
        configurations: &[Configuration<'_>],
        objects: &[Object<'_>],
        stage: Stage,
    ) -> Self {
        let own = own_namespaces(configurations);
        let objects = || objects.iter();
        let namespaces = objects().filter(|object| object.is_of("", "Namespace"));
        let namespaces = namespaces.map(|object| {
            let labels = object.texts("/metadata/labels");
            let labels = labels.chain([(NAME_LABEL, object.name)]).collect();
            (object.name.to_owned(), labels)
        });
        let is_berths = |object: &&Object<'_>| {
            object.is_of("apps", "Deployment") && own.contains(object.namespace)
        };
        let pods = objects().filter(is_berths).map(|deployment| {
            let labels = deployment.texts("/spec/template/metadata/labels");
            labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        });
        let mut deployments = objects().filter(is_berths);
        Self {
            stage,
            namespaces: namespaces.collect(),
            pods: pods.collect(),
            self_managed: deployments.any(|deployment| deployment.has_flag("--tls-secret")),
            own,
        }
    }

    /// Returns the namespaces whose pods must never wait for berth: the system's, the provisioners' and berth's own.
    /// Nobody needs the namespace that berth is shipped for if it runs in another one.
    pub(super) fn protected(&self) -> BTreeSet<&str> {
        let system = SYSTEM_NAMESPACES.iter().copied();
        let system = system.filter(|name| *name != SHIPPED_NAMESPACE);
        system.chain(self.own.iter().map(String::as_str)).collect()
    }
}
