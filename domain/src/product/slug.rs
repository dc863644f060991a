//! A product gets a slug, and gives up what it claimed and does not use.
//!
//! A slug is claimed before the product uses it, and two requests may claim slugs for one product at once, or stop in
//! between. So a claim names the product *and* a round, and the product's own stream says what a claim of a round is
//! worth: setting a slug ends the round, and a slug can be set only in the round in which it was claimed. What was claimed
//! in a round that is over, and is not in use, will never be used; then anybody may release the claim and make its own.
//! Where the round is not over, whoever wants the slug ends it first ([`super::commands::ProductCommand::EndSlugClaims`]),
//! so that the refusal stands on the owner's stream before the claim changes hands.

use super::{
    Decision,
    error::ProductError,
    events::{ProductSlugClaimsEnded, ProductSlugSet},
    state::{ProductStage, ProductState},
};
use crate::{
    ids::ProductId,
    text::{Reference, Slug},
};
use std::{fmt, str::FromStr};

/// Who owns the claim of a slug: a product, in one round. In text `prd_…/7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlugClaim {
    /// The product.
    pub product_id: ProductId,
    /// The round in which it claimed.
    pub claim_round: u64,
}

impl SlugClaim {
    /// The owner that the claim names.
    ///
    /// # Panics
    /// Never: an id and a number are no control characters and no more than 100 characters.
    #[must_use]
    pub fn owner(self) -> Reference {
        self.to_string().parse().expect("an id and a number fit a reference")
    }
}

impl fmt::Display for SlugClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.product_id, self.claim_round)
    }
}

/// A text is not the owner of a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the owner of a slug is a product's id, a slash and a number")]
pub struct ParseSlugClaimError;

impl FromStr for SlugClaim {
    type Err = ParseSlugClaimError;

    fn from_str(text: &str) -> Result<Self, ParseSlugClaimError> {
        let (product_id, claim_round) = text.split_once('/').ok_or(ParseSlugClaimError)?;
        let product_id = product_id.parse().map_err(|_| ParseSlugClaimError)?;
        let claim_round = claim_round.parse().map_err(|_| ParseSlugClaimError)?;
        Ok(Self { product_id, claim_round })
    }
}

/// What a product does with a slug that it claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlugUse {
    /// It uses it.
    InUse,
    /// It may still begin to use it.
    Pending,
    /// It does not use it and never will on the ground of that claim.
    GivenUp,
}

impl ProductState {
    /// What the product does with a slug that it claimed in a round.
    #[must_use]
    pub fn slug_use(&self, slug: &Slug, claim_round: u64) -> SlugUse {
        let Self::Existing(product) = self else { return SlugUse::Pending };
        if product.slug.as_ref().is_some_and(|held| held.slug == *slug && held.claim_round == claim_round) {
            return SlugUse::InUse;
        }
        match product.stage {
            ProductStage::Draft | ProductStage::Published if product.claim_round <= claim_round => SlugUse::Pending,
            ProductStage::Draft | ProductStage::Published | ProductStage::Discontinued => SlugUse::GivenUp,
        }
    }
}

pub(super) fn set(state: &ProductState, slug: &Slug, claim_round: u64) -> Decision {
    let product = state.existing()?;
    if product.slug.as_ref().is_some_and(|held| held.slug == *slug) {
        return Ok(vec![]);
    }
    product.changeable()?;
    if product.claim_round != claim_round {
        return Err(ProductError::SlugClaimEnded { claim_round });
    }
    Ok(vec![ProductSlugSet { slug: slug.clone(), claim_round }.into()])
}

/// Silent for a discontinued product, which can use nothing more anyway.
pub(super) fn end_claims(state: &ProductState, claim_round: u64) -> Decision {
    let product = state.existing()?;
    if product.stage == ProductStage::Discontinued || product.claim_round != claim_round {
        return Ok(vec![]);
    }
    Ok(vec![ProductSlugClaimsEnded { claim_round }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        events::ProductEvent,
        samples::{discontinue, discontinued, draft, nothing, set_slug},
    };
    use super::*;

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    fn was_set(text: &str, claim_round: u64) -> ProductEvent {
        ProductSlugSet { slug: slug(text), claim_round }.into()
    }

    fn end(claim_round: u64) -> Command {
        Command::EndSlugClaims { claim_round }
    }

    #[test]
    fn a_slug_is_set_in_the_round_in_which_it_was_claimed() {
        draft().when(set_slug("heart", 0)).then([was_set("heart", 0)]);
        draft().when(set_slug("heart", 1)).then_refused(ProductError::SlugClaimEnded { claim_round: 1 });
        let renamed = || draft().and(set_slug("heart", 0));
        renamed().when(set_slug("star", 0)).then_refused(ProductError::SlugClaimEnded { claim_round: 0 });
        renamed().when(set_slug("star", 1)).then([was_set("star", 1)]);
        renamed().when(set_slug("heart", 7)).then_nothing();
    }

    #[test]
    fn only_a_product_that_can_change_gets_a_slug() {
        nothing().when(set_slug("heart", 0)).then_refused(ProductError::NotFound);
        discontinued().when(set_slug("heart", 0)).then_refused(ProductError::Discontinued);
    }

    #[test]
    fn a_claim_whose_round_was_ended_does_not_lead_to_a_slug() {
        draft().when(end(0)).then([ProductSlugClaimsEnded { claim_round: 0 }.into()]);
        draft().and(end(0)).when(end(0)).then_nothing();
        draft().and(end(0)).when(set_slug("heart", 0)).then_refused(ProductError::SlugClaimEnded { claim_round: 0 });
        draft().and(end(0)).when(set_slug("heart", 1)).then([was_set("heart", 1)]);
        draft().when(end(3)).then_nothing();
        discontinued().when(end(0)).then_nothing();
        nothing().when(end(0)).then_refused(ProductError::NotFound);
    }

    #[test]
    fn ending_a_round_leaves_the_slug_in_use() {
        let state = draft().and(set_slug("heart", 0)).and(end(1)).state();
        assert_eq!(state.slug_use(&slug("heart"), 0), SlugUse::InUse);
    }

    #[test]
    fn a_claim_is_worth_nothing_once_its_round_is_over_unless_it_is_used() {
        let state = draft().and(set_slug("heart", 0)).and(set_slug("star", 1)).state();
        assert_eq!(state.slug_use(&slug("star"), 1), SlugUse::InUse);
        assert_eq!(state.slug_use(&slug("heart"), 0), SlugUse::GivenUp);
        assert_eq!(state.slug_use(&slug("moon"), 1), SlugUse::GivenUp);
        assert_eq!(state.slug_use(&slug("moon"), 2), SlugUse::Pending);
        assert_eq!(state.slug_use(&slug("heart"), 2), SlugUse::Pending);
        // The same slug claimed in two rounds is two claims.
        assert_eq!(state.slug_use(&slug("star"), 0), SlugUse::GivenUp);
    }

    #[test]
    fn a_discontinued_product_keeps_the_slug_in_use_and_no_other() {
        let state = draft().and(set_slug("heart", 0)).and(discontinue()).state();
        assert_eq!(state.slug_use(&slug("heart"), 0), SlugUse::InUse);
        assert_eq!(state.slug_use(&slug("star"), 1), SlugUse::GivenUp);
        assert_eq!(nothing().state().slug_use(&slug("star"), 0), SlugUse::Pending);
    }

    #[test]
    fn the_owner_of_a_claim_is_read_back() {
        let claim = SlugClaim { product_id: ProductId::new(uuid::Uuid::from_u128(7)), claim_round: u64::MAX };
        assert_eq!(claim.owner().as_str().parse(), Ok(claim));
        for text in
            ["", "prd_00000000-0000-0000-0000-000000000007", "prd_7/0", "prd_00000000-0000-0000-0000-000000000007/-1"]
        {
            assert_eq!(text.parse::<SlugClaim>(), Err(ParseSlugClaimError), "{text}");
        }
    }
}
