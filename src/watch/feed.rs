//! One watch: its own client, its retries, and the part of each object that berth keeps.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::ready;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};
use hyper::{Request, Response};
use kube::client::ClientBuilder;
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, DefaultBackoff, Event};
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use tower::limit::RateLimitLayer;
use tower::util::{MapRequestLayer, MapResponseLayer};

use super::availability::Availability;
use super::contact::Contact;
use super::history::{Resumed, anew};
use super::kinds::WatchSpec;
use super::update::Kept;
use crate::metrics::Metrics;
use crate::metrics::watching::Watched;

/// The seconds that one watch lasts before the next one takes over. They bound how long a silently dead connection goes
/// unnoticed, and so how exact the age of the last contact is in the metrics.
const WATCH_SECONDS: u32 = 60;
/// The time to open a connection. An answer that stays silent this long after [`WATCH_SECONDS`] counts as a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most requests of a watch in a second. A large list needs many. A watch that ends as soon as it has begun is no
/// failure and causes no pause, so this bounds how often it begins again.
const REQUESTS: u64 = 50;

/// The endless stream of a watch's updates.
pub(super) type Feed<U> = BoxStream<'static, U>;

/// Watches the objects of one kind for ever, with a client of its own.
///
/// # Errors
/// When no client can be made of the configuration.
pub(super) fn feed<K, T, U>(
    config: &Config,
    watched: Watched,
    metrics: &Metrics,
    spec: WatchSpec<K, T, U>,
) -> kube::Result<Feed<U>>
where
    K: kube::Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    T: 'static,
    U: 'static,
{
    let WatchSpec {
        api,
        page,
        fields,
        labels,
        read,
        update,
        heard,
    } = spec;
    let contact = Contact::new(watched, metrics.watching.watch(watched), heard);
    let watch = watcher::Config {
        field_selector: fields.clone(),
        label_selector: labels,
        page_size: Some(page),
        ..watcher::Config::default().timeout(WATCH_SECONDS)
    };
    let resumed = Resumed::new();
    let api = api(client(config, &contact, &resumed)?);
    let events = anew(api.clone(), fields, resumed, move || {
        let events = watcher::watcher(api.clone(), watch.clone());
        paced(events, DefaultBackoff::default())
    });
    let updates = events.map(move |event| {
        update(match event {
            Ok(event) => {
                contact.made();
                Ok(reduced(event, read))
            }
            Err(error) => {
                contact.failed(&error);
                Err(availability(&error))
            }
        })
    });
    Ok(updates.boxed())
}

/// Makes the client of one watch, which reports every contact.
///
/// # Errors
/// When no client can be made of the configuration.
fn client(config: &Config, contact: &Contact, resumed: &Resumed) -> kube::Result<Client> {
    let mut config = config.clone();
    config.connect_timeout = Some(PATIENCE);
    // The API server ends a watch before this time is over. For a list there is no other bound.
    config.read_timeout = Some(PATIENCE + Duration::from_secs(WATCH_SECONDS.into()));
    // `paced` makes the pauses between failures.
    config.default_retry = false;
    // Every answer with a status of success counts as contact, since most watches have no event for hours.
    let heard = contact.clone();
    let layer = MapResponseLayer::new(move |response: Response<_>| {
        if response.status().is_success() {
            heard.made();
        }
        response
    });
    let resumed = resumed.clone();
    let note = MapRequestLayer::new(move |request: Request<_>| {
        resumed.note(request.uri());
        request
    });
    Ok(ClientBuilder::try_from(config)?
        .with_layer(&note)
        .with_layer(&layer)
        .with_layer(&RateLimitLayer::new(REQUESTS, Duration::from_secs(1)))
        .build())
}

/// Adds a pause after each failure. The pauses grow until there is an answer.
fn paced<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>>,
    pauses: impl Backoff,
) -> impl Stream<Item = watcher::Result<Event<K>>> {
    // `Init` comes before the request for a list. It is no answer, and would count as one.
    let answers = events.try_filter(|event| ready(!matches!(event, Event::Init)));
    answers.backoff(pauses)
}

/// Reduces the object of an event to the part that berth keeps.
fn reduced<K, T>(event: Event<K>, read: fn(K) -> Kept<T>) -> Event<Kept<T>> {
    match event {
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(read(object)),
        Event::InitDone => Event::InitDone,
        Event::Apply(object) => Event::Apply(read(object)),
        Event::Delete(object) => Event::Delete(read(object)),
    }
}

/// Returns the availability of a resource after a failure, or `None` if the API server has not answered about it.
fn availability(error: &watcher::Error) -> Option<Availability> {
    let (watcher::Error::InitialListFailed(kube::Error::Api(status))
    | watcher::Error::WatchStartFailed(kube::Error::Api(status))) = error
    else {
        return None;
    };
    match status.code {
        404 => Some(Availability::Absent),
        401 | 403 => Some(Availability::Forbidden),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use futures_util::stream;

    use super::*;
    use crate::watch::kinds::node_pools;
    use crate::watch::update::Update;

    /// Pauses that take no time, with their number since the last answer.
    #[derive(Clone, Default)]
    struct Pauses(Arc<AtomicUsize>);

    impl Iterator for Pauses {
        type Item = Duration;

        fn next(&mut self) -> Option<Duration> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(Duration::ZERO)
        }
    }

    impl Backoff for Pauses {
        fn reset(&mut self) {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn pauses_grow_until_there_is_an_answer() {
        let failure = || Err(watcher::Error::NoResourceVersion);
        let lists = || [Ok(Event::Init), failure()];
        let failing = [lists(), lists(), lists()].into_iter().flatten();
        let answered = [Ok(Event::Init), Ok(Event::InitApply(())), failure()];
        let pauses = Pauses::default();
        let events = paced(
            stream::iter(failing.chain(answered)).boxed(),
            pauses.clone(),
        );
        let told: Vec<_> = events
            .map(|event| (event.is_ok(), pauses.0.load(Ordering::Relaxed)))
            .collect()
            .await;
        let expected = [(false, 1), (false, 2), (false, 3), (true, 0), (false, 1)];
        assert_eq!(told, expected);
    }

    /// Answers the requests of a connection: there are no objects, and each watch ends as soon as it has begun.
    fn answer(connection: TcpStream, watches: &AtomicUsize) -> io::Result<()> {
        let mut connection = BufReader::new(connection);
        let mut line = String::new();
        let mut is_watch = false;
        // A request has no body, so it ends with an empty line.
        while connection.read_line(&mut line)? > 0 {
            is_watch |= line.contains("watch=true");
            if line == "\r\n" {
                let body = if is_watch {
                    ""
                } else {
                    r#"{"metadata": {"resourceVersion": "1"}, "items": []}"#
                };
                watches.fetch_add(is_watch.into(), Ordering::Relaxed);
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                connection.get_mut().write_all(head.as_bytes())?;
                connection.get_mut().write_all(body.as_bytes())?;
                is_watch = false;
            }
            line.clear();
        }
        Ok(())
    }

    /// Starts such an API server. Returns its port and the number of watches.
    fn curt() -> io::Result<(u16, Arc<AtomicUsize>)> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let watches = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&watches);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, counted) = (connection?, Arc::clone(&counted));
                std::thread::spawn(move || answer(connection, &counted));
            }
            io::Result::Ok(())
        });
        Ok((port, watches))
    }

    #[tokio::test]
    async fn a_watch_that_ends_at_once_is_not_begun_again_without_end() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (port, watches) = curt().unwrap();
        let config = Config::new(format!("http://127.0.0.1:{port}").parse().unwrap());
        let metrics = Metrics::default();
        let mut feed = feed(&config, Watched::NodePools, &metrics, node_pools()).unwrap();
        let begin = Instant::now();
        assert!(matches!(feed.next().await, Some(Update::NodePools(Ok(_)))));
        let enough = async {
            while watches.load(Ordering::Relaxed) < 60 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = feed.next() => panic!("it has nothing to tell"),
            () = enough => {}
        }
        let elapsed = begin.elapsed();
        assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
    }
}
