//! `berth serve`: the webhook, from its flags to the end of the process.

mod announcement;
mod open_files;
mod tls;
mod values;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, bail};
use arc_swap::ArcSwapOption;
use rustls::crypto::aws_lc_rs;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use announcement::announce;

use super::exit;
use super::kubeconfig::Kubeconfig;
use super::sources::Sources;
use crate::logging::{self, Format};
use crate::metrics::{Metrics, Socket};
use crate::placement::Snapshot;
use crate::server::connection::Listener;
use crate::server::last_hour::LastHour;
use crate::server::lifecycle::{Lifecycle, Phase, Signals};
use crate::server::ops::Ops;
use crate::server::webhook::Webhook;
use crate::server::{EVENT_INTERVAL, Limits, duration};
use crate::split::Ledger;
use crate::tls::{Keeper, server_config};
use crate::watch::Cluster;

/// Serves the webhook that places workloads as they are created
///
/// Without flags it serves the default policy with a self-signed certificate, and says how to try it. An API server
/// trusts a certificate of --tls-secret, or of --tls-cert and --tls-key. SIGTERM drains it: see --drain.
#[derive(Debug, clap::Args)]
#[command(mut_arg("kubeconfig", |arg| arg.env("BERTH_KUBECONFIG")))]
pub(super) struct Args {
    #[command(flatten)]
    sources: Sources,

    /// The address of /mutate and /validate, which the API server calls over HTTPS [default: [::]:8443]
    ///
    /// An address and a port; port 0 takes a free one. On a system without IPv6 the default is 0.0.0.0:8443.
    #[arg(long, value_name = "ADDRESS", env = "BERTH_LISTEN")]
    listen: Option<SocketAddr>,

    /// The address of /livez, /readyz, /metrics and /decisions, over plain HTTP [default: [::]:8080]
    #[arg(long, value_name = "ADDRESS", env = "BERTH_OPS_LISTEN")]
    ops_listen: Option<SocketAddr>,

    #[command(flatten)]
    tls: tls::Flags,

    /// Follow a cluster: its NodePools, its namespaces' labels and its PlacementPolicy
    ///
    /// The cluster is the one that KUBECONFIG or ~/.kube/config names, else the one that berth runs in. Its NodePools
    /// replace --node-pools and the policy's own catalogue, except for entries marked external. Its PlacementPolicy
    /// named default applies unless --policy is given; without both, the default policy applies. berth is ready once
    /// all are listed. It does without anything that the cluster does not serve, or does not let it see, and says so.
    #[arg(long, env = "BERTH_CLUSTER")]
    cluster: bool,

    #[command(flatten)]
    kubeconfig: Kubeconfig,

    /// The namespace that berth itself runs in; berth leaves its pods alone
    #[arg(long, value_name = "NAMESPACE", env = "POD_NAMESPACE")]
    own_namespace: Option<String>,

    /// The time to go on serving after SIGTERM, while the cluster takes berth out of the Service
    ///
    /// /readyz fails at once. After this time, requests in flight have 10s to finish: terminationGracePeriodSeconds has
    /// to be longer than both. A second signal ends berth at once.
    #[arg(long, value_name = "DURATION", env = "BERTH_DRAIN", default_value = "15s", value_parser = duration::parse)]
    drain: Duration,

    /// The most connections that may be open at once; berth closes any more unheard
    ///
    /// A connection takes up to about 100 KiB. An API server keeps 25 idle, and opens more under load.
    #[arg(
        long,
        value_name = "NUMBER",
        env = "BERTH_MAX_CONNECTIONS",
        default_value = "512"
    )]
    max_connections: NonZeroUsize,

    /// The form of log lines: text or json
    #[arg(long, value_name = "FORMAT", env = "BERTH_LOG_FORMAT", default_value_t = Format::Text)]
    log_format: Format,

    /// The log level: off, error, warn, info, debug (every decision) or trace, or by module, as in warn,berth=debug
    #[arg(long, value_name = "LEVEL", env = "BERTH_LOG_LEVEL", default_value = "info", value_parser = values::level)]
    log_level: String,
}

/// Serves until a signal. Returns 0 after a drain, 1 after a failure or a second signal, 64 for a bad configuration.
pub(super) fn run(args: &Args) -> ExitCode {
    // Anything that speaks TLS needs it. It fails only if one is installed already.
    let _ = aws_lc_rs::default_provider().install_default();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let setup = match runtime.block_on(Setup::new(args)) {
        Ok(setup) => setup,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            return ExitCode::from(exit::USAGE);
        }
    };
    let served = runtime.block_on(serve(args, setup));
    // A file that is just being read may lie on a disk that hangs.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that the configuration says. It is made, and so checked, before a socket is bound.
struct Setup {
    basis: Basis,
    metrics: Arc<Metrics>,
    keeper: Keeper,
}

/// The basis of all decisions.
enum Basis {
    /// The files that the flags name, and the defaults.
    Given(Snapshot),
    Cluster(Box<Cluster>),
}

impl Setup {
    async fn new(args: &Args) -> anyhow::Result<Self> {
        let filter = logging::filter(&args.log_level).map_err(anyhow::Error::msg)?;
        logging::init(args.log_format, filter);
        let given = args
            .sources
            .load(&mut |warning| tracing::warn!("{warning}"))?;
        let own_namespace = args.own_namespace.as_deref();
        let own_namespace = own_namespace.filter(|name| !name.is_empty()).map(Arc::from);
        let metrics = Arc::new(Metrics::default());
        let config = match cluster_flag(args) {
            Some(flag) => Some(args.kubeconfig.config(flag).await?),
            None if args.kubeconfig.is_given() => {
                bail!("--kubeconfig: of no use without --cluster or --tls-secret")
            }
            None => None,
        };
        let keeper = args
            .tls
            .keeper(config.as_ref(), own_namespace.as_deref(), &metrics)?;
        let basis = match config.filter(|_| args.cluster) {
            Some(config) => {
                let cluster = Cluster::new(&config, given, own_namespace, Arc::clone(&metrics));
                Basis::Cluster(Box::new(cluster.context("--cluster")?))
            }
            None => Basis::Given(Snapshot {
                own_namespace,
                ..given.snapshot().context("--policy")?
            }),
        };
        Ok(Self {
            basis,
            metrics,
            keeper,
        })
    }
}

/// Returns the flag that needs a cluster, if one is given.
fn cluster_flag(args: &Args) -> Option<&'static str> {
    let follows = args.cluster.then_some("--cluster");
    follows.or_else(|| args.tls.need_cluster().then_some("--tls-secret"))
}

/// Starts as many workers as the container may use cores: more would only wait for each other.
fn runtime() -> anyhow::Result<Runtime> {
    let workers = available_parallelism().map_or(1, NonZeroUsize::get);
    let mut builder = if workers == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder
        .worker_threads(workers)
        .event_interval(EVENT_INTERVAL)
        .enable_all()
        .build()
        .context("starting threads")
}

async fn serve(args: &Args, setup: Setup) -> anyhow::Result<()> {
    let mut signals = Signals::new().context("listening for signals")?;
    let webhook = bind("--listen", args.listen, 8443).await?;
    let ops = bind("--ops-listen", args.ops_listen, 8080).await?;
    let addresses = (webhook.local_addr()?, ops.local_addr()?);
    let lifecycle = Lifecycle::default();
    let self_signed = setup.keeper.is_self_signed();
    let Tasks {
        mut webhook,
        mut ops,
        mut follow,
        mut keep,
        mut sample,
        mut listed,
    } = spawn(args, setup, &lifecycle, webhook, ops);
    // Without a cluster there is nothing to wait for.
    let mut is_ready = listed.try_recv().is_ok();
    if is_ready {
        lifecycle.enter(Phase::Serving);
    }
    announce(addresses, self_signed, args.log_format);
    loop {
        tokio::select! {
            Ok(()) = &mut listed, if !is_ready => {
                is_ready = true;
                lifecycle.enter(Phase::Serving);
            }
            signal = signals.next() => {
                tracing::info!(signal, drain = ?args.drain, "draining; a second signal ends it at once");
                break;
            }
            _ = &mut webhook => bail!("the webhook's listener failed"),
            _ = &mut ops => bail!("the ops listener failed"),
            () = ended(&mut follow) => bail!("following the cluster failed"),
            _ = &mut keep => bail!("looking after the certificate failed"),
            _ = &mut sample => bail!("counting the decisions of the last hour failed"),
        }
    }
    tokio::select! {
        ended = drain(args.drain, &lifecycle, webhook, ops) => ended?,
        signal = signals.next() => bail!("ended at once by a second signal, {signal}"),
    }
    tracing::info!("ended");
    Ok(())
}

/// Serves for a while longer, since clients still call, and then finishes the requests in flight.
async fn drain(
    time: Duration,
    lifecycle: &Lifecycle,
    webhook: JoinHandle<()>,
    ops: JoinHandle<()>,
) -> anyhow::Result<()> {
    lifecycle.enter(Phase::Draining);
    tokio::time::sleep(time).await;
    lifecycle.enter(Phase::Closing);
    webhook.await.context("the webhook's listener failed")?;
    lifecycle.enter(Phase::Over);
    ops.await.context("the ops listener failed")
}

async fn bind(flag: &str, given: Option<SocketAddr>, port: u16) -> anyhow::Result<TcpListener> {
    let address = given.unwrap_or_else(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
    let bound = match TcpListener::bind(address).await {
        Err(error) if given.is_none() && lacks_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
        }
        bound => bound,
    };
    bound.with_context(|| format!("{flag} {address}"))
}

/// True if an error may come from a system without IPv6. Systems differ in their errors; these two come over IPv4 too.
fn lacks_ipv6(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AddrInUse, PermissionDenied};
    !matches!(error.kind(), AddrInUse | PermissionDenied)
}

/// Waits for the end of a task, for ever if there is none.
async fn ended(task: &mut Option<JoinHandle<()>>) {
    match task {
        // A panic is reported where it happens.
        Some(task) => drop(task.await),
        None => std::future::pending().await,
    }
}

/// The tasks of the process.
struct Tasks {
    webhook: JoinHandle<()>,
    ops: JoinHandle<()>,
    follow: Option<JoinHandle<()>>,
    /// Looks after the certificate, for ever.
    keep: JoinHandle<()>,
    /// Notes every minute what has been decided, for ever.
    sample: JoinHandle<()>,
    /// Receives once there is a snapshot to decide by.
    listed: oneshot::Receiver<()>,
}

fn spawn(
    args: &Args,
    setup: Setup,
    lifecycle: &Lifecycle,
    webhook_socket: TcpListener,
    ops_socket: TcpListener,
) -> Tasks {
    let Setup {
        basis,
        metrics,
        keeper,
    } = setup;
    let of_ops = Limits::ops();
    let limits = Limits {
        connections: open_files::connections(args.max_connections.get(), of_ops.connections),
        ..Limits::default()
    };
    let snapshots = Arc::new(ArcSwapOption::empty());
    let ledger = Arc::<Ledger>::default();
    let webhook = Webhook::new(
        Arc::clone(&snapshots),
        Arc::clone(&ledger),
        Arc::clone(&metrics),
        limits.clone(),
    );
    let (tell, listed) = oneshot::channel();
    let follow = match basis {
        Basis::Given(snapshot) => {
            if snapshot.policy.has_split() {
                tracing::warn!(
                    "a pool is split, and without --cluster berth cannot count pods: it draws lots by the percentage"
                );
            }
            snapshots.store(Some(Arc::new(snapshot)));
            let _ = tell.send(());
            None
        }
        Basis::Cluster(cluster) => Some(spawn_blocking(move || {
            if let Err(error) = cluster.follow(snapshots, ledger, tell) {
                tracing::error!(%error, "cannot follow the cluster");
            }
        })),
    };
    let webhook = Listener {
        socket: Socket::Webhook,
        router: webhook.router(),
        tls: Some(Arc::new(server_config(keeper.certificates()))),
        limits,
        metrics: Arc::clone(&metrics),
        phase: lifecycle.subscribe(),
        until: Phase::Closing,
    };
    let last_hour = Arc::new(LastHour::new(Arc::clone(&metrics)));
    let pages = Ops {
        phase: lifecycle.subscribe(),
        certificates: keeper.certificates(),
        metrics: Arc::clone(&metrics),
        last_hour: Arc::clone(&last_hour),
    };
    let ops = Listener {
        socket: Socket::Ops,
        router: pages.router(),
        tls: None,
        limits: of_ops,
        metrics: Arc::clone(&metrics),
        phase: lifecycle.subscribe(),
        until: Phase::Over,
    };
    let keep = keeper.keep(args.tls.poll_interval, metrics);
    Tasks {
        webhook: tokio::spawn(webhook.run(webhook_socket)),
        ops: apart(ops, ops_socket),
        follow,
        keep: tokio::spawn(keep),
        sample: tokio::spawn(last_hour.keep()),
        listed,
    }
}

/// Runs a listener on a thread of its own, so that it answers in time whatever the others are busy with.
fn apart(listener: Listener, socket: TcpListener) -> JoinHandle<()> {
    spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let run = runtime.and_then(|runtime| {
            let socket = socket.into_std()?;
            runtime.block_on(async {
                let socket = TcpListener::from_std(socket)?;
                listener.run(socket).await;
                Ok(())
            })
        });
        if let Err(error) = run {
            tracing::error!(%error, "cannot run the ops listener");
        }
    })
}
