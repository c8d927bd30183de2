//! Webhook configurations as they are written, and what else in the input says something about them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, WebhookClientConfig};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::{Finding, Object, Severity, Stage};
use crate::encoding::yaml;
use crate::names::SYSTEM_NAMESPACES;
use crate::policy::{Selector, SelectorFile};

/// The name of the configurations, as shipped.
pub const SHIPPED_NAME: &str = "zz-berth";
/// The namespace of an installation, as shipped.
pub const SHIPPED_NAMESPACE: &str = "berth-system";
/// The Service, as shipped; berth makes its certificate for no other.
pub const SERVICE: &str = "berth";
/// What the names of berth's webhooks end with.
const DOMAIN: &str = "placement.truemark.io";
/// What Kubernetes writes on every namespace, and nobody can change: its name.
pub(super) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The labels of an object.
pub(super) type Labels = BTreeMap<String, String>;

/// Which of the two chains of webhooks a configuration is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Mutating,
    Validating,
}

impl Side {
    const ALL: [Self; 2] = [Self::Mutating, Self::Validating];

    /// The kind of its configurations.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }

    /// Where berth answers this side.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Mutating => "/mutate",
            Self::Validating => "/validate",
        }
    }
}

/// A webhook configuration.
#[derive(Debug)]
pub(super) struct Configuration<'v> {
    pub(super) side: Side,
    pub(super) name: &'v str,
    /// Whether something is told to fill in the caBundle.
    pub(super) injected: bool,
    /// Of either side: what validating webhooks lack is not asked of them.
    pub(super) webhooks: Vec<MutatingWebhook>,
}

impl Configuration<'_> {
    /// Whether a webhook is one of berth's: by its name, or because it calls berth's own service or address.
    pub(super) fn is_berths(&self, webhook: &MutatingWebhook, own: &BTreeSet<String>) -> bool {
        let service = webhook.client_config.service.as_ref();
        self.is_surely_berths(webhook)
            || calls_berth(webhook)
                && service.is_some_and(|service| own.contains(&service.namespace))
    }

    fn is_surely_berths(&self, webhook: &MutatingWebhook) -> bool {
        let name = webhook.name.strip_suffix(DOMAIN);
        let service = webhook.client_config.service.as_ref();
        self.name == SHIPPED_NAME
            || name.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
            || calls_berth(webhook) && service.is_some_and(|service| service.name == SERVICE)
    }
}

/// Whether it is called where berth answers.
fn calls_berth(webhook: &MutatingWebhook) -> bool {
    let mut sides = Side::ALL.iter();
    sides.any(|side| endpoint(&webhook.client_config) == Some(side.path()))
}

/// The path that a webhook is called at.
pub(super) fn endpoint(client: &WebhookClientConfig) -> Option<&str> {
    if let Some(service) = &client.service {
        return service.path.as_deref();
    }
    let (_, rest) = client.url.as_deref()?.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    path.split(['?', '#']).next()
}

/// Everything that a webhook is judged by besides itself.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) stage: Stage,
    /// The namespaces of berth's own service.
    pub(super) own: BTreeSet<String>,
    /// The labels of the namespaces that are known, their names among them.
    pub(super) namespaces: BTreeMap<String, Labels>,
    /// The labels of berth's own pods; empty where no Deployment tells.
    pub(super) pods: Vec<Labels>,
    /// Whether berth fills in the caBundle itself.
    pub(super) self_managed: bool,
}

impl Scene {
    pub(super) fn new(
        configurations: &[Configuration<'_>],
        objects: &[Object<'_>],
        stage: Stage,
    ) -> Self {
        let own = own_namespaces(configurations);
        let of_kind = |group, kind| {
            let is_of = move |object: &&Object<'_>| (object.group, object.kind) == (group, kind);
            objects.iter().filter(is_of)
        };
        let namespaces = of_kind("", "Namespace").map(|object| {
            let mut labels = labels(object.value, "/metadata/labels");
            labels.insert(NAME_LABEL.to_owned(), object.name.to_owned());
            (object.name.to_owned(), labels)
        });
        let deployments: Vec<&Value> = of_kind("apps", "Deployment")
            .filter(|object| own.contains(object.namespace))
            .map(|object| object.value)
            .collect();
        Self {
            stage,
            namespaces: namespaces.collect(),
            pods: deployments
                .iter()
                .map(|deployment| labels(deployment, "/spec/template/metadata/labels"))
                .collect(),
            self_managed: deployments
                .iter()
                .any(|deployment| has_flag(deployment, "--tls-secret")),
            own,
        }
    }

    /// The namespaces whose pods must never wait for berth: the system's, the provisioners', and berth's own. Where berth
    /// is elsewhere, nobody needs what is in the namespace that it is shipped for.
    pub(super) fn protected(&self) -> BTreeSet<&str> {
        let system = SYSTEM_NAMESPACES.iter().copied();
        let system = system.filter(|name| *name != SHIPPED_NAMESPACE);
        system.chain(self.own.iter().map(String::as_str)).collect()
    }
}

/// The namespaces of berth's own service; that of the shipped installation, where no configuration tells.
pub(super) fn own_namespaces(configurations: &[Configuration<'_>]) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    for configuration in configurations {
        for webhook in &configuration.webhooks {
            let service = webhook.client_config.service.as_ref();
            let service = service.filter(|_| configuration.is_surely_berths(webhook));
            own.extend(service.map(|service| service.namespace.clone()));
        }
    }
    own.retain(|namespace| !namespace.is_empty());
    if own.is_empty() {
        own.insert(SHIPPED_NAMESPACE.to_owned());
    }
    own
}

/// The configurations among the objects; of one that cannot be read it says why.
pub(super) fn read<'v>(
    objects: &[Object<'v>],
    findings: &mut Vec<Finding>,
) -> Vec<Configuration<'v>> {
    let mut configurations = Vec::new();
    for object in objects {
        let mut sides = Side::ALL.into_iter();
        let side = sides.find(|side| side.kind() == object.kind);
        let Some(side) = side.filter(|_| object.group == "admissionregistration.k8s.io") else {
            continue;
        };
        let webhooks = object.value.get("webhooks").filter(|list| !list.is_null());
        let webhooks = webhooks.map_or(Ok(Vec::new()), |list| yaml::from_value(list.clone()));
        let annotations = labels(object.value, "/metadata/annotations");
        match webhooks {
            Ok(webhooks) => configurations.push(Configuration {
                side,
                name: object.name,
                injected: annotations
                    .keys()
                    .any(|key| key.starts_with("cert-manager.io/inject-")),
                webhooks,
            }),
            Err((path, message)) => findings.push(Finding {
                severity: Severity::Error,
                object: format!("{} {}", side.kind(), object.name),
                webhook: String::new(),
                field: format!("webhooks{path}"),
                message: format!("{message}: the API server refuses it, and it cannot be judged"),
                remedy: "correct the field".to_owned(),
            }),
        }
    }
    configurations
}

/// A selector that can be evaluated; one that is not given selects everything.
///
/// # Errors
/// The field that is wrong, from the selector on, and what is wrong with it.
pub(super) fn selector(written: Option<&LabelSelector>) -> Result<Selector, (String, String)> {
    let Some(written) = written else {
        return Ok(Selector::default());
    };
    let value =
        serde_json::to_value(written).map_err(|error| (String::new(), error.to_string()))?;
    let file: SelectorFile = yaml::from_value(value)?;
    Selector::try_from(file)
}

/// The texts of a map of labels or annotations.
pub(super) fn labels(value: &Value, pointer: &str) -> Labels {
    let map = value.pointer(pointer).and_then(Value::as_object);
    let entries = map.into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Whether a container of a Deployment is started with a flag.
pub(super) fn has_flag(deployment: &Value, flag: &str) -> bool {
    let containers = deployment.pointer("/spec/template/spec/containers");
    let containers = containers.and_then(Value::as_array).into_iter().flatten();
    let args = containers.filter_map(|container| container.get("args")?.as_array());
    args.flatten().filter_map(Value::as_str).any(|argument| {
        let name = argument.split('=').next();
        name == Some(flag)
    })
}
