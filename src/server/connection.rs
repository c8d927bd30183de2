//! Accepting connections, and seeing each one through to its end.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::Limits;
use super::linger::Lingering;
use super::shutdown::{Phase, reached};
use crate::metrics::{ConnectionRefusal, Metrics, Socket};

/// A connection's read buffer grows no further; it bounds the head of a request too.
const BUFFER: usize = 64 * 1024;

/// What serves the connections of one socket.
#[derive(Debug)]
pub struct Listener {
    /// Which socket it is.
    pub socket: Socket,
    /// What answers.
    pub router: Router,
    /// TLS, where there is any.
    pub tls: Option<Arc<ServerConfig>>,
    /// The bounds.
    pub limits: Limits,
    /// Where connections are counted.
    pub metrics: Arc<Metrics>,
    /// The phase of the process.
    pub phase: watch::Receiver<Phase>,
    /// The phase in which it closes.
    pub until: Phase,
}

impl Listener {
    /// Accepts connections until the phase to close in, then finishes those that there are.
    pub async fn run(self, listener: TcpListener) {
        let this = Arc::new(self);
        let mut connections = JoinSet::new();
        let mut phase = this.phase.clone();
        let mut closing = pin!(reached(&mut phase, this.until));
        loop {
            tokio::select! {
                () = &mut closing => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => this.admit(stream, &mut connections),
                    Err(error) => this.pause(&error).await,
                },
            }
        }
        drop(listener);
        let finished = async { while connections.join_next().await.is_some() {} };
        if timeout(this.limits.finish, finished).await.is_err() {
            let socket = this.socket.as_str();
            tracing::warn!(socket, "gave up connections that did not finish in time");
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, connections: &mut JoinSet<()>) {
        while connections.try_join_next().is_some() {}
        if connections.len() < self.limits.connections {
            connections.spawn(Arc::clone(self).connection(stream));
        } else {
            self.metrics
                .connection_refused(self.socket, ConnectionRefusal::Limit);
        }
    }

    /// A connection that broke before it was accepted is none of ours; too many open files pass.
    async fn pause(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::ConnectionAborted {
            tracing::error!(socket = self.socket.as_str(), %error, "cannot accept connections");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let _open = self.metrics.connection(self.socket);
        // Else the first answer of a connection can wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let stream = Lingering::new(stream);
        let Some(tls) = &self.tls else {
            return self.serve(stream).await;
        };
        let accepted = TlsAcceptor::from(Arc::clone(tls)).accept(stream);
        match timeout(self.limits.handshake, accepted).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => {
                self.metrics
                    .connection_refused(self.socket, ConnectionRefusal::Handshake);
                tracing::debug!(%error, "TLS handshake failed");
            }
            Err(_) => self
                .metrics
                .connection_refused(self.socket, ConnectionRefusal::Timeout),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        let opened = Instant::now();
        let lifetime = jittered(self.limits.lifetime);
        let begun = AtomicU32::new(0);
        let service = service_fn(|request| {
            let number = begun.fetch_add(1, Ordering::Relaxed) + 1;
            self.answer(request, number, opened + lifetime)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // To hyper this is the bound on idleness too, and it must not undercut the API server's (R5.18).
            .header_read_timeout(self.limits.idle)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut phase = self.phase.clone();
        let mut closing = pin!(reached(&mut phase, self.until));
        let mut told = false;
        let mut deadline = pin!(sleep_until(opened + self.limits.first_head));
        let mut first = true;
        loop {
            tokio::select! {
                // Whatever broke, the client has seen; the requests that it got through are counted.
                _ = connection.as_mut() => return,
                () = &mut closing, if !told => {
                    told = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = &mut deadline => {
                    if begun.load(Ordering::Relaxed) == 0 {
                        self.metrics.connection_refused(self.socket, ConnectionRefusal::Timeout);
                    }
                    if !first || begun.load(Ordering::Relaxed) == 0 {
                        return;
                    }
                    first = false;
                    deadline.as_mut().reset(opened + self.longest(lifetime));
                }
            }
        }
    }

    /// No connection lasts longer, unless its client takes no answers any more: the last request before the end of its
    /// lifetime may be followed by one more after an idle time.
    fn longest(&self, lifetime: Duration) -> Duration {
        self.limits.first_head + lifetime + self.limits.idle + 2 * self.limits.request_time
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        number: u32,
        end_of_life: Instant,
    ) -> Result<Response, Infallible> {
        let mut response = TowerToHyperService::new(self.router.clone())
            .call(request)
            .await?;
        // A client that is told before the close loses nothing by it (R5.17).
        let is_last = number >= self.limits.requests
            || *self.phase.borrow() >= Phase::Draining
            || Instant::now() >= end_of_life;
        if is_last {
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

/// A duration, give or take a fifth, so that connections which were opened together do not end together.
fn jittered(duration: Duration) -> Duration {
    // Every `RandomState` has keys of its own. That is random enough here.
    let random = RandomState::new().hash_one(0_u8) % 401;
    let thousandths = 800 + random as u32;
    duration / 1000 * thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_a_fifth() {
        let minute = Duration::from_mins(1);
        let (low, high) = (Duration::from_secs(48), Duration::from_secs(72));
        let drawn: Vec<Duration> = (0..100).map(|_| jittered(minute)).collect();
        assert!(drawn.iter().all(|it| (low..=high).contains(it)));
        assert!(drawn.iter().any(|it| *it != drawn[0]));
    }
}
