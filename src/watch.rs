//! Follows a cluster: its node pools, its namespaces' labels and its `PlacementPolicy` become snapshots.
//!
//! ```text
//!  NodePools ───────┐
//!  Namespaces ──────┼─feed─▶ View ─▶ Snapshot ─▶ whoever decides
//!  PlacementPolicy ─┘             └▶ status ─▶ the PlacementPolicy
//! ```
//!
//! A lost API server changes nothing: the last snapshot stays in force, and the metrics tell its age. The API server is
//! asked again with growing pauses, whatever it answered before, so that a right or a resource that it lacks today is
//! found tomorrow.

mod availability;
mod feed;
mod listing;
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

/// Changes that arrive together become one snapshot, up to this many.
const BATCH: usize = 1024;

/// A cluster to follow.
pub struct Cluster {
    feeds: Vec<Feed>,
    view: View,
    client: Client,
    metrics: Arc<Metrics>,
}

impl Cluster {
    /// A cluster, and what is known without it. Nothing is asked of the API server yet.
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
        // The flag's comes first, whatever the cluster has.
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

    /// Publishes a snapshot after every change, for as long as it is polled. `listed` hears of the first.
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
                    // Nobody listens any more where the process is ending.
                    listed.take().map(|listed| listed.send(()));
                }
                if news.of_policy {
                    judgements.send_replace(news.judgement);
                }
            }
        };
        tokio::join!(publish, status::write(client, newest, &metrics));
    }
}
