//! Counters whose labels hold names of the policy.
//!
//! The names change with the policy, so without a bound there would be ever more series. The series of names that the policy in
//! force does not have stay while they are few: a policy that comes back goes on counting where it ended.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::FixedState;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;

use crate::policy::Policy;

/// The most series of names that the policy in force does not have.
const MOST_FORMER: usize = 1_000;

/// Labels of which some hold names of the policy.
pub(super) trait PolicyLabels: EncodeLabelSet + Eq + Hash {
    /// Returns the name of a rule.
    fn rule(&self) -> Option<&str>;
    /// Returns the name of a pool.
    fn pool(&self) -> Option<&str>;
}

/// A counter for each set of labels. Clones share their values.
#[derive(Debug, Clone)]
pub(super) struct PolicyCounters<L>(Arc<RwLock<Counters<L>>>);

#[derive(Debug)]
struct Counters<L> {
    /// The names are the operator's own, so that no hash has to withstand an attack.
    series: HashMap<L, Series, FixedState>,
    /// The number of policies that have come into force.
    policies: u64,
}

#[derive(Debug)]
struct Series {
    counter: Counter,
    /// The last policy that had the names of the labels, by its number, or the one in force when the series was made.
    last: u64,
}

impl<L> Default for PolicyCounters<L> {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(Counters {
            series: HashMap::default(),
            policies: 0,
        })))
    }
}

impl<L: PolicyLabels> PolicyCounters<L> {
    /// Counts one more. The names may be those of a policy that is no longer in force: the request has begun under it.
    pub(super) fn inc(&self, labels: L) {
        {
            let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(series) = counters.series.get(&labels) {
                series.counter.inc();
                return;
            }
        }
        let mut counters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let last = counters.policies;
        let series = counters.series.entry(labels).or_insert_with(|| Series {
            counter: Counter::default(),
            last,
        });
        series.counter.inc();
    }

    /// Removes the oldest series of former names, if there are too many of them now that this policy is in force.
    pub(super) fn follow(&self, policy: &Policy) {
        let rules = policy.rules().iter().map(|rule| &*rule.name);
        let rules: HashSet<&str> = rules.collect();
        let pools = policy.pools().iter().map(|pool| &*pool.name);
        let pools: HashSet<&str> = pools.collect();
        self.keep(|labels| {
            labels.rule().is_none_or(|name| rules.contains(name))
                && labels.pool().is_none_or(|name| pools.contains(name))
        });
    }

    /// Removes the oldest series of former names, if there are too many. Those of one policy go together.
    fn keep(&self, is_in_force: impl Fn(&L) -> bool) {
        let mut counters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        counters.policies += 1;
        let now = counters.policies;
        let mut former = Vec::new();
        for (labels, series) in &mut counters.series {
            if is_in_force(labels) {
                series.last = now;
            } else {
                former.push(series.last);
            }
        }
        former.sort_unstable();
        let most = former.len().checked_sub(MOST_FORMER + 1);
        if let Some(last) = most.and_then(|position| former.get(position)) {
            counters.series.retain(|_, series| series.last > *last);
        }
    }
}

impl<L: PolicyLabels> EncodeMetric for PolicyCounters<L> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for (labels, series) in &counters.series {
            series.counter.encode(encoder.encode_family(labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }

    fn is_empty(&self) -> bool {
        let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        counters.series.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
    struct Labels {
        rule: String,
        reason: u64,
    }

    impl PolicyLabels for Labels {
        fn rule(&self) -> Option<&str> {
            Some(&self.rule)
        }

        fn pool(&self) -> Option<&str> {
            None
        }
    }

    impl PolicyCounters<Labels> {
        /// Counts a decision of a rule for each of some reasons.
        fn count(&self, rule: &str, reasons: u64) {
            for reason in 0..reasons {
                let rule = rule.to_owned();
                self.inc(Labels { rule, reason });
            }
        }

        /// Puts a policy with these rules in force.
        fn put(&self, rules: &[&str]) {
            self.keep(|labels| rules.contains(&labels.rule.as_str()));
        }

        /// Returns the counts of a rule, added up.
        fn sum(&self, rule: &str) -> u64 {
            let counters = self.0.read().unwrap();
            let of_rule = counters.series.iter().filter(|(own, _)| own.rule == rule);
            of_rule.map(|(_, series)| series.counter.get()).sum()
        }

        fn len(&self) -> usize {
            self.0.read().unwrap().series.len()
        }
    }

    #[test]
    fn ever_new_names_leave_a_bounded_number_of_series() {
        let counters = PolicyCounters::default();
        let mut most = 0;
        for number in 0..2_000 {
            let rule = format!("rule-{number}");
            counters.put(&["lasting", &rule]);
            counters.count("lasting", 1);
            counters.count(&rule, 3);
            most = most.max(counters.len());
        }
        // Those of the policy in force come on top of the former ones.
        assert_eq!(most, MOST_FORMER / 3 * 3 + 3 + 1);
        assert_eq!(counters.sum("lasting"), 2_000);
        assert_eq!(counters.sum("rule-1999"), 3);
        assert_eq!(counters.sum("rule-1800"), 3, "the newest stay");
        assert_eq!(counters.sum("rule-1000"), 0, "the oldest go");
    }

    #[test]
    fn a_policy_that_comes_back_goes_on_counting() {
        let counters = PolicyCounters::default();
        for _ in 0..100 {
            for rule in ["a", "b"] {
                counters.put(&[rule]);
                counters.count(rule, 1_000);
            }
        }
        assert_eq!(
            ["a", "b"].map(|rule| counters.sum(rule)),
            [100_000, 100_000]
        );
    }

    /// A request may end after its policy. Its series counts as one of the policy in force, and goes after it.
    #[test]
    fn a_request_under_a_former_policy_leaves_nothing_for_good() {
        let counters = PolicyCounters::default();
        counters.put(&["a"]);
        counters.put(&["b"]);
        counters.count("a", 1);
        assert_eq!(counters.sum("a"), 1);
        for number in 0..=MOST_FORMER {
            let rule = format!("rule-{number}");
            counters.put(&[&rule]);
            counters.count(&rule, 1);
        }
        counters.put(&["c"]);
        assert_eq!(counters.sum("a"), 0);
        assert_eq!(counters.len(), MOST_FORMER);
    }
}
