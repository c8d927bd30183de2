//! The words of the demonstration: what each row teaches, and five things to try. A test runs the commands as they are
//! printed, and asks for what is promised.

use std::net::SocketAddr;
use std::path::Path;

use super::palette::Palette;

/// The lesson of each workload of the examples.
const LESSONS: [(&str, &str); 8] = [
    (
        "inflate",
        "asks for nothing, hence the default pool: spot, amd64",
    ),
    (
        "thumbnails",
        "its label says arm64, hence the arm64 node pool",
    ),
    (
        "ledger",
        "its label asks for the pool truemark, hence on-demand",
    ),
    ("report", "is a Job, hence the batch pool"),
    (
        "import",
        "is a Job that is worth starting again, hence batch",
    ),
    (
        "cleanup",
        "is a CronJob: its Jobs go to the batch pool, too",
    ),
    (
        "node-agent",
        "is a DaemonSet: a pod on each node, so berth leaves it alone",
    ),
    (
        "training",
        "wants a GPU that no node pool has: left alone, it waits on purpose",
    ),
];

/// A thing to try.
pub(super) struct Thing {
    title: &'static str,
    /// The lines of shell.
    pub(super) commands: &'static [&'static str],
    /// The sentence that says what happens.
    seen: &'static str,
    /// A part of what the commands print.
    pub(super) prints: &'static str,
    /// Cells of a row of the table, one space between them.
    pub(super) row: &'static str,
}

pub(super) const THINGS: [Thing; 5] = [
    Thing {
        title: "Scale a workload up",
        commands: &["kubectl -n berth-examples scale deployment inflate --replicas 20"],
        seen: "inflate goes to 20 Running, on new spot nodes of amd64-default.",
        prints: "deployment.apps/inflate scaled",
        row: "inflate 20 Running rule everything-else amd64-default spot amd64",
    },
    Thing {
        title: "Opt a namespace in, and deploy something",
        commands: &[
            "kubectl create namespace shop",
            "kubectl label namespace shop placement.truemark.io/injection=enabled",
            "kubectl -n shop create deployment web --image=nginx",
        ],
        seen: "A row shop/web appears: rule everything-else, on amd64-default.",
        prints: "deployment.apps/web created",
        row: "shop/web 1 Running rule everything-else amd64-default spot amd64",
    },
    Thing {
        title: "Misspell a pool: denied",
        commands: &[
            "kubectl -n shop run typo --image=nginx \\",
            "  --labels=placement.truemark.io/pool=trumark",
        ],
        seen: "kubectl says: denied the request, … did you mean \"truemark\"?",
        prints: "did you mean \"truemark\"?",
        row: "",
    },
    Thing {
        title: "Ask for on-demand behind berth's back: warned",
        commands: &[
            "kubectl -n shop run steady --image=nginx --overrides \\",
            "  '{\"spec\":{\"nodeSelector\":{\"karpenter.sh/capacity-type\":\"on-demand\"}}}'",
        ],
        seen: "kubectl warns, and names the label that helps; shop/steady waits.",
        prints: "Warning: berth: unschedulable: ",
        row: "shop/steady 1 Pending left alone: conflict",
    },
    Thing {
        title: "Switch berth to Audit, where it changes nothing, and back",
        commands: &[
            "kubectl patch placementpolicy default --type merge \\",
            "  --patch '{\"spec\":{\"mode\":\"Audit\"}}'",
            "kubectl wait --for=condition=Accepted placementpolicy/default",
            "kubectl -n shop rollout restart deployment web",
        ],
        seen: "shop/web is left alone: Audit. Write Enforce for Audit, and it is placed.",
        prints: "placementpolicy.placement.truemark.io/default patched",
        row: "shop/web 1 Running left alone: Audit amd64-default spot amd64",
    },
];

/// Returns the guide to a cluster of the demonstration's own.
pub(super) fn of_own(kubeconfig: &Path, metrics: SocketAddr, palette: Palette) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_berth"));
    let directory = program.parent().unwrap_or(program);
    let mut lines = lessons(palette);
    lines.push(palette.bold("In another terminal, until Ctrl-C ends this one:"));
    lines.push(format!("  export KUBECONFIG={}", kubeconfig.display()));
    lines.push(format!("  export PATH={}:$PATH", directory.display()));
    lines.push("  kubectl get placementpolicy      # the policy that berth follows".to_owned());
    lines.push(format!("  curl http://{metrics}/metrics"));
    for (index, thing) in THINGS.iter().enumerate() {
        lines.push(palette.bold(&format!("{}. {}", index + 1, thing.title)));
        lines.extend(thing.commands.iter().map(|command| format!("  {command}")));
        lines.push(palette.dim(&format!("  {}", thing.seen)));
    }
    lines.join("\n") + "\n"
}

/// Returns the guide to a cluster of somebody's.
pub(super) fn of_existing(kubeconfig: &Path, palette: Palette) -> String {
    let mut lines = lessons(palette);
    lines.push(format!(
        "The examples stay in the cluster of {}, until:",
        kubeconfig.display()
    ));
    lines.push("  kubectl delete namespace berth-examples".to_owned());
    lines.join("\n") + "\n"
}

fn lessons(palette: Palette) -> Vec<String> {
    let lesson = |(name, lesson): (&str, &str)| palette.dim(&format!("  {name:<10}  {lesson}"));
    let mut lines = vec![palette.bold("What the rows below show:")];
    lines.extend(LESSONS.map(lesson));
    lines.push(String::new());
    lines
}
