//! The setup of a cluster's programs: ports, certificates, arguments.

use std::path::Path;

use rcgen::KeyPair;
use serde_json::json;

use super::aws::{self, Aws};
use super::pki::Authority;
use super::process::free_ports;

/// The file of the API server's notes.
pub(crate) const AUDIT_LOG: &str = "audit.log";

/// The ports of one cluster.
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api_server: u16,
    pub(crate) controller_manager: u16,
    pub(crate) scheduler: u16,
    pub(crate) kwok: u16,
    pub(crate) karpenter_metrics: u16,
    pub(crate) karpenter_health: u16,
}

impl Ports {
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let [
            etcd,
            etcd_peer,
            api_server,
            controller_manager,
            scheduler,
            kwok,
            karpenter_metrics,
            karpenter_health,
        ] = free_ports()?;
        Ok(Self {
            etcd,
            etcd_peer,
            api_server,
            controller_manager,
            scheduler,
            kwok,
            karpenter_metrics,
            karpenter_health,
        })
    }
}

/// Writes the certificates of servers and clients, the service accounts' keys, and the kubeconfig. One authority signs
/// all.
pub(crate) fn write_certificates(directory: &Path, port: u16) -> anyhow::Result<()> {
    let authority = Authority::new("berth-cluster")?;
    std::fs::write(directory.join("ca.crt"), authority.pem())?;
    authority
        .server("kube-apiserver")?
        .write(directory, "apiserver")?;
    let admin = authority.client("admin", "system:masters")?;
    admin.write(directory, "admin")?;
    let service_accounts = KeyPair::generate()?;
    std::fs::write(directory.join("sa.key"), service_accounts.serialize_pem())?;
    std::fs::write(directory.join("sa.pub"), service_accounts.public_key_pem())?;
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "berth", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": directory.join("ca.crt"),
        }}],
        "users": [{"name": "admin", "user": {
            "client-certificate": directory.join("admin.crt"),
            "client-key": directory.join("admin.key"),
        }}],
        "contexts": [{"name": "berth", "context": {"cluster": "berth", "user": "admin"}}],
        "current-context": "berth",
    });
    std::fs::write(directory.join("kubeconfig"), kubeconfig.to_string())?;
    Ok(())
}

/// Writes what the API server notes down: each node claim that it is asked to create, refused or not.
pub(crate) fn write_audit_policy(directory: &Path) -> anyhow::Result<()> {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {
                "level": "RequestResponse",
                "verbs": ["create"],
                "resources": [{"group": "karpenter.sh", "resources": ["nodeclaims"]}],
            },
            {"level": "None"},
        ],
    });
    std::fs::write(directory.join("audit.json"), policy.to_string())?;
    Ok(())
}

pub(crate) fn etcd(directory: &Path, ports: &Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    vec![
        "--name=berth".to_owned(),
        format!("--data-dir={}", directory.join("etcd").display()),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=berth={peer}"),
    ]
}

pub(crate) fn api_server(directory: &Path, ports: &Ports) -> Vec<String> {
    let file = |name: &str| directory.join(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        // It would refuse to publish a loopback address.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--tls-cert-file={}", file("apiserver.crt")),
        format!("--tls-private-key-file={}", file("apiserver.key")),
        format!("--client-ca-file={}", file("ca.crt")),
        "--authorization-mode=RBAC".to_owned(),
        // A service without endpoints is refused here, instead of looked for in a network outside.
        "--service-cluster-ip-range=127.96.0.0/16".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        format!("--service-account-key-file={}", file("sa.pub")),
        format!("--service-account-signing-key-file={}", file("sa.key")),
        format!("--audit-policy-file={}", file("audit.json")),
        format!("--audit-log-path={}", file(AUDIT_LOG)),
    ]
}

pub(crate) fn controller_manager(directory: &Path, ports: &Ports) -> Vec<String> {
    let mut arguments = client_of_the_api_server(directory, ports.controller_manager);
    let file = |name: &str| directory.join(name).display().to_string();
    arguments.extend([
        format!("--service-account-private-key-file={}", file("sa.key")),
        format!("--root-ca-file={}", file("ca.crt")),
        // As on EKS: each controller is a user of its own, by which berth knows the one for DaemonSets.
        "--use-service-account-credentials=true".to_owned(),
        // Its default limit, 20, would slow the cluster down: each new node takes several requests.
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
    ]);
    arguments
}

pub(crate) fn scheduler(directory: &Path, ports: &Ports) -> Vec<String> {
    client_of_the_api_server(directory, ports.scheduler)
}

fn client_of_the_api_server(directory: &Path, port: u16) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", directory.join("kubeconfig").display()),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", directory.join("scratch").display()),
    ]
}

pub(crate) fn kwok(
    directory: &Path,
    ports: &Ports,
    programs: &Path,
) -> anyhow::Result<Vec<String>> {
    let mut arguments = vec![
        format!("--kubeconfig={}", directory.join("kubeconfig").display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-lease-duration-seconds=40".to_owned(),
        format!("--server-address=127.0.0.1:{}", ports.kwok),
        // The addresses of pods, so that nothing that is sent to one leaves this machine.
        "--cidr=127.97.0.0/16".to_owned(),
    ];
    for stage in std::fs::read_dir(programs.join("stages"))? {
        arguments.push(format!("--config={}", stage?.path().display()));
    }
    Ok(arguments)
}

/// Returns what every Karpenter is told.
pub(crate) fn karpenter(directory: &Path, ports: &Ports) -> Vec<(&'static str, String)> {
    let kubeconfig = directory.join("kubeconfig").display().to_string();
    vec![
        ("KUBECONFIG", kubeconfig),
        ("DISABLE_LEADER_ELECTION", "true".to_owned()),
        ("METRICS_PORT", ports.karpenter_metrics.to_string()),
        ("HEALTH_PROBE_PORT", ports.karpenter_health.to_string()),
        ("KARPENTER_SERVICE", "karpenter".to_owned()),
        ("SYSTEM_NAMESPACE", "kube-system".to_owned()),
        ("BATCH_IDLE_DURATION", "300ms".to_owned()),
        ("BATCH_MAX_DURATION", "2s".to_owned()),
    ]
}

/// Returns what the Karpenter of AWS is told besides. Its log names each pod that it ignores.
pub(crate) fn karpenter_aws(aws: &Aws, ports: &Ports) -> Vec<(&'static str, String)> {
    let [(_, cluster), _] = aws::facts();
    vec![
        ("AWS_ENDPOINT_URL", aws.endpoint()),
        ("AWS_REGION", aws::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "anyone".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("CLUSTER_NAME", cluster.to_owned()),
        (
            "CLUSTER_ENDPOINT",
            format!("https://127.0.0.1:{}", ports.api_server),
        ),
        ("LOG_LEVEL", "debug".to_owned()),
    ]
}
