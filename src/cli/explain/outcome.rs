//! The outcome for a workload, as reports and summaries say it.

use std::fmt;

use anstyle::{AnsiColor, Style};

use super::explanation::Explanation;
use crate::placement::Reason;
use crate::policy::Mode;

/// The outcome for a workload that is created as it is. Each workload has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Placed,
    AlreadyPlaced,
    /// The policy or the rule is in Audit, so that nothing changes.
    WouldBePlaced,
    LeftAlone(Reason),
    /// The validating side refuses it.
    Denied,
}

impl Outcome {
    /// Returns the outcome of an explanation.
    pub(super) fn of(explanation: &Explanation<'_>) -> Self {
        let decision = &explanation.decision;
        match decision.reason {
            _ if explanation.denials().next().is_some() => Self::Denied,
            Reason::Placed if decision.mode == Mode::Audit => Self::WouldBePlaced,
            Reason::Placed => Self::Placed,
            Reason::AlreadyPlaced => Self::AlreadyPlaced,
            reason => Self::LeftAlone(reason),
        }
    }

    /// Returns the colour of the outcome.
    pub(super) fn style(self) -> Style {
        match self {
            Self::Placed | Self::AlreadyPlaced | Self::WouldBePlaced => {
                AnsiColor::Green.on_default()
            }
            Self::LeftAlone(reason) if reason.is_amiss() => AnsiColor::Yellow.on_default(),
            Self::LeftAlone(_) => Style::new(),
            Self::Denied => AnsiColor::Red.on_default(),
        }
    }
}

/// A reason's own name is among the words, since metrics and annotations use it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed => f.write_str(Reason::Placed.as_str()),
            Self::AlreadyPlaced => f.write_str(Reason::AlreadyPlaced.as_str()),
            Self::WouldBePlaced => f.write_str("would be placed"),
            Self::LeftAlone(reason) => write!(f, "left alone: {reason}"),
            Self::Denied => f.write_str("denied"),
        }
    }
}
