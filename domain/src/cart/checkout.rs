//! A checkout makes an order of the cart: it begins with one event, lasts as long as stock and money take, and is ended by
//! whoever carries it out.

use super::{
    Decision,
    commands::CHECKOUTS_MAX,
    completion::{agreed_quote, became},
    error::CartError,
    events::{CartCheckoutBegan, CartCompletionReleased, CartConverted, ReleaseCause},
    over_lapsed_claim,
    state::{CartState, RunningCheckout},
};
use crate::{checkout::CheckoutTerms, ids::OrderId};
use chrono::{DateTime, Utc};

pub(super) fn begin(state: &CartState, asked: RunningCheckout, at: DateTime<Utc>) -> Decision {
    if became(state, asked.order_id) {
        return Ok(vec![]);
    }
    let cart = state.open()?;
    // The order of an ended checkout is cancelled, and no process would ever begin it again.
    if cart.ended_checkouts.contains(&asked.order_id) {
        return Ok(vec![]);
    }
    if let Some(running) = cart.running_checkout()
        && running.is_as_asked(&asked)
    {
        return Ok(vec![]);
    }
    cart.free_of_claim(at)?;
    let quote = agreed_quote(cart, asked.quote_hash, at)?;
    if quote.total_minor > 0 && asked.terms.payment.is_none() {
        return Err(CartError::PaymentRequired { total_minor: quote.total_minor });
    }
    if cart.ended_checkouts.len() >= CHECKOUTS_MAX {
        return Err(CartError::TooManyCheckouts { max: CHECKOUTS_MAX });
    }
    let RunningCheckout { order_id, quote_hash, terms, instrument } = asked;
    let (terms, instrument) =
        if quote.total_minor > 0 { (terms, instrument) } else { (CheckoutTerms { payment: None }, None) };
    let began = CartCheckoutBegan { fence: cart.last_fence + 1, order_id, quote_hash, terms, instrument, at };
    Ok(over_lapsed_claim(cart, vec![began.into()], at))
}

impl RunningCheckout {
    /// Whether this checkout is what was asked for; where there is nothing to pay, whatever was said about payment.
    fn is_as_asked(&self, asked: &Self) -> bool {
        let same_payment =
            self.terms.payment.is_none() || (&self.terms, &self.instrument) == (&asked.terms, &asked.instrument);
        (self.order_id, self.quote_hash) == (asked.order_id, asked.quote_hash) && same_payment
    }
}

pub(super) fn end(state: &CartState, order_id: OrderId, placed: bool, at: DateTime<Utc>) -> Decision {
    if placed && became(state, order_id) {
        return Ok(vec![]);
    }
    let cart = state.open()?;
    if !placed && cart.ended_checkouts.contains(&order_id) {
        return Ok(vec![]);
    }
    let running = cart.claim.as_ref().filter(|_| cart.running_checkout().is_some_and(|c| c.order_id == order_id));
    let Some(fence) = running.map(|claim| claim.fence) else {
        return Err(CartError::CheckoutNotRunning { order_id });
    };
    Ok(vec![match placed {
        true => CartConverted { fence, order_id, at }.into(),
        false => CartCompletionReleased { fence, cause: ReleaseCause::CheckoutFailed, at }.into(),
    }])
}

#[cfg(test)]
mod tests;
