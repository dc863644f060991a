//! What can have happened to a claim.

use crate::{events, text::Reference};
use serde::{Deserialize, Serialize};

events! {
    /// The history of one unique value.
    pub enum ClaimEvent {
        ValueClaimed = 1;
        ClaimReleased = 1;
    }
}

/// The value got an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueClaimed {
    /// Who owns it: the typed id of an aggregate, as text.
    pub owner: Reference,
}

/// The owner gave the value up; it can be claimed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimReleased {
    /// Who owned it.
    pub owner: Reference,
}
