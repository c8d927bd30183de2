//! Follows a cluster, and makes snapshots of its node pools, its namespaces' labels and its `PlacementPolicy`.
//!
//! ```text
//!  NodePools ───────┐
//!  Namespaces ──────┼─feed─▶ View ─▶ Snapshot ─▶ every decision
//!  PlacementPolicy ─┘             └▶ status ─▶ the PlacementPolicy
//! ```
//!
//! While the API server does not answer, the last snapshot stays in force, and the metrics show its age. berth asks
//! again after any failure, a refusal included, with growing pauses. So it finds a right or a resource that is added
//! later.

mod availability;
mod feed;
mod listing;
mod misspelt;
mod news;
mod status;
mod update;
mod view;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use futures_util::StreamExt;
use futures_util::stream::select_all;
use kube::{Client, Config};
use tokio::sync::{oneshot, watch};

use crate::metrics::Metrics;
use crate::metrics::watching::Watched;
use crate::placement::{Given, Snapshot};
use feed::{Feed, feed, namespaces, node_pools, policies};
use view::View;

/// The most changes that become one snapshot because they arrive together.
const BATCH: usize = 1024;

/// A cluster to follow, with a client for each kind of object.
pub struct Cluster {
    feeds: Vec<Feed>,
    view: View,
    client: Client,
    metrics: Arc<Metrics>,
}

impl Cluster {
    /// Prepares to follow a cluster, and sends no request yet. `given` is the policy and the node pools of the flags.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn new(
        config: &Config,
        given: Given,
        own_namespace: Option<Arc<str>>,
        metrics: Arc<Metrics>,
    ) -> kube::Result<Self> {
        let mut feeds = vec![
            feed(config, Watched::NodePools, &metrics, node_pools())?,
            feed(config, Watched::Namespaces, &metrics, namespaces())?,
        ];
        // berth needs the cluster's policy only if no flag gives one.
        if given.policy.is_none() {
            feeds.push(feed(config, Watched::Policies, &metrics, policies())?);
        }
        Ok(Self {
            feeds,
            view: View::new(given, own_namespace),
            client: Client::try_from(config.clone())?,
            metrics,
        })
    }

    /// Publishes a snapshot after every change, for as long as it is polled. Sends to `listed` after the first.
    pub async fn follow(
        self,
        snapshots: Arc<ArcSwapOption<Snapshot>>,
        listed: oneshot::Sender<()>,
    ) {
        let Self {
            feeds,
            mut view,
            client,
            metrics,
        } = self;
        let (judgements, newest) = watch::channel(None);
        let mut listed = Some(listed);
        let mut updates = select_all(feeds).ready_chunks(BATCH);
        let publish = async {
            while let Some(batch) = updates.next().await {
                for update in batch {
                    view.take(update);
                }
                let Some(news) = view.news() else { continue };
                news.report(&metrics);
                if let Some(snapshot) = news.snapshot {
                    snapshots.store(Some(Arc::new(snapshot)));
                    if let Some(listed) = listed.take() {
                        // A process that is ending has dropped the receiver.
                        let _ = listed.send(());
                    }
                }
                if let Some(assessment) = news.assessment {
                    judgements.send_replace(assessment.judgement);
                }
            }
        };
        tokio::join!(publish, status::write(client, newest, &metrics));
    }
}
