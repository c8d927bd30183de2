//! Rules that look at a label that berth adds, and would send a pod elsewhere once berth has placed it.
//!
//! berth labels the pods that it places with their pool and with their side of a split. A labelled pod may match another rule
//! than before. That rule has to send it to the same pool, or a second call gives the pod what belongs to another one.
//!
//! A policy passes only if surely none of its rules does so. Two rules that keep a third one's pods away together, each a part
//! of them, count as if they kept none away.

mod sent;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::pool::Pool;
use super::rule::{Match, Rule};
use super::selector::Selector;
use super::unmatched::unmet;
use super::unreached::takes_all_of;
use crate::encoding::field::FieldError;
use crate::names::{CAPACITY_LABEL, POOL_LABEL};
use sent::{OWN, Sent, State, sent};

/// The most expressions and values of labels that are looked at, for all rules together.
const MOST_LOOKS: usize = 50_000_000;

/// The bound for comparisons of two rules, each of which costs the square of its conditions. Beyond it a rule counts as one
/// that takes all pods.
const MOST_COMPARED: usize = 100_000_000;

/// Returns an error for each rule that takes pods away which berth has placed, or that no longer matches its own. The paths
/// begin in the list of rules.
pub(super) fn unsteady(rules: &[Rule], pools: &[Arc<Pool>]) -> Vec<FieldError> {
    let of_pods = || rules.iter().filter_map(|rule| rule.matches.labels.as_ref());
    if !of_pods().any(|labels| OWN.iter().any(|key| labels.names(key))) {
        return Vec::new();
    }
    let sent = rules.iter().enumerate().flat_map(|(position, rule)| {
        let sent_to = move |pool| sent(position, rule, pool);
        pools.iter().map(AsRef::as_ref).flat_map(sent_to)
    });
    let sent: Vec<Sent<'_>> = sent.collect();
    let conditions: usize = of_pods().map(Selector::size).sum();
    if sent.len().saturating_mul(conditions) > MOST_LOOKS {
        let message = format!(
            "{POOL_LABEL} or {CAPACITY_LABEL} is matched, and the labels of all rules are too many to tell if a pod keeps its \
             pool once berth has added it; name fewer"
        );
        return vec![FieldError::new(message)];
    }
    let walk = Walk {
        rules,
        left: Cell::new(MOST_COMPARED),
    };
    let mut errors = BTreeMap::new();
    for (position, message) in sent.iter().filter_map(|sent| walk.loses(sent)) {
        errors.entry(position).or_insert(message);
    }
    let errors = errors.into_iter().map(|(position, message)| {
        let error = FieldError::new(message).in_field("labels");
        error.in_field("match").in_item(position)
    });
    errors.collect()
}

/// The remedy in each message.
const REMEDY: &str =
    "match another label, or take the pool from placement.truemark.io/pool by poolFromLabel";

/// The way of placed pods through the rules.
struct Walk<'a> {
    rules: &'a [Rule],
    left: Cell<usize>,
}

impl Walk<'_> {
    /// Returns the rule that is wrong, by its position, and the message, if some of the pods go elsewhere once they are placed.
    fn loses(&self, sent: &Sent<'_>) -> Option<(usize, String)> {
        let all = sent.matched_by(sent.rule);
        if !sent.admitted(sent.rule, State::New) || !self.may_match(&all) {
            return None;
        }
        for (position, next) in self.rules.iter().enumerate() {
            if !sent.admitted(next, State::Placed) {
                continue;
            }
            if position == sent.position {
                return None;
            }
            // It would have taken them before.
            if position < sent.position && sent.admitted(next, State::New) {
                continue;
            }
            if sent.stays_by(next) {
                if self.takes(next, sent, &all) {
                    return None;
                }
                continue;
            }
            let taken = sent.matched_by(next);
            if self.may_match(&taken) && !self.is_taken_before(position, sent, &taken) {
                return Some(if position < sent.position {
                    (position, stolen(sent, next))
                } else {
                    (sent.position, dropped(sent, Some(next)))
                });
            }
        }
        let is_reached = !self.is_taken_before(sent.position, sent, &all);
        is_reached.then(|| (sent.position, dropped(sent, None)))
    }

    /// True if surely none of these pods gets to the rule at a position: a rule before it takes them all, or one has taken them
    /// when they were new.
    fn is_taken_before(&self, position: usize, sent: &Sent<'_>, pods: &Rule) -> bool {
        self.rules.iter().enumerate().any(|(earlier, rule)| {
            let before = |position, state| earlier < position && sent.admitted(rule, state);
            (before(position, State::Placed) || before(sent.position, State::New))
                && self.takes(rule, sent, pods)
        })
    }

    /// True if a rule surely takes all pods of another one, what is known of their labels aside.
    fn takes(&self, rule: &Rule, sent: &Sent<'_>, pods: &Rule) -> bool {
        self.may_compare(size(&rule.matches) + size(&pods.matches))
            && takes_all_of(&sent.without_known(rule), pods)
    }

    /// True unless surely no pod matches a rule.
    fn may_match(&self, rule: &Rule) -> bool {
        unmet(rule, |selector| self.may_compare(selector.size())).is_none()
    }

    /// Takes the cost of a comparison off what is left, if there is as much.
    fn may_compare(&self, size: usize) -> bool {
        let left = self.left.get().checked_sub(size.saturating_mul(size));
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }
}

/// Returns the number of conditions.
fn size(matches: &Match) -> usize {
    let Match {
        labels,
        controllers,
        namespace_labels,
        service_accounts,
        priority_classes,
    } = matches;
    let of_selector = |selector: &Option<Selector>| selector.as_ref().map_or(0, Selector::size);
    let of_names = |names: &Option<Vec<String>>| names.as_ref().map_or(0, Vec::len);
    of_selector(labels)
        + controllers.as_ref().map_or(0, Vec::len)
        + of_selector(namespace_labels)
        + of_names(service_accounts)
        + of_names(priority_classes)
}

/// Returns the message about a rule that takes placed pods of a later one.
fn stolen(sent: &Sent<'_>, by: &Rule) -> String {
    format!(
        "once berth has placed pods of rule {:?}, they have {}, match this rule and go elsewhere; {}",
        &*sent.rule.name,
        sent.added(by),
        REMEDY
    )
}

/// Returns the message about a rule that no longer matches its own pods, with the rule that takes them then.
fn dropped(sent: &Sent<'_>, by: Option<&Rule>) -> String {
    let instead = by.map_or_else(
        || "no rule does".to_owned(),
        |by| format!("rule {:?} sends them elsewhere", &*by.name),
    );
    format!(
        "once berth has placed its pods, they have {} and no longer match it, and {instead}; {REMEDY}",
        sent.added(sent.rule)
    )
}
