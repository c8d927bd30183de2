//! The assessment for a person: a line for each fault, a summary, and the way out.

use std::io::{self, Write};

use super::kill_switch::kill_switch;
use crate::cli::output::clean;
use crate::cli::severity::style;
use crate::encoding::wording::counted;
use crate::preflight::{Assessment, Fault, Severity};

/// Writes the assessment.
pub(super) fn write(assessment: &Assessment, out: &mut impl Write) -> io::Result<()> {
    for fault in &assessment.faults {
        let Fault {
            severity,
            object,
            webhook,
            field,
            message,
            remedy,
        } = fault;
        let style = style(*severity);
        let place: Vec<&str> = [object, webhook, field]
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let line = clean(format!("{}: {message}. To do: {remedy}", place.join(", ")));
        writeln!(out, "{style}{severity}{style:#}: {line}")?;
    }
    let counts: Vec<String> = Severity::ALL
        .iter()
        .map(|severity| counted(assessment.count(*severity), severity.as_str()))
        .collect();
    writeln!(
        out,
        "{} checked: {}",
        checked(assessment),
        counts.join(", ")
    )?;
    let in_the_way = assessment.webhooks > 0 || assessment.policies == 0;
    if in_the_way && assessment.count(Severity::Error) > 0 {
        writeln!(
            out,
            "\nIf something is stuck right now, this takes berth out of the way at once, whatever state it is in:\n    {}",
            kill_switch(assessment)
        )?;
    }
    Ok(())
}

/// Returns what was checked. Webhooks are named unless there are policies alone.
fn checked(assessment: &Assessment) -> String {
    let webhooks = format!("{} of berth's", counted(assessment.webhooks, "webhook"));
    let policies = match assessment.policies {
        1 => "1 policy".to_owned(),
        more => format!("{more} policies"),
    };
    match (assessment.webhooks, assessment.policies) {
        (_, 0) => webhooks,
        (0, _) => policies,
        _ => format!("{webhooks} and {policies}"),
    }
}
