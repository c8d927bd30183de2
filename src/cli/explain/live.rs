//! Live objects of a cluster, as input to the examination: the objects, and the facts that they do not hold themselves.

mod facts;
mod gathering;
mod names;
mod outlook;
mod owners;
mod pods;

use std::sync::Arc;

use anyhow::{Context, bail};

use crate::cli::cluster::{ApiServer, Basis, Refusal, policy_of_file};
use crate::cli::files::Manifest;
use crate::cli::stripped::strip;
use crate::label::is_subdomain;
use crate::names::NAME_LABEL;
use crate::placement::{Given, Live as NodePools, Snapshot};
use crate::pod::NamespaceLabels;
pub(super) use facts::{Facts, Live};
use gathering::Gathering;
use names::Named;
pub(super) use outlook::Outlook;

/// The place of live objects, as headings show it.
const ORIGIN: &str = "the cluster";

/// The objects to look for.
#[derive(Debug)]
pub(super) struct Wanted {
    named: Vec<Named>,
    /// The namespace; `None` for that of the kubeconfig's context.
    namespace: Option<String>,
    all_namespaces: bool,
}

/// The objects of a cluster, and the snapshot that it decides by.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) manifests: Vec<Manifest>,
    pub(super) snapshot: Snapshot,
    pub(super) facts: Facts,
    /// Remarks on what could not be read, and what was not found.
    pub(super) remarks: Vec<String>,
    /// True if all that was asked for has been read.
    pub(super) is_whole: bool,
}

impl Wanted {
    /// Reads the names.
    ///
    /// # Errors
    /// Returns the first name that is none.
    pub(super) fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        namespace: Option<String>,
        all_namespaces: bool,
    ) -> Result<Self, String> {
        let read = names.into_iter().map(names::read);
        Ok(Self {
            named: read.collect::<Result<_, _>>()?,
            namespace,
            all_namespaces,
        })
    }
}

/// Reads the objects, and all that berth decides by.
///
/// # Errors
/// Fails if the cluster cannot be reached, or its policy cannot be used.
pub(super) async fn read(
    api_server: &ApiServer,
    given: Given,
    wanted: &Wanted,
) -> anyhow::Result<Read> {
    let mut remarks = Vec::new();
    if given.policy.is_none() {
        remarks.extend(policy_of_file(api_server).await?);
    }
    let basis = Basis::read(api_server).await?;
    let (_, mut snapshot) = basis.snapshot(given)?;
    if matches!(basis.live().0, NodePools::Unknown) {
        remarks.push("warning: this kubeconfig may not list nodepools.karpenter.sh: those of the policy's catalogue, or \
                      the default ones, are taken to exist".to_owned());
    }
    let namespace = match &wanted.namespace {
        _ if wanted.all_namespaces => None,
        Some(namespace) => Some(namespace.as_str()),
        None => Some(api_server.namespace()),
    };
    // It goes into a path.
    if let Some(namespace) = namespace.filter(|name| !is_subdomain(name)) {
        bail!("{namespace:?} is no name of a namespace");
    }
    add_namespaces(api_server, namespace, &mut snapshot, &mut remarks).await?;
    let mut gathering = Gathering {
        api_server,
        objects: Vec::new(),
        facts: Facts::default(),
        remarks,
        is_whole: true,
    };
    match (namespace, &wanted.named[..]) {
        (_, []) => gathering.all(namespace).await?,
        (Some(namespace), named) => {
            for named in named {
                gathering.one(namespace, named).await?;
            }
        }
        (None, _) => bail!("names go with one namespace: leave out --all-namespaces"),
    }
    let manifests = gathering.objects.iter_mut().map(|object| {
        strip(object);
        Manifest::of_object(ORIGIN, object)
    });
    Ok(Read {
        manifests: manifests.collect(),
        snapshot,
        facts: gathering.facts,
        remarks: gathering.remarks,
        is_whole: gathering.is_whole,
    })
}

/// Adds the labels of the namespace, or of all.
async fn add_namespaces(
    api_server: &ApiServer,
    namespace: Option<&str>,
    snapshot: &mut Snapshot,
    remarks: &mut Vec<String>,
) -> anyhow::Result<()> {
    let path = "/api/v1/namespaces";
    let read = match namespace {
        Some(name) => api_server
            .get(&format!("{path}/{name}"))
            .await?
            .map(|one| vec![one]),
        None => api_server.list(path, "").await?,
    };
    let objects = match read {
        Ok(objects) => objects,
        Err(Refusal::NotFound) => bail!("there is no namespace {}", namespace.unwrap_or_default()),
        Err(Refusal::Forbidden) => {
            remarks.push("warning: this kubeconfig may not read namespaces".to_owned());
            return Ok(());
        }
        Err(Refusal::Other(message)) => return Err(anyhow::anyhow!(message)).context("namespaces"),
    };
    let namespaces = &mut snapshot.namespaces;
    for object in objects {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let labels = object["metadata"]["labels"]
            .as_object()
            .into_iter()
            .flatten();
        let labels = labels.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
        let labels: NamespaceLabels = labels.chain([(NAME_LABEL, name)]).collect();
        namespaces.insert_mut(name.into(), Arc::new(labels));
    }
    Ok(())
}
