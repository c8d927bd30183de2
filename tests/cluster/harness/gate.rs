//! A gate in front of the API server, which the tests cut and close.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A port whose connections lead to another one. Dropping it cuts them and closes the port.
pub(crate) struct Gate {
    address: SocketAddr,
    state: watch::Sender<State>,
    opened: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// A connection lives until the state changes.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    is_closed: bool,
}

impl Gate {
    /// Opens a gate to an address.
    pub(crate) async fn to(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (state, current) = watch::channel(State::default());
        let opened = Arc::<AtomicUsize>::default();
        let accepting = tokio::spawn(accept(listener, target, current, Arc::clone(&opened)));
        Ok(Self {
            address,
            state,
            opened,
            accepting,
        })
    }

    /// Returns the address of its port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections. New ones are taken at once.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|_| {});
    }

    /// Cuts all connections, and new ones as soon as they are opened.
    pub(crate) fn close(&self) {
        self.state.send_modify(|state| state.is_closed = true);
    }

    /// Takes connections again.
    pub(crate) fn open(&self) {
        self.state.send_modify(|state| state.is_closed = false);
    }

    /// Returns the number of connections that it has taken.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    current: watch::Receiver<State>,
    opened: Arc<AtomicUsize>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let mut state = current.clone();
        if !state.borrow_and_update().is_closed {
            opened.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                tokio::select! {
                    () = lead(client, target) => {}
                    // It fails once the gate is gone.
                    _ = state.changed() => {}
                }
            });
        }
    }
}

/// Passes everything on until one side ends or fails.
async fn lead(mut client: TcpStream, target: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
