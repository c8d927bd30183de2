//! The registration: if the API server asks berth, and if that could keep pods from starting.

use std::collections::BTreeMap;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use crate::preflight::{Assessment, Fault, Severity};

/// The most faults that are shown.
const SHOWN: usize = 4;

pub(super) fn section(contents: &Contents, assessment: &Assessment) -> Section {
    let mut lines = Vec::new();
    for (seen, what) in [
        (&contents.mutating, "mutatingwebhookconfigurations"),
        (&contents.validating, "validatingwebhookconfigurations"),
    ] {
        lines.extend(seen.as_ref().err().map(|refusal| unread(what, refusal)));
    }
    let is_seen = lines.is_empty();
    let mut faults: BTreeMap<(&str, &str), Vec<&Fault>> = BTreeMap::new();
    for fault in &assessment.faults {
        if fault.severity != Severity::Note {
            let webhook = (fault.object.as_str(), fault.webhook.as_str());
            faults.entry(webhook).or_default().push(fault);
        }
    }
    if is_seen && assessment.webhooks == 0 {
        let text = "no webhook is berth's: the API server asks berth about nothing";
        lines.push(Line::new(Mark::Wrong, text).with_remedy(super::install::COMMAND));
    } else if faults.is_empty() && is_seen {
        let names: Vec<&str> = assessment
            .configurations
            .iter()
            .map(String::as_str)
            .collect();
        let text = format!(
            "{} webhooks in {}, no faults",
            assessment.webhooks,
            names.join(", ")
        );
        lines.push(Line::new(Mark::Fine, text));
    }
    let lines_of_faults = alike(&faults);
    let more = lines_of_faults.len().saturating_sub(SHOWN);
    lines.extend(lines_of_faults.into_iter().take(SHOWN));
    if more > 0 {
        let text = format!("and {more} more faults");
        lines.push(Line::new(Mark::Warning, text).with_remedy("berth check --cluster"));
    }
    Section {
        name: "registration",
        lines,
    }
}

/// Returns a line for the worst fault of each webhook, one for those that have the same.
fn alike(faults: &BTreeMap<(&str, &str), Vec<&Fault>>) -> Vec<Line> {
    let mut places: BTreeMap<(Severity, &str, &str, usize), Vec<&str>> = BTreeMap::new();
    for ((object, webhook), faults) in faults {
        let Some(worst) = faults.iter().min_by_key(|fault| fault.severity) else {
            continue;
        };
        let fault = (
            worst.severity,
            &*worst.message,
            &*worst.remedy,
            faults.len(),
        );
        let places = places.entry(fault).or_default();
        let place = if webhook.is_empty() { object } else { webhook };
        // The two sides of `pods` have one name.
        if !places.contains(place) {
            places.push(place);
        }
    }
    let lines = places.iter();
    lines
        .map(|((severity, message, remedy, count), places)| {
            let mark = match severity {
                Severity::Error => Mark::Wrong,
                Severity::Warning | Severity::Note => Mark::Warning,
            };
            let text = format!("{}: {message}", places.join(", "));
            match count {
                1 => Line::new(mark, text).with_remedy(*remedy),
                count => Line::new(mark, format!("{text} ({count} faults)"))
                    .with_remedy(format!("{remedy}; all of them: berth check --cluster")),
            }
        })
        .collect()
}
