//! An order is made of the cart: one claim at a time, each with a higher fence than all before.

use super::{
    Decision,
    commands::LEASE_SECONDS_MAX,
    error::CartError,
    events::{CartCompletionClaimed, CartCompletionReleased, CartConverted, ReleaseCause},
    over_lapsed_claim,
    state::{CartEnding, CartState, OpenCart},
};
use crate::{
    ids::OrderId,
    pricing::{Quote, QuoteHash},
};
use chrono::{DateTime, TimeDelta, Utc};

/// A payment that is attached already does not stand in the way: it is there so that the order can be made.
pub(super) fn begin(state: &CartState, quote_hash: QuoteHash, lease_seconds: u32, at: DateTime<Utc>) -> Decision {
    let cart = state.open()?;
    cart.free_of_claim(at)?;
    if !(1..=LEASE_SECONDS_MAX).contains(&lease_seconds) {
        return Err(CartError::LeaseOutOfRange { max: LEASE_SECONDS_MAX });
    }
    agreed_quote(cart, quote_hash, at)?;
    let claimed = CartCompletionClaimed {
        fence: cart.last_fence + 1,
        quote_hash,
        expires_at: at + TimeDelta::seconds(i64::from(lease_seconds)),
        at,
    };
    Ok(over_lapsed_claim(cart, vec![claimed.into()], at))
}

/// The cart's quote, if it is the one that the buyer agreed to and still holds.
pub(super) fn agreed_quote(cart: &OpenCart, quote_hash: QuoteHash, at: DateTime<Utc>) -> Result<&Quote, CartError> {
    let Some(quote) = cart.quote.as_deref().filter(|quote| quote.hash == quote_hash) else {
        let current = cart.quote.as_ref().map(|quote| quote.hash);
        return Err(CartError::Changed { current });
    };
    if !quote.holds_at(at) {
        return Err(CartError::QuoteExpired { expired_at: quote.expires_at });
    }
    Ok(quote)
}

pub(super) fn abort(state: &CartState, fence: u64, at: DateTime<Utc>) -> Decision {
    let cart = state.open()?;
    if fence != cart.last_fence {
        return Err(CartError::StaleFence { given: fence, current: cart.last_fence });
    }
    not_checked_out(cart)?;
    Ok(match &cart.claim {
        Some(claim) => vec![CartCompletionReleased { fence: claim.fence, cause: ReleaseCause::Aborted, at }.into()],
        None => vec![],
    })
}

/// A claim that has lapsed still converts the cart while nobody did anything over it: the order is there already.
pub(super) fn convert(state: &CartState, fence: u64, order_id: OrderId, at: DateTime<Utc>) -> Decision {
    if became(state, order_id) {
        return Ok(vec![]);
    }
    let cart = state.open()?;
    not_checked_out(cart)?;
    match &cart.claim {
        Some(claim) if claim.fence == fence => Ok(vec![CartConverted { fence, order_id, at }.into()]),
        Some(_) | None => Err(CartError::StaleFence { given: fence, current: cart.last_fence }),
    }
}

/// Whoever placed the order stopped before closing the cart, and the claim is gone; without this the cart would stay open
/// for ever, and its lines could be ordered twice. What was agreed is the order, whatever the cart holds since.
pub(super) fn convert_placed(state: &CartState, order_id: OrderId, at: DateTime<Utc>) -> Decision {
    if became(state, order_id) {
        return Ok(vec![]);
    }
    let cart = state.open()?;
    cart.free_of_claim(at)?;
    Ok(vec![CartConverted { fence: cart.last_fence, order_id, at }.into()])
}

/// A checkout's claim is ended by whoever carries the checkout out, not by its number.
fn not_checked_out(cart: &OpenCart) -> Result<(), CartError> {
    match cart.running_checkout() {
        Some(checkout) => Err(CartError::CheckoutInProgress { order_id: checkout.order_id }),
        None => Ok(()),
    }
}

/// Whether the cart is closed because it became this order.
pub(super) fn became(state: &CartState, order_id: OrderId) -> bool {
    if let CartState::Closed(cart) = state { cart.ending == (CartEnding::Converted { order_id }) } else { false }
}

#[cfg(test)]
mod tests;
