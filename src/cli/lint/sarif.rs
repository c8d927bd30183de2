//! The findings as SARIF 2.1.0, which code reviews show beside the lines.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::pages::section;
use super::report::{Found, Report};
use crate::lint::Lint;

/// The identifier of the published schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the findings.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let rules: Vec<Value> = Lint::ALL.iter().copied().map(rule).collect();
    let results: Vec<Value> = report.findings.iter().map(result).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "berth",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(lint: Lint) -> Value {
    let help = section(lint);
    json!({
        "id": lint.as_str(),
        "shortDescription": {"text": lint.summary()},
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": lint.severity().as_str()},
    })
}

fn result(found: &Found) -> Value {
    let Found {
        flaw,
        object,
        place,
    } = found;
    let index = Lint::ALL.iter().position(|lint| *lint == flaw.lint);
    let path = format!("{object}/{}", flaw.path);
    let mut location = json!({
        "logicalLocations": [{"name": object, "fullyQualifiedName": path}],
    });
    let place = place.as_ref().filter(|place| place.file != "-");
    if let Some(place) = place {
        let mut physical = json!({"artifactLocation": {"uri": uri(&place.file)}});
        if let Some(line) = place.line {
            physical["region"] = json!({"startLine": line});
        }
        location["physicalLocation"] = physical;
    }
    json!({
        "ruleId": flaw.lint.as_str(),
        "ruleIndex": index,
        "level": flaw.lint.severity().as_str(),
        "message": {"text": format!("{}. To do: {}", flaw.message, flaw.remedy)},
        "locations": [location],
    })
}

/// Returns a path as the reference that SARIF asks for (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // A `String` takes all that is written.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference() {
        for (path, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("/a b/c.yaml", "file:///a%20b/c.yaml"),
            ("c:é#?.yaml", "c%3A%C3%A9%23%3F.yaml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
