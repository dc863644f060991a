//! What can be asked of a claim.

use crate::text::Reference;
use serde::{Deserialize, Serialize};

/// Commands on one unique value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimCommand {
    /// Take the value. Silent for its owner; refused for anybody else.
    Claim {
        /// Who wants it.
        owner: Reference,
    },
    /// Give the value up. Silent if nobody owns it; refused for anybody but the owner.
    Release {
        /// Who gives it up.
        owner: Reference,
    },
}
