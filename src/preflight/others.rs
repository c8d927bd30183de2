//! Other people's webhooks: those without which berth's own pods could not start.

use super::Severity;
use super::registration::{NAME_LABEL, selector};
use super::webhook::Judge;

impl Judge<'_, '_> {
    /// Says so where berth's own pods wait for a webhook that is not berth's.
    pub(super) fn others(&mut self) {
        if !self.fails() || !self.takes_pods("CREATE") || !self.selects_own_pods() {
            return;
        }
        let scene = self.scene;
        let own = scene.own.iter().filter(|name| self.selects(name));
        let own: Vec<&str> = own.map(String::as_str).collect();
        if own.is_empty() {
            return;
        }
        let own = own.join(", ");
        let conditions = self.webhook.match_conditions.as_ref();
        let unless = match conditions.filter(|conditions| !conditions.is_empty()) {
            Some(_) => ", unless its matchConditions keep them away",
            None => "",
        };
        self.say(
            Severity::Warning,
            "failurePolicy",
            format!("Fail: while it is down, berth's own pods in {own} cannot start{unless}"),
            format!(
                "have it leave {own} alone: {NAME_LABEL} NotIn [{own}] in its namespaceSelector"
            ),
        );
    }

    /// Whether the labels of a namespace match; any labels, where they are not known.
    fn selects(&self, namespace: &str) -> bool {
        let Ok(selector) = selector(self.webhook.namespace_selector.as_ref()) else {
            return true;
        };
        match self.scene.namespaces.get(namespace) {
            Some(labels) => selector.matches(|key| labels.get(key).map(String::as_str)),
            None => selector.admits(NAME_LABEL, Some(namespace)),
        }
    }

    /// Whether it selects berth's own pods by their labels; as far as these are known.
    fn selects_own_pods(&self) -> bool {
        let Ok(selector) = selector(self.webhook.object_selector.as_ref()) else {
            return true;
        };
        let pods = &self.scene.pods;
        pods.is_empty()
            || pods
                .iter()
                .any(|labels| selector.matches(|key| labels.get(key).map(String::as_str)))
    }
}
