//! Kinds that make pods and that the server does not read: it sees their pods as they are created. For each, the table
//! says where its templates stand and which controller its pods will have, as its operator makes them.

use crate::pod::Controller;

/// A kind that makes pods.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Maker {
    group: &'static str,
    kind: &'static str,
    /// The controller of its pods; `None` if none makes them from the object itself.
    pub(super) controller: Option<Controller<'static>>,
    /// The places of its templates, each with `*` for any item of a list or entry of a map. The empty path is that of
    /// the object itself. No place means that berth cannot read from the object what its pods are.
    pub(super) templates: &'static [&'static str],
    /// The object whose labels the pods get.
    pub(super) labels: LabelsOf,
}

/// The object whose labels the pods get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelsOf {
    Template,
    /// The object around the template.
    Object,
}

impl Maker {
    /// Returns the kind, if it is in the table.
    pub(super) fn of(group: &str, kind: &str) -> Option<&'static Self> {
        MAKERS
            .iter()
            .find(|maker| maker.group == group && maker.kind == kind)
    }

    const fn labelled_by_object(self) -> Self {
        Self {
            labels: LabelsOf::Object,
            ..self
        }
    }
}

const fn maker(
    (group, kind): (&'static str, &'static str),
    (of_group, of_kind): (&'static str, &'static str),
    templates: &'static [&'static str],
) -> Maker {
    Maker {
        group,
        kind,
        controller: Some(Controller {
            group: of_group,
            kind: of_kind,
        }),
        templates,
        labels: LabelsOf::Template,
    }
}

/// A kind whose pods it controls itself.
const fn own(names: (&'static str, &'static str), templates: &'static [&'static str]) -> Maker {
    maker(names, names, templates)
}

const JOB: (&str, &str) = ("batch", "Job");
const REPLICA_SET: (&str, &str) = ("apps", "ReplicaSet");
const STATEFUL_SET: (&str, &str) = ("apps", "StatefulSet");
const RAY_CLUSTER: (&str, &str) = ("ray.io", "RayCluster");
const WORKFLOW: (&str, &str) = ("argoproj.io", "Workflow");
const TASK_RUN: (&str, &str) = ("tekton.dev", "TaskRun");
const SPARK: (&str, &str) = ("sparkoperator.k8s.io", "SparkApplication");
const TEMPLATE: &[&str] = &["spec.template"];

const MAKERS: &[Maker] = &[
    // Kubernetes' own.
    maker(REPLICA_SET, REPLICA_SET, TEMPLATE),
    own(("", "ReplicationController"), TEMPLATE),
    Maker {
        controller: None,
        ..maker(("", "PodTemplate"), ("", ""), &["template"])
    },
    // Kinds that make a kind of Kubernetes' own.
    maker(("argoproj.io", "Rollout"), REPLICA_SET, TEMPLATE),
    maker(("serving.knative.dev", "Service"), REPLICA_SET, TEMPLATE),
    maker(
        ("serving.knative.dev", "Configuration"),
        REPLICA_SET,
        TEMPLATE,
    ),
    maker(("serving.knative.dev", "Revision"), REPLICA_SET, &[""]),
    maker(("kubeflow.org", "Notebook"), STATEFUL_SET, TEMPLATE).labelled_by_object(),
    maker(
        ("jobset.x-k8s.io", "JobSet"),
        JOB,
        &["spec.replicatedJobs.*.template.spec.template"],
    ),
    maker(
        ("keda.sh", "ScaledJob"),
        JOB,
        &["spec.jobTargetRef.template"],
    ),
    maker(
        ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
        STATEFUL_SET,
        &[
            "spec.leaderWorkerTemplate.leaderTemplate",
            "spec.leaderWorkerTemplate.workerTemplate",
        ],
    ),
    // Kinds that make pods themselves.
    own(("batch.volcano.sh", "Job"), &["spec.tasks.*.template"]),
    own(
        RAY_CLUSTER,
        &[
            "spec.headGroupSpec.template",
            "spec.workerGroupSpecs.*.template",
        ],
    ),
    maker(
        ("ray.io", "RayJob"),
        RAY_CLUSTER,
        &[
            "spec.rayClusterSpec.headGroupSpec.template",
            "spec.rayClusterSpec.workerGroupSpecs.*.template",
        ],
    ),
    maker(
        ("ray.io", "RayService"),
        RAY_CLUSTER,
        &[
            "spec.rayClusterConfig.headGroupSpec.template",
            "spec.rayClusterConfig.workerGroupSpecs.*.template",
        ],
    ),
    own(
        ("kubeflow.org", "PyTorchJob"),
        &["spec.pytorchReplicaSpecs.*.template"],
    ),
    own(
        ("kubeflow.org", "TFJob"),
        &["spec.tfReplicaSpecs.*.template"],
    ),
    own(
        ("kubeflow.org", "XGBoostJob"),
        &["spec.xgbReplicaSpecs.*.template"],
    ),
    own(
        ("kubeflow.org", "PaddleJob"),
        &["spec.paddleReplicaSpecs.*.template"],
    ),
    own(
        ("kubeflow.org", "JAXJob"),
        &["spec.jaxReplicaSpecs.*.template"],
    ),
    own(("apps.kruise.io", "CloneSet"), TEMPLATE),
    own(("apps.kruise.io", "StatefulSet"), TEMPLATE),
    own(("apps.kruise.io", "BroadcastJob"), TEMPLATE),
    maker(
        ("actions.github.com", "AutoscalingRunnerSet"),
        ("actions.github.com", "EphemeralRunner"),
        TEMPLATE,
    ),
    // Kinds whose pods do not stand in the object.
    own(WORKFLOW, &[]),
    maker(("argoproj.io", "CronWorkflow"), WORKFLOW, &[]),
    maker(("argoproj.io", "WorkflowTemplate"), WORKFLOW, &[]),
    maker(("argoproj.io", "ClusterWorkflowTemplate"), WORKFLOW, &[]),
    own(TASK_RUN, &[]),
    maker(("tekton.dev", "PipelineRun"), TASK_RUN, &[]),
    own(SPARK, &[]),
    maker(
        ("sparkoperator.k8s.io", "ScheduledSparkApplication"),
        SPARK,
        &[],
    ),
    own(("kubeflow.org", "MPIJob"), &[]),
    maker(("trainer.kubeflow.org", "TrainJob"), JOB, &[]),
    maker(("serving.kserve.io", "InferenceService"), REPLICA_SET, &[]),
    maker(("k6.io", "TestRun"), JOB, &[]),
    maker(
        ("actions.summerwind.dev", "RunnerDeployment"),
        ("actions.summerwind.dev", "Runner"),
        &[],
    ),
    own(("postgresql.cnpg.io", "Cluster"), &[]),
    maker(("acid.zalan.do", "postgresql"), STATEFUL_SET, &[]),
    maker(("monitoring.coreos.com", "Prometheus"), STATEFUL_SET, &[]),
    maker(("monitoring.coreos.com", "Alertmanager"), STATEFUL_SET, &[]),
    maker(("monitoring.coreos.com", "ThanosRuler"), STATEFUL_SET, &[]),
    maker(
        ("elasticsearch.k8s.elastic.co", "Elasticsearch"),
        STATEFUL_SET,
        &[],
    ),
    maker(
        ("kafka.strimzi.io", "Kafka"),
        ("core.strimzi.io", "StrimziPodSet"),
        &[],
    ),
    maker(
        ("kubevirt.io", "VirtualMachine"),
        ("kubevirt.io", "VirtualMachineInstance"),
        &[],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::MAKERS;
    use crate::pod::Kind;

    #[test]
    fn a_kind_is_in_the_table_once_and_the_server_does_not_read_it() {
        let names: BTreeSet<_> = MAKERS
            .iter()
            .map(|maker| (maker.group, maker.kind))
            .collect();
        assert_eq!(names.len(), MAKERS.len());
        for (group, kind) in names {
            assert_eq!(Kind::new(group, kind), Kind::Other, "{group}/{kind}");
        }
    }
}
