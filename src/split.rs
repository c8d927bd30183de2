//! The pods of split pools, counted by their controllers, so that each new pod gets the side that its controller lacks.
//!
//! ```text
//!  watch of pods ──take──▶ Ledger ──siblings──▶ decision ──note──▶ Ledger
//! ```
//!
//! A pod counts from the moment that berth decides on it. Once the watch shows it, the pod that is there counts in place of
//! the decision. No lock is held while berth decides.

mod ledger;
mod pods;
mod state;
mod tally;

pub use ledger::Ledger;
pub use pods::CountedPod;
pub use tally::PoolTally;
