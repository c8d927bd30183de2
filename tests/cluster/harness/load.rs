//! Pods created one after another while something happens to berth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

use super::api::{Api, Persist, text};
use super::cluster::Cluster;
use super::eventually;
use super::scene::pod;

/// The number of pods that are created at once.
const CLIENTS: usize = 4;

/// The counts of the pods so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Report {
    /// Pods that were created and placed.
    pub(crate) placed: usize,
    /// Pods that were created but not placed.
    pub(crate) unplaced: usize,
    /// The messages with which the API server refused pods.
    pub(crate) refused: Vec<String>,
}

/// Clients that create pods until they are stopped. The pods are not stored: only admission is under load.
pub(crate) struct Load {
    state: Arc<State>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct State {
    stop: AtomicBool,
    report: Mutex<Report>,
}

impl State {
    fn add(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Load {
    pub(crate) fn start(cluster: &Cluster, namespace: &str) -> Self {
        let state = Arc::new(State::default());
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let pod = pod(namespace, &format!("load-{number}"));
            let (api, state) = (cluster.api.clone(), Arc::clone(&state));
            clients.spawn(async move {
                while !state.stop.load(Ordering::Relaxed) {
                    create(&api, &pod, &state).await;
                }
            });
        }
        Self { state, clients }
    }

    /// Returns the counts so far.
    pub(crate) fn report(&self) -> Report {
        let report = self.state.report.lock();
        report.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the report has changed in this way since now.
    pub(crate) async fn until(
        &self,
        what: &str,
        reached: impl Fn(&Report, &Report) -> bool,
    ) -> anyhow::Result<()> {
        let before = self.report();
        eventually(what, async || {
            Ok(reached(&before, &self.report()).then_some(()))
        })
        .await
    }

    /// Waits until so many more pods have been placed.
    pub(crate) async fn more_placed(&self, pods: usize) -> anyhow::Result<()> {
        let enough = |before: &Report, now: &Report| now.placed >= before.placed + pods;
        self.until("more pods are placed", enough).await
    }

    /// Stops once the requests in flight are answered.
    pub(crate) async fn stop(mut self) -> Report {
        self.state.stop.store(true, Ordering::Relaxed);
        while self.clients.join_next().await.is_some() {}
        self.report()
    }
}

async fn create(api: &Api, pod: &serde_json::Value, state: &State) {
    let reply = match api.create(pod, Persist::DryRun).await {
        Ok(reply) => reply.ok(),
        Err(error) => Err(error),
    };
    state.add(|report| match reply {
        Ok(stored) if text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool").is_empty() => {
            report.unplaced += 1;
        }
        Ok(_) => report.placed += 1,
        Err(error) => report.refused.push(format!("{error:#}")),
    });
}
