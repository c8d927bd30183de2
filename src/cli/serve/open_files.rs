//! The open files that the connections of a server need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The files that berth opens besides its connections: listeners, certificates, the connections to the API server.
const OTHERS: usize = 64;

/// Returns the number of connections, of those wanted, that leave files for the ops listener and for everything else.
///
/// It raises the limit of the process (`nofile`) as far as it may. Without a file for the next connection a listener
/// could not even refuse it, and neither could the other listener answer a probe.
pub(super) fn connections(wanted: usize, ops: usize) -> usize {
    let others = ops + OTHERS;
    let needed = u64::try_from(wanted + others).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let may_be_raised = |allowed: u64| limit.maximum.is_none_or(|most| allowed <= most);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    if allowed < needed {
        let most = if may_be_raised(needed) {
            needed
        } else {
            limit.maximum.unwrap_or(allowed)
        };
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            allowed = most;
        }
    }
    let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
    let connections = wanted.min(allowed.saturating_sub(others)).max(1);
    if connections < wanted {
        tracing::warn!(
            open_files = allowed,
            connections,
            wanted,
            "accepts fewer connections than --max-connections: the process may not open more files (nofile)"
        );
    }
    connections
}
