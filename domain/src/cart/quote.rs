//! What the cart costs is recorded: only a quote of exactly what the cart holds.

use super::{Decision, error::CartError, events::CartQuoted, state::OpenCart};
use crate::pricing::Quote;
use chrono::{DateTime, Utc};

pub(super) fn record(cart: &OpenCart, quote: &Quote, at: DateTime<Utc>) -> Decision {
    if cart.lines.is_empty() {
        return Err(CartError::Empty);
    }
    let Some(method) = &cart.shipping_method else { return Err(CartError::ShippingNotSelected) };
    let same_terms =
        quote.currency == cart.currency && quote.country == cart.country && quote.shipping.method == *method;
    if !same_terms || !is_of_lines(quote, cart) {
        return Err(CartError::Changed { current: cart.quote.as_ref().map(|quote| quote.hash) });
    }
    if !quote.holds_at(at) {
        return Err(CartError::QuoteExpired { expired_at: quote.expires_at });
    }
    if cart.quote.as_deref() == Some(quote) {
        return Ok(vec![]);
    }
    Ok(vec![CartQuoted { quote: Box::new(quote.clone()), at }.into()])
}

/// Whether a quote is of exactly the cart's lines, in their order.
pub(super) fn is_of_lines(quote: &Quote, cart: &OpenCart) -> bool {
    quote.lines.len() == cart.lines.len()
        && quote.lines.iter().zip(&cart.lines).all(|(quoted, line)| {
            (quoted.line_id, &quoted.sku, quoted.quantity) == (line.line_id, &line.sku, line.quantity)
        })
}

#[cfg(test)]
mod tests;
