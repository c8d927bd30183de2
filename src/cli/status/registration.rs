//! The registration: if the API server asks berth, and if that could keep pods from starting.

use std::collections::BTreeMap;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use crate::preflight::{Assessment, Fault, Severity};

/// The most webhooks whose faults are shown.
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
    for ((object, webhook), faults) in faults.iter().take(SHOWN) {
        lines.extend(of_webhook(object, webhook, faults));
    }
    if faults.len() > SHOWN {
        let text = format!("and {} more with faults", faults.len() - SHOWN);
        lines.push(Line::new(Mark::Warning, text).with_remedy("berth check --cluster"));
    }
    Section {
        name: "registration",
        lines,
    }
}

/// Returns a line with the worst fault of a webhook, and the number of its others.
fn of_webhook(object: &str, webhook: &str, faults: &[&Fault]) -> Option<Line> {
    let worst = faults.iter().min_by_key(|fault| fault.severity)?;
    let mark = match worst.severity {
        Severity::Error => Mark::Wrong,
        Severity::Warning | Severity::Note => Mark::Warning,
    };
    let place = if webhook.is_empty() { object } else { webhook };
    let text = format!("{place}: {}", worst.message);
    Some(match faults.len() {
        1 => Line::new(mark, text).with_remedy(worst.remedy.clone()),
        count => Line::new(mark, format!("{text} ({count} faults)")).with_remedy(format!(
            "{}; all of them: berth check --cluster",
            worst.remedy
        )),
    })
}
