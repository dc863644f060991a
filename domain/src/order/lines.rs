//! The rules for naming units of an order's lines, whatever is done with them.

use super::{
    commands::LINES_MAX,
    error::{LineAction, OrderError},
    events::CreditedLine,
    state::PlacedOrder,
};
use crate::{
    common::{LineKind, LineQuantity},
    quantity::Quantity,
};

/// Units of one numbered line.
pub(super) trait Units: Clone {
    fn line(&self) -> u32;
    fn quantity(&self) -> Quantity;
}

impl Units for LineQuantity {
    fn line(&self) -> u32 {
        self.line
    }
    fn quantity(&self) -> Quantity {
        self.quantity
    }
}

impl Units for CreditedLine {
    fn line(&self) -> u32 {
        self.line
    }
    fn quantity(&self) -> Quantity {
        self.quantity
    }
}

/// The named lines in the order of their numbers, so that events and comparisons do not depend on the sender's order.
pub(super) fn in_order<T: Units>(lines: &[T]) -> Result<Vec<T>, OrderError> {
    match lines.len() {
        0 => return Err(OrderError::NoLines),
        given if given > LINES_MAX => return Err(OrderError::TooManyLines { given, max: LINES_MAX }),
        _ => {}
    }
    let mut lines = lines.to_vec();
    lines.sort_by_key(Units::line);
    match lines.windows(2).find(|pair| pair[0].line() == pair[1].line()) {
        Some(pair) => Err(OrderError::LineRepeated { line: pair[0].line() }),
        None => Ok(lines),
    }
}

/// Checks that the order has the units for the action.
pub(super) fn check_available<T: Units>(
    order: &PlacedOrder,
    lines: &[T],
    action: LineAction,
) -> Result<(), OrderError> {
    lines.iter().try_for_each(|units| {
        let (number, requested) = (units.line(), units.quantity().get());
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let line = index.and_then(|index| order.lines.get(index));
        let line = line.ok_or(OrderError::UnknownLine { line: number, lines: order.lines.len() })?;
        let available = match action {
            LineAction::Plan | LineAction::Ship if line.kind != LineKind::Goods => {
                return Err(OrderError::NotGoods { line: number, kind: line.kind });
            }
            LineAction::Plan | LineAction::Ship | LineAction::Cancel => line.free(),
            LineAction::Return => line.returnable(),
            LineAction::Credit => line.ordered.saturating_sub(line.credited),
        };
        if requested > available {
            return Err(OrderError::QuantityExceeded { line: number, action, requested, available });
        }
        Ok(())
    })
}
