//! The role of an object for placement.

use super::makers::Maker;
use crate::cli::files::ObjectAt;
use crate::placement::Reason;
use crate::pod::Kind;

/// The role of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The server reads it, and its pods are placed.
    Placed(Kind),
    /// It makes pods, and the server reads those alone.
    Maker(&'static Maker),
    /// It makes pods, by its shape, and berth does not know its kind.
    UnknownMaker,
    /// It makes pods, and berth leaves them alone.
    Left(Reason),
    /// It says whether a namespace has opted in.
    Namespace,
    /// It has nothing to do with placement.
    Unconcerned,
}

impl Role {
    /// Returns the role of an object.
    pub(super) fn of(object: &ObjectAt<'_>) -> Self {
        let (group, kind) = (object.identity.group(), object.identity.kind);
        match Kind::new(group, kind) {
            Kind::Other => {}
            placed => return Self::Placed(placed),
        }
        if let Some(maker) = Maker::of(group, kind) {
            return Self::Maker(maker);
        }
        let makes_pods = || {
            [
                "/spec/template/spec/containers",
                "/template/spec/containers",
            ]
            .iter()
            .any(|containers| object.value.pointer(containers).is_some())
        };
        match (group, kind) {
            ("", "Namespace") => Self::Namespace,
            ("apps", "DaemonSet") => Self::Left(Reason::DaemonSet),
            _ if makes_pods() => Self::UnknownMaker,
            _ => Self::Unconcerned,
        }
    }
}

/// True if an object makes pods, or is one.
pub(in crate::cli) fn makes_pods(object: &ObjectAt<'_>) -> bool {
    match Role::of(object) {
        Role::Placed(_) | Role::Maker(_) | Role::UnknownMaker | Role::Left(_) => true,
        Role::Namespace | Role::Unconcerned => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Maker, Role};
    use crate::cli::files::{Element, ObjectAt, elements};
    use crate::placement::Reason;
    use crate::pod::Kind;

    fn only(value: &serde_json::Value) -> ObjectAt<'_> {
        match elements(value).pop() {
            Some(Element::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn roles_go_by_group_and_kind_and_by_shape() {
        let template = json!({ "template": { "spec": { "containers": [] } } });
        let maker = |group, kind| Role::Maker(Maker::of(group, kind).unwrap());
        let cases = [
            ("v1", "Pod", Role::Placed(Kind::Pod)),
            ("batch/v1", "CronJob", Role::Placed(Kind::CronJob)),
            ("apps/v1", "DaemonSet", Role::Left(Reason::DaemonSet)),
            ("apps/v1", "ReplicaSet", maker("apps", "ReplicaSet")),
            (
                "argoproj.io/v1alpha1",
                "Rollout",
                maker("argoproj.io", "Rollout"),
            ),
            (
                "argoproj.io/v1alpha1",
                "Workflow",
                maker("argoproj.io", "Workflow"),
            ),
            ("example.com/v1", "Rollout", Role::UnknownMaker),
            ("v1", "Namespace", Role::Namespace),
            ("example.com/v1", "Namespace", Role::UnknownMaker),
        ];
        for (api_version, kind, role) in cases {
            let value = json!({ "apiVersion": api_version, "kind": kind, "spec": template });
            assert_eq!(Role::of(&only(&value)), role, "{kind}");
        }
        let value = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": {} });
        assert_eq!(Role::of(&only(&value)), Role::Unconcerned);
    }
}
