//! Finds what is accepted in a policy and its node pools, and is surely not meant so.
//!
//! The same functions of `policy` speak here and in `berth check`, as far as both judge a policy.

mod flaw;
mod node_pools;
mod offers;
mod pools;
mod rules;
mod scope;
mod splits;

pub use flaw::{Flaw, Lint, Subject};
pub use offers::Extent;

use serde_json::Value;

use crate::policy::examine_policy;
use offers::Offers;
use scope::Scope;

/// The flaws of a policy, and those of NodePool objects under it.
#[derive(Debug)]
pub struct Findings {
    /// The flaws, in the order of the lints' subjects: rules, pools, node pools.
    pub flaws: Vec<Flaw>,
    /// True if all node pools that the policy names are known, so that all lints apply.
    pub is_whole: bool,
}

/// Looks at a policy and at NodePool objects under it. `extent` says if other node pools may be there.
#[must_use]
pub fn lint(policy: &Value, node_pools: &[&Value], extent: Extent) -> Findings {
    let (offers, mut flaws) = Offers::read(node_pools);
    let mut is_whole = extent != Extent::Open;
    match examine_policy(policy) {
        Ok((read, written)) => {
            let scope = Scope::new(policy, &read, &written, &offers, extent);
            flaws.extend(rules::flaws(&scope));
            flaws.extend(pools::flaws(&scope));
            flaws.extend(splits::flaws(&scope));
            flaws.extend(node_pools::flaws(&scope));
            is_whole = scope.is_whole();
        }
        Err(errors) => {
            let invalid = |error| Flaw::of_error(Lint::InvalidPolicy, Subject::Policy, &error);
            flaws.extend(errors.into_iter().map(invalid));
        }
    }
    Findings { flaws, is_whole }
}
