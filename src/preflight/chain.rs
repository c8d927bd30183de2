//! The two chains of webhooks that the API server calls.

/// A chain of webhooks: the mutating ones are called first, and change objects; the validating ones judge the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    Mutating,
    Validating,
}

impl Chain {
    pub(super) const ALL: [Self; 2] = [Self::Mutating, Self::Validating];

    /// Returns the kind of the chain's configurations.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }

    /// Returns the path at which berth answers the chain.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Mutating => "/mutate",
            Self::Validating => "/validate",
        }
    }
}
