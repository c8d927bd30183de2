//! Whose turn it is: one replica at a time renews, the one that holds the Lease.
//!
//! Two that both believe to hold it do no harm, since every write says what it replaces; the Lease only keeps replicas from
//! doing the same work. So it takes no more than this: no thread of its own, and no trust in anybody's clock.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease as Object, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, PostParams};

/// A Lease, and what is known of who holds it.
pub(super) struct Lease {
    api: Api<Object>,
    name: String,
    identity: String,
    /// The version of the object that was seen last, and when it was seen first.
    seen: Option<(String, Instant)>,
}

impl Lease {
    pub(super) fn new(client: Client, namespace: &str, name: &str) -> Self {
        // A container's is its pod's name. One that is started anew waits for its own Lease like anybody else.
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "berth".to_owned());
        let random = RandomState::new().hash_one(std::process::id());
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity: format!("{host}_{random:016x}"),
            seen: None,
        }
    }

    /// Whether this replica holds the Lease, which it does if nobody else has renewed it three times in a row. To be asked
    /// this often.
    pub(super) async fn hold(&mut self, every: Duration) -> kube::Result<bool> {
        let patience = every.saturating_mul(3);
        let mut object = self.api.get(&self.name).await?;
        let version = object.metadata.resource_version.clone().unwrap_or_default();
        let spec = object.spec.take().unwrap_or_default();
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty());
        let is_own = holder.as_deref() == Some(&self.identity);
        if holder.is_some() && !is_own {
            let first_seen = match &self.seen {
                Some((seen, at)) if *seen == version => *at,
                _ => {
                    let now = Instant::now();
                    self.seen = Some((version, now));
                    now
                }
            };
            if first_seen.elapsed() < patience {
                return Ok(false);
            }
        }
        let now = Some(MicroTime(Timestamp::now()));
        let changes = spec.lease_transitions.unwrap_or(0);
        object.spec = Some(LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            acquire_time: if is_own {
                spec.acquire_time
            } else {
                now.clone()
            },
            renew_time: now,
            lease_duration_seconds: Some(
                i32::try_from(patience.as_secs().max(1)).unwrap_or(i32::MAX),
            ),
            lease_transitions: Some(changes.saturating_add(i32::from(!is_own))),
            ..LeaseSpec::default()
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
