//! Payments depend on the cart: while there is one, the cart neither changes nor expires.

use super::{
    Decision,
    commands::PAYMENTS_MAX,
    error::CartError,
    events::{CartPaymentAttached, CartPaymentDetached},
    state::CartState,
};
use crate::ids::PaymentId;
use chrono::{DateTime, Utc};

/// Also possible under a claim, whose holder attaches what it charges.
pub(super) fn attach(state: &CartState, payment_id: PaymentId, at: DateTime<Utc>) -> Decision {
    let cart = state.open()?;
    if cart.payments.contains(&payment_id) {
        return Ok(vec![]);
    }
    if cart.payments.len() >= PAYMENTS_MAX {
        return Err(CartError::TooManyPayments { max: PAYMENTS_MAX });
    }
    Ok(vec![CartPaymentAttached { payment_id, at }.into()])
}

pub(super) fn detach(state: &CartState, payment_id: PaymentId, at: DateTime<Utc>) -> Decision {
    let cart = state.open()?;
    if !cart.payments.contains(&payment_id) {
        return Ok(vec![]);
    }
    Ok(vec![CartPaymentDetached { payment_id, at }.into()])
}
