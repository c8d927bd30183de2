//! Gathers live objects: those that are named, or all that make pods in a namespace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::{Facts, Key, Live, PodFacts, word_of_karpenter};
use super::names::{Named, PODS, RESOURCES, Resource};
use super::owners::{controller, is_shown_by_owner, key, selector};
use super::pods::PodCounts;
use crate::cli::cluster::{ApiServer, Refusal};
use crate::encoding::spelling::nearest;
use crate::label::is_subdomain;

/// The gathering under way.
pub(super) struct Gathering<'a> {
    pub(super) api_server: &'a ApiServer,
    pub(super) objects: Vec<Value>,
    pub(super) facts: Facts,
    pub(super) remarks: Vec<String>,
    /// True while all that was asked for has been read.
    pub(super) is_whole: bool,
}

impl Gathering<'_> {
    /// Gathers one object by its name.
    pub(super) async fn one(&mut self, namespace: &str, named: &Named) -> anyhow::Result<()> {
        let Named { resource, name } = named;
        let collection = resource.path(Some(namespace));
        let mut object = match self.api_server.get(&format!("{collection}/{name}")).await? {
            Ok(object) => object,
            Err(refusal) => return self.missing(&collection, namespace, named, &refusal).await,
        };
        object["kind"] = resource.kind.into();
        let mut live = Live {
            maker: self.maker(namespace, &object).await?,
            ..Live::default()
        };
        if **resource == *PODS {
            let node = match object.pointer("/spec/nodeName").and_then(Value::as_str) {
                Some(node) if is_subdomain(node) => self
                    .api_server
                    .get(&format!("/api/v1/nodes/{node}"))
                    .await?
                    .ok(),
                _ => None,
            };
            let mut facts = PodFacts::of(&object, node.as_ref());
            if facts.waits.is_some() {
                let path = format!("/api/v1/namespaces/{namespace}/events");
                let query = format!(
                    "&fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3D{name}"
                );
                let events = self.api_server.list(&path, &query).await?;
                facts.karpenter = word_of_karpenter(&events.unwrap_or_default());
            }
            live.pod = Some(facts);
        } else if let Some(selector) = selector(&object) {
            let path = PODS.path(Some(namespace));
            let pods = self.api_server.list(&path, &selector).await?.ok();
            live.pods = pods.map(|pods| {
                let mut counts = PodCounts::default();
                for pod in &pods {
                    counts.add(pod);
                }
                counts
            });
        }
        self.facts.0.insert(key(&object), live);
        self.objects.push(object);
        Ok(())
    }

    /// Says that an object was not found, and which name may be meant.
    async fn missing(
        &mut self,
        collection: &str,
        namespace: &str,
        named: &Named,
        refusal: &Refusal,
    ) -> anyhow::Result<()> {
        let Named { resource, name } = named;
        let what = format!("{}/{name}", resource.kind.to_ascii_lowercase());
        self.is_whole = false;
        let remark = match refusal {
            Refusal::Forbidden => {
                format!("{what}: this kubeconfig may not read {}", resource.plural)
            }
            Refusal::Other(message) => format!("{what}: {message}"),
            Refusal::NotFound => {
                let read = self.api_server.list(collection, "").await?;
                let others = read.unwrap_or_default();
                let others = others
                    .iter()
                    .filter_map(|other| other["metadata"]["name"].as_str());
                let others: Vec<&str> = others.collect();
                let hint = match nearest(name, &others) {
                    Some(near) => format!("; did you mean {near}?"),
                    None if others.is_empty() => format!("; it has no {}", resource.plural),
                    None => String::new(),
                };
                format!("{what}: there is none in namespace {namespace}{hint}")
            }
        };
        self.remarks.push(remark);
        Ok(())
    }

    /// Returns the kind and the name of what makes an object, as people know it.
    async fn maker(&self, namespace: &str, object: &Value) -> anyhow::Result<(String, String)> {
        let Some((kind, name)) = controller(object) else {
            let (kind, _, name) = key(object);
            return Ok((kind, name));
        };
        let between = Resource::of_kind(&kind).filter(|_| matches!(&*kind, "ReplicaSet" | "Job"));
        if let Some(resource) = between.filter(|_| is_subdomain(&name)) {
            let path = format!("{}/{name}", resource.path(Some(namespace)));
            let owner = self.api_server.get(&path).await?.ok();
            let of_owner = owner.as_ref().and_then(controller);
            return Ok(of_owner.unwrap_or((kind, name)));
        }
        Ok((kind, name))
    }

    /// Gathers all objects that make pods, each kind once: no pod of a Deployment, and no ReplicaSet of one.
    pub(super) async fn all(&mut self, namespace: Option<&str>) -> anyhow::Result<()> {
        let mut found: Vec<Value> = Vec::new();
        for resource in &RESOURCES {
            match self.api_server.list(&resource.path(namespace), "").await? {
                Ok(objects) => found.extend(objects),
                Err(Refusal::Forbidden) => {
                    let plural = resource.plural;
                    let remark =
                        format!("warning: this kubeconfig may not list {plural}: passed over");
                    self.remarks.push(remark);
                    self.is_whole = false;
                }
                Err(refusal) => self
                    .remarks
                    .push(format!("warning: {}: {refusal}", resource.plural)),
            }
        }
        let owners: BTreeMap<Key, (String, String)> = found
            .iter()
            .filter_map(|object| Some((key(object), controller(object)?)))
            .collect();
        let nodes = self.nodes(&found).await?;
        let counts = counts(&found, &owners);
        for object in found
            .into_iter()
            .filter(|object| !is_shown_by_owner(object))
        {
            let key = key(&object);
            let maker = owners.get(&key).cloned();
            let node = object.pointer("/spec/nodeName").and_then(Value::as_str);
            let is_pod = key.0 == PODS.kind;
            let live = Live {
                maker: maker.unwrap_or_else(|| (key.0.clone(), key.2.clone())),
                pod: is_pod.then(|| PodFacts::of(&object, node.and_then(|node| nodes.get(node)))),
                pods: counts.get(&key).copied(),
            };
            self.facts.0.insert(key, live);
            self.objects.push(object);
        }
        self.objects.sort_by_key(|object| {
            let (kind, namespace, name) = key(object);
            (namespace, kind, name)
        });
        Ok(())
    }

    /// Reads the nodes, if a pod is shown that runs on one.
    async fn nodes(&self, found: &[Value]) -> anyhow::Result<BTreeMap<String, Value>> {
        let mut pods = found.iter().filter(|object| object["kind"] == PODS.kind);
        if !pods.any(|pod| !is_shown_by_owner(pod) && pod["spec"]["nodeName"].is_string()) {
            return Ok(BTreeMap::new());
        }
        let nodes = self.api_server.list("/api/v1/nodes", "").await?;
        let nodes = nodes.unwrap_or_default().into_iter();
        Ok(nodes.map(|node| (key(&node).2, node)).collect())
    }
}

/// Counts the pods of each owner.
fn counts(found: &[Value], owners: &BTreeMap<Key, (String, String)>) -> BTreeMap<Key, PodCounts> {
    let mut counts: BTreeMap<Key, PodCounts> = BTreeMap::new();
    for pod in found.iter().filter(|object| object["kind"] == PODS.kind) {
        let mut owned = key(pod);
        // A pod, its ReplicaSet and its Deployment.
        for _ in 0..2 {
            let Some((kind, name)) = owners.get(&owned) else {
                break;
            };
            owned = (kind.clone(), owned.1, name.clone());
            counts.entry(owned.clone()).or_default().add(pod);
        }
    }
    counts
}
