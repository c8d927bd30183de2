//! The names of objects, as kubectl takes them: `pod/web`, `deploy/web`, and `web` alone for a pod.

use crate::label::is_subdomain;

/// A kind of object that can be named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// The kind, as objects say it.
    pub(super) kind: &'static str,
    /// The path of its API group and version.
    pub(super) api: &'static str,
    /// The resource, as paths have it.
    pub(super) plural: &'static str,
    singular: &'static str,
    short: &'static str,
}

const fn resource(
    kind: &'static str,
    api: &'static str,
    [plural, singular, short]: [&'static str; 3],
) -> Resource {
    Resource {
        kind,
        api,
        plural,
        singular,
        short,
    }
}

/// All of them, those first that make others.
pub(super) const RESOURCES: [Resource; 7] = [
    resource(
        "Deployment",
        "/apis/apps/v1",
        ["deployments", "deployment", "deploy"],
    ),
    resource(
        "StatefulSet",
        "/apis/apps/v1",
        ["statefulsets", "statefulset", "sts"],
    ),
    resource(
        "DaemonSet",
        "/apis/apps/v1",
        ["daemonsets", "daemonset", "ds"],
    ),
    resource(
        "ReplicaSet",
        "/apis/apps/v1",
        ["replicasets", "replicaset", "rs"],
    ),
    resource("CronJob", "/apis/batch/v1", ["cronjobs", "cronjob", "cj"]),
    resource("Job", "/apis/batch/v1", ["jobs", "job", "job"]),
    resource("Pod", "/api/v1", ["pods", "pod", "po"]),
];

/// The resource of pods.
pub(super) const PODS: &Resource = &RESOURCES[6];

impl Resource {
    /// Returns the resource of a kind.
    pub(super) fn of_kind(kind: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.kind == kind)
    }

    /// Returns the path of its collection in a namespace, or in all of them.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => format!("{}/namespaces/{namespace}/{}", self.api, self.plural),
            None => format!("{}/{}", self.api, self.plural),
        }
    }
}

/// The name of an object, with its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) resource: &'static Resource,
    pub(super) name: String,
}

/// Reads a name. A group after the kind, as in `deployment.apps/web`, is passed over.
///
/// # Errors
/// If the kind is none of those that can be named, or the name is none.
pub(super) fn read(text: &str) -> Result<Named, String> {
    let (kind, name) = text.split_once('/').unwrap_or(("pod", text));
    let lower = kind.to_ascii_lowercase();
    let word = lower.split('.').next().unwrap_or_default();
    let mut resources = RESOURCES.iter();
    let found = resources
        .find(|resource| [resource.plural, resource.singular, resource.short].contains(&word));
    let Some(resource) = found else {
        let known: Vec<&str> = RESOURCES.iter().map(|resource| resource.short).collect();
        return Err(format!(
            "{text}: {kind:?} is none of {}; for other kinds: kubectl get {kind} {name} -o yaml | berth explain -f -",
            known.join(", ")
        ));
    };
    if !is_subdomain(name) {
        return Err(format!("{text}: {name:?} is no name of an object"));
    }
    Ok(Named {
        resource,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn names_are_those_of_kubectl() {
        for (text, kind, name) in [
            ("web-1", "Pod", "web-1"),
            ("po/web", "Pod", "web"),
            ("deploy/web", "Deployment", "web"),
            ("Deployment.apps/web", "Deployment", "web"),
            ("cronjobs/web", "CronJob", "web"),
            ("sts/web", "StatefulSet", "web"),
        ] {
            let named = read(text).unwrap();
            assert_eq!((named.resource.kind, &*named.name), (kind, name), "{text}");
        }
        for text in ["rollout/web", "pod/", "pod/../x", "pod/a/b", ""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
