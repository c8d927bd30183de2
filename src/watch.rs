//! Follows a cluster, and makes snapshots of its node pools, its namespaces' labels and its `PlacementPolicy`.
//!
//! ```text
//!  NodePools ───────┐
//!  Namespaces ──────┼─feed─▶ View ─▶ Snapshot ─▶ every decision
//!  PlacementPolicy ─┘             └▶ status ─▶ the PlacementPolicy
//!  pods of split pools ─feed─▶ Ledger ─▶ the side of every new pod
//! ```
//!
//! While the API server does not answer, the last snapshot stays in force, and the metrics show its age. berth asks
//! again after any failure, a refusal included, with growing pauses. So it finds a right or a resource that is added
//! later.

mod availability;
mod batches;
mod contact;
mod feed;
mod history;
mod kinds;
mod listing;
mod misspelt;
mod newest;
mod news;
mod object;
mod pods;
mod status;
mod update;
mod view;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use futures_util::stream::select_all;
use kube::{Client, Config};
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};

use crate::metrics::Metrics;
use crate::metrics::watching::Watched;
use crate::placement::{Given, Snapshot};
use crate::policy::Policy;
use crate::split::Ledger;
use batches::Batches;
use feed::{Feed, feed};
use kinds::{namespaces, node_pools, policies};
use news::{Judgement, News};
use pods::Counting;
use update::Update;
use view::View;

/// A cluster to follow, with a client for each kind of object.
pub struct Cluster {
    config: Config,
    feeds: Vec<Feed<Update>>,
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
            config: config.clone(),
            feeds,
            view: View::new(given, own_namespace),
            client: Client::try_from(config.clone())?,
            metrics,
        })
    }

    /// Publishes a snapshot after every change, and counts the pods of split pools in the ledger, for ever. Sends to
    /// `listed` once there is all that decisions need.
    ///
    /// It takes a thread for itself, which sleeps between two snapshots.
    ///
    /// # Errors
    /// When the thread cannot wait for the network.
    pub fn follow(
        self,
        snapshots: Arc<ArcSwapOption<Snapshot>>,
        ledger: Arc<Ledger>,
        listed: oneshot::Sender<()>,
    ) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.run(snapshots, ledger, listed));
        Ok(())
    }

    async fn run(
        self,
        snapshots: Arc<ArcSwapOption<Snapshot>>,
        ledger: Arc<Ledger>,
        listed: oneshot::Sender<()>,
    ) {
        let Self {
            config,
            feeds,
            view,
            client,
            metrics,
        } = self;
        let (judgements, newest) = watch::channel(None);
        let (policies, policy) = watch::channel(None);
        let (answered, pods_answered) = watch::channel(false);
        let publishing = Publishing {
            snapshots,
            policies,
            judgements,
            metrics: &metrics,
        };
        let counting = Counting {
            config,
            ledger,
            metrics: Arc::clone(&metrics),
            policy: policy.clone(),
            answered,
        };
        let count = async {
            if let Err(error) = counting.run().await {
                tracing::error!(%error, "cannot count the pods of split pools");
            }
        };
        tokio::join!(
            publishing.run(feeds, view),
            count,
            tell(policy, pods_answered, listed),
            status::write(client, newest, &metrics),
        );
    }
}

/// Sends to `listed` once there is a snapshot, and an answer about pods if its policy has a split.
async fn tell(
    mut policy: watch::Receiver<Option<Arc<Policy>>>,
    mut answered: watch::Receiver<bool>,
    listed: oneshot::Sender<()>,
) {
    let has_split = match policy.wait_for(Option::is_some).await {
        Ok(policy) => policy.as_ref().is_some_and(|policy| policy.has_split()),
        Err(_) => return,
    };
    if has_split && answered.wait_for(|answered| *answered).await.is_err() {
        return;
    }
    // A process that is ending has dropped the receiver.
    let _ = listed.send(());
}

/// Those who need to know of a change.
struct Publishing<'m> {
    snapshots: Arc<ArcSwapOption<Snapshot>>,
    policies: watch::Sender<Option<Arc<Policy>>>,
    judgements: watch::Sender<Option<Judgement>>,
    metrics: &'m Metrics,
}

impl Publishing<'_> {
    /// Publishes a snapshot after every change, for ever.
    async fn run(self, feeds: Vec<Feed<Update>>, mut view: View) {
        let mut updates = Batches::new(select_all(feeds));
        while let Some(batch) = updates.next().await {
            for update in batch {
                view.take(update);
            }
            if let Some(news) = view.news() {
                self.publish(news);
            }
            // A list of many pages is not held up.
            if !view.is_listing() {
                updates.rest();
            }
        }
    }

    fn publish(&self, news: News) {
        news.report(self.metrics);
        if let Some(snapshot) = news.snapshot {
            let policy = Arc::clone(&snapshot.policy);
            self.snapshots.store(Some(Arc::new(snapshot)));
            self.policies.send_if_modified(|known| {
                let is_new = known
                    .as_ref()
                    .is_none_or(|known| !Arc::ptr_eq(known, &policy));
                if is_new {
                    *known = Some(policy);
                }
                is_new
            });
        }
        if let Some(assessment) = news.assessment {
            self.judgements.send_replace(assessment.judgement);
        }
    }
}
