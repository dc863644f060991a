//! Nobody came back to the cart.

use super::{
    Decision,
    commands::IdleLimits,
    contact::erasure,
    error::CartError,
    events::{CartExpired, CartOwner},
    over_lapsed_claim,
    state::{CartEnding, CartState, OpenCart},
};
use chrono::{DateTime, TimeDelta, Utc};

/// A guest's contact is erased with the cart: nobody needs it any more.
pub(super) fn expire(state: &CartState, limits: &IdleLimits, at: DateTime<Utc>) -> Decision {
    if let CartState::Closed(cart) = state
        && cart.ending == CartEnding::Expired
    {
        return Ok(vec![]);
    }
    let cart = state.open()?;
    cart.free_of_claim(at)?;
    if !cart.payments.is_empty() {
        return Err(CartError::PaymentAttached);
    }
    let due_at = cart.last_activity + idle_limit(cart, limits);
    if at < due_at {
        return Err(CartError::NotDue { due_at });
    }
    let mut events = vec![CartExpired { idle_since: cart.last_activity, at }.into()];
    events.extend(erasure(cart.cart_id, cart.guest_contact, at));
    Ok(over_lapsed_claim(cart, events, at))
}

fn idle_limit(cart: &OpenCart, limits: &IdleLimits) -> TimeDelta {
    let kept = match cart.owner {
        CartOwner::Guest => limits.guest_seconds,
        CartOwner::Customer(_) => limits.customer_seconds,
    };
    let seconds = if cart.lines.is_empty() { kept.min(limits.empty_seconds) } else { kept };
    TimeDelta::seconds(i64::from(seconds))
}

#[cfg(test)]
mod tests;
