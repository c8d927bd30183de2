//! The topology of a pod: the pods that it must run beside or away from, and its spread over the values of node labels.
//!
//! Few pods have any of it, so it is parsed when it is asked for. What cannot be read counts as absent: the API server
//! never sends it.

use std::borrow::Cow;

use super::label_selector::LabelSelector;
use super::pod_affinity::PodAffinityTerm;
use super::spec::Spec;
use super::view::Pod;
use crate::encoding::json::{Malformed, Reader, fields};

/// A topology spread constraint: the pods that it selects spread over the values of the topology key.
#[derive(Debug, Default)]
pub struct TopologySpread<'a> {
    /// The label of the nodes whose values are the domains.
    pub topology_key: Cow<'a, str>,
    /// True if a node that breaks the constraint, or lacks the label, does not take the pod (`DoNotSchedule`).
    pub is_hard: bool,
    /// The largest difference in pods between two domains.
    pub max_skew: i64,
    /// The number of domains below which the emptiest one counts as having no pod. `None` means 1.
    pub min_domains: Option<i64>,
    /// True if only the domains of nodes that the pod's own selectors allow count, as they do if the author says nothing
    /// (`nodeAffinityPolicy: Honor`).
    pub honors_selectors: bool,
    /// The selector of the pods. Without one the constraint selects no pod.
    selector: Option<LabelSelector<'a>>,
}

impl<'a> TopologySpread<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut spread = Self {
            honors_selectors: true,
            ..Self::default()
        };
        fields!(json, |value| {
            "topologyKey" => spread.topology_key = value.text()?,
            "whenUnsatisfiable" => spread.is_hard = value.text()? == "DoNotSchedule",
            "maxSkew" => spread.max_skew = value.parse()?,
            "minDomains" => spread.min_domains = Some(value.parse()?),
            "nodeAffinityPolicy" => spread.honors_selectors = value.text()? != "Ignore",
            "labelSelector" => spread.selector = Some(LabelSelector::read(value)?),
        })?;
        Ok(spread)
    }

    /// True if the constraint selects the pod itself, so that the pod counts in its own domain. `added` are labels that
    /// the pod gets besides its own.
    #[must_use]
    pub fn selects_itself(&self, pod: &Pod<'_>, added: &[(&str, &str)]) -> bool {
        let selector = self.selector.as_ref();
        selector.is_some_and(|selector| selector.selects(|key| pod.label(key, added)))
    }
}

impl<'a> Spec<'a> {
    /// Parses the terms of the required pod affinity.
    #[must_use]
    pub fn affinities(&self) -> Vec<PodAffinityTerm<'a>> {
        let affinity = self.affinity.as_ref();
        required(affinity.and_then(|affinity| affinity.beside))
    }

    /// Parses the terms of the required pod anti-affinity.
    #[must_use]
    pub fn anti_affinities(&self) -> Vec<PodAffinityTerm<'a>> {
        let affinity = self.affinity.as_ref();
        required(affinity.and_then(|affinity| affinity.apart))
    }

    /// Parses the topology spread constraints, hard and soft ones.
    #[must_use]
    pub fn spreads(&self) -> Vec<TopologySpread<'a>> {
        let spreads = self.topology_spread.map(|list| {
            let mut json = Reader::new(list);
            json.list_of(TopologySpread::read)
        });
        spreads.and_then(Result::ok).unwrap_or_default()
    }

    /// Returns the keys of the labels that a node must have to take the pod: those of the hard spread constraints and of
    /// the required pod affinity, as their author wrote them, sorted, each once. Of more than [`MOST_TOPOLOGY_KEYS`] it
    /// returns that many.
    #[must_use]
    pub fn hard_topology_keys(&self) -> Vec<Cow<'a, str>> {
        let spreads = self.spreads().into_iter();
        let hard = spreads.filter(|spread| spread.is_hard);
        let affinities = self.affinities().into_iter();
        let mut keys: Vec<_> = hard
            .map(|spread| spread.topology_key)
            .chain(affinities.map(|term| term.topology_key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(MOST_TOPOLOGY_KEYS);
        keys
    }
}

/// The most keys that placement looks at for one pod, more than any person's pod has.
pub const MOST_TOPOLOGY_KEYS: usize = 32;

/// Parses the required terms of a pod affinity or anti-affinity.
fn required<'a>(affinity: Option<&'a str>) -> Vec<PodAffinityTerm<'a>> {
    let parse = |json| -> Result<Vec<PodAffinityTerm<'a>>, Malformed> {
        let mut terms = Vec::new();
        fields!(Reader::new(json), |value| {
            "requiredDuringSchedulingIgnoredDuringExecution" => {
                terms = value.list_of(PodAffinityTerm::read)?;
            },
        })?;
        Ok(terms)
    };
    affinity.map(parse).and_then(Result::ok).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Pod;
    use crate::encoding::json::Reader;
    use crate::pod::{Kind, Template, Workload};

    /// Calls `test` with the pod of a Job that has this label and this topology.
    fn with_pod(spec: &Value, test: impl Fn(&Pod<'_>)) {
        let written = json!({
            "metadata": {
                "labels": {"app": "web"},
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "controller": true}],
            },
            "spec": spec,
        })
        .to_string();
        let object = Template::read(&mut Reader::new(&written)).unwrap();
        test(&Workload::new(Kind::Pod, &object).unwrap().pod);
    }

    #[test]
    fn spreads_say_what_they_ask_for() {
        let spreads = json!([
            {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 2, "minDomains": 3,
             "labelSelector": {"matchLabels": {"app": "web"}}},
            {"topologyKey": "host", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1, "nodeAffinityPolicy": "Ignore"},
        ]);
        with_pod(&json!({"topologySpreadConstraints": spreads}), |pod| {
            let spreads = pod.spec.spreads();
            let [zone, host] = &spreads[..] else {
                panic!("{spreads:?}")
            };
            assert_eq!(
                (
                    &*zone.topology_key,
                    zone.is_hard,
                    zone.max_skew,
                    zone.min_domains
                ),
                ("zone", true, 2, Some(3))
            );
            assert!(zone.honors_selectors && zone.selects_itself(pod, &[]));
            assert_eq!(
                (&*host.topology_key, host.is_hard, host.min_domains),
                ("host", false, None)
            );
            assert!(!host.honors_selectors && !host.selects_itself(pod, &[]));
        });
    }

    #[test]
    fn hard_keys_are_those_that_a_node_must_have() {
        let term = |key: &str| json!([{"topologyKey": key, "labelSelector": {}}]);
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let spread = |key: &str, when: &str| json!({"topologyKey": key, "whenUnsatisfiable": when});
        let spec = json!({
            "affinity": {
                "podAffinity": {required: term("rack"), preferred: [{"weight": 1, "podAffinityTerm": term("x")[0]}]},
                "podAntiAffinity": {required: term("y")},
            },
            "topologySpreadConstraints": [
                spread("zone", "DoNotSchedule"),
                spread("rack", "DoNotSchedule"),
                spread("z", "ScheduleAnyway"),
            ],
        });
        with_pod(&spec, |pod| {
            assert_eq!(pod.spec.hard_topology_keys(), ["rack", "zone"]);
        });
        let many: Value = (0..1000)
            .map(|number| spread(&number.to_string(), "DoNotSchedule"))
            .collect();
        with_pod(&json!({"topologySpreadConstraints": many}), |pod| {
            assert_eq!(
                pod.spec.hard_topology_keys().len(),
                super::MOST_TOPOLOGY_KEYS
            );
        });
    }

    /// A topology that the API server never sends is no reason to let a pod through unread.
    #[test]
    fn what_cannot_be_read_counts_as_absent() {
        let spec = json!({
            "affinity": {"podAffinity": [1], "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": "x"}},
            "topologySpreadConstraints": {"maxSkew": 1},
        });
        with_pod(&spec, |pod| {
            assert!(pod.spec.affinities().is_empty() && pod.spec.anti_affinities().is_empty());
            assert!(pod.spec.spreads().is_empty() && pod.spec.hard_topology_keys().is_empty());
        });
    }
}
