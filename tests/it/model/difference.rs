//! The difference between what berth says of an object and what the oracle does. The fuzz targets include this file by its
//! path.

use berth::placement::Reason;
use serde_json::Value;

use super::exemptions;
use super::expected::placed;
use super::oracle::Question;
use super::worlds::World;
use crate::harness::review::template_path;
use crate::harness::verdict::Verdict;

/// Reports how a verdict differs from the oracle's, if it does.
pub(crate) fn difference(object: &Value, world: &World, verdict: &Verdict) -> Option<String> {
    let path = template_path(object["kind"].as_str().unwrap_or_default());
    let patched = verdict.patched(object).unwrap();
    if let (Some(rule), Some(template)) = (&verdict.rule, object.pointer(path))
        && let Some(difference) = exemptions::difference(world, template, rule, verdict.reason)
    {
        return Some(difference);
    }
    let (Some(rule), Some(pool), Some(template)) =
        (&verdict.rule, &verdict.pool, object.pointer(path))
    else {
        return (patched != *object).then(|| "a pod that no rule places is changed".to_owned());
    };
    let Some(question) = Question::new(world, template, rule, pool) else {
        return (verdict.reason != Reason::UnknownArchitecture)
            .then(|| format!("{} despite an unknown architecture", verdict.reason));
    };
    let node_pools = question.node_pools();
    let mut expected = object.clone();
    let mut reasons = vec![Reason::Explicit, Reason::Conflict];
    if !node_pools.is_empty() && !question.is_passed_over(&node_pools) {
        let placed = placed(template, &question, &node_pools);
        reasons = vec![if placed == *template {
            Reason::AlreadyPlaced
        } else {
            Reason::Placed
        }];
        *expected.pointer_mut(path).unwrap() = placed;
    } else if verdict.reason == Reason::Unavailable {
        reasons = vec![Reason::Unavailable];
    }
    if !reasons.contains(&verdict.reason) {
        return Some(format!("{} instead of {reasons:?}", verdict.reason));
    }
    if verdict.mode == "Audit" {
        expected = object.clone();
    }
    (patched != expected).then(|| format!("expected {expected:#}\nfound {patched:#}"))
}
