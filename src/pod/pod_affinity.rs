//! A pod affinity or anti-affinity: the pods that a pod must run beside, or away from.

use std::borrow::Cow;

use super::label_selector::{Label, LabelSelector};
use super::namespace::Namespace;
use super::view::Pod;
use crate::encoding::json::{Malformed, Reader, fields};

/// A term of the required pod affinity or anti-affinity: the pod must, or must not, run in a domain with the pods that
/// the term selects. A domain is the nodes of one value of the topology key.
#[derive(Debug, Default)]
pub struct PodAffinityTerm<'a> {
    /// The label of the nodes whose values are the domains. For an affinity the node must have it.
    pub topology_key: Cow<'a, str>,
    /// The selector of the pods. Without one the term selects no pod.
    selector: Option<LabelSelector<'a>>,
    /// The keys of the labels in whose values the selected pods differ from this one. A key that this pod lacks does not
    /// count. (Those that the pods have in common, `matchLabelKeys`, never exclude the pod itself.)
    mismatched: Vec<Cow<'a, str>>,
    /// The names of the namespaces of the selected pods.
    namespaces: Vec<Cow<'a, str>>,
    /// The selector of further namespaces. Without names and selector the pod's own namespace is meant.
    namespace_selector: Option<LabelSelector<'a>>,
}

impl<'a> PodAffinityTerm<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        fields!(json, |value| {
            "topologyKey" => term.topology_key = value.text()?,
            "labelSelector" => term.selector = Some(LabelSelector::read(value)?),
            "mismatchLabelKeys" => term.mismatched = value.list_of(Reader::text)?,
            "namespaces" => term.namespaces = value.list_of(Reader::text)?,
            "namespaceSelector" => term.namespace_selector = Some(LabelSelector::read(value)?),
        })?;
        Ok(term)
    }

    /// True if the term selects the pod itself, which is then the first of its kind on a new node. `added` are labels
    /// that the pod gets besides its own.
    #[must_use]
    pub fn selects_itself(
        &self,
        pod: &Pod<'_>,
        namespace: &Namespace<'_>,
        added: &[(&str, &str)],
    ) -> bool {
        let Some(selector) = &self.selector else {
            return false;
        };
        let has = |key: &Cow<'_, str>| !matches!(pod.label(key, added), Label::Known(None));
        self.means(namespace)
            && !self.mismatched.iter().any(has)
            && selector.selects(|key| pod.label(key, added))
    }

    /// True if the term means pods of this namespace. A selector may mean a namespace whose labels are unknown.
    fn means(&self, namespace: &Namespace<'_>) -> bool {
        let Some(selector) = &self.namespace_selector else {
            let mut names = self.namespaces.iter();
            return self.namespaces.is_empty() || names.any(|name| name == namespace.name);
        };
        let listed = self.namespaces.iter().any(|name| name == namespace.name);
        listed
            || selector.selects(|key| match namespace.labels {
                _ if key == NAMESPACE_NAME => Label::Known(Some(namespace.name)),
                Some(labels) => Label::Known(labels.get(key)),
                None => Label::Open,
            })
    }
}

/// The label of a namespace that holds its name. Every namespace of a cluster has it.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Namespace;
    use crate::encoding::json::Reader;
    use crate::pod::{Kind, NamespaceLabels, Template, Workload};

    /// True if the term selects its own pod: one of a Job, with the label `app: web`, that gets the label `pool: batch`.
    fn selects_itself(term: &str, namespace_labels: Option<&NamespaceLabels>) -> bool {
        let term: Value = serde_json::from_str(term).unwrap();
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
        let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "controller": true});
        let text = json!({
            "metadata": {"labels": {"app": "web"}, "ownerReferences": [owner]},
            "spec": {"affinity": {"podAffinity": required, "podAntiAffinity": required}},
        })
        .to_string();
        let object = Template::read(&mut Reader::new(&text)).unwrap();
        let pod = Workload::new(Kind::Pod, &object).unwrap().pod;
        let namespace = Namespace {
            name: "team-a",
            labels: namespace_labels,
            own: false,
        };
        let [of_affinity, of_anti_affinity] = [pod.spec.affinities(), pod.spec.anti_affinities()]
            .map(|terms| {
                let [term] = &terms[..] else {
                    panic!("{terms:?}")
                };
                term.selects_itself(&pod, &namespace, &[("pool", "batch")])
            });
        assert_eq!(of_affinity, of_anti_affinity);
        of_affinity
    }

    #[test]
    fn a_term_selects_the_pod_itself_by_its_labels() {
        for (term, expected) in [
            (
                r#"{"labelSelector": {"matchLabels": {"app": "web"}}}"#,
                true,
            ),
            (
                r#"{"labelSelector": {"matchLabels": {"app": "db"}}}"#,
                false,
            ),
            (r#"{"labelSelector": {}}"#, true),
            (r#"{"labelSelector": null}"#, false),
            ("{}", false),
            (
                r#"{"labelSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}}"#,
                true,
            ),
            (
                r#"{"labelSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}}"#,
                false,
            ),
            (
                r#"{"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}"#,
                true,
            ),
            (r#"{"labelSelector": {}, "matchLabelKeys": ["app"]}"#, true),
            (
                r#"{"labelSelector": {}, "mismatchLabelKeys": ["app"]}"#,
                false,
            ),
            (
                r#"{"labelSelector": {}, "mismatchLabelKeys": ["tier"]}"#,
                true,
            ),
            // The Job gives its pods the one label, and berth gives them the other.
            (
                r#"{"labelSelector": {"matchLabels": {"job-name": "backup"}}}"#,
                true,
            ),
            (
                r#"{"labelSelector": {"matchLabels": {"pod-template-hash": "x"}}}"#,
                false,
            ),
            (
                r#"{"labelSelector": {"matchLabels": {"pool": "batch"}}}"#,
                true,
            ),
            (
                r#"{"labelSelector": {}, "mismatchLabelKeys": ["pool"]}"#,
                false,
            ),
        ] {
            assert_eq!(selects_itself(term, None), expected, "{term}");
        }
    }

    /// A selector may mean a namespace whose labels are unknown.
    #[test]
    fn a_term_selects_the_pod_itself_by_its_namespace() {
        let labels: NamespaceLabels = [("team", "red")].into_iter().collect();
        for (namespaces, expected, if_unknown) in [
            (r#""namespaces": ["team-a", "team-b"]"#, true, true),
            (r#""namespaces": ["team-b"]"#, false, false),
            (r#""namespaces": []"#, true, true),
            (r#""namespaceSelector": {}"#, true, true),
            (
                r#""namespaceSelector": {"matchLabels": {"team": "red"}}"#,
                true,
                true,
            ),
            (
                r#""namespaceSelector": {"matchLabels": {"team": "blue"}}"#,
                false,
                true,
            ),
            (
                r#""namespaceSelector": {"matchLabels": {"team": "blue"}}, "namespaces": ["team-a"]"#,
                true,
                true,
            ),
            (
                r#""namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team-a"}}"#,
                true,
                true,
            ),
            (
                r#""namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team-b"}}"#,
                false,
                false,
            ),
        ] {
            let term = format!(r#"{{"labelSelector": {{}}, {namespaces}}}"#);
            assert_eq!(selects_itself(&term, Some(&labels)), expected, "{term}");
            assert_eq!(selects_itself(&term, None), if_unknown, "{term}");
        }
    }
}
