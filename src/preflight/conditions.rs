//! Match conditions: which pods the API server does not ask about.
//!
//! They are CEL, which is not evaluated here. An expression counts as what it is shipped as, white space and the kind of
//! quotes aside; of any other that speaks of the same it is said that nobody looked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use k8s_openapi::api::admissionregistration::v1::MatchCondition;
use serde_json::Value;

use super::Severity;
use super::registration::Side;
use super::webhook::Judge;
use crate::encoding::yaml;

/// The shipped configurations, whose expressions are those that are known.
const SHIPPED: [&str; 2] = [
    include_str!("../../deploy/berth/mutating-webhook-configuration.yaml"),
    include_str!("../../deploy/berth/validating-webhook-configuration.yaml"),
];

/// A condition that a webhook should have.
struct Wanted {
    /// Its name, as shipped.
    name: &'static str,
    /// What an expression to the same end cannot do without.
    word: &'static str,
    /// What it keeps away.
    keeps_away: &'static str,
    /// What happens to that while berth is down, under Fail.
    otherwise: &'static str,
}

const OF_MUTATING: [Wanted; 3] = [
    Wanted {
        name: "not-daemonset",
        word: "DaemonSet",
        keeps_away: "DaemonSets' pods",
        otherwise: "; while berth is down, no node gets its agents, those that its network needs among them",
    },
    Wanted {
        name: "not-bound",
        word: "nodeName",
        keeps_away: "pods that have their node already",
        otherwise: "; while berth is down, none is created",
    },
    Wanted {
        name: "not-mirror",
        word: "kubernetes.io/config.mirror",
        keeps_away: "mirror pods",
        otherwise: "; while berth is down, kubelets cannot show static pods",
    },
];

const OF_VALIDATING: Wanted = Wanted {
    name: "made-by-hand",
    word: "ownerReferences",
    keeps_away: "controllers' pods",
    otherwise: "",
};

const OF_UPDATES: Wanted = Wanted {
    name: "placement-changed",
    word: "oldObject",
    keeps_away: "updates that change nothing of a pod's placement",
    otherwise: "; while berth is down, Jobs cannot end and finalizers stay on pods",
};

impl Judge<'_, '_> {
    /// Which pods it should not be asked about, and is.
    pub(super) fn conditions(&mut self) {
        let mut wanted = Vec::new();
        if self.takes_pods("CREATE") {
            match self.configuration.side {
                Side::Mutating => wanted.extend(OF_MUTATING),
                // A boundary asks about controllers' pods too, which is what Fail is for; that note says what it costs.
                Side::Validating if self.fails() => {}
                Side::Validating => wanted.push(OF_VALIDATING),
            }
        }
        if self.takes_pods("UPDATE") && self.configuration.side == Side::Validating {
            wanted.push(OF_UPDATES);
        }
        for wanted in &wanted {
            self.condition(wanted);
        }
        self.unknown_conditions();
    }

    fn condition(&mut self, wanted: &Wanted) {
        let Wanted {
            name,
            word,
            keeps_away,
            otherwise,
        } = wanted;
        let shipped = EXPRESSIONS.get(*name);
        let conditions = self.webhook.match_conditions.iter().flatten();
        let mut similar = None;
        for (index, condition) in conditions.enumerate() {
            let expression = normalised(&condition.expression);
            if shipped == Some(&expression) {
                return;
            }
            if expression.contains(word) {
                similar = Some(index);
            }
        }
        let remedy = format!("the condition {name:?} of the shipped configuration");
        match similar {
            Some(index) => {
                let severity = if self.fails() {
                    Severity::Warning
                } else {
                    Severity::Note
                };
                self.say(
                    severity,
                    &format!("matchConditions[{index}].expression"),
                    format!(
                        "not the shipped one: whether it keeps {keeps_away} away is not checked"
                    ),
                    format!("make sure that it does, or take {remedy}"),
                );
            }
            None => self.say(
                self.by_policy(),
                "matchConditions",
                format!(
                    "nothing keeps {keeps_away} away{}",
                    self.consequence(otherwise)
                ),
                format!("add {remedy}"),
            ),
        }
    }

    /// Under Fail, an expression that cannot be evaluated refuses the request.
    fn unknown_conditions(&mut self) {
        if !self.fails() {
            return;
        }
        let webhook = self.webhook;
        let known = OF_MUTATING
            .iter()
            .chain([&OF_VALIDATING, &OF_UPDATES])
            .map(|wanted| wanted.word);
        let known: Vec<&str> = known.collect();
        let conditions = webhook.match_conditions.iter().flatten().enumerate();
        for (index, MatchCondition { expression, .. }) in conditions {
            if !known.iter().any(|word| expression.contains(word)) {
                self.say(
                    Severity::Note,
                    &format!("matchConditions[{index}].expression"),
                    "not a shipped one: under Fail, an error in it refuses the request without berth being asked",
                    "have it hold for an object that lacks the field: has(), or an optional field such as .?field",
                );
            }
        }
    }
}

/// The expressions of the shipped conditions, by their names; read once, however many webhooks there are to judge.
static EXPRESSIONS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let documents = SHIPPED.iter().flat_map(|stream| yaml::documents(stream));
    let configurations = documents.filter_map(|document| yaml::parse(document.text).ok());
    let list = |value: &Value, field: &str| -> Vec<Value> {
        let items = value.get(field).and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    };
    let webhooks = configurations.flat_map(|configuration| list(&configuration, "webhooks"));
    let conditions = webhooks.flat_map(|webhook| list(&webhook, "matchConditions"));
    let named = conditions.filter_map(|condition| {
        let name = condition["name"].as_str()?.to_owned();
        Some((name, normalised(condition["expression"].as_str()?)))
    });
    named.collect()
});

/// An expression without what means nothing in it. None that is shipped has white space in a text.
fn normalised(expression: &str) -> String {
    let chars = expression.chars().filter(|char| !char.is_whitespace());
    chars
        .map(|char| if char == '"' { '\'' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{EXPRESSIONS, OF_MUTATING, OF_UPDATES, OF_VALIDATING};

    #[test]
    fn what_is_wanted_is_what_is_shipped() {
        for wanted in OF_MUTATING.iter().chain([&OF_VALIDATING, &OF_UPDATES]) {
            let expression = EXPRESSIONS.get(wanted.name).unwrap();
            assert!(expression.contains(wanted.word), "{}", wanted.name);
        }
    }
}
