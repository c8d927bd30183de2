//! Whose turn it is: one replica at a time renews, the one that holds the Lease.
//!
//! Two that both believe to hold it do no harm, since every write says what it replaces; the Lease only keeps
//! replicas from doing the same work. So it takes no more than this: no thread of its own, and no trust in anybody's
//! clock.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease as Object;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use serde_json::{Value, json};

/// A Lease, and what is known of who holds it.
pub(super) struct Lease {
    /// Read as it is: a time that no clock shows must not keep it from being taken.
    api: Api<DynamicObject>,
    name: String,
    identity: String,
    /// What its holder wrote last, and when that was seen first.
    seen: Option<(Value, Instant)>,
}

impl Lease {
    pub(super) fn new(client: Client, namespace: &str, name: &str) -> Self {
        // A container's is its pod's name. One that is started anew waits for its own Lease like anybody else.
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "berth".to_owned());
        let random = RandomState::new().hash_one(std::process::id());
        Self {
            api: Api::namespaced_with(client, namespace, &ApiResource::erase::<Object>(&())),
            name: name.to_owned(),
            identity: format!("{host}_{random:016x}"),
            seen: None,
        }
    }

    /// Whether this replica holds the Lease, which it does if nobody else has renewed it three times in a row. To be
    /// asked this often.
    pub(super) async fn hold(&mut self, every: Duration) -> kube::Result<bool> {
        let patience = every.saturating_mul(3);
        let mut object = self.api.get(&self.name).await?;
        let spec = object.data["spec"].take();
        let holder = spec["holderIdentity"].as_str().unwrap_or_default();
        let is_own = holder == self.identity;
        if !holder.is_empty() && !is_own {
            let first_seen = match &self.seen {
                Some((seen, at)) if *seen == spec => *at,
                _ => {
                    let now = Instant::now();
                    self.seen = Some((spec.clone(), now));
                    now
                }
            };
            if first_seen.elapsed() < patience {
                return Ok(false);
            }
        }
        let now = json!(MicroTime(Timestamp::now()));
        let changes = spec["leaseTransitions"].as_i64().unwrap_or_default();
        let changes = changes.saturating_add(i64::from(!is_own));
        object.data["spec"] = json!({
            "holderIdentity": self.identity,
            "acquireTime": if is_own { &spec["acquireTime"] } else { &now },
            "renewTime": now,
            "leaseDurationSeconds": i32::try_from(patience.as_secs().max(1)).unwrap_or(i32::MAX),
            "leaseTransitions": i32::try_from(changes).unwrap_or(i32::MAX),
        });
        // With the version that was read, so that of several who try at once one succeeds.
        let params = PostParams::default();
        match self.api.replace(&self.name, &params, &object).await {
            Ok(_) => {
                if !is_own {
                    tracing::info!(lease = self.name, "looks after the certificate from now on");
                }
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }
}
