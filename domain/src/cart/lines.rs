//! Lines are added, change their quantity and are taken out.

use super::{
    Decision,
    error::CartError,
    events::{CartCleared, CartEvent, CartLineAdded, CartLineQuantityChanged, CartLineRemoved},
    line::{LINE_UNITS_MAX, LINES_MAX, LineOption, SKU_UNITS_MAX, demand, sorted_options},
    state::OpenCart,
};
use crate::{ids::CartLineId, price::UnitPrice, quantity::Quantity, text::Sku};
use chrono::{DateTime, Utc};

/// Units that are asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) line_id: CartLineId,
    pub(super) sku: &'a Sku,
    pub(super) options: &'a [LineOption],
    pub(super) quantity: Quantity,
    pub(super) unit_price: UnitPrice,
}

pub(super) fn add(cart: &OpenCart, asked: &Asked<'_>, available: u32, at: DateTime<Utc>) -> Decision {
    let options = sorted_options(asked.options)?;
    if asked.unit_price.is_negative() {
        return Err(CartError::NegativePrice);
    }
    match cart.lines.iter().find(|line| line.line_id == asked.line_id) {
        Some(line) if line.is_same(asked.sku, &options) => return Ok(vec![]),
        Some(_) => return Err(CartError::LineIdReused { line_id: asked.line_id }),
        None => {}
    }
    let same = cart.lines.iter().find(|line| line.is_same(asked.sku, &options));
    if same.is_none() && cart.lines.len() >= LINES_MAX {
        return Err(CartError::TooManyLines { max: LINES_MAX });
    }
    let before = same.map_or(0, |line| line.quantity.get());
    let quantity = raised(cart, asked.sku, before, before.saturating_add(asked.quantity.get()), available)?;
    Ok(vec![match same {
        Some(line) => CartLineQuantityChanged { line_id: line.line_id, quantity, at }.into(),
        None => {
            let (line_id, sku, unit_price) = (asked.line_id, asked.sku.clone(), asked.unit_price);
            CartLineAdded { line_id, sku, options, quantity, unit_price, at }.into()
        }
    }])
}

/// So many units of a line; what the cart asks for of the SKU over all lines must be within bounds and available.
fn raised(cart: &OpenCart, sku: &Sku, before: u32, units: u32, available: u32) -> Result<Quantity, CartError> {
    let requested = (demand(&cart.lines, sku) - before).saturating_add(units);
    for (count, max) in [(units, LINE_UNITS_MAX), (requested, SKU_UNITS_MAX)] {
        if count > max {
            return Err(CartError::TooManyUnits { sku: sku.clone(), requested: count, max });
        }
    }
    if requested > available {
        return Err(CartError::InsufficientStock { sku: sku.clone(), requested, available });
    }
    Quantity::new(i64::from(units)).map_err(|_| CartError::Empty)
}

pub(super) fn set_quantity(
    cart: &OpenCart,
    line_id: CartLineId,
    units: u32,
    available: u32,
    at: DateTime<Utc>,
) -> Decision {
    if units == 0 {
        return Ok(remove(cart, line_id, at));
    }
    let line = cart.line(line_id)?;
    let before = line.quantity.get();
    if units == before {
        return Ok(vec![]);
    }
    // Fewer units need no stock; what there is of them is already in the cart.
    let available = if units < before { u32::MAX } else { available };
    let quantity = raised(cart, &line.sku, before, units, available)?;
    Ok(vec![CartLineQuantityChanged { line_id, quantity, at }.into()])
}

pub(super) fn remove(cart: &OpenCart, line_id: CartLineId, at: DateTime<Utc>) -> Vec<CartEvent> {
    match cart.line(line_id) {
        Ok(_) => vec![CartLineRemoved { line_id, at }.into()],
        Err(_) => vec![],
    }
}

pub(super) fn clear(cart: &OpenCart, at: DateTime<Utc>) -> Vec<CartEvent> {
    if cart.lines.is_empty() { vec![] } else { vec![CartCleared { at }.into()] }
}

#[cfg(test)]
mod tests;
