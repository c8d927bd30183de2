//! What berth says about itself, on standard error: one line per failure, one per decision at `debug`, and never a
//! body. Nothing of an object is logged but its kind, namespace and name, since a pod's environment holds secrets.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::admission::Record;
use crate::metrics::Endpoint;
use crate::named::named;
use crate::placement::Reason;

named! {
    /// How a log line looks.
    pub enum Format {
        /// For people.
        Text = "text",
        /// For machines: one JSON object per line.
        Json = "json",
    }
}

/// Reads a level (`info`), or levels by module (`warn,berth=debug`).
///
/// # Errors
/// What is wrong with it.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    // A lone word that is no level would be taken for a module, and everything else would fall silent.
    let lone = !text.contains(['=', ',']);
    if lone && (text.is_empty() || text.parse::<LevelFilter>().is_err()) {
        return Err("not one of off, error, warn, info, debug, trace".to_owned());
    }
    let quiet = lone && !matches!(text, "debug" | "trace");
    let own = if quiet {
        format!("{text},{TOLD_BY_BERTH}")
    } else {
        format!("{text},{TELLS_BODIES}")
    };
    EnvFilter::try_new(own).map_err(|error| error.to_string())
}

/// What the Kubernetes client logs of each attempt, berth says itself, once for all of them.
const TOLD_BY_BERTH: &str = "kube_client=off,kube_runtime=off";

/// Of an answer that it cannot read the client logs all, and a Secret holds keys: this module is silent, whatever is asked
/// for.
const TELLS_BODIES: &str = "kube_client::client=off";

/// An error with all that caused it, each told once.
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

/// Starts to log, panics included. Does nothing when called again.
pub fn init(format: Format, filter: EnvFilter) {
    let lines = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter);
    let begun = match format {
        Format::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    if begun.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            // Never the payload: it may quote what was being read.
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "panicked");
        }));
    }
}

/// Logs what was decided on an object.
pub fn decision(endpoint: Endpoint, record: &Record<'_>, elapsed: Duration) {
    let Record {
        uid,
        namespace,
        name,
        kind,
        reason,
        mode,
        rule,
        pool,
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
        allowed,
        patch_bytes,
        findings = findings.len(),
        microseconds = elapsed.as_micros(),
        "decided"
    );
}

/// No name in Kubernetes is longer; whatever is longer came from elsewhere, and is not to fill the log.
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

    /// Where log lines go that a test wants to see.
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
            let logged = tracing_subscriber::fmt()
                .with_writer(move || writer.clone())
                .with_env_filter(filter);
            tracing::subscriber::with_default(logged.finish(), || {
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
