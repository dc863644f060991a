//! Taking goods back, which remains possible after an order was closed.

use super::{
    commands::MOVEMENTS_MAX,
    error::{LineAction, OrderError},
    events::{OrderEvent, OrderLinesReturned},
    lines::{check_available, in_order},
    state::PlacedOrder,
};
use crate::{
    common::{Basis, LineQuantity},
    ids::ReturnId,
};

/// Takes back units that were shipped. What never left is refused by its count.
pub(super) fn return_lines(
    order: &PlacedOrder,
    return_id: ReturnId,
    lines: &[LineQuantity],
) -> Result<Vec<OrderEvent>, OrderError> {
    let lines = in_order(lines)?;
    if let Some(known) = order.returns.get(&return_id) {
        return if **known == *lines { Ok(vec![]) } else { Err(OrderError::ReturnIdReused { return_id }) };
    }
    if order.returns.len() >= MOVEMENTS_MAX {
        return Err(OrderError::TooManyMovements { max: MOVEMENTS_MAX });
    }
    check_available(order, &lines, LineAction::Return)?;
    Ok(vec![OrderLinesReturned { return_id, lines, basis: Basis::Recorded }.into()])
}

#[cfg(test)]
mod tests;
