//! One operation at a provider, and what became of it.

use crate::{
    payment::events::OperationKind,
    text::{ActionUrl, Reference},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One operation at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// The attempt it belongs to, from 1; 0 for what was inferred or observed. A refund belongs to none in truth and names
    /// the one that was the newest.
    pub attempt: u32,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The provider; kept for authorizations, which choose it.
    pub provider: Option<Reference>,
    /// What is paid with; kept for authorizations, which choose it.
    pub instrument: Option<Reference>,
    /// What became of it.
    pub outcome: OperationOutcome,
    /// The provider's name for it, once it waits for the customer or succeeded and the provider said so.
    pub provider_reference: Option<Reference>,
    /// Where the customer goes, while it waits for the customer.
    pub action_url: Option<ActionUrl>,
    /// The provider's code, if it failed.
    pub failure_code: Option<Reference>,
    /// Whether the provider told of it without our request.
    pub is_observed: bool,
}

impl Operation {
    /// One that was just requested.
    pub(super) const fn new(kind: OperationKind, attempt: u32, amount_minor: i64) -> Self {
        Self {
            kind,
            attempt,
            amount_minor,
            provider: None,
            instrument: None,
            outcome: OperationOutcome::Pending,
            provider_reference: None,
            action_url: None,
            failure_code: None,
            is_observed: false,
        }
    }
}

/// What became of an operation. It only ever moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationOutcome {
    /// It was requested.
    Pending,
    /// The provider did not answer; it may have happened.
    Unknown,
    /// The provider waits for the customer.
    ActionRequired,
    /// The provider refused it.
    Failed,
    /// It happened.
    Succeeded,
}

impl OperationOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Unknown, Self::ActionRequired, Self::Failed, Self::Succeeded];

    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::ActionRequired => "action_required",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }

    /// Whether it may still turn out either way.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Unknown | Self::ActionRequired => true,
            Self::Failed | Self::Succeeded => false,
        }
    }
}

impl fmt::Display for OperationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
