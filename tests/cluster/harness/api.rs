//! A client that talks plain JSON to the API server, since the tests are about its answers.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

/// The owner of the fields that the tests apply.
const MANAGER: &str = "berth-tests";

/// A client of an API server. It sends no request twice.
#[derive(Clone)]
pub(crate) struct Api {
    client: kube::Client,
}

/// An answer of the API server.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// The warnings of webhooks, as `kubectl` shows them.
    pub(crate) warnings: Vec<String>,
}

impl Reply {
    /// Returns the object, or an error with the API server's own message.
    pub(crate) fn ok(self) -> anyhow::Result<Value> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        bail!("{}: {}", self.status, self.message());
    }

    /// Returns the message of the answer, if it is a `Status`.
    pub(crate) fn message(&self) -> &str {
        text(&self.body, "/message")
    }
}

/// The fate of a created object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persist {
    Store,
    DryRun,
}

impl Api {
    pub(crate) fn new(mut config: kube::Config) -> anyhow::Result<Self> {
        config.default_retry = false;
        Ok(Self {
            client: kube::Client::try_from(config)?,
        })
    }

    /// Makes a client, with connections of its own, for the cluster that a kubeconfig names.
    pub(crate) async fn by(kubeconfig: &Path) -> anyhow::Result<Self> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let options = KubeConfigOptions::default();
        Self::new(kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> anyhow::Result<Reply> {
        let request = Request::builder().method(method).uri(path);
        let request = match body {
            Some((media_type, value)) => request
                .header("Content-Type", media_type)
                .body(Body::from(serde_json::to_vec(value)?))?,
            None => request.body(Body::empty())?,
        };
        let reply = self
            .client
            .send(request)
            .await
            .with_context(|| path.to_owned())?;
        let status = reply.status();
        let warnings = reply.headers().get_all("warning").iter();
        let warnings = warnings
            .filter_map(|header| warning(header.to_str().ok()?))
            .collect();
        let bytes = reply.into_body().collect_bytes().await?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| json!({"message": String::from_utf8_lossy(&bytes)}));
        Ok(Reply {
            status,
            body,
            warnings,
        })
    }

    /// Reads the object at a path, if there is one.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let reply = self.send(Method::GET, path, None).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        reply.ok().map(Some)
    }

    /// Reads the text at a path.
    pub(crate) async fn raw(&self, path: &str) -> anyhow::Result<(StatusCode, String)> {
        let reply = self.client.send(Request::get(path).body(Body::empty())?);
        let reply = reply.await.with_context(|| path.to_owned())?;
        let status = reply.status();
        let bytes = reply.into_body().collect_bytes().await?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Lists the objects of a collection.
    pub(crate) async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let reply = self.send(Method::GET, path, None).await?.ok();
        let mut list = reply.with_context(|| path.to_owned())?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            other => bail!("{path}: no list, but {other}"),
        }
    }

    /// Creates an object.
    pub(crate) async fn create(&self, object: &Value, persist: Persist) -> anyhow::Result<Reply> {
        let mut path = collection(object);
        if persist == Persist::DryRun {
            path.push_str("?dryRun=All");
        }
        self.send(Method::POST, &path, Some(("application/json", object)))
            .await
    }

    /// Asks for an object without storing it, as strictly as `kubectl` does: an unknown field is an error.
    pub(crate) async fn judge(&self, object: &Value) -> anyhow::Result<Reply> {
        let path = format!("{}?dryRun=All&fieldValidation=Strict", collection(object));
        self.send(Method::POST, &path, Some(("application/json", object)))
            .await
    }

    /// Posts a value to a path.
    pub(crate) async fn post(&self, path: &str, value: &Value) -> anyhow::Result<Reply> {
        self.send(Method::POST, path, Some(("application/json", value)))
            .await
    }

    /// Posts JSON to a path, and returns the time until the whole answer is there. An answer that is no success is an error.
    pub(crate) async fn time(&self, path: &str, json: Bytes) -> anyhow::Result<Duration> {
        let request = Request::post(path).header("Content-Type", "application/json");
        let request = request.body(Body::from(json))?;
        let begin = Instant::now();
        let reply = self.client.send(request).await?;
        let status = reply.status();
        let body = reply.into_body().collect_bytes().await?;
        let took = begin.elapsed();
        ensure!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(took)
    }

    /// Applies an object, as `kubectl apply --server-side` does.
    pub(crate) async fn apply(&self, object: &Value) -> anyhow::Result<Value> {
        let path = path(object);
        let query = format!("{path}?fieldManager={MANAGER}&force=true");
        let body = Some(("application/apply-patch+yaml", object));
        let reply = self.send(Method::PATCH, &query, body).await?.ok();
        reply.with_context(|| path)
    }

    /// Merges a change into the object at a path.
    pub(crate) async fn merge(&self, path: &str, change: &Value) -> anyhow::Result<Value> {
        let body = Some(("application/merge-patch+json", change));
        let reply = self.send(Method::PATCH, path, body).await?.ok();
        reply.with_context(|| path.to_owned())
    }

    /// Deletes the object or the collection at a path, if it is there.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let reply = self.send(Method::DELETE, path, None).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        reply.ok().map(drop).with_context(|| path.to_owned())
    }
}

/// Reads the text of a `Warning` header: `299 - "text"`, with quotes and backslashes escaped.
fn warning(header: &str) -> Option<String> {
    let (_, quoted) = header.split_once('"')?;
    let text = quoted.strip_suffix('"')?;
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// Returns the text at a pointer; empty if there is none.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns the path of an object.
pub(crate) fn path(object: &Value) -> String {
    format!("{}/{}", collection(object), text(object, "/metadata/name"))
}

/// Returns the path of the collection of an object.
pub(crate) fn collection(object: &Value) -> String {
    let version = text(object, "/apiVersion");
    let kind = text(object, "/kind").to_ascii_lowercase();
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = match kind.as_bytes() {
        [.., b's'] => format!("{kind}es"),
        [.., b'y'] => format!("{}ies", kind.trim_end_matches('y')),
        _ => format!("{kind}s"),
    };
    let namespace = match (text(object, "/metadata/namespace"), is_cluster_wide(&kind)) {
        (_, true) => String::new(),
        ("", false) => "namespaces/default/".to_owned(),
        (namespace, false) => format!("namespaces/{namespace}/"),
    };
    format!("/{root}/{version}/{namespace}{plural}")
}

/// True if the objects of a kind, in lower case, are in no namespace. It knows the kinds of these tests.
fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "clusterrole"
            | "clusterrolebinding"
            | "customresourcedefinition"
            | "ec2nodeclass"
            | "kwoknodeclass"
            | "mutatingadmissionpolicy"
            | "mutatingadmissionpolicybinding"
            | "mutatingwebhookconfiguration"
            | "namespace"
            | "node"
            | "nodeclaim"
            | "nodepool"
            | "placementpolicy"
            | "priorityclass"
            | "validatingadmissionpolicy"
            | "validatingadmissionpolicybinding"
            | "validatingwebhookconfiguration"
    )
}
