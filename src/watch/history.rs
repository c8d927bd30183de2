//! A cluster that goes back: etcd is put back to an older state, and with it the versions of all objects.
//!
//! A watch goes on from the version that it has seen last. An API server to which that version is still to come takes the
//! watch, and leaves out every change until it has come, so the watch would say nothing, and the changes before would be
//! lost for good. etcd can raise the versions with the restore (`etcdutl snapshot restore --bump-revision
//! --mark-compacted`), which makes the API server refuse the watch. Here is what helps without it.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hyper::Uri;
use kube::api::{Api, ListParams};
use kube::core::Status;
use kube::runtime::watcher::{self, Error, Event};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The pause before the version is asked again after a failure, and before all is listed anew.
const PAUSE: Duration = Duration::from_secs(1);

/// The refusals after which the version is asked no more, since the API server refuses the watch as well. One that has just
/// started may refuse what it allows a moment later, and take the watch in between.
const REFUSALS: u32 = 10;

/// The code by which an API server says that it does not have a version any more.
const GONE: u16 = 410;

/// The version from which a watch goes on, told by its requests.
#[derive(Clone)]
pub(super) struct Resumed(watch::Sender<u64>);

impl Resumed {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Notes the version in the address of a request, if that is one for a watch.
    pub(super) fn note(&self, address: &Uri) {
        let Some(version) = version_of_watch(address) else {
            return;
        };
        self.0.send_replace(version);
    }
}

/// Reads the version from which a request asks for a watch.
fn version_of_watch(address: &Uri) -> Option<u64> {
    let parameters = || {
        address
            .query()
            .into_iter()
            .flat_map(|query| query.split('&'))
    };
    if !parameters().any(|parameter| parameter == "watch=true") {
        return None;
    }
    parameters()
        .find_map(|parameter| parameter.strip_prefix("resourceVersion="))?
        .parse()
        .ok()
}

/// Runs a watch for ever, and anew whenever the cluster is older than the watch that goes on.
pub(super) fn anew<K, S>(
    api: Api<K>,
    fields: Option<String>,
    resumed: Resumed,
    run: impl Fn() -> S + Send,
) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Clone + DeserializeOwned + Debug + Send + 'static,
    S: Stream<Item = watcher::Result<Event<K>>> + Send,
{
    // berth may read a policy of one name alone. A selector of labels would have the API server look through all objects.
    let list = ListParams {
        field_selector: fields,
        ..ListParams::default().limit(1)
    };
    let runs = stream::repeat_with(move || {
        let is_older = older(api.clone(), list.clone(), resumed.0.subscribe());
        let end = stream::once(async {
            sleep(PAUSE).await;
            Err(went_back())
        });
        run().take_until(is_older).chain(end)
    });
    runs.flatten()
}

/// Returns once a watch goes on from a version that the cluster does not have yet.
async fn older<K>(api: Api<K>, list: ListParams, mut resumed: watch::Receiver<u64>)
where
    K: Clone + DeserializeOwned + Debug,
{
    while resumed.changed().await.is_ok() {
        let mut refusals = 0;
        loop {
            let version = *resumed.borrow_and_update();
            match newest(&api, &list).await {
                Ok(Some(newest)) if newest < version => return,
                Ok(_) => break,
                Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403 | 404) => {
                    refusals += 1;
                    if refusals == REFUSALS {
                        break;
                    }
                }
                Err(_) => {}
            }
            // A watch that begins during the pause is looked at at once.
            drop(timeout(PAUSE, resumed.changed()).await);
        }
    }
}

/// Asks for the version of the cluster's newest state. etcd answers itself, however far an API server is behind it.
async fn newest<K>(api: &Api<K>, list: &ListParams) -> kube::Result<Option<u64>>
where
    K: Clone + DeserializeOwned + Debug,
{
    let list = api.list(list).await?;
    let version = list.metadata.resource_version;
    Ok(version.and_then(|version| version.parse().ok()))
}

fn went_back() -> Error {
    let message = "the cluster has gone back to an older state, as if etcd had been restored";
    let status = Status::failure(message, "Expired").with_code(GONE);
    Error::WatchError(status.boxed())
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use hyper::Request;
    use k8s_openapi::api::core::v1::Namespace;
    use kube::Config;
    use kube::client::ClientBuilder;
    use serde_json::json;
    use tower::util::MapRequestLayer;

    use super::*;

    #[test]
    fn the_version_of_a_watch_is_in_its_address() {
        for (query, version) in [
            ("?watch=true&timeoutSeconds=60&resourceVersion=42", Some(42)),
            ("?&resourceVersion=7&watch=true", Some(7)),
            ("?limit=50&resourceVersion=42", None),
            ("?watch=true", None),
            ("?watch=true&resourceVersion=", None),
            ("", None),
        ] {
            let address: Uri = format!("/api/v1/namespaces{query}").parse().unwrap();
            assert_eq!(version_of_watch(&address), version, "{address}");
        }
    }

    /// Answers the requests of a connection, from a cluster that goes back after its first list: from the version 9 and an
    /// object `before` to the version 8 and an object `after`. It refuses the first list after that. A watch says nothing, and
    /// does not end.
    fn answer(connection: TcpStream, lists: &AtomicU32) -> io::Result<()> {
        let mut connection = BufReader::new(connection);
        let (mut line, mut is_watch) = (String::new(), false);
        // A request has no body, so it ends with an empty line.
        while connection.read_line(&mut line)? > 0 {
            is_watch |= line.contains("watch=true");
            if line == "\r\n" {
                let list = |version: u8, name: &str| {
                    let object = json!({"metadata": {"name": name}});
                    json!({"metadata": {"resourceVersion": version.to_string()}, "items": [object]})
                };
                let (status, body) = if is_watch {
                    ("200 OK", None)
                } else {
                    match lists.fetch_add(1, Ordering::SeqCst) {
                        0 => ("200 OK", Some(list(9, "before"))),
                        1 => ("403 Forbidden", Some(json!({"code": 403}))),
                        _ => ("200 OK", Some(list(8, "after"))),
                    }
                };
                let rest = body.map_or_else(
                    || "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
                    |body| {
                        let body = body.to_string();
                        format!("Content-Length: {}\r\n\r\n{body}", body.len())
                    },
                );
                let answer = format!("HTTP/1.1 {status}\r\n{rest}");
                connection.get_mut().write_all(answer.as_bytes())?;
                is_watch = false;
            }
            line.clear();
        }
        Ok(())
    }

    /// Starts such an API server, and returns its port.
    fn going_back() -> io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let lists = Arc::<AtomicU32>::default();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, lists) = (connection?, Arc::clone(&lists));
                std::thread::spawn(move || answer(connection, &lists));
            }
            io::Result::Ok(())
        });
        Ok(port)
    }

    #[tokio::test]
    async fn all_is_listed_anew_when_the_cluster_has_gone_back() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let address = format!("http://127.0.0.1:{}", going_back().unwrap());
        let resumed = Resumed::new();
        let noting = resumed.clone();
        let note = MapRequestLayer::new(move |request: Request<_>| {
            noting.note(request.uri());
            request
        });
        let config = Config::new(address.parse().unwrap());
        let builder = ClientBuilder::try_from(config).unwrap();
        let api: Api<Namespace> = Api::all(builder.with_layer(&note).build());
        let events = anew(api.clone(), None, resumed, || {
            watcher::watcher(api.clone(), watcher::Config::default())
        });
        let told = events
            .map(|event| match event {
                Ok(Event::InitApply(object)) => object.metadata.name.unwrap(),
                Ok(Event::Init) => "begins".to_owned(),
                Ok(Event::InitDone) => "listed".to_owned(),
                Ok(other) => format!("{other:?}"),
                Err(error) => error.to_string(),
            })
            .take(7)
            .collect::<Vec<String>>();
        let told = timeout(PAUSE * 30, told).await.unwrap();
        let begun = ["begins", "before", "listed"];
        let again = ["begins", "after", "listed"];
        assert_eq!(
            (&told[..3], &told[4..]),
            (&begun.map(str::to_owned)[..], &again.map(str::to_owned)[..])
        );
        assert!(told[3].contains("the cluster has gone back"), "{}", told[3]);
    }
}
