//! Reports for the tests of the page: a small one of a plausible cluster, a large one, and one whose every text attacks.

use std::collections::BTreeMap;

use crate::cli::audit::report::{
    Change, Cost, Finding, Flow, NodePoolLoad, NowThen, Place, PolicySummary, PoolSummary, Prices,
    Report, Resources, Share, Sum, Sums, Then, VERSION, Workload,
};

/// The pools of the policy, with their node pools and the capacity types that these offer.
const POOLS: [(&str, [&str; 2], &[&str]); 3] = [
    ("default", ["amd64-default", "arm64-default"], &["spot"]),
    (
        "truemark",
        ["truemark-amd64", "truemark-arm64"],
        &["on-demand"],
    ),
    (
        "batch",
        ["amd64-batch", "arm64-batch"],
        &["spot", "on-demand"],
    ),
];

/// A text that becomes markup, a script or another attribute wherever a page does not escape it.
pub(super) const HOSTILE: &str = "x\"'><img src=x onerror=alert(1)></script><script>alert(2)</script><!--\
     </td></table></style><svg/onload=alert(3)>&lt;b&gt;\u{2028}\u{202e}\u{0}]]>${alert(4)}";

/// The workloads of [`small`]: namespace, name, pods, the node pool that they are on, the pool that new ones get, change.
const SMALL: [(&str, &str, u64, &str, &str, Change); 15] = {
    use Change::{Blocked, LeftAlone, Moves, NoPods, Stays};
    [
        (
            "analytics",
            "CronJob/nightly-rollup",
            0,
            "",
            "batch",
            NoPods,
        ),
        (
            "analytics",
            "Deployment/clickhouse-proxy",
            6,
            "legacy-m5",
            "default",
            Moves,
        ),
        (
            "checkout",
            "Deployment/api",
            24,
            "legacy-m5",
            "default",
            Moves,
        ),
        (
            "checkout",
            "Deployment/ledger",
            8,
            "truemark-amd64",
            "truemark",
            Stays,
        ),
        (
            "checkout",
            "StatefulSet/orders-db",
            3,
            "legacy-m5",
            "default",
            Moves,
        ),
        ("ci", "Job/build-4711", 12, "legacy-m5", "batch", Moves),
        (
            "ci",
            "Workflow/release-train-with-a-name-that-is-rather-long",
            20,
            "amd64-batch",
            "batch",
            Stays,
        ),
        (
            "ingress",
            "DaemonSet/node-agent",
            31,
            "legacy-m5",
            "",
            LeftAlone,
        ),
        (
            "media",
            "Deployment/thumbnails",
            40,
            "arm64-default",
            "default",
            Stays,
        ),
        ("media", "Deployment/transcoder", 16, "", "", LeftAlone),
        ("ml", "Deployment/features", 18, "legacy-m5", "", Blocked),
        ("ml", "PyTorchJob/train-resnet", 4, "legacy-m5", "", Blocked),
        (
            "shop",
            "Deployment/storefront",
            90,
            "legacy-m5",
            "default",
            Moves,
        ),
        (
            "shop",
            "Deployment/search",
            36,
            "legacy-m5",
            "truemark",
            Moves,
        ),
        ("shop", "Pod/debug-shell", 1, "legacy-m5", "", Blocked),
    ]
};

/// Returns a report of a few workloads in which each change and each kind of finding is seen.
pub(super) fn small() -> Report {
    let workloads = SMALL.map(|(namespace, name, pods, from, to, change)| {
        workload(namespace, name, pods, from, to, change)
    });
    let mut report = report(workloads.to_vec());
    report.workloads[4].findings.push(finding(
        "stateful-on-spot",
        "Warn",
        &[
            "StatefulSet orders-db has volume claims and would run on spot alone.",
            "Label its pod template placement.truemark.io/pool=truemark, or accept interruptions.",
        ],
    ));
    report.workloads[7].then.reason = "daemonset".to_owned();
    report.workloads[9].then.detail =
        Some("requests nvidia.com/gpu, and berth does not know which nodes have it".to_owned());
    report.workloads[9].then.reason = "special-resource".to_owned();
    report.workloads[8].missed = 3;
    report.sums.missed = 3;
    report.node_pools[1].fits = Some(false);
    report.node_pools[1].limit_cpu_millis = Some(64_000);
    report
}

/// Returns a report of so many workloads, each with details, and each fifth with a finding.
pub(super) fn large(number: usize) -> Report {
    let changes = [
        (Change::Moves, "legacy-m5", "default"),
        (Change::Stays, "arm64-default", "default"),
        (Change::Moves, "legacy-m5", "batch"),
        (Change::LeftAlone, "legacy-m5", ""),
        (Change::Moves, "legacy-m5", "truemark"),
        (Change::Stays, "truemark-amd64", "truemark"),
    ];
    let workloads = (0..number).map(|index| {
        let (change, from, to) = changes[index % changes.len()];
        let namespace = format!("team-{:03}", index * 7 % 120);
        let name = format!("Deployment/service-{index:04}-of-the-{namespace}-product");
        let pods = (index as u64 * 37) % 23;
        let mut made = workload(&namespace, &name, pods, from, to, change);
        let others = ["no-one-in-particular", "left-over-c5", "left-over-m5"];
        made.now.extend(others.iter().flat_map(|other| {
            ["eu-west-1a", "eu-west-1b", "eu-west-1c"].map(|zone| Share {
                place: Place {
                    node_pool: Some((*other).to_owned()),
                    capacity_type: Some("on-demand".to_owned()),
                    architecture: Some("amd64".to_owned()),
                    zone: Some(zone.to_owned()),
                },
                pods: 1,
            })
        }));
        if index % 5 == 0 {
            made.findings.push(finding(
                "split-domains",
                "Warn",
                &[
                    "Its topology spread over topology.kubernetes.io/zone wants 3 zones, and the node pools of its pool are \
                      in 2 of them.",
                    "Add the zone to amd64-default, or lower minDomains to 2.",
                ],
            ));
        }
        made
    });
    report(workloads.collect())
}

/// Returns a report in which every text is [`HOSTILE`].
pub(super) fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    let mut report = small();
    for workload in &mut report.workloads {
        workload.namespace = text();
        workload.kind = text();
        workload.name = text();
        for share in &mut workload.now {
            share.place = Place {
                node_pool: Some(text()),
                capacity_type: Some(text()),
                architecture: Some(text()),
                zone: Some(text()),
            };
        }
        let then = &mut workload.then;
        (then.reason, then.detail) = (text(), Some(text()));
        (then.rule, then.pool) = (Some(text()), Some(text()));
        then.node_pools = vec![text(), text()];
        then.capacity_types = vec![text()];
        then.architectures = vec![text()];
        workload.findings = vec![finding(HOSTILE, HOSTILE, &[HOSTILE, HOSTILE])];
    }
    report.source = text();
    report.policy.mode = text();
    report.policy.pools[0].name = text();
    for sums in [
        &mut report.sums.by_pool,
        &mut report.sums.by_capacity_type,
        &mut report.sums.by_architecture,
        &mut report.sums.by_namespace,
    ] {
        sums.insert(text(), NowThen::default());
    }
    for flow in &mut report.flows {
        (flow.from, flow.to) = (Some(text()), Some(text()));
    }
    for load in &mut report.node_pools {
        (load.name, load.pool) = (text(), Some(text()));
    }
    report.prices = Some(Prices {
        file: text(),
        offers: 1,
        method: text(),
    });
    report.remarks = vec![text()];
    report
}

/// Returns a report of some workloads, with their sums.
pub(super) fn report(workloads: Vec<Workload>) -> Report {
    let pools = POOLS.map(|(name, node_pools, _)| PoolSummary {
        name: name.to_owned(),
        node_pools: node_pools.map(str::to_owned).to_vec(),
    });
    let mut sums = Sums::default();
    let mut flows: BTreeMap<(Option<String>, Option<String>), Sum> = BTreeMap::new();
    for workload in &workloads {
        count(workload, &mut sums);
        let from = workload.now.first();
        let from = from.and_then(|share| share.place.node_pool.clone());
        add(
            flows.entry((from, workload.then.pool.clone())).or_default(),
            workload,
        );
    }
    let flows = flows.into_iter();
    let mut flows: Vec<Flow> = flows
        .map(|((from, to), sum)| Flow { from, to, sum })
        .collect();
    flows.sort_by_key(|flow| std::cmp::Reverse(flow.sum.pods));
    Report {
        version: VERSION,
        source: "https://prod-eu.example.com".to_owned(),
        policy: PolicySummary {
            source: "cluster",
            mode: "Enforce".to_owned(),
            pools: pools.to_vec(),
        },
        node_pools: node_pools(&sums),
        workloads,
        sums,
        flows,
        prices: Some(Prices {
            file: "prices.json".to_owned(),
            offers: 1_842,
            method: "Each pod costs its share, by CPU and memory, of the cheapest and of the dearest offer that fits it."
                .to_owned(),
        }),
        remarks: vec![
            "The API server does not let this user list Workflows; their pods count as bare pods.".to_owned(),
            "2 nodes have no label karpenter.sh/nodepool, and count as no node pool.".to_owned(),
        ],
    }
}

/// Returns a workload whose pods are on a node pool, and whose new ones get a pool; without one the name is empty.
fn workload(
    namespace: &str,
    name: &str,
    pods: u64,
    from: &str,
    to: &str,
    change: Change,
) -> Workload {
    let (kind, name) = name.split_once('/').unwrap();
    let pool = POOLS.iter().find(|(name, ..)| *name == to);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let is_blocked = change == Change::Blocked;
    let is_arm = from.starts_with("arm64");
    let place = |zone: &str| Place {
        node_pool: Some(from.to_owned()),
        capacity_type: Some(if is_arm { "spot" } else { "on-demand" }.to_owned()),
        architecture: Some(if is_arm { "arm64" } else { "amd64" }.to_owned()),
        zone: Some(zone.to_owned()),
    };
    let mut now = vec![
        Share {
            place: place("eu-west-1a"),
            pods: pods.div_ceil(2),
        },
        Share {
            place: place("eu-west-1b"),
            pods: pods / 2,
        },
    ];
    if from.is_empty() {
        now = vec![Share {
            place: Place::default(),
            pods,
        }];
    }
    now.retain(|share| share.pods != 0);
    let findings = is_blocked.then(|| {
        finding(
            "unknown-pool",
            "Deny",
            &[
                "The label placement.truemark.io/pool names the pool \"defualt\", which there is not.",
                "Did you mean \"default\"? The pools are default, truemark and batch.",
            ],
        )
    });
    let price = 0.04 * as_float(pods);
    Workload {
        namespace: namespace.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        replicas: Some(pods),
        pods,
        requests: requests(pods),
        opted_in: namespace != "shop",
        assumed: namespace == "shop",
        now,
        other_side: None,
        then: Then {
            reason: if pool.is_some() {
                "placed"
            } else {
                "not-opted-in"
            }
            .to_owned(),
            detail: None,
            audited: false,
            denied: is_blocked,
            rule: pool.map(|(name, ..)| format!("{name}-rule")),
            pool: pool.map(|(name, ..)| (*name).to_owned()),
            node_pools: pool.map(|(_, pools, _)| texts(pools)).unwrap_or_default(),
            capacity_types: pool.map(|(.., types)| texts(types)).unwrap_or_default(),
            architectures: vec![if is_arm { "arm64" } else { "amd64" }.to_owned()],
        },
        change,
        missed: 0,
        findings: findings.into_iter().collect(),
        cost: Some(Cost {
            now_low: price,
            now_high: price * 1.2,
            then_low: price * 0.4,
            then_high: price * 0.9,
        }),
    }
}

fn finding(check: &str, action: &str, lines: &[&str]) -> Finding {
    Finding {
        check: check.to_owned(),
        action: action.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn requests(pods: u64) -> Resources {
    Resources {
        cpu_millis: pods * 350,
        memory_bytes: pods * (700 << 20),
    }
}

/// Adds a workload to the sums.
fn count(workload: &Workload, sums: &mut Sums) {
    sums.workloads += 1;
    sums.pods += workload.pods;
    sums.denied += u64::from(workload.then.denied);
    let first = workload.now.first().map(|share| share.place.clone());
    let place = first.unwrap_or_default();
    let then = &workload.then;
    let pool_now = POOLS.iter().find(|(_, pools, _)| {
        place
            .node_pool
            .as_deref()
            .is_some_and(|name| pools.contains(&name))
    });
    let now = [
        pool_now.map(|(name, ..)| (*name).to_owned()),
        place.capacity_type,
        place.architecture,
    ];
    let one = |texts: &[String]| match texts {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some("either".to_owned()),
    };
    let then = [
        then.pool.clone(),
        one(&then.capacity_types).or_else(|| now[1].clone()),
        one(&then.architectures),
    ];
    let by = [
        &mut sums.by_pool,
        &mut sums.by_capacity_type,
        &mut sums.by_architecture,
    ];
    for (by, (now, then)) in by.into_iter().zip(now.into_iter().zip(then)) {
        add(
            &mut by.entry(now.unwrap_or_default()).or_default().now,
            workload,
        );
        add(
            &mut by.entry(then.unwrap_or_default()).or_default().then,
            workload,
        );
    }
    if let Some(cost) = workload.cost {
        let sum = sums.cost.get_or_insert_default();
        sum.now_low += cost.now_low;
        sum.now_high += cost.now_high;
        sum.then_low += cost.then_low;
        sum.then_high += cost.then_high;
    }
}

fn add(sum: &mut Sum, workload: &Workload) {
    sum.pods += workload.pods;
    sum.requests.cpu_millis += workload.requests.cpu_millis;
    sum.requests.memory_bytes += workload.requests.memory_bytes;
}

fn node_pools(sums: &Sums) -> Vec<NodePoolLoad> {
    let loads = POOLS.iter().flat_map(|(pool, node_pools, _)| {
        let sum = sums.by_pool.get(*pool).copied().unwrap_or_default();
        node_pools.iter().map(move |name| NodePoolLoad {
            name: (*name).to_owned(),
            pool: Some((*pool).to_owned()),
            now: sum.now,
            then_at_most: sum.then,
            limit_cpu_millis: Some(1_000_000),
            limit_memory_bytes: None,
            fits: Some(true),
        })
    });
    loads.collect()
}

fn as_float(pods: u64) -> f64 {
    u32::try_from(pods).unwrap().into()
}
