//! The log of berth, on standard error: one line per failure, and one per decision at `debug`.
//!
//! A log line names an object by its kind, namespace and name and never holds its body, since a pod's environment can
//! hold secrets.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::time::Instant;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

use crate::admission::Record;
use crate::metrics::Endpoint;
use crate::named::named;
use crate::placement::Reason;

named! {
    /// The format of a log line.
    pub enum Format {
        /// Plain text, for people.
        Text = "text",
        /// One JSON object per line, for machines.
        Json = "json",
    }
}

/// Reads a level (`info`), or levels by module (`warn,berth=debug`).
///
/// # Errors
/// When a lone word is no level, or a list does not parse.
pub fn filter(text: &str) -> Result<Targets, String> {
    // `Targets` takes a lone word that is no level for a module, and would silence all others.
    let lone = !text.contains(['=', ',']);
    if lone && (text.is_empty() || text.parse::<LevelFilter>().is_err()) {
        return Err("not one of off, error, warn, info, debug, trace".to_owned());
    }
    let quiet = lone && !matches!(text, "debug" | "trace");
    let own = if quiet {
        format!("{text},{WITHOUT_CLIENT}")
    } else {
        format!("{text},{WITHOUT_ANSWERS}")
    };
    own.parse::<Targets>().map_err(|error| error.to_string())
}

/// Silences the Kubernetes client, which logs each attempt: berth itself logs a failure once.
const WITHOUT_CLIENT: &str = "kube_client=off,kube_runtime=off";

/// Silences the module that logs the whole of an answer that it cannot read, at every level: a Secret holds keys.
const WITHOUT_ANSWERS: &str = "kube_client::client=off";

/// Returns the messages of an error and of its causes, each once, joined by colons.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

/// Starts to log, panics included. Does nothing if called again.
pub fn init(format: Format, filter: Targets) {
    let logged = registry().with(filter);
    let lines = layer().with_writer(io::stderr);
    let begun = match format {
        Format::Text => logged
            .with(lines.with_ansi(io::stderr().is_terminal()))
            .try_init(),
        Format::Json => logged.with(lines.json().flatten_event(true)).try_init(),
    };
    if begun.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            // The payload may quote the bytes that were being read, so only the place is logged.
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "panicked");
        }));
    }
}

/// Logs the decision on an object, at `debug`, with the time since its request began. An object that berth let through because
/// it is malformed, or because of a bug, gets a line at `error` before.
pub fn decision(endpoint: Endpoint, record: &Record<'_>, begun: Instant) {
    let Record {
        uid,
        namespace,
        name,
        kind,
        reason,
        mode,
        rule,
        pool,
        assigned,
        counted_for: _,
        namespace_known: _,
        malformed,
        allowed,
        patch_bytes,
        findings,
    } = record;
    let endpoint = endpoint.as_str();
    if let Some(place) = malformed {
        let uid = clipped(uid);
        tracing::error!(endpoint, uid, %place, "let through an object that cannot be read");
    }
    if *reason == Reason::InternalError {
        tracing::error!(
            endpoint,
            uid = clipped(uid),
            namespace = clipped(namespace),
            name = clipped(name),
            "let through an object because of a bug in berth"
        );
    }
    tracing::debug!(
        endpoint,
        uid = clipped(uid),
        kind = kind.as_str(),
        namespace = clipped(namespace),
        name = clipped(name),
        reason = reason.as_str(),
        mode = mode.as_str(),
        rule = rule.as_deref(),
        pool = pool.as_deref(),
        capacity = assigned.map(|assigned| assigned.side.as_str()),
        allowed,
        patch_bytes,
        findings = findings.len(),
        microseconds = begun.elapsed().as_micros(),
        "decided"
    );
}

/// Returns the first 253 characters of a name, so that no client can fill the log. No name in Kubernetes is longer.
fn clipped(name: &str) -> &str {
    name.char_indices()
        .nth(253)
        .map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_filter_is_a_level_or_levels_by_module() {
        for good in ["info", "WARN", "off", "warn,berth=debug", "berth=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["inof", "", "berth=loud", "verbose"] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }

    /// A writer that keeps log lines for a test to read.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_answer_that_the_client_cannot_read_is_never_logged() {
        let chosen = "info,kube_client::client=trace";
        for level in ["warn", "debug", "trace", "warn,berth=debug", chosen] {
            let (lines, filter) = (Lines::default(), filter(level).unwrap());
            let writer = lines.clone();
            let written = layer().with_writer(move || writer.clone());
            let logged = registry().with(filter).with(written);
            tracing::subscriber::with_default(logged, || {
                tracing::warn!(target: "kube_client::client", "PRIVATE KEY");
                tracing::error!("said by berth");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(text.contains("said by berth"), "{level}: {text}");
            assert!(!text.contains("PRIVATE KEY"), "{level}: {text}");
        }
    }

    #[test]
    fn a_name_is_clipped_between_characters() {
        assert_eq!(clipped("short"), "short");
        assert_eq!(clipped(&"é".repeat(300)), "é".repeat(253));
    }
}
