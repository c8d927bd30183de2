//! The spec of a pod or of a workload, and the templates inside it.

use std::borrow::Cow;

use super::affinity::Affinity;
use super::labels::NodeSelector;
use super::metadata::Metadata;
use super::toleration::Toleration;
use crate::encoding::json::{Malformed, Reader, fields, may_have_slash_in_key};
use crate::node::Taint;

/// The spec of a pod, or of a workload that has a pod template. One type serves both, since no field of it has one
/// meaning in a pod and another in a workload.
#[derive(Debug, Default)]
pub struct Spec<'a> {
    /// The JSON of the spec, for what most decisions do not need.
    pub(super) json: &'a str,
    /// The node selector, or `None` if the pod has no such field.
    pub node_selector: Option<NodeSelector<'a>>,
    /// The affinity, or `None` if the pod has no such field.
    pub affinity: Option<Affinity<'a>>,
    /// The tolerations, in the author's order. `None` if the pod has no such field.
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// The name of the node that the pod is bound to. It is empty if the pod is not bound.
    pub node_name: Cow<'a, str>,
    /// The name of the scheduler that the pod asks for. It is empty if the pod asks for none.
    pub scheduler_name: Cow<'a, str>,
    /// The name of the priority class, or empty.
    pub priority_class_name: Cow<'a, str>,
    /// The name of the service account, or empty.
    pub service_account_name: Cow<'a, str>,
    /// The `os.name` of the pod. It is empty if the pod names no operating system.
    pub os: Cow<'a, str>,
    /// The first extended resource that a container requests, such as `nvidia.com/gpu`, or `resourceClaims` if the pod
    /// has some. Few nodes have such.
    pub special_resource: Option<Cow<'a, str>>,
    /// The JSON of the topology spread constraints, unparsed: few decisions need them.
    pub(super) topology_spread: Option<&'a str>,
    /// True if the pod claims devices through `resourceClaims`.
    pub claims_resources: bool,
    /// True if a `StatefulSet` claims volumes for its pods.
    pub claims_volumes: bool,
    /// The pod template of a Job, Deployment or StatefulSet.
    pub template: Option<Box<Template<'a>>>,
    /// The Job template of a `CronJob`.
    pub job_template: Option<Box<Template<'a>>>,
}

/// The most templates inside one another: a `CronJob` holds a Job's template, which holds a pod's.
const TEMPLATES: u8 = 2;

impl<'a> Spec<'a> {
    fn read(json: &mut Reader<'a>, templates: u8) -> Result<Self, Malformed> {
        let mut spec = Self::default();
        let text = json.with_span(|json| {
            fields!(json, |value| {
                "nodeSelector" => spec.node_selector = Some(NodeSelector::read(value)?),
                "affinity" => spec.affinity = Some(Affinity::read(value)?),
                "tolerations" => spec.tolerations = Some(value.list_of(Toleration::read)?),
                "nodeName" => spec.node_name = value.text()?,
                "schedulerName" => spec.scheduler_name = value.text()?,
                "priorityClassName" => spec.priority_class_name = value.text()?,
                "serviceAccountName" => spec.service_account_name = value.text()?,
                "os" => fields!(value, |name| { "name" => spec.os = name.text()?, })?,
                "containers" | "initContainers" => extended_resource(value, &mut spec.special_resource)?,
                "resourceClaims" => value.items(|claim| {
                    claim.span()?;
                    let claims = Cow::Borrowed("resourceClaims");
                    spec.special_resource.get_or_insert(claims);
                    spec.claims_resources = true;
                    Ok(())
                })?,
                "volumeClaimTemplates" => value.items(|claim| {
                    spec.claims_volumes = true;
                    claim.skip()
                })?,
                "template" => spec.template = nested(value, templates)?,
                "jobTemplate" => spec.job_template = nested(value, templates)?,
                "topologySpreadConstraints" => spec.topology_spread = Some(value.span()?),
            })
        })?;
        spec.json = text;
        Ok(spec)
    }

    /// Returns the tolerations. The list is empty if the pod has no such field.
    #[must_use]
    pub fn tolerations(&self) -> &[Toleration<'a>] {
        self.tolerations.as_deref().unwrap_or_default()
    }

    /// True if one of the tolerations tolerates the taint, even if only for a limited time.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let mut tolerations = self.tolerations().iter();
        tolerations.any(|toleration| toleration.tolerates(taint))
    }
}

/// An object with metadata and a spec: a whole object, a pod template, or a Job template.
#[derive(Debug, Default)]
pub struct Template<'a> {
    /// The metadata. A template may lack it.
    pub metadata: Option<Metadata<'a>>,
    /// The spec, or `None` if the object has no such field.
    pub spec: Option<Spec<'a>>,
}

impl<'a> Template<'a> {
    /// Reads a whole object.
    ///
    /// # Errors
    /// If a field that placement reads has another type or occurs twice.
    pub fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::nested(json, TEMPLATES)
    }

    fn nested(json: &mut Reader<'a>, templates: u8) -> Result<Self, Malformed> {
        let mut template = Self::default();
        fields!(json, |value| {
            "metadata" => template.metadata = Some(Metadata::read(value)?),
            "spec" => template.spec = Some(Spec::read(value, templates)?),
        })?;
        Ok(template)
    }
}

/// Reads a template. `templates` is the number of templates that may still be inside one another. A deeper template is
/// skipped.
fn nested<'a>(
    json: &mut Reader<'a>,
    templates: u8,
) -> Result<Option<Box<Template<'a>>>, Malformed> {
    match templates.checked_sub(1) {
        Some(templates) => Ok(Some(Box::new(Template::nested(json, templates)?))),
        None => json.skip().map(|()| None),
    }
}

/// Reads containers, and sets `found` to the first extended resource with a non-zero amount.
fn extended_resource<'a>(
    containers: &mut Reader<'a>,
    found: &mut Option<Cow<'a, str>>,
) -> Result<(), Malformed> {
    // Most containers request none. Its name has a slash, and hardly any other key in a container has one.
    if containers.skip_if(|text| !may_have_slash_in_key(text))? {
        return Ok(());
    }
    containers.items(|container| {
        fields!(container, |resources| {
            "resources" => extended_resource_of(resources, found)?,
        })
    })
}

/// Reads the resources of a container, as [`extended_resource`] does.
fn extended_resource_of<'a>(
    resources: &mut Reader<'a>,
    found: &mut Option<Cow<'a, str>>,
) -> Result<(), Malformed> {
    fields!(resources, |amounts| {
        "requests" | "limits" => amounts.entries(|name, amount| {
            // The quantity is not parsed: the API server refuses an invalid one (R5.22).
            let amount = amount.span()?;
            if found.is_none() && is_extended(&name) && !matches!(amount, "0" | "\"0\"") {
                *found = Some(name);
            }
            Ok(())
        })?,
    })
}

/// The network interface of a pod with security groups. EKS itself adds the resource to such a pod, and the instances of
/// the usual families offer it, so it says nothing of where the pod belongs (R3.14).
const POD_ENI: &str = "vpc.amazonaws.com/pod-eni";

/// True if the resource is an extended one that tells nodes apart. By Kubernetes' rule, an extended resource has a domain
/// other than Kubernetes' own.
fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && resource != POD_ENI
        && !resource.contains("kubernetes.io/")
        && !resource.starts_with("requests.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Template;
    use crate::encoding::json::Reader;

    #[test]
    fn the_first_extended_resource_that_is_requested_is_special() {
        let gpu = Some("nvidia.com/gpu");
        for (requests, special) in [
            (json!({"nvidia.com/gpu": 1}), gpu),
            (json!({"cpu": 1, "nvidia.com/gpu": "1"}), gpu),
            (json!({"nvidia.com/gpu": 1, "x.com/fpga": 1}), gpu),
            (
                json!({"a.com/a": 0, "a.com/b": "0", "nvidia.com/gpu": 2}),
                gpu,
            ),
            (json!({"cpu": 1, "vpc.amazonaws.com/pod-eni": 1}), None),
        ] {
            for containers in ["containers", "initContainers"] {
                for amounts in ["requests", "limits"] {
                    let container = json!({"image": "a/b", "resources": {amounts: requests}});
                    let text = json!({"spec": {containers: [{}, container]}}).to_string();
                    let template = Template::read(&mut Reader::new(&text)).unwrap();
                    let found = template.spec.unwrap().special_resource;
                    assert_eq!(found.as_deref(), special, "{text}");
                }
            }
        }
    }

    /// A CronJob holds a Job's template, which holds a pod's. What a pod holds is none, whatever it is.
    #[test]
    fn a_template_in_a_pods_is_skipped() {
        let pod = json!({"spec": {"template": {"spec": 1}, "jobTemplate": 1, "nodeName": "a"}});
        let job = json!({"spec": {"template": pod}});
        let text = json!({"spec": {"jobTemplate": job}}).to_string();
        let template = Template::read(&mut Reader::new(&text)).unwrap();
        let job = template.spec.unwrap().job_template.unwrap();
        let pod = job.spec.unwrap().template.unwrap();
        assert_eq!(pod.spec.unwrap().node_name, "a");
    }
}
