//! Which pods an object stands for: itself, or those that its template will make.

use std::sync::LazyLock;

use crate::placement::named::named;
use crate::placement::pod::{Controller, Metadata, Pod, Template};
use crate::validation::Workload;

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

/// The pods that an object stands for, and where in it they are described.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The pod as placement sees it.
    pub pod: Pod<'a>,
    /// The JSON pointer to the pod or the template; empty for the object itself.
    pub path: &'static str,
    /// Whether there is any metadata at the path.
    pub has_metadata: bool,
    /// The metadata above a template, each with its path. No pod has any of it.
    pub above: [Option<(&'static str, &'a Metadata<'a>)>; 2],
    /// Whether it is a `StatefulSet` that claims volumes for its pods.
    pub claims_volumes: bool,
}

/// A template may come without metadata.
static NO_METADATA: LazyLock<Metadata<'static>> = LazyLock::new(Metadata::default);

impl<'a> Subject<'a> {
    /// The pods that an object of this kind stands for; none where it lacks the spec that would describe them.
    #[must_use]
    pub fn new(kind: Kind, object: &'a Template<'a>) -> Option<Self> {
        let own = ("metadata", object.metadata.as_ref());
        let nothing = ("", None);
        let (path, template, above) = match kind {
            Kind::Pod => ("", object, [nothing, nothing]),
            Kind::Job | Kind::Deployment | Kind::StatefulSet => {
                ("/spec/template", template(object)?, [own, nothing])
            }
            Kind::CronJob => {
                let job = object.spec.as_ref()?.job_template.as_deref()?;
                let of_job = ("spec.jobTemplate.metadata", job.metadata.as_ref());
                let path = "/spec/jobTemplate/spec/template";
                (path, template(job)?, [own, of_job])
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
            pod,
            path,
            has_metadata: template.metadata.is_some(),
            above: above.map(|(path, metadata)| Some((path, metadata?))),
            claims_volumes: kind == Kind::StatefulSet && object.spec.as_ref()?.claims_volumes,
        })
    }

    /// What the validating side judges.
    #[must_use]
    pub fn workload(&self) -> Workload<'a> {
        let Self {
            pod,
            path: _,
            has_metadata: _,
            above,
            claims_volumes,
        } = *self;
        Workload {
            pod,
            above,
            claims_volumes,
        }
    }
}

fn template<'a>(object: &'a Template<'a>) -> Option<&'a Template<'a>> {
    object.spec.as_ref()?.template.as_deref()
}
