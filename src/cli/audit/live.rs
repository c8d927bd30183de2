//! A cluster, read page by page. Only what the report needs of an object is kept.

use anyhow::bail;

use super::basis::{Read, unreadable};
use super::dump::{namespaces, node_labels};
use super::inventory::Inventory;
use super::progress::Progress;
use crate::cli::cluster::{ApiServer, Basis, Refusal, policy_of_file};
use crate::cli::files::{Element, elements};
use crate::label::is_subdomain;
use crate::placement::Given;

/// The collections that are not in namespaces.
const OF_CLUSTER: [(&str, &str); 2] = [("/api/v1", "namespaces"), ("/api/v1", "nodes")];

/// The collections that are. Those that make pods come before the pods, which may come to an end meanwhile.
const IN_NAMESPACES: [(&str, &str); 7] = [
    ("/apis/apps/v1", "deployments"),
    ("/apis/apps/v1", "statefulsets"),
    ("/apis/apps/v1", "daemonsets"),
    ("/apis/apps/v1", "replicasets"),
    ("/apis/batch/v1", "cronjobs"),
    ("/apis/batch/v1", "jobs"),
    ("/api/v1", "pods"),
];

/// Reads the cluster, or one namespace of it, and all that berth decides by.
///
/// # Errors
/// Fails if the cluster cannot be reached, or its policy cannot be used.
pub(super) async fn read(
    api_server: &ApiServer,
    given: Given,
    namespace: Option<&str>,
    progress: &mut Progress,
) -> anyhow::Result<Read> {
    // It goes into a path.
    if let Some(namespace) = namespace.filter(|name| !is_subdomain(name)) {
        bail!("{namespace:?} is no name of a namespace");
    }
    let labels = node_labels(&given);
    let mut remarks = Vec::new();
    if given.policy.is_none() {
        let of_file = policy_of_file(api_server).await?;
        remarks.extend(of_file.map(|text| text.trim_start_matches("warning: ").to_owned()));
    }
    let basis = Basis::read(api_server).await?;
    remarks.extend(unreadable(&basis));
    let (policy, mut snapshot) = basis.snapshot(given)?;
    let of_catalogue = snapshot.catalogue.node_labels();
    let labels = labels
        .into_iter()
        .chain(of_catalogue.into_iter().map(str::to_owned));
    let mut reading = Reading {
        api_server,
        inventory: Inventory::by_labels(labels.collect()),
        remarks,
        is_whole: true,
        progress,
    };
    for (api, plural) in OF_CLUSTER {
        reading
            .collection(&format!("{api}/{plural}"), plural)
            .await?;
    }
    for (api, plural) in IN_NAMESPACES {
        let path = match namespace {
            Some(namespace) => format!("{api}/namespaces/{namespace}/{plural}"),
            None => format!("{api}/{plural}"),
        };
        reading.collection(&path, plural).await?;
    }
    let Reading {
        mut inventory,
        mut remarks,
        is_whole,
        ..
    } = reading;
    if let Some(namespace) = namespace {
        if !inventory.namespaces.is_empty() && !inventory.namespaces.contains_key(namespace) {
            bail!("there is no namespace {namespace}");
        }
        remarks.push(format!(
            "only namespace {namespace} was read: other pods need node pools, too, and are not counted"
        ));
    }
    if inventory.namespaces.is_empty() {
        remarks.push("no namespace is known, so all are taken as opted in".to_owned());
    }
    let has_limits = basis.node_pools.is_ok() && namespace.is_none();
    if let Ok(objects) = basis.node_pools {
        inventory.node_pools = objects;
    } else {
        remarks.push(
            "the NodePools could not be read: those of the policy, or the default ones, are taken to exist"
                .to_owned(),
        );
    }
    snapshot.namespaces = namespaces(&inventory);
    Ok(Read {
        origin: api_server.address().to_owned(),
        inventory,
        snapshot,
        policy,
        has_limits,
        remarks,
        is_whole,
    })
}

/// A reading under way.
struct Reading<'a> {
    api_server: &'a ApiServer,
    inventory: Inventory,
    remarks: Vec<String>,
    is_whole: bool,
    progress: &'a mut Progress,
}

impl Reading<'_> {
    async fn collection(&mut self, path: &str, plural: &str) -> anyhow::Result<()> {
        let Self {
            api_server,
            inventory,
            progress,
            ..
        } = self;
        let read = api_server
            .every_page(path, &mut |page| {
                for element in elements(&page) {
                    if let Element::Object(object) = element {
                        inventory.add(&object);
                    }
                }
                progress.tell("objects read", inventory.objects);
            })
            .await?;
        let remark = match read {
            Ok(()) => return Ok(()),
            Err(Refusal::Forbidden) => {
                format!("this kubeconfig may not list {plural}: they are left out")
            }
            Err(refusal) => format!("{plural} are left out: {refusal}"),
        };
        self.remarks.push(remark);
        self.is_whole = false;
        Ok(())
    }
}
