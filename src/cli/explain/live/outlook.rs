//! A live object as berth would decide today, held against what it did when the pod was created.

use super::facts::Live;
use super::pods::PodCounts;
use crate::names::INJECTION_LABEL;
use crate::placement::Reason;
use crate::policy::Mode;

/// The difference between then and now, and the commands that end it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::explain) struct Outlook {
    /// The difference, as a sentence; `None` if there is none.
    pub(in crate::cli::explain) difference: Option<String>,
    /// The commands to run, or what to do, in their order.
    pub(in crate::cli::explain) to_do: Vec<String>,
}

impl Live {
    /// Says how berth would decide on the object's pods today, other than when they were created.
    pub(in crate::cli::explain) fn outlook(
        &self,
        namespace: &str,
        reason: Reason,
        mode: Mode,
    ) -> Outlook {
        let is_placed_today = reason == Reason::Placed && mode == Mode::Enforce;
        let label = || format!("kubectl label namespace {namespace} {INJECTION_LABEL}=enabled");
        let anew = || self.anew(namespace);
        let outlook = |difference: &str, to_do: Vec<String>| Outlook {
            difference: Some(difference.to_owned()),
            to_do,
        };
        if let Some(pod) = &self.pod {
            return match (&pod.decision, reason) {
                (Some(_), Reason::AlreadyPlaced) => Outlook::default(),
                (Some(_), _) if is_placed_today => outlook(
                    "berth would place it otherwise: the policy or the node pools have changed since",
                    vec![anew()],
                ),
                (Some(_), _) => outlook(
                    "berth would leave it as it is: the policy, the namespace or the node pools have changed since",
                    vec![anew()],
                ),
                (None, Reason::NotOptedIn) => Outlook {
                    difference: None,
                    to_do: vec![label(), anew()],
                },
                (None, _) if is_placed_today => outlook(
                    "berth would place it: it was created before its namespace opted in, in Audit, or while berth did not \
                     answer",
                    vec![anew()],
                ),
                (None, _) => Outlook::default(),
            };
        }
        match (self.pods, reason) {
            (_, Reason::NotOptedIn) => Outlook {
                difference: None,
                to_do: vec![label(), anew()],
            },
            (Some(PodCounts { placed, all, .. }), Reason::Placed | Reason::AlreadyPlaced)
                if placed < all && mode == Mode::Enforce =>
            {
                let others = all - placed;
                outlook(
                    &format!(
                        "{others} of its {all} pods were created without berth, which would place them"
                    ),
                    vec![anew()],
                )
            }
            _ => Outlook::default(),
        }
    }

    /// Returns the command that has its pods made anew, or what to do if there is none.
    fn anew(&self, namespace: &str) -> String {
        let (kind, name) = &self.maker;
        match kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" => {
                let kind = kind.to_ascii_lowercase();
                format!("kubectl --namespace {namespace} rollout restart {kind}/{name}")
            }
            "Job" | "CronJob" => "nothing: the pods of its next run are placed".to_owned(),
            "Pod" => format!("delete the pod and create it anew: nothing else makes {name} again"),
            _ => format!("delete the pod: {kind} {name} makes another"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Live, Mode, Outlook, Reason};
    use crate::cli::explain::live::facts::PodFacts;
    use crate::cli::explain::live::pods::PodCounts;

    fn pod(decision: Option<&str>) -> Live {
        Live {
            maker: ("Deployment".to_owned(), "web".to_owned()),
            pod: Some(PodFacts {
                decision: decision.map(str::to_owned),
                ..PodFacts::default()
            }),
            pods: None,
        }
    }

    const RESTART: &str = "kubectl --namespace shop rollout restart deployment/web";

    #[test]
    fn a_pod_that_berth_would_not_leave_so_says_what_to_run() {
        let label = "kubectl label namespace shop placement.truemark.io/injection=enabled";
        for (decision, reason, mode, says, to_do) in [
            (
                None,
                Reason::Placed,
                Mode::Enforce,
                "before its namespace opted in",
                &[RESTART][..],
            ),
            (None, Reason::Placed, Mode::Audit, "", &[]),
            (
                None,
                Reason::NotOptedIn,
                Mode::Enforce,
                "",
                &[label, RESTART],
            ),
            (None, Reason::AlreadyPlaced, Mode::Enforce, "", &[]),
            (None, Reason::SpecialResource, Mode::Enforce, "", &[]),
            (
                Some("placed"),
                Reason::AlreadyPlaced,
                Mode::Enforce,
                "",
                &[],
            ),
            (
                Some("placed"),
                Reason::Placed,
                Mode::Enforce,
                "otherwise",
                &[RESTART],
            ),
            (
                Some("placed"),
                Reason::OptedOut,
                Mode::Enforce,
                "leave it",
                &[RESTART],
            ),
        ] {
            let outlook = pod(decision).outlook("shop", reason, mode);
            let difference = outlook.difference.unwrap_or_default();
            assert!(difference.contains(says), "{reason}: {difference}");
            assert_eq!(difference.is_empty(), says.is_empty(), "{reason}");
            assert_eq!(outlook.to_do, to_do, "{reason}");
        }
    }

    #[test]
    fn an_owner_counts_the_pods_that_berth_has_not_seen() {
        let owner = |pods| Live {
            pod: None,
            pods,
            ..pod(None)
        };
        let outlook = |pods| owner(pods).outlook("shop", Reason::Placed, Mode::Enforce);
        let counted = |placed, all| {
            let mut counts = PodCounts::default();
            (counts.placed, counts.all) = (placed, all);
            Some(counts)
        };
        assert_eq!(outlook(counted(2, 2)), Outlook::default());
        assert_eq!(outlook(None), Outlook::default());
        let found = outlook(counted(1, 3));
        assert!(
            found
                .difference
                .is_some_and(|text| text.starts_with("2 of its 3 pods"))
        );
        assert_eq!(found.to_do, [RESTART]);
    }
}
