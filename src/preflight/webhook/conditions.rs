//! Match conditions, which keep away pods that the API server need not ask berth about.
//!
//! They are CEL, which nobody evaluates here: a condition is known by its shipped name, and its expression is not read.

use k8s_openapi::api::admissionregistration::v1::MatchCondition;

use super::inspection::{Inspection, NAMESPACES, POLICIES};
use crate::preflight::chain::Chain;
use crate::preflight::fault::Severity;

/// A condition that a webhook should have.
struct Wanted {
    /// Its name, as shipped.
    name: &'static str,
    /// The pods or updates that it keeps away.
    keeps_away: &'static str,
    /// The consequence under Fail if nothing does.
    otherwise: &'static str,
}

const OF_MUTATING: [Wanted; 3] = [
    Wanted {
        name: "not-daemonset",
        keeps_away: "DaemonSets' pods",
        otherwise: "; while berth is down, no node gets its agents, those that its network needs among them",
    },
    Wanted {
        name: "not-bound",
        keeps_away: "pods that have their node already",
        otherwise: "; while berth is down, none is created",
    },
    Wanted {
        name: "not-mirror",
        keeps_away: "mirror pods",
        otherwise: "; while berth is down, kubelets cannot show static pods",
    },
];

const OF_VALIDATING: Wanted = Wanted {
    name: "made-by-hand",
    keeps_away: "controllers' pods",
    otherwise: "",
};

const OF_UPDATES: Wanted = Wanted {
    name: "placement-changed",
    keeps_away: "updates that change nothing of a pod's placement",
    otherwise: "; while berth is down, Jobs cannot end and finalizers stay on pods",
};

const OF_NAMESPACES: Wanted = Wanted {
    name: "labels-changed",
    keeps_away: "namespaces without a new label of berth's",
    otherwise: "; while berth is down, no namespace is created or changed",
};

const OF_POLICIES: Wanted = Wanted {
    name: "spec-changed",
    keeps_away: "updates that leave a policy as it is",
    otherwise: "",
};

/// Checks that every shipped condition is there, and notes those that are not shipped.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    if inspection.takes_pods("CREATE") {
        match inspection.configuration.chain {
            Chain::Mutating => OF_MUTATING
                .iter()
                .for_each(|wanted| require(inspection, wanted)),
            // A boundary asks about controllers' pods too, which is what Fail is for; that note says what it costs.
            Chain::Validating if inspection.fails_closed() => {}
            Chain::Validating => require(inspection, &OF_VALIDATING),
        }
    }
    if inspection.takes_pods("UPDATE") && inspection.configuration.chain == Chain::Validating {
        require(inspection, &OF_UPDATES);
    }
    if inspection.takes_unscoped(NAMESPACES, "UPDATE") {
        require(inspection, &OF_NAMESPACES);
    }
    if inspection.takes_unscoped(POLICIES, "UPDATE") {
        require(inspection, &OF_POLICIES);
    }
    unknown_conditions(inspection);
}

fn require(inspection: &mut Inspection<'_>, wanted: &Wanted) {
    let Wanted {
        name,
        keeps_away,
        otherwise,
    } = wanted;
    let mut conditions = inspection.webhook.match_conditions.iter().flatten();
    if conditions.any(|condition| condition.name == *name) {
        return;
    }
    inspection.report(
        inspection.by_policy(),
        "matchConditions",
        format!(
            "no condition is called {name}, so that nothing keeps away {keeps_away}{}",
            inspection.consequence(otherwise)
        ),
        format!("add the shipped condition {name}, or call yours {name} if it does the same"),
    );
}

/// Notes conditions that are not shipped: under Fail, an expression that cannot be evaluated refuses the request.
fn unknown_conditions(inspection: &mut Inspection<'_>) {
    if !inspection.fails_closed() {
        return;
    }
    let webhook = inspection.webhook;
    let others = [&OF_VALIDATING, &OF_UPDATES, &OF_NAMESPACES, &OF_POLICIES];
    let shipped = || OF_MUTATING.iter().chain(others);
    let conditions = webhook.match_conditions.iter().flatten().enumerate();
    for (index, MatchCondition { name, .. }) in conditions {
        if !shipped().any(|shipped| shipped.name == name) {
            inspection.report(
                Severity::Note,
                &format!("matchConditions[{index}].expression"),
                "not a shipped one: under Fail, an error in it refuses the request without berth being asked",
                "have it hold for an object that lacks the field: has(), or an optional field such as .?field",
            );
        }
    }
}
