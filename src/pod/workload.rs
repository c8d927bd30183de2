//! Workloads: objects that are pods, or that make pods from a template.

use std::sync::LazyLock;

use super::metadata::{Controller, Metadata};
use super::spec::Template;
use super::view::Pod;
use crate::named::named;

named! {
    /// The kinds of object that berth reads.
    pub enum Kind {
        /// `Pod` of the core group.
        Pod = "Pod",
        /// `batch/Job`.
        Job = "Job",
        /// `batch/CronJob`.
        CronJob = "CronJob",
        /// `apps/Deployment`.
        Deployment = "Deployment",
        /// `apps/StatefulSet`.
        StatefulSet = "StatefulSet",
        /// Any other kind. berth lets it through unchanged, a `ReplicaSet` (R1.4) and a `DaemonSet` (R3.1) included.
        Other = "other",
    }
}

impl Kind {
    /// Returns the kind by its API group, without the version, and its name.
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

    /// Returns the controller that the pods of a template will have. `None` for kinds that have no pod template.
    #[must_use]
    pub fn controller(self) -> Option<Controller<'static>> {
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

/// The place of a pod or a pod template in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodPlace<'a> {
    /// The JSON pointer to the pod or the template. It is empty for the object itself.
    pub pointer: &'static str,
    /// The prefix of the path to a field of the pod: empty, or such as `spec.template.`.
    prefix: &'a str,
}

impl PodPlace<'_> {
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

    /// Returns the path from the object's root to a field of the pod.
    #[must_use]
    pub fn field(self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }
}

/// An object that is a pod, or that makes pods from a template.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// The kind of the object.
    pub kind: Kind,
    /// The pod, or the pods of the template.
    pub pod: Pod<'a>,
    /// The place of the pod or the template in the object.
    pub place: PodPlace<'a>,
    /// True if the pod or the template has a `metadata` field.
    pub has_metadata: bool,
    /// The metadata of the objects around the template, outermost first, each with its path. The pods do not get any of
    /// it.
    pub above: [Option<(&'static str, &'a Metadata<'a>)>; 2],
    /// True if the object is a `StatefulSet` that claims volumes for its pods.
    pub claims_volumes: bool,
}

/// The metadata of a template that has none.
static NO_METADATA: LazyLock<Metadata<'static>> = LazyLock::new(Metadata::default);

impl<'a> Workload<'a> {
    /// Returns the workload that an object of this kind is. `None` if berth places no objects of the kind, or if the
    /// object lacks the spec of its pods.
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

    /// Returns the pods that an object of another kind makes from a template, for a reader of manifests. `None` if the
    /// template lacks the spec of its pods.
    ///
    /// `prefix` is that of the path to a field of the template. `above` is the metadata of the object, if its pods do
    /// not get it.
    #[must_use]
    pub fn of_template(
        template: &'a Template<'a>,
        prefix: &'a str,
        controller: Option<Controller<'a>>,
        above: Option<&'a Metadata<'a>>,
    ) -> Option<Self> {
        Some(Self {
            kind: Kind::Other,
            pod: Pod {
                metadata: template.metadata.as_ref().unwrap_or(&NO_METADATA),
                spec: template.spec.as_ref()?,
                controller,
            },
            place: PodPlace {
                pointer: "",
                prefix,
            },
            has_metadata: template.metadata.is_some(),
            above: [above.map(|metadata| ("metadata", metadata)), None],
            claims_volumes: false,
        })
    }

    /// True if a controller made the object, such as a Job of a `CronJob`, so that nobody reads what it is told.
    #[must_use]
    pub fn has_controller(&self) -> bool {
        if self.is_pod() {
            return self.pod.controller.is_some();
        }
        let [outermost, _] = self.above;
        outermost.is_some_and(|(_, metadata)| metadata.controller().is_some())
    }

    /// True if the object is a pod. Of all kinds, the mutating webhook sees only pods, and sees them before the
    /// validating webhook does.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.kind == Kind::Pod
    }
}

fn template<'a>(object: &'a Template<'a>) -> Option<&'a Template<'a>> {
    object.spec.as_ref()?.template.as_deref()
}
