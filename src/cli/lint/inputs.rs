//! The policies and the node pools to look at, and where they come from.

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde_json::Value;

use super::located::{Document, Origin};
use crate::cli::cluster::{Basis, Refusal, ask};
use crate::cli::files::{Element, Inputs, Manifest, ObjectAt};
use crate::cli::kubeconfig::Access;
use crate::definition;
use crate::lint::Extent;
use crate::names::KIND;
use crate::policy::embedded_policy_object;

/// The policies and the node pools of the input and of the cluster.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) manifests: Vec<Manifest>,
    pub(super) policies: Vec<Document>,
    pub(super) node_pools: Vec<Document>,
    /// The node pools that may be there besides; `None` until it is known.
    extent: Option<Extent>,
    /// A message for all that could not be read or is missing.
    pub(super) unread: Vec<String>,
}

impl Gathered {
    /// Returns the node pools that may be there besides those that are given.
    pub(super) fn extent(&self) -> Extent {
        self.extent.unwrap_or(if self.node_pools.is_empty() {
            Extent::Open
        } else {
            Extent::Whole
        })
    }

    /// Adds what files have. `warn` takes what their authors may not expect of kubectl.
    pub(super) fn add_files(&mut self, inputs: &Inputs, warn: &mut dyn FnMut(&str)) {
        self.manifests = inputs.read();
        for (position, manifest) in self.manifests.iter().enumerate() {
            for warning in &manifest.warnings {
                warn(&format!("warning: {warning}"));
            }
            if let Err(error) = &manifest.content {
                let message = format!("{}: {error}", manifest.location);
                self.unread.push(message);
            }
            if !manifest.may_hold(KIND) && !manifest.may_hold("NodePool") {
                continue;
            }
            let (policies, node_pools) = (&mut self.policies, &mut self.node_pools);
            manifest.each(&mut |element| {
                let Element::Object(object) = element else {
                    return;
                };
                match (object.identity.group(), object.identity.kind) {
                    (definition::GROUP, KIND) => policies.push(document(&object, position)),
                    ("karpenter.sh", "NodePool") => node_pools.push(document(&object, position)),
                    _ => {}
                }
            });
        }
    }

    /// Adds what a cluster has and the files have not.
    ///
    /// # Errors
    /// Fails if the cluster cannot be reached, or its policy may not be read.
    pub(super) fn add_cluster(&mut self, access: &Access) -> anyhow::Result<()> {
        let basis = ask(access, "--cluster", Basis::read)?;
        let of_cluster = |object: &Value| Document {
            value: object.clone(),
            origin: Origin::Cluster,
        };
        match &basis.node_pools {
            Ok(objects) => {
                self.extent = Some(Extent::Whole);
                let given = self.node_pools.iter().map(|given| given.name().to_owned());
                let given: BTreeSet<String> = given.collect();
                let found = objects.iter().map(of_cluster);
                let others = found.filter(|found| !given.contains(found.name()));
                self.node_pools.extend(others);
            }
            Err(Refusal::NotFound) if self.node_pools.is_empty() => {
                self.extent = Some(Extent::NotServed);
            }
            Err(Refusal::NotFound) => {}
            Err(refusal) => {
                self.extent = Some(Extent::Open);
                self.unread
                    .push(format!("--cluster: nodepools.karpenter.sh: {refusal}"));
            }
        }
        if self.policies.is_empty() {
            match &basis.policy {
                Ok(policy) => self.policies.push(of_cluster(policy)),
                Err(Refusal::NotFound) => self.add_default_policy()?,
                Err(refusal) => {
                    let message = "give the policy by -f";
                    return Err(anyhow!("--cluster: {KIND}: {refusal}; {message}"));
                }
            }
        }
        Ok(())
    }

    /// Adds the default policy if files have none, which is looked at over their node pools.
    ///
    /// # Errors
    /// Fails if the files hold neither.
    pub(super) fn add_defaults(&mut self) -> anyhow::Result<()> {
        if !self.policies.is_empty() {
            return Ok(());
        }
        if self.node_pools.is_empty() {
            let none =
                "the input holds no PlacementPolicy and no NodePool: there is nothing to look at";
            return Err(anyhow!(none));
        }
        self.add_default_policy()
    }

    fn add_default_policy(&mut self) -> anyhow::Result<()> {
        self.policies.push(Document {
            value: embedded_policy_object()?,
            origin: Origin::Embedded,
        });
        Ok(())
    }
}

/// Returns an object of the manifest at a position.
fn document(object: &ObjectAt<'_>, manifest: usize) -> Document {
    let mut value = object.value.clone();
    // An item of a typed list need not say what it is.
    if let Value::Object(fields) = &mut value {
        let of_list = [
            ("apiVersion", object.identity.api_version),
            ("kind", object.identity.kind),
        ];
        for (field, written) in of_list {
            fields.entry(field).or_insert_with(|| written.into());
        }
    }
    Document {
        value,
        origin: Origin::File {
            manifest,
            path: object.path.clone(),
        },
    }
}
