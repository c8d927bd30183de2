//! The listeners inside the test's own process, in states and with limits that no flag gives them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwapOption;
use berth::metrics::{Metrics, Socket};
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy};
use berth::server::Limits;
use berth::server::connection::Listener;
use berth::server::last_hour::LastHour;
use berth::server::lifecycle::{Lifecycle, Phase};
use berth::server::ops::Ops;
use berth::server::webhook::Webhook;
use berth::tls::{Certificates, server_config};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::client::Client;

/// A listener that serves until it is dropped.
pub(crate) struct InProcess {
    pub(crate) address: SocketAddr,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) metrics: Arc<Metrics>,
    thread: Option<JoinHandle<()>>,
}

impl InProcess {
    /// Starts the webhook, and serves.
    pub(crate) fn start(limits: Limits) -> Self {
        let (policy, _) = embedded_policy().unwrap();
        let snapshot = Snapshot::new(policy, embedded_node_pools().unwrap()).unwrap();
        let snapshot = Arc::new(ArcSwapOption::from_pointee(snapshot));
        let tls = server_config(certificates());
        let listener = Self::listen(|lifecycle, metrics| Listener {
            socket: Socket::Webhook,
            router: Webhook::new(
                snapshot,
                Arc::default(),
                Arc::clone(&metrics),
                limits.clone(),
            )
            .router(),
            tls: Some(Arc::new(tls)),
            limits,
            metrics,
            phase: lifecycle.subscribe(),
            until: Phase::Closing,
        });
        listener.lifecycle.enter(Phase::Serving);
        listener
    }

    /// Starts the ops listener of a process that has only just started.
    pub(crate) fn starting() -> Self {
        Self::listen(|lifecycle, metrics| {
            let ops = Ops {
                phase: lifecycle.subscribe(),
                certificates: certificates(),
                metrics: Arc::clone(&metrics),
                last_hour: Arc::new(LastHour::new(Arc::clone(&metrics))),
            };
            Listener {
                socket: Socket::Ops,
                router: ops.router(),
                tls: None,
                limits: Limits::ops(),
                metrics,
                phase: lifecycle.subscribe(),
                until: Phase::Over,
            }
        })
    }

    fn listen(listener: impl FnOnce(&Lifecycle, Arc<Metrics>) -> Listener) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let socket = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = socket.local_addr().unwrap();
        let (lifecycle, metrics) = (Lifecycle::default(), Arc::new(Metrics::default()));
        let listener = listener(&lifecycle, Arc::clone(&metrics));
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

impl Drop for InProcess {
    fn drop(&mut self) {
        self.lifecycle.enter(Phase::Over);
        self.thread.take().map(JoinHandle::join);
    }
}

fn certificates() -> Arc<Certificates> {
    Arc::new(Certificates::self_signed().unwrap())
}
