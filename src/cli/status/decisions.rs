//! The decisions of the last hour, as the replicas of berth tell them through the API server.

use std::collections::BTreeMap;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use crate::cli::cluster::Refusal;
use crate::server::last_hour::Window;

pub(super) fn section(contents: &Contents) -> Section {
    Section {
        name: "last hour",
        lines: lines(contents),
    }
}

fn lines(contents: &Contents) -> Vec<Line> {
    if let Err(refusal) = &contents.pods {
        return vec![unread("pods in berth's namespace", refusal)];
    }
    let (mut windows, mut lines) = (Vec::new(), Vec::new());
    for (pod, answer) in &contents.decisions {
        match answer {
            Ok(window) => match serde_json::from_value::<Window>(window.clone()) {
                Ok(window) => windows.push(window),
                Err(_) => lines.push(Line::new(
                    Mark::Note,
                    format!("not seen: {pod} does not tell"),
                )),
            },
            Err(refusal) => lines.push(unheard(pod, refusal, contents)),
        }
    }
    // One reason goes for all replicas.
    lines.dedup_by(|one, other| one.remedy == other.remedy && !one.remedy.is_empty());
    if windows.is_empty() && lines.is_empty() {
        lines.push(Line::new(Mark::Note, "not seen: no replica is ready"));
    }
    if !windows.is_empty() {
        lines.insert(
            0,
            Line::new(Mark::Fine, sum(&windows, contents.decisions.len())),
        );
    }
    lines
}

fn unheard(pod: &str, refusal: &Refusal, contents: &Contents) -> Line {
    let namespace = contents
        .own
        .iter()
        .next()
        .map_or("berth-system", String::as_str);
    match refusal {
        Refusal::Forbidden => Line::new(
            Mark::Note,
            "not seen: this kubeconfig may not ask berth's pods",
        )
        .with_remedy(format!(
            "allow `get` on `pods/proxy` in namespace {namespace}"
        )),
        Refusal::NotFound => Line::new(
            Mark::Note,
            format!("not seen: {pod} has no /decisions: it is of an older version"),
        ),
        Refusal::Other(message) => Line::new(
            Mark::Note,
            format!("not seen: the API server does not reach {pod}: {message}"),
        )
        .with_remedy(format!(
            "let the control plane reach port 8080 of the pods in {namespace}"
        )),
    }
}

/// Sums the windows up in one sentence.
fn sum(windows: &[Window], pods: usize) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for count in windows.iter().flat_map(|window| &window.decisions) {
        *counts.entry((&count.mode, &count.reason)).or_default() += count.count;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (u64::MAX - count, *name));
    let counts: Vec<String> = counts
        .into_iter()
        .map(|((mode, reason), count)| match (mode, reason) {
            ("Audit", "placed") => format!("{count} would be placed"),
            _ => format!("{count} {reason}"),
        })
        .collect();
    let counts = if counts.is_empty() {
        "no pod was created".to_owned()
    } else {
        counts.join(", ")
    };
    let minutes = windows
        .iter()
        .map(|window| window.seconds)
        .max()
        .unwrap_or_default()
        / 60;
    let mut limits = Vec::new();
    if minutes < 59 {
        limits.push(format!("berth runs for {minutes} min"));
    }
    if windows.len() < pods {
        limits.push(format!("{} of {pods} replicas answered", windows.len()));
    }
    if limits.is_empty() {
        counts
    } else {
        format!("{counts} ({})", limits.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::sum;
    use crate::server::last_hour::{Count, Window};

    fn window(seconds: u64, counts: &[(&str, &str, u64)]) -> Window {
        let counts = counts.iter().map(|(mode, reason, count)| Count {
            mode: (*mode).to_owned(),
            reason: (*reason).to_owned(),
            count: *count,
        });
        Window {
            since: String::new(),
            seconds,
            decisions: counts.collect(),
            split_basis: None,
        }
    }

    #[test]
    fn the_counts_of_replicas_are_added_up() {
        let first = window(
            3600,
            &[("Enforce", "placed", 2), ("Enforce", "conflict", 5)],
        );
        let second = window(60, &[("Enforce", "placed", 4), ("Audit", "placed", 1)]);
        assert_eq!(
            sum(&[first, second], 2),
            "6 placed, 5 conflict, 1 would be placed"
        );
        assert_eq!(
            sum(&[window(120, &[])], 2),
            "no pod was created (berth runs for 2 min; 1 of 2 replicas answered)"
        );
    }
}
