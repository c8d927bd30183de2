//! The connections of one socket, from their acceptance to their end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
use tokio::task::{Id, JoinError, JoinSet, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::lifecycle::{Phase, reached};
use super::limits::Limits;
use super::linger::Lingering;
use super::occupancy::{Activity, Occupancy};
use crate::metrics::{ConnectionRefusal, Metrics, Socket};

/// The bytes that the read buffer of a connection grows to; they bound the head of a request too.
const BUFFER: usize = 64 * 1024;

/// The time, give or take a fifth, that a connection has for another request once its listener has closed.
const LAST_CALL: Duration = Duration::from_millis(200);

/// The server of one socket's connections.
#[derive(Debug)]
pub struct Listener {
    /// The socket, for metrics and logs.
    pub socket: Socket,
    /// The endpoints that answer.
    pub router: Router,
    /// The TLS configuration, or `None` for plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// The bounds on connections and requests.
    pub limits: Limits,
    /// The metrics that count the connections.
    pub metrics: Arc<Metrics>,
    /// The phase of the process, as it changes.
    pub phase: watch::Receiver<Phase>,
    /// The phase in which the listener closes.
    pub until: Phase,
}

/// The room for a connection.
#[derive(PartialEq, Eq)]
enum Room {
    Free,
    /// Another connection went for it.
    Made,
    Missing,
}

impl Listener {
    /// Accepts connections until the phase to close in, then waits for the open ones to finish.
    pub async fn run(self, listener: TcpListener) {
        let this = Arc::new(self);
        let mut connections = JoinSet::new();
        let mut occupancy = Occupancy::default();
        let mut phase = this.phase.clone();
        let mut closing = pin!(reached(&mut phase, this.until));
        loop {
            tokio::select! {
                () = &mut closing => break,
                Some(ended) = connections.join_next_with_id() => occupancy.leave(id(&ended)),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        if this.admit(stream, peer.ip(), &mut connections, &mut occupancy) == Room::Made {
                            // The socket of whoever went closes only now. Otherwise a flood would take more open
                            // files than there are connections, and the thread for itself.
                            yield_now().await;
                        }
                    }
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

    /// Takes a connection in. Where there is no room, another goes for it, or it is refused.
    fn admit(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        connections: &mut JoinSet<()>,
        occupancy: &mut Occupancy,
    ) -> Room {
        let mut room = Room::Free;
        while let Some(ended) = connections.try_join_next_with_id() {
            occupancy.leave(id(&ended));
        }
        if occupancy.len() >= self.limits.connections {
            self.metrics
                .connection_refused(self.socket, ConnectionRefusal::Limit);
            if !occupancy.make_room(peer) {
                return Room::Missing;
            }
            room = Room::Made;
        }
        let activity = Arc::new(Activity::default());
        let connection = Arc::clone(self).connection(stream, Arc::clone(&activity));
        occupancy.enter(peer, activity, connections.spawn(connection));
        room
    }

    /// Waits after a failure to accept, such as too many open files. A connection that broke before berth accepted it
    /// is no failure.
    async fn pause(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::ConnectionAborted {
            tracing::error!(socket = self.socket.as_str(), %error, "cannot accept connections");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, activity: Arc<Activity>) {
        let _open = self.metrics.connection(self.socket);
        // With the delay, the first answer of a connection can wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let stream = Lingering::new(stream, self.limits.linger);
        let Some(tls) = &self.tls else {
            return self.serve(stream, &activity).await;
        };
        let accepted = TlsAcceptor::from(Arc::clone(tls)).accept(stream);
        match timeout(self.limits.handshake, accepted).await {
            Ok(Ok(stream)) => self.serve(stream, &activity).await,
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

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, activity: &Activity) {
        let opened = Instant::now();
        let lifetime = jittered(self.limits.lifetime);
        let begun = AtomicU32::new(0);
        let has_had_its_turn = AtomicBool::new(false);
        let service = service_fn(|request| {
            let number = begun.fetch_add(1, Ordering::Relaxed) + 1;
            let has_had_its_turn = &has_had_its_turn;
            activity.begins();
            async move {
                // Requests that arrive together, as no API server sends them, let those of other connections go between.
                if has_had_its_turn.swap(true, Ordering::Relaxed) {
                    yield_now().await;
                    has_had_its_turn.store(true, Ordering::Relaxed);
                }
                let answer = self.answer(request, number, opened + lifetime).await;
                activity.ends();
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // hyper applies this bound to idle connections too, so it must not undercut the API server's (R5.18).
            .header_read_timeout(self.limits.idle)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut last_call = pin!(self.last_call());
        let mut is_asked_to_close = false;
        let mut deadline = pin!(sleep_until(opened + self.limits.first_head));
        let mut is_first_deadline = true;
        loop {
            tokio::select! {
                // In this order: a deadline holds however busy the connection is, and a request that has arrived counts
                // before the end of the last call.
                biased;
                () = &mut deadline => {
                    if begun.load(Ordering::Relaxed) == 0 {
                        self.metrics.connection_refused(self.socket, ConnectionRefusal::Timeout);
                    }
                    if !is_first_deadline || begun.load(Ordering::Relaxed) == 0 {
                        return;
                    }
                    is_first_deadline = false;
                    deadline.as_mut().reset(opened + self.longest(lifetime));
                }
                // The client has seen any failure itself, and every request that arrived is counted.
                _ = poll_fn(|context| {
                    has_had_its_turn.store(false, Ordering::Relaxed);
                    connection.as_mut().poll(context)
                }) => return,
                () = &mut last_call, if !is_asked_to_close => {
                    is_asked_to_close = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Waits until the listener has closed and a moment has passed.
    ///
    /// A client may be sending a request on the connection that it has kept, or has just finished its handshake. Whoever
    /// closes at once drops that request unread, and an API server does not send it again. And connections that all end
    /// at once hold one another up.
    async fn last_call(&self) {
        reached(&mut self.phase.clone(), self.until).await;
        sleep(jittered(LAST_CALL)).await;
    }

    /// Returns the age at which a connection is cut off. Only a client that takes no answers any more gets there: the
    /// last request within the lifetime can be followed by an idle time and one more request.
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
        // A client that knows of the close beforehand loses no request (R5.17).
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

/// Returns the id of a task that has ended.
fn id(ended: &Result<(Id, ()), JoinError>) -> Id {
    match ended {
        Ok((id, ())) => *id,
        Err(error) => error.id(),
    }
}

/// Returns a duration, give or take a fifth, so that connections which open together do not end together.
fn jittered(duration: Duration) -> Duration {
    // Every `RandomState` has keys of its own, which is random enough here.
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
