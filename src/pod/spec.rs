//! The spec of a pod or of a workload, and the templates in it.

use std::borrow::Cow;

use super::affinity::Affinity;
use super::labels::NodeSelector;
use super::metadata::Metadata;
use super::toleration::Toleration;
use crate::encoding::json::{Malformed, Reader, fields};
use crate::node::Taint;

/// The spec of a pod, or of a workload that has a pod template: no field that is read here has another meaning in the
/// other.
#[derive(Debug, Default)]
pub struct Spec<'a> {
    /// The node selector.
    pub node_selector: Option<NodeSelector<'a>>,
    /// The affinity.
    pub affinity: Option<Affinity<'a>>,
    /// The tolerations, in the author's order.
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// The node that the pod is bound to.
    pub node_name: Cow<'a, str>,
    /// The scheduler that is to place the pod.
    pub scheduler_name: Cow<'a, str>,
    /// The priority class.
    pub priority_class_name: Cow<'a, str>,
    /// The service account.
    pub service_account_name: Cow<'a, str>,
    /// The operating system that the pod itself names; empty when it names none.
    pub os: Cow<'a, str>,
    /// The first extended resource that a container requests, such as `nvidia.com/gpu`, or `resourceClaims`: the pod
    /// needs nodes that berth knows nothing of.
    pub special_resource: Option<Cow<'a, str>>,
    /// Whether a `StatefulSet` claims volumes for its pods.
    pub claims_volumes: bool,
    /// The pod template of a Job, Deployment or StatefulSet.
    pub template: Option<Box<Template<'a>>>,
    /// The Job template of a `CronJob`.
    pub job_template: Option<Box<Template<'a>>>,
}

/// A `CronJob` holds a Job's template, and that a pod's; nothing that berth places is deeper.
const TEMPLATES: u8 = 2;

impl<'a> Spec<'a> {
    fn read(json: &mut Reader<'a>, templates: u8) -> Result<Self, Malformed> {
        let mut spec = Self::default();
        fields!(json, |value| {
            "nodeSelector" => spec.node_selector = Some(NodeSelector::read(value)?),
            "affinity" => spec.affinity = Some(Affinity::read(value)?),
            "tolerations" => spec.tolerations = Some(value.list_of(Toleration::read)?),
            "nodeName" => spec.node_name = value.text()?,
            "schedulerName" => spec.scheduler_name = value.text()?,
            "priorityClassName" => spec.priority_class_name = value.text()?,
            "serviceAccountName" => spec.service_account_name = value.text()?,
            "os" => fields!(value, |name| { "name" => spec.os = name.text()?, })?,
            "containers" | "initContainers" => value.items(|container| {
                fields!(container, |resources| {
                    "resources" => extended_resource(resources, &mut spec.special_resource)?,
                })
            })?,
            "resourceClaims" => value.items(|claim| {
                claim.span()?;
                let claims = Cow::Borrowed("resourceClaims");
                spec.special_resource.get_or_insert(claims);
                Ok(())
            })?,
            "volumeClaimTemplates" => value.items(|claim| {
                spec.claims_volumes = true;
                claim.span().map(drop)
            })?,
            "template" => spec.template = nested(value, templates)?,
            "jobTemplate" => spec.job_template = nested(value, templates)?,
        })?;
        Ok(spec)
    }

    /// The tolerations; none is the same as an empty list.
    #[must_use]
    pub fn tolerations(&self) -> &[Toleration<'a>] {
        self.tolerations.as_deref().unwrap_or_default()
    }

    /// Whether one of the tolerations tolerates the taint, if only for a while.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let mut tolerations = self.tolerations().iter();
        tolerations.any(|toleration| toleration.tolerates(taint))
    }
}

/// A whole object, a pod template, or a Job template whose spec holds one.
#[derive(Debug, Default)]
pub struct Template<'a> {
    /// The metadata, where there is any.
    pub metadata: Option<Metadata<'a>>,
    /// The spec.
    pub spec: Option<Spec<'a>>,
}

impl<'a> Template<'a> {
    /// Reads a whole object.
    ///
    /// # Errors
    /// When a field that placement reads is of another type, or stands twice.
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

/// Reads a template inside a template, unless it is deeper than any that berth places.
fn nested<'a>(
    json: &mut Reader<'a>,
    templates: u8,
) -> Result<Option<Box<Template<'a>>>, Malformed> {
    match templates.checked_sub(1) {
        Some(templates) => Ok(Some(Box::new(Template::nested(json, templates)?))),
        None => json.span().map(|_| None),
    }
}

/// Notes the first extended resource of which a container requests more than nothing.
fn extended_resource<'a>(
    resources: &mut Reader<'a>,
    found: &mut Option<Cow<'a, str>>,
) -> Result<(), Malformed> {
    fields!(resources, |amounts| {
        "requests" | "limits" => amounts.entries(|name, amount| {
            // The quantity itself is not read any further (R5.22).
            let amount = amount.span()?;
            if found.is_none() && is_extended(&name) && !matches!(amount, "0" | "\"0\"") {
                *found = Some(name);
            }
            Ok(())
        })?,
    })
}

/// Kubernetes' rule: an extended resource has a domain, and not Kubernetes' own.
fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && !resource.contains("kubernetes.io/")
        && !resource.starts_with("requests.")
}
