//! The namespaces that have opted in, and those whose labels are misspelt.

use serde_json::Value;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use crate::names::{INJECTION_LABEL, SYSTEM_NAMESPACES};
use crate::placement::opted_in;
use crate::pod::NamespaceLabels;
use crate::policy::Policy;
use crate::validation::misspelt_namespace;

/// The most names, and the most faults, that are shown.
const SHOWN: usize = 5;

pub(super) fn section(contents: &Contents, policy: Option<&Policy>) -> Section {
    let lines = match &contents.namespaces {
        Ok(namespaces) => lines(namespaces, policy),
        Err(refusal) => vec![unread("namespaces", refusal)],
    };
    Section {
        name: "namespaces",
        lines,
    }
}

fn lines(namespaces: &[Value], policy: Option<&Policy>) -> Vec<Line> {
    let (mut opted, mut faults) = (Vec::new(), Vec::new());
    for namespace in namespaces {
        let name = namespace["metadata"]["name"].as_str().unwrap_or_default();
        if SYSTEM_NAMESPACES.contains(&name) {
            continue;
        }
        let labels = namespace["metadata"]["labels"]
            .as_object()
            .into_iter()
            .flatten();
        let labels: NamespaceLabels = labels
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        if opted_in(&labels) {
            opted.push(name);
        }
        let found = policy.map(|policy| misspelt_namespace(&labels, policy));
        faults.extend(
            found
                .into_iter()
                .flatten()
                .map(|fault| (name, fault.message)),
        );
    }
    let mut lines = vec![opt_ins(&opted)];
    let shown = faults.iter().take(SHOWN);
    lines.extend(shown.map(|(name, message)| {
        Line::new(Mark::Warning, format!("{name}: {message}"))
            .with_remedy(format!("kubectl edit namespace {name}"))
    }));
    if faults.len() > SHOWN {
        let text = format!("and {} more misspelt labels", faults.len() - SHOWN);
        lines.push(
            Line::new(Mark::Warning, text).with_remedy("kubectl get namespaces --show-labels"),
        );
    }
    lines
}

fn opt_ins(names: &[&str]) -> Line {
    let shown = &names[..names.len().min(SHOWN)];
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if names.is_empty() {
        Line::new(Mark::Note, "none has opted in: berth places nothing yet").with_remedy(format!(
            "kubectl label namespace NAME {INJECTION_LABEL}=enabled"
        ))
    } else {
        let text = format!("{} opted in: {}{more}", names.len(), shown.join(", "));
        Line::new(Mark::Fine, text)
    }
}
