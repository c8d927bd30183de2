//! The text of a drafted policy, with its comments.

use std::fmt::Write as _;

use super::form::Form;
use super::outline::{Outline, PoolOutline};
use crate::encoding::yaml;
use crate::names::{API_VERSION, KIND, POOL_LABEL};
use crate::policy::file::Mode;

/// The width of the text's lines, unless a name takes more.
const WIDTH: usize = 80;

const OF_OBJECT: &str = "\
# A policy over the node pools that there are, written by `berth init`. Read it, then:
#   berth check -f policy.yaml
#   berth explain --policy policy.yaml -f manifests/
#   kubectl apply --server-side -f policy.yaml
";

const OF_VALUES: &str = "\
# Values of berth's chart: a policy over the node pools that there are. `berth init`
# wrote them. Read them, then:
#   helm install berth deploy/charts/berth --namespace berth-system \\
#     --create-namespace --values values.yaml --wait
";

/// Writes the policy.
pub(super) fn write(outline: &Outline<'_>, mode: Mode, form: Form) -> String {
    let mode = match mode {
        Mode::Enforce => "mode: Enforce   # Audit: berth decides and counts, and changes nothing",
        Mode::Audit => {
            "mode: Audit   # berth decides and counts, and changes nothing; then Enforce"
        }
    };
    let mut text = match form {
        Form::Object => format!(
            "{OF_OBJECT}apiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n  name: default\nspec:\n  {mode}\n"
        ),
        Form::Values => format!("{OF_VALUES}{mode}\npolicy:\n"),
    };
    for line in [
        "  architectures:",
        &format!("    known: [{}]", outline.architectures.join(", ")),
        &format!(
            "    default: {}   # for a pod that does not say; `any` leaves it open",
            outline.architectures.first().unwrap_or(&"any")
        ),
        "  pools:",
    ] {
        let _ = writeln!(text, "{line}");
    }
    for pool in &outline.pools {
        write_pool(pool, outline, &mut text);
    }
    if !outline.has_on_demand {
        comment(
            "There is no node pool of on-demand alone. For work that must not be interrupted, make one and name it here.",
            "  ",
            &mut text,
        );
    }
    for left_out in &outline.left_out {
        comment(&format!("Left out: {left_out}."), "  ", &mut text);
        if left_out.is_for_accelerators() {
            let remedy = "To have pods ask for it by label, take this in:";
            comment(remedy, "  ", &mut text);
            let name = scalar(left_out.name);
            let _ = writeln!(text, "  # - name: {name}\n  #   nodePools: [{name}]");
        }
    }
    if !outline.beyond.is_empty() {
        let names = outline.beyond.join(", ");
        comment(
            &format!("Left out, more than a policy can name: {names}."),
            "  ",
            &mut text,
        );
    }
    write_rules(outline, &mut text);
    text
}

fn write_pool(pool: &PoolOutline<'_>, outline: &Outline<'_>, text: &mut String) {
    let group = &pool.group;
    let is = |name: &Option<String>| name.as_ref() == Some(&pool.name);
    let whose = if is(&outline.default) {
        "Pods that ask for nothing".to_owned()
    } else if is(&outline.batch) {
        "Jobs".to_owned()
    } else {
        format!("Pods labelled {POOL_LABEL}: {}", pool.name)
    };
    let taints: Vec<String> = group.taints().map(ToString::to_string).collect();
    let taints = match &taints[..] {
        [] => "no taint".to_owned(),
        _ if group.node_pools.len() > 1 => format!("tainted, as in {}", taints.join(", ")),
        _ => format!("tainted {}", taints.join(", ")),
    };
    comment(
        &format!("{whose}: {}, {taints}.", group.capacity),
        "  ",
        text,
    );
    for remark in &pool.remarks {
        comment(remark, "  ", text);
    }
    let names: Vec<String> = group.names().into_iter().map(scalar).collect();
    let _ = writeln!(text, "  - name: {}", scalar(&pool.name));
    let list = format!("    nodePools: [{}]", names.join(", "));
    if list.len() <= WIDTH {
        let _ = writeln!(text, "{list}");
    } else {
        let _ = writeln!(text, "    nodePools:");
        for name in names {
            let _ = writeln!(text, "    - {name}");
        }
    }
    if is(&outline.batch) {
        text.push_str(
            "    annotations:\n      # A Job whose pod is moved starts again.\n      \
             karpenter.sh/do-not-disrupt: \"true\"\n",
        );
    }
}

fn write_rules(outline: &Outline<'_>, text: &mut String) {
    text.push_str("  rules:   # the first that matches a pod decides\n");
    let exists = format!("matchExpressions: [{{key: {POOL_LABEL}, operator: Exists}}]");
    let rule = |text: &mut String, name: &str, matches: &str, place: &str| {
        let _ = writeln!(text, "  - name: {name}");
        if !matches.is_empty() {
            let _ = writeln!(text, "    match:\n      {matches}");
        }
        let _ = writeln!(text, "    place: {{{place}}}");
    };
    let from_label = format!("poolFromLabel: {POOL_LABEL}");
    rule(
        text,
        "asked-for",
        &format!("labels:\n        {exists}"),
        &from_label,
    );
    match &outline.batch {
        Some(batch) => {
            let jobs = "controllers: [batch/Job]   # and of CronJobs; add others of yours";
            rule(text, "jobs", jobs, &format!("pool: {}", scalar(batch)));
        }
        None => comment(
            "No node pool is named for Jobs (batch, jobs, cron, ci): theirs go the way of all other pods.",
            "  ",
            text,
        ),
    }
    let from_namespace = format!("poolFromNamespaceLabel: {POOL_LABEL}");
    let matches = format!("namespaceLabels:\n        {exists}");
    rule(text, "namespace-default", &matches, &from_namespace);
    match &outline.default {
        Some(default) => rule(
            text,
            "everything-else",
            "",
            &format!("pool: {}", scalar(default)),
        ),
        None => comment(
            "Every node pool is tainted: a pod that asks for nothing is left as it is. To send it somewhere, add a last \
             rule without a match, with place: {pool: NAME}.",
            "  ",
            text,
        ),
    }
}

/// Writes a comment, in as many lines as it takes.
fn comment(words: &str, indent: &str, text: &mut String) {
    let mut line = format!("{indent}#");
    for word in words.split(' ') {
        if line.len() + 1 + word.len() > WIDTH && line.len() > indent.len() + 1 {
            let _ = writeln!(text, "{line}");
            line = format!("{indent}#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// Returns a name as YAML reads it: in quotes if it would be read as anything but a text.
fn scalar(name: &str) -> String {
    match yaml::parse(name) {
        Ok(value) if value == name => name.to_owned(),
        _ => format!("\"{name}\""),
    }
}
