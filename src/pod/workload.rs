//! Which pods an object stands for: itself, or those that its template will make.

use std::sync::LazyLock;

use super::metadata::{Controller, Metadata};
use super::spec::Template;
use super::view::Pod;
use crate::named::named;

named! {
    /// The kinds of object that berth reads.
    pub enum Kind {
        /// `Pod`.
        Pod = "Pod",
        /// `batch/Job`.
        Job = "Job",
        /// `batch/CronJob`.
        CronJob = "CronJob",
        /// `apps/Deployment`.
        Deployment = "Deployment",
        /// `apps/StatefulSet`.
        StatefulSet = "StatefulSet",
        /// Any other, which is let through as it is: never a `ReplicaSet` (R1.4), never a `DaemonSet` (R3.1).
        Other = "other",
    }
}

impl Kind {
    /// The kind of that group and name.
    #[must_use]
    pub fn new(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Pod") => Self::Pod,
            ("batch", "Job") => Self::Job,
            ("batch", "CronJob") => Self::CronJob,
            ("apps", "Deployment") => Self::Deployment,
            ("apps", "StatefulSet") => Self::StatefulSet,
            _ => Self::Other,
        }
    }

    /// The controller that the pods of a template will have.
    fn controller(self) -> Option<Controller<'static>> {
        match self {
            Self::Job | Self::CronJob => Some(Controller {
                group: "batch",
                kind: "Job",
            }),
            Self::Deployment => Some(Controller {
                group: "apps",
                kind: "ReplicaSet",
            }),
            Self::StatefulSet => Some(Controller {
                group: "apps",
                kind: "StatefulSet",
            }),
            Self::Pod | Self::Other => None,
        }
    }
}

/// The place of a pod in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodPlace {
    /// The JSON pointer to the pod or the template; empty for the object itself.
    pub pointer: &'static str,
    /// What stands before the path of a field of the pod: nothing, or `spec.template.` and the like.
    prefix: &'static str,
}

impl PodPlace {
    const OBJECT: Self = Self {
        pointer: "",
        prefix: "",
    };
    const TEMPLATE: Self = Self {
        pointer: "/spec/template",
        prefix: "spec.template.",
    };
    const TEMPLATE_OF_JOB_TEMPLATE: Self = Self {
        pointer: "/spec/jobTemplate/spec/template",
        prefix: "spec.jobTemplate.spec.template.",
    };

    /// Returns the path of a field of the pod, from the object's root.
    #[must_use]
    pub fn field(self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }
}

/// An object that stands for pods: a pod itself, or what makes pods of a template.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// The kind of the object.
    pub kind: Kind,
    /// The pod as placement sees it.
    pub pod: Pod<'a>,
    /// Where in the object the pod is described.
    pub place: PodPlace,
    /// True if there is any metadata at that place.
    pub has_metadata: bool,
    /// The metadata above a template, each with its path. No pod has any of it.
    pub above: [Option<(&'static str, &'a Metadata<'a>)>; 2],
    /// True of a `StatefulSet` that claims volumes for its pods.
    pub claims_volumes: bool,
}

/// A template may come without metadata.
static NO_METADATA: LazyLock<Metadata<'static>> = LazyLock::new(Metadata::default);

impl<'a> Workload<'a> {
    /// Reads an object of this kind as a workload. Returns `None` if it lacks the spec that would describe its pods.
    #[must_use]
    pub fn new(kind: Kind, object: &'a Template<'a>) -> Option<Self> {
        let own = ("metadata", object.metadata.as_ref());
        let nothing = ("", None);
        let (place, template, above) = match kind {
            Kind::Pod => (PodPlace::OBJECT, object, [nothing, nothing]),
            Kind::Job | Kind::Deployment | Kind::StatefulSet => {
                (PodPlace::TEMPLATE, template(object)?, [own, nothing])
            }
            Kind::CronJob => {
                let job = object.spec.as_ref()?.job_template.as_deref()?;
                let of_job = ("spec.jobTemplate.metadata", job.metadata.as_ref());
                let place = PodPlace::TEMPLATE_OF_JOB_TEMPLATE;
                (place, template(job)?, [own, of_job])
            }
            Kind::Other => return None,
        };
        let metadata = template.metadata.as_ref().unwrap_or(&NO_METADATA);
        let controller = if kind == Kind::Pod {
            metadata.controller()
        } else {
            kind.controller()
        };
        let pod = Pod {
            metadata,
            spec: template.spec.as_ref()?,
            controller,
        };
        Some(Self {
            kind,
            pod,
            place,
            has_metadata: template.metadata.is_some(),
            above: above.map(|(path, metadata)| Some((path, metadata?))),
            claims_volumes: kind == Kind::StatefulSet && object.spec.as_ref()?.claims_volumes,
        })
    }

    /// True if the object is a pod itself, which the mutating side sees before the validating side does.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.kind == Kind::Pod
    }
}

fn template<'a>(object: &'a Template<'a>) -> Option<&'a Template<'a>> {
    object.spec.as_ref()?.template.as_deref()
}
