//! The demonstration: a cluster with berth and its examples, a table of where their pods run and why, and five things to
//! try, until Ctrl-C.

mod closing;
mod guide;
mod palette;
mod rows;
mod screen;
mod stage;
mod table;
mod trying;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::harness::api::Api;
use crate::harness::cluster::{Cluster, Extent};
use crate::harness::programs::Programs;
use crate::runner::{Group, runtime, signalled, tests};
use rows::{Reader, Scope};
use screen::Screen;

/// The variable that names the kubeconfig of a cluster to use instead of starting one.
const KUBECONFIG: &str = "BERTH_CLUSTER_KUBECONFIG";

pub(crate) fn group() -> Group {
    Group {
        name: "demonstration",
        extent: Extent::All,
        tests: tests![trying::things],
    }
}

pub(crate) fn main() -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        match std::env::var_os(KUBECONFIG) {
            Some(path) => drop(until_signalled(on(PathBuf::from(path))).await?),
            None => started().await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs something until a signal comes. Returns its result, or `None` if a signal came first.
async fn until_signalled<T>(
    running: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    tokio::select! {
        result = running => result.map(Some),
        () = signalled() => Ok(None),
    }
}

/// Runs on a cluster of its own. It ends with an audit of that.
async fn started() -> anyhow::Result<()> {
    let setting_up = async {
        let programs = match Programs::build()? {
            Programs::At(directory) => directory,
            Programs::Unavailable(reason) => anyhow::bail!(reason),
        };
        eprintln!("starting etcd, the control plane, kwok and Karpenter …");
        let cluster = Cluster::start(&programs, Extent::All).await?;
        eprintln!("applying the node pools, berth, its policy and deploy/examples …");
        let scene = stage::set(&cluster).await?;
        Ok((cluster, scene))
    };
    let Some((cluster, scene)) = until_signalled(setting_up).await? else {
        return Ok(());
    };
    let screen = Screen::new();
    let kubeconfig = cluster.kubeconfig();
    let guide = guide::of_own(&kubeconfig, scene.setup.ops_address(), screen.palette());
    println!("{guide}");
    until_signalled(show(&cluster.api, Scope::OptedIn, screen)).await?;
    closing::audit(&kubeconfig)
}

/// Runs on a cluster that exists, with berth and node pools as they are.
async fn on(kubeconfig: PathBuf) -> anyhow::Result<()> {
    let screen = Screen::new();
    let guide = guide::of_existing(&kubeconfig, screen.palette());
    let api = Api::by(&kubeconfig).await?;
    eprintln!("applying deploy/examples …");
    stage::apply_examples(&api).await?;
    println!("{guide}");
    show(&api, Scope::Examples, screen).await
}

/// Shows the pods for ever.
async fn show(api: &Api, scope: Scope, mut screen: Screen) -> anyhow::Result<()> {
    let mut reader = Reader::new(scope);
    loop {
        screen.show(&reader.pods(api).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
