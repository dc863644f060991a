//! Where the goods go, how they are shipped, and in which currency they are paid.

use super::{
    Decision,
    error::CartError,
    events::{CartCountryChanged, CartCurrencyChanged, CartEvent, CartShippingSelected},
    line::{LinePrice, price_of},
    state::OpenCart,
};
use crate::{
    money::Currency,
    text::{Country, Reference},
};
use chrono::{DateTime, Utc};

pub(super) fn set_country(cart: &OpenCart, country: &Country, at: DateTime<Utc>) -> Decision {
    if cart.country == *country {
        return Ok(vec![]);
    }
    if cart.shipping_address.is_some() {
        return Err(CartError::CountryDiffers { country: cart.country.clone() });
    }
    Ok(vec![CartCountryChanged { country: country.clone(), at }.into()])
}

pub(super) fn select_shipping(cart: &OpenCart, method: &Reference, at: DateTime<Utc>) -> Vec<CartEvent> {
    if cart.shipping_method.as_ref() == Some(method) {
        return vec![];
    }
    vec![CartShippingSelected { method: method.clone(), at }.into()]
}

pub(super) fn change_currency(
    cart: &OpenCart,
    currency: Currency,
    prices: &[LinePrice],
    at: DateTime<Utc>,
) -> Decision {
    if cart.currency == currency {
        return Ok(vec![]);
    }
    let mut taken = Vec::with_capacity(cart.lines.len());
    for line in &cart.lines {
        let unit_price =
            price_of(prices, line.line_id).ok_or_else(|| CartError::NoPrice { sku: line.sku.clone(), currency })?;
        if unit_price.is_negative() {
            return Err(CartError::NegativePrice);
        }
        taken.push(LinePrice { line_id: line.line_id, unit_price });
    }
    Ok(vec![CartCurrencyChanged { currency, prices: taken, at }.into()])
}

#[cfg(test)]
mod tests;
