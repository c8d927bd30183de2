//! The API server, asked for one object or for a collection page by page.

use std::time::Duration;

use anyhow::{anyhow, bail};
use hyper::Request;
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::logging::causes;

/// The time limit of a connection, and of an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of objects of a page.
const PAGE: usize = 500;
/// The most pages of a collection that are read.
const PAGES: usize = 100;
/// The most pages of a collection of which nothing but a digest is kept: more pods than a cluster can have.
const MOST_PAGES: usize = 2000;

/// A client of an API server, which reads and never writes.
pub(in crate::cli) struct ApiServer {
    client: Client,
    /// The namespace that the kubeconfig's context names.
    namespace: String,
    address: String,
}

/// The reason for which the API server does not give what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum Refusal {
    /// There is no such object, or no such collection.
    #[error("there is none")]
    NotFound,
    /// The kubeconfig's user may not read it.
    #[error("this kubeconfig may not read it")]
    Forbidden,
    /// Any other answer, in the API server's words.
    #[error("{0}")]
    Other(String),
}

impl ApiServer {
    pub(super) fn new(mut config: Config) -> kube::Result<Self> {
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(PATIENCE);
        config.default_retry = false;
        let namespace = config.default_namespace.clone();
        let address = config.cluster_url.to_string();
        let client = Client::try_from(config)?;
        Ok(Self {
            client,
            namespace,
            address,
        })
    }

    /// Returns the namespace that the kubeconfig's context names; `default` if it names none.
    pub(in crate::cli) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the address at which it is asked.
    pub(in crate::cli) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the major and the minor version; empty if the user may not read it.
    ///
    /// # Errors
    /// Fails if the API server cannot be reached.
    pub(in crate::cli) async fn version(&self) -> anyhow::Result<(String, String)> {
        match self.client.apiserver_version().await {
            Ok(version) => Ok((version.major, version.minor)),
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(Default::default()),
            Err(error) => Err(anyhow!(causes(&error))),
        }
    }

    /// Reads what stands at a path, which is JSON.
    ///
    /// # Errors
    /// Fails if the API server cannot be reached, or what it answers cannot be read.
    pub(in crate::cli) async fn get(&self, path: &str) -> anyhow::Result<Result<Value, Refusal>> {
        self.request(path).await
    }

    /// Reads a collection page by page. `query` is more of the address: empty, or beginning with `&`.
    ///
    /// # Errors
    /// Fails if the API server cannot be reached, if what it answers cannot be read, or if there are too many objects.
    pub(in crate::cli) async fn pages(
        &self,
        path: &str,
        query: &str,
        take: &mut dyn FnMut(Value),
    ) -> anyhow::Result<Result<(), Refusal>> {
        self.pages_up_to(PAGES, path, query, take).await
    }

    /// Reads a collection of any size that a cluster has, page by page.
    ///
    /// # Errors
    /// As [`Self::pages`].
    pub(in crate::cli) async fn every_page(
        &self,
        path: &str,
        take: &mut dyn FnMut(Value),
    ) -> anyhow::Result<Result<(), Refusal>> {
        self.pages_up_to(MOST_PAGES, path, "", take).await
    }

    async fn pages_up_to(
        &self,
        most: usize,
        path: &str,
        query: &str,
        take: &mut dyn FnMut(Value),
    ) -> anyhow::Result<Result<(), Refusal>> {
        let mut next = String::new();
        for _ in 0..most {
            let uri = format!("{path}?limit={PAGE}{query}{next}");
            let page: Value = match self.request(&uri).await? {
                Ok(page) => page,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let token = page.pointer("/metadata/continue").and_then(Value::as_str);
            let token = token.unwrap_or_default().to_owned();
            take(page);
            if token.is_empty() {
                return Ok(Ok(()));
            }
            next = format!("&continue={token}");
        }
        bail!("{path}: there are more than {}", most * PAGE)
    }

    /// Reads the objects of a collection, each with its kind, which lists leave out.
    ///
    /// # Errors
    /// As [`Self::pages`].
    pub(in crate::cli) async fn list(
        &self,
        path: &str,
        query: &str,
    ) -> anyhow::Result<Result<Vec<Value>, Refusal>> {
        let mut objects = Vec::new();
        let mut take = |mut page: Value| {
            let version = page["apiVersion"].take();
            let kind = page["kind"].as_str().unwrap_or_default();
            let kind = Value::from(kind.strip_suffix("List").unwrap_or(kind));
            if let Value::Array(items) = page["items"].take() {
                objects.extend(items.into_iter().map(|mut item| {
                    item["apiVersion"] = version.clone();
                    item["kind"] = kind.clone();
                    item
                }));
            }
        };
        let read = self.pages(path, query, &mut take).await?;
        Ok(read.map(|()| objects))
    }

    async fn request<T: DeserializeOwned>(&self, uri: &str) -> anyhow::Result<Result<T, Refusal>> {
        let request = Request::get(uri).body(Vec::new())?;
        match self.client.request(request).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(kube::Error::Api(status)) => Ok(Err(match status.code {
                404 => Refusal::NotFound,
                // Every authorizer's answer says who cannot do what. The proxy refuses with the same code.
                403 if status.message.contains(" cannot ") => Refusal::Forbidden,
                _ => Refusal::Other(status.message.clone()),
            })),
            Err(error) => {
                let path = uri.split('?').next().unwrap_or_default();
                Err(anyhow!("{path}: {}", causes(&error)))
            }
        }
    }
}
