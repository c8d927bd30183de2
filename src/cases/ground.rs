//! The ground of a case: the policy, the node pools and the namespaces that it is judged by.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::file::{Case, Header};
use super::review::namespace;
use crate::encoding::field::{FieldError, Segment};
use crate::encoding::spelling::suggestion;
use crate::encoding::strict;
use crate::encoding::wording::clipped;
use crate::names::{INJECTION_LABEL, NAME_LABEL};
use crate::node::{Catalogue, NodePool, StaticNodePool};
use crate::placement::Snapshot;
use crate::policy::{embedded_node_pools, embedded_policy_object, read_policy_object};

/// The policy and the node pools of a case, as they have been read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground<'g> {
    /// The policy, as an object; `None` for the default policy.
    pub policy: Option<&'g Value>,
    /// The node pools that there are; `None` for those of the policy's own catalogue, or of the default policy.
    pub node_pools: Option<&'g Catalogue>,
}

impl Ground<'_> {
    /// Returns the snapshot that a case is judged by.
    ///
    /// # Errors
    /// If the policy or a node pool is wrong. The path is that of the field of the case, unless the policy is wrong in a field
    /// that the case does not replace.
    pub fn snapshot(&self, header: &Header, case: &Case) -> Result<Snapshot, FieldError> {
        let mut policy = match self.policy {
            Some(policy) => policy.clone(),
            None => embedded_policy_object()?,
        };
        for (field, value) in case.policy.iter().flatten() {
            policy["spec"][field] = value.clone();
        }
        let of_case = |error| in_case(error, case);
        let (policy, of_policy) = read_policy_object(&policy).map_err(of_case)?;
        let catalogue = self.catalogue(case, of_policy)?;
        let mut snapshot = Snapshot::new(policy, catalogue).map_err(of_case)?;
        let known = case.namespaces.as_ref().or(header.namespaces.as_ref());
        let namespaces = match known {
            Some(known) => known.clone(),
            None => BTreeMap::from([(namespace(case).to_owned(), opted_in(namespace(case)))]),
        };
        let namespaces = namespaces.into_iter().map(|(name, labels)| {
            let labels: Arc<_> = Arc::new(labels.into_iter().collect());
            (name.into(), labels)
        });
        snapshot.namespaces = namespaces.collect();
        snapshot.own_namespace = case.own_namespace.as_deref().map(Arc::from);
        Ok(snapshot)
    }

    /// Returns the node pools of the cluster: those that the case names, or all.
    fn catalogue(&self, case: &Case, of_policy: Catalogue) -> Result<Catalogue, FieldError> {
        let known = match self.node_pools {
            Some(known) => known,
            None => &embedded_node_pools()?,
        };
        match &case.node_pools {
            Some(entries) => with_node_pools(of_policy, entries, known)
                .map_err(|error| error.in_field("nodePools")),
            None if self.node_pools.is_some() => Ok(of_policy.with(known)),
            None if of_policy.is_empty() => Ok(known.clone()),
            None => Ok(of_policy),
        }
    }
}

/// Adds node pools to a catalogue: each the name of a known one, a NodePool, or an entry of a catalogue.
///
/// # Errors
/// If an entry is none of these, or names a node pool that is there already. The path is that of the entry.
pub fn with_node_pools(
    mut catalogue: Catalogue,
    entries: &[Value],
    known: &Catalogue,
) -> Result<Catalogue, FieldError> {
    for (position, entry) in entries.iter().enumerate() {
        let added = node_pool(entry, known).and_then(|node_pool| catalogue.insert(node_pool));
        added.map_err(|error| error.in_item(position))?;
    }
    Ok(catalogue)
}

fn node_pool(entry: &Value, known: &Catalogue) -> Result<NodePool, FieldError> {
    if let Some(name) = entry.as_str() {
        return known.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|known| &**known.name()).collect();
            let (found, meant) = (clipped(name), suggestion(name, &names));
            FieldError::new(format!("{found:?} is no node pool; {meant}"))
        });
    }
    if entry["kind"] == "NodePool" {
        NodePool::from_object(entry.clone())
    } else {
        let entry: StaticNodePool = strict::from_value(entry)?;
        NodePool::try_from(entry)
    }
}

/// Returns the labels of a namespace that has opted in.
fn opted_in(name: &str) -> BTreeMap<String, String> {
    let labels = [(NAME_LABEL, name), (INJECTION_LABEL, "enabled")];
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    labels.map(owned).into()
}

/// Returns an error of a policy with the path that the field has in the case, if the case has it.
fn in_case(mut error: FieldError, case: &Case) -> FieldError {
    if let [Segment::Key(spec), Segment::Key(field), ..] = &error.path.0[..]
        && spec == "spec"
        && case.policy.iter().any(|policy| policy.contains_key(field))
    {
        error.path.0[0] = Segment::Key("policy".to_owned());
    }
    error
}
