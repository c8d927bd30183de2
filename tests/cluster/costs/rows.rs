//! The rows of the table: who is asked about the pods of a namespace, and by which registration.

use serde_json::{Value, json};

use super::pods::Owner;
use crate::harness::registration::{rename, shipped};

/// The label by which a registration knows the namespace of its row.
pub(super) const LABEL: &str = "bench.example.com/row";

/// A row. Each has a namespace, whose pods are changed by what the row names and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Row {
    /// Nobody is asked. It is what the costs of the other rows are added to.
    Nobody,
    /// A webhook of one constant, which changes nothing.
    Nothing,
    /// A webhook of one constant, which is the patch.
    Constant,
    Berth,
    /// The API server's own `MutatingAdmissionPolicy`.
    Policy,
    /// A webhook as most are written in Go.
    Usual,
    /// berth with the match conditions that ship.
    Conditions,
    /// berth with both configurations that ship, as they are.
    Shipped,
    /// berth with what ships, and a pod that a match condition keeps away.
    Spared,
    /// berth without match conditions, and the same pod.
    Unspared,
}

/// The server that a row calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Constant,
    Berth,
    Usual,
}

impl Row {
    pub(super) const ALL: [Self; 10] = [
        Self::Nobody,
        Self::Nothing,
        Self::Constant,
        Self::Berth,
        Self::Policy,
        Self::Usual,
        Self::Conditions,
        Self::Shipped,
        Self::Spared,
        Self::Unspared,
    ];

    /// The rows that differ in who changes the pod.
    pub(super) const PEERS: [Self; 5] = [
        Self::Nothing,
        Self::Constant,
        Self::Berth,
        Self::Policy,
        Self::Usual,
    ];

    /// The rows that differ in how berth is registered.
    pub(super) const REGISTRATIONS: [Self; 5] = [
        Self::Berth,
        Self::Conditions,
        Self::Shipped,
        Self::Unspared,
        Self::Spared,
    ];

    /// Returns its name in the raw data, and in its namespace.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Nothing => "nothing",
            Self::Constant => "constant",
            Self::Berth => "berth",
            Self::Policy => "policy",
            Self::Usual => "usual",
            Self::Conditions => "conditions",
            Self::Shipped => "shipped",
            Self::Spared => "spared",
            Self::Unspared => "unspared",
        }
    }

    /// Returns its name in the tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Nothing => "a webhook that answers nothing (Go)",
            Self::Constant => "a webhook that answers the patch as a constant (Go)",
            Self::Berth => "**berth**",
            Self::Policy => "`MutatingAdmissionPolicy`, in the API server",
            Self::Usual => "the usual Go webhook (controller-runtime)",
            Self::Conditions => "berth, with the match conditions",
            Self::Shipped => "berth, and the validating side: all that ships",
            Self::Spared => "a DaemonSet's pod, with all that ships: no call",
            Self::Unspared => "a DaemonSet's pod, without conditions: a call, no patch",
        }
    }

    /// Returns its namespace.
    pub(super) fn namespace(self) -> String {
        format!("costs-{}", self.name())
    }

    /// Returns the controller of its pods.
    pub(super) fn owner(self) -> Owner {
        match self {
            Self::Spared | Self::Unspared => Owner::DaemonSet,
            _ => Owner::ReplicaSet,
        }
    }

    /// True if its pods are changed.
    pub(super) fn changes_pods(self) -> bool {
        !matches!(
            self,
            Self::Nobody | Self::Nothing | Self::Spared | Self::Unspared
        )
    }

    /// Returns the server that its registration calls, and the path there, if it is a webhook's.
    pub(super) fn server(self) -> Option<(Server, &'static str)> {
        match self {
            Self::Nobody | Self::Policy => None,
            Self::Nothing => Some((Server::Constant, "/nothing")),
            Self::Constant => Some((Server::Constant, "/patch")),
            Self::Usual => Some((Server::Usual, "")),
            Self::Berth | Self::Conditions | Self::Shipped | Self::Spared | Self::Unspared => {
                Some((Server::Berth, ""))
            }
        }
    }

    /// Returns its configurations: those that ship, for its own namespace, with this address and bundle.
    ///
    /// A webhook that fails has the request fail: it would seem fast otherwise.
    pub(super) fn configurations(self, url: &str, bundle: &str) -> anyhow::Result<Vec<Value>> {
        let mut configurations = shipped(url, bundle)?;
        if !matches!(self, Self::Shipped | Self::Spared) {
            configurations
                .retain(|configuration| configuration["kind"] == "MutatingWebhookConfiguration");
        }
        for configuration in &mut configurations {
            rename(configuration, self.name());
            let Value::Array(webhooks) = &mut configuration["webhooks"] else {
                continue;
            };
            // The others are about no pods.
            webhooks.retain(|webhook| !webhook["namespaceSelector"]["matchLabels"].is_null());
            for webhook in webhooks {
                webhook["namespaceSelector"]["matchLabels"] = json!({LABEL: self.name()});
                webhook["failurePolicy"] = json!("Fail");
                webhook["timeoutSeconds"] = json!(30);
                if !matches!(self, Self::Conditions | Self::Shipped | Self::Spared) {
                    webhook["matchConditions"] = json!([]);
                }
            }
        }
        Ok(configurations)
    }
}
