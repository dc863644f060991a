//! Goods come back: counted as on their way first, or taken back at once. Both remain possible after an order was closed.

use super::{
    commands::MOVEMENTS_MAX,
    error::{LineAction, OrderError},
    events::{OrderEvent, OrderLinesReturned, OrderReturnClosed, OrderReturnRequested},
    lines::{check_available, in_order},
    state::PlacedOrder,
};
use crate::{
    common::{Basis, LineQuantity},
    ids::ReturnId,
};

/// Counts units that were shipped as on their way back.
pub(super) fn request_return(
    order: &PlacedOrder,
    return_id: ReturnId,
    lines: &[LineQuantity],
) -> Result<Vec<OrderEvent>, OrderError> {
    let lines = in_order(lines)?;
    if let Some(known) = order.return_requests.get(&return_id) {
        return if **known == *lines { Ok(vec![]) } else { Err(OrderError::ReturnIdReused { return_id }) };
    }
    if order.closed_returns.contains(&return_id) || order.returns.contains_key(&return_id) {
        return Err(OrderError::ReturnClosed { return_id });
    }
    check_room(order)?;
    check_available(order, &lines, LineAction::Return)?;
    Ok(vec![OrderReturnRequested { return_id, lines }.into()])
}

/// Gives up what is still on its way back.
pub(super) fn close_return(order: &PlacedOrder, return_id: ReturnId) -> Result<Vec<OrderEvent>, OrderError> {
    if order.return_requests.contains_key(&return_id) {
        return Ok(vec![OrderReturnClosed { return_id }.into()]);
    }
    if order.closed_returns.contains(&return_id) || order.returns.contains_key(&return_id) {
        return Ok(vec![]);
    }
    Err(OrderError::ReturnNotRequested { return_id })
}

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
    if order.closed_returns.contains(&return_id) {
        return Err(OrderError::ReturnClosed { return_id });
    }
    let mut events = Vec::with_capacity(2);
    match order.return_requests.get(&return_id) {
        Some(requested) => {
            check_requested(requested, &lines)?;
            // First, so that at no event more is back and on its way than was shipped.
            events.push(OrderReturnClosed { return_id }.into());
        }
        None => {
            check_room(order)?;
            check_available(order, &lines, LineAction::Return)?;
        }
    }
    let mut after = order.clone();
    after.add(&lines, |line| &mut line.returned);
    let value_minor = Some(order.due_minor() - after.due_minor());
    events.push(OrderLinesReturned { return_id, lines, basis: Basis::Recorded, value_minor }.into());
    Ok(events)
}

/// Succeeds if no more comes back than was requested. Both are in the order of their lines.
fn check_requested(requested: &[LineQuantity], lines: &[LineQuantity]) -> Result<(), OrderError> {
    lines.iter().try_for_each(|units| {
        let known = requested.iter().find(|known| known.line == units.line);
        let (requested, available) = (units.quantity.get(), known.map_or(0, |known| known.quantity.get()));
        if requested > available {
            let (line, action) = (units.line, LineAction::Return);
            return Err(OrderError::QuantityExceeded { line, action, requested, available });
        }
        Ok(())
    })
}

fn check_room(order: &PlacedOrder) -> Result<(), OrderError> {
    let closed = order.closed_returns.iter().filter(|id| !order.returns.contains_key(id)).count();
    if order.returns.len() + order.return_requests.len() + closed >= MOVEMENTS_MAX {
        return Err(OrderError::TooManyMovements { max: MOVEMENTS_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
