//! Blocks of requests: clients that create the same pod again and again for a while, as a dry run.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::api::{Api, collection};
use crate::harness::cluster::Cluster;

/// The request that creates a pod without storing it.
#[derive(Clone)]
pub(super) struct Create {
    path: String,
    json: Bytes,
}

impl Create {
    pub(super) fn new(pod: &Value) -> Self {
        Self {
            path: format!("{}?dryRun=All", collection(pod)),
            json: pod.to_string().into(),
        }
    }

    async fn once(&self, api: &Api) -> anyhow::Result<Duration> {
        api.time(&self.path, self.json.clone()).await
    }

    /// Creates the pod for a while, once at least. The first request, which may wait for a connection, is not counted.
    async fn repeat(self, api: Api, lasting: Duration) -> Block {
        let mut block = Block::default();
        let _ = self.once(&api).await;
        let begin = Instant::now();
        while block.requests() == 0 || begin.elapsed() < lasting {
            match self.once(&api).await {
                Ok(took) => block.took.push(took),
                Err(error) => block.failures.push(format!("{error:#}")),
            }
        }
        block
    }
}

/// The outcome of a block.
#[derive(Default)]
pub(super) struct Block {
    /// The times that the requests took that succeeded.
    pub(super) took: Vec<Duration>,
    /// The errors of the others.
    pub(super) failures: Vec<String>,
}

impl Block {
    /// Returns the number of requests.
    pub(super) fn requests(&self) -> usize {
        self.took.len() + self.failures.len()
    }
}

/// Clients that each have a connection of their own, and send a request when the one before is answered.
pub(super) struct Clients(Vec<Api>);

impl Clients {
    pub(super) async fn connect(cluster: &Cluster, number: usize) -> anyhow::Result<Self> {
        let mut clients = Vec::with_capacity(number);
        for _ in 0..number {
            clients.push(Api::by(&cluster.kubeconfig()).await?);
        }
        Ok(Self(clients))
    }

    /// Returns the number of clients.
    pub(super) fn number(&self) -> usize {
        self.0.len()
    }

    /// Has all clients create a pod for a while.
    pub(super) async fn create(&self, create: &Create, lasting: Duration) -> anyhow::Result<Block> {
        let mut tasks = JoinSet::new();
        for api in &self.0 {
            tasks.spawn(create.clone().repeat(api.clone(), lasting));
        }
        let mut block = Block::default();
        while let Some(of_one) = tasks.join_next().await {
            let mut of_one = of_one?;
            block.took.append(&mut of_one.took);
            block.failures.append(&mut of_one.failures);
        }
        Ok(block)
    }
}
