//! One address in front of several replicas, as a Service is: each connection goes to the next replica that takes it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The address. It is given up with this.
pub(crate) struct Front {
    address: SocketAddr,
    accepts: JoinHandle<()>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl Front {
    /// Takes an address in front of these replicas.
    pub(crate) async fn of(replicas: Vec<SocketAddr>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let replicas: Arc<[SocketAddr]> = replicas.into();
        let connections: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let all = Arc::clone(&connections);
        let accepts = tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let connection = forward(stream, Arc::clone(&replicas), turn);
                turn += 1;
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.spawn(connection);
            }
        });
        Ok(Self {
            address,
            accepts,
            connections,
        })
    }

    /// Returns the URL at which the API server reaches the replicas.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Ends all connections, so that the next call goes to the next replica. There must be none under way.
    pub(crate) fn disconnect(&self) {
        let connections = self.connections.lock();
        connections
            .unwrap_or_else(PoisonError::into_inner)
            .abort_all();
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepts.abort();
        self.disconnect();
    }
}

async fn forward(mut stream: TcpStream, replicas: Arc<[SocketAddr]>, first: usize) {
    for offset in 0..replicas.len() {
        let replica = replicas[(first + offset) % replicas.len()];
        if let Ok(mut connection) = TcpStream::connect(replica).await {
            // A replica that is killed ends the connection, which is all that the caller needs to know.
            let _ = copy_bidirectional(&mut stream, &mut connection).await;
            return;
        }
    }
}
