//! The webhook inside the test's own process, with limits that no flag makes so small.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use berth::metrics::{Metrics, Socket};
use berth::placement::snapshot::{Snapshot, embedded_node_pools, embedded_policy};
use berth::server::Limits;
use berth::server::certificates::Certificates;
use berth::server::connection::Listener;
use berth::server::shutdown::{Lifecycle, Phase};
use berth::server::tls::server_config;
use berth::server::webhook::Webhook;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::client::Client;

/// The webhook, until dropped.
pub(crate) struct Small {
    pub(crate) address: SocketAddr,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) metrics: Arc<Metrics>,
    thread: Option<JoinHandle<()>>,
}

impl Small {
    pub(crate) fn start(limits: Limits) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let socket = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = socket.local_addr().unwrap();
        let (policy, _) = embedded_policy().unwrap();
        let snapshot = Snapshot::new(policy, embedded_node_pools().unwrap()).unwrap();
        let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
        let metrics = Arc::new(Metrics::default());
        let lifecycle = Lifecycle::default();
        lifecycle.enter(Phase::Serving);
        let certificates = Arc::new(Certificates::self_signed().unwrap());
        let listener = Listener {
            socket: Socket::Webhook,
            router: Webhook::new(snapshot, Arc::clone(&metrics), limits.clone()).router(),
            tls: Some(Arc::new(server_config(certificates, None).unwrap())),
            limits,
            metrics: Arc::clone(&metrics),
            phase: lifecycle.subscribe(),
            until: Phase::Closing,
        };
        let thread = std::thread::spawn(move || runtime.block_on(listener.run(socket)));
        Self {
            address,
            lifecycle,
            metrics,
            thread: Some(thread),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::trusting(self.address)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        self.lifecycle.enter(Phase::Closing);
        self.thread.take().map(JoinHandle::join);
    }
}
