//! `berth audit`: every workload as it is, and as it would be under the policy.

mod page;
mod report;
