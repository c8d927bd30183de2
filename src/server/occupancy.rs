//! The open connections of a listener, and the one that goes when there is no room for another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::task::{AbortHandle, Id};

/// The activity of a connection.
#[derive(Debug, Default)]
pub(super) struct Activity(AtomicU8);

const SILENT: u8 = 0;
const IDLE: u8 = 1;
const BUSY: u8 = 2;

impl Activity {
    /// Notes that a request has begun.
    pub(super) fn begins(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// Notes that the request has its answer.
    pub(super) fn ends(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }
}

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Occupancy {
    open: HashMap<Id, Open>,
    /// The number of all connections so far, from which each has its age.
    count: u64,
}

#[derive(Debug)]
struct Open {
    peer: IpAddr,
    number: u64,
    activity: Arc<Activity>,
    abort: AbortHandle,
}

impl Occupancy {
    /// Returns the number of open connections.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Adds a connection.
    pub(super) fn enter(&mut self, peer: IpAddr, activity: Arc<Activity>, abort: AbortHandle) {
        self.count += 1;
        let open = Open {
            peer,
            number: self.count,
            activity,
            abort,
        };
        self.open.insert(open.abort.id(), open);
    }

    /// Removes a connection that has ended.
    pub(super) fn leave(&mut self, id: Id) {
        self.open.remove(&id);
    }

    /// Ends a connection to make room for one of this peer. Returns false if each has a better right to stay.
    ///
    /// The oldest goes that has not asked anything yet, of the peer that has the most connections. If all have asked, the
    /// oldest goes that waits for its next request, of a peer that has more connections than the other would have. A
    /// request that has begun is never broken off.
    pub(super) fn make_room(&mut self, peer: IpAddr) -> bool {
        let mut peers: HashMap<IpAddr, usize> = HashMap::new();
        for open in self.open.values() {
            *peers.entry(open.peer).or_default() += 1;
        }
        let held = |peer: &IpAddr| peers.get(peer).copied().unwrap_or_default();
        let of = |activity: u8| {
            let open = self.open.values();
            open.filter(move |open| open.activity.0.load(Ordering::Relaxed) == activity)
        };
        let first_to_go = |open: &&Open| (held(&open.peer), u64::MAX - open.number);
        let silent = of(SILENT).max_by_key(first_to_go);
        let victim = silent.or_else(|| {
            let idle = of(IDLE).filter(|open| held(&open.peer) > held(&peer) + 1);
            idle.max_by_key(first_to_go)
        });
        let Some(id) = victim.map(|open| open.abort.id()) else {
            return false;
        };
        if let Some(open) = self.open.remove(&id) {
            open.abort.abort();
        }
        true
    }
}
