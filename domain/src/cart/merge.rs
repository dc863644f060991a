//! A guest's cart is closed so that its lines can go into another: frozen first, so that nothing is ever there twice.
//!
//! The other cart may end before it takes them in. It never will then, so that they may go into a third one; who asks for that
//! says which cart it was to be, and of two who ask at once one has its way.

use super::{
    Decision, change,
    contact::erasure,
    error::CartError,
    events::{CartMerged, CartOwner},
    state::{CartEnding, CartState},
};
use crate::ids::CartId;
use chrono::{DateTime, Utc};

pub(super) fn begin(state: &CartState, into: CartId, at: DateTime<Utc>) -> Decision {
    if let CartState::Closed(cart) = state
        && let CartEnding::Merged { into: before, .. } = cart.ending
        && before == into
    {
        return Ok(vec![]);
    }
    change(state, at, |cart| {
        if cart.owner != CartOwner::Guest {
            return Err(CartError::NotAGuest);
        }
        if cart.cart_id == into {
            return Err(CartError::MergeIntoItself);
        }
        let mut events = vec![CartMerged { into, currency: cart.currency, lines: cart.lines.clone(), at }.into()];
        events.extend(erasure(cart.cart_id, cart.guest_contact, at));
        Ok(events)
    })
}

pub(super) fn redirect(state: &CartState, instead_of: CartId, into: CartId, at: DateTime<Utc>) -> Decision {
    let CartState::Closed(cart) = state else { return Err(CartError::NotMergedInto { cart_id: instead_of }) };
    let CartEnding::Merged { into: before, currency, lines, .. } = &cart.ending else {
        return Err(CartError::NotMergedInto { cart_id: instead_of });
    };
    if *before == into {
        return Ok(vec![]);
    }
    if *before != instead_of {
        return Err(CartError::NotMergedInto { cart_id: instead_of });
    }
    if cart.cart_id == into {
        return Err(CartError::MergeIntoItself);
    }
    Ok(vec![CartMerged { into, currency: *currency, lines: lines.clone(), at }.into()])
}
