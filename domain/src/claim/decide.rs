//! A value is taken and given up.

use super::{
    ClaimState,
    events::{ClaimEvent, ClaimReleased, ValueClaimed},
};
use crate::text::Reference;
use thiserror::Error;

/// Why a claim was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// Somebody else owns the value.
    #[error("the value belongs to {owner}")]
    OwnedByAnother {
        /// The current owner.
        owner: Reference,
    },
}

pub(super) fn claim(state: &ClaimState, owner: &Reference) -> Result<Vec<ClaimEvent>, ClaimError> {
    match state.owner() {
        None => Ok(vec![ValueClaimed { owner: owner.clone() }.into()]),
        // The owner may have crashed after the claim, and asks again.
        Some(current) if current == owner => Ok(vec![]),
        Some(current) => Err(ClaimError::OwnedByAnother { owner: current.clone() }),
    }
}

pub(super) fn release(state: &ClaimState, owner: &Reference) -> Result<Vec<ClaimEvent>, ClaimError> {
    match state.owner() {
        None => Ok(vec![]),
        Some(current) if current == owner => Ok(vec![ClaimReleased { owner: owner.clone() }.into()]),
        Some(current) => Err(ClaimError::OwnedByAnother { owner: current.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Claim, commands::ClaimCommand, stream_id};
    use super::*;
    use crate::testing::{Given, given};

    fn owner(name: &str) -> Reference {
        name.parse().unwrap()
    }

    fn take(name: &str) -> ClaimCommand {
        ClaimCommand::Claim { owner: owner(name) }
    }

    fn give_up(name: &str) -> ClaimCommand {
        ClaimCommand::Release { owner: owner(name) }
    }

    fn free() -> Given<Claim> {
        given([])
    }

    fn owned() -> Given<Claim> {
        free().and(take("prd_1"))
    }

    fn refusal() -> ClaimError {
        ClaimError::OwnedByAnother { owner: owner("prd_1") }
    }

    #[test]
    fn a_free_value_can_be_claimed() {
        free().when(take("prd_1")).then([ValueClaimed { owner: owner("prd_1") }.into()]);
    }

    #[test]
    fn the_owner_may_claim_again() {
        owned().when(take("prd_1")).then_nothing();
    }

    #[test]
    fn a_value_is_not_taken_from_its_owner() {
        owned().when(take("prd_2")).then_refused(refusal());
        owned().when(give_up("prd_2")).then_refused(refusal());
    }

    #[test]
    fn a_value_that_was_given_up_is_free() {
        owned().when(give_up("prd_1")).then([ClaimReleased { owner: owner("prd_1") }.into()]);
        owned().and(give_up("prd_1")).when(take("prd_2")).then([ValueClaimed { owner: owner("prd_2") }.into()]);
    }

    #[test]
    fn a_value_that_nobody_owns_need_not_be_given_up() {
        free().when(give_up("prd_1")).then_nothing();
        owned().and(give_up("prd_1")).when(give_up("prd_1")).then_nothing();
    }

    #[test]
    fn the_stream_names_the_kind_and_the_value() {
        assert_eq!(stream_id("sku", "85123A"), "sku.85123A");
        assert_ne!(stream_id("slug", "a.b"), stream_id("slug", "a"));
    }
}
