//! Planning what leaves together.

use super::{
    commands::LINES_MAX,
    error::FulfillmentError,
    events::{FulfillmentCreated, FulfillmentEvent, FulfillmentLine},
    state::FulfillmentState,
};
use crate::{ids::OrderId, text::LocationId};

/// Plans it under an id that no fulfillment has.
pub(super) fn create(
    state: &FulfillmentState,
    order_id: OrderId,
    location: &LocationId,
    lines: &[FulfillmentLine],
) -> Result<Vec<FulfillmentEvent>, FulfillmentError> {
    let lines = in_order(lines)?;
    match state {
        FulfillmentState::New => Ok(vec![FulfillmentCreated { order_id, location: location.clone(), lines }.into()]),
        FulfillmentState::Known(known)
            if known.order_id == order_id && known.location == *location && *known.lines == *lines =>
        {
            Ok(vec![])
        }
        FulfillmentState::Known(_) => Err(FulfillmentError::CreatedDifferently),
    }
}

/// The lines in the order of their numbers, so that events and comparisons do not depend on the sender's order.
fn in_order(lines: &[FulfillmentLine]) -> Result<Vec<FulfillmentLine>, FulfillmentError> {
    match lines.len() {
        0 => return Err(FulfillmentError::NoLines),
        given if given > LINES_MAX => return Err(FulfillmentError::TooManyLines { given, max: LINES_MAX }),
        _ => {}
    }
    let mut lines = lines.to_vec();
    lines.sort_by_key(|line| line.line);
    match lines.windows(2).find(|pair| pair[0].line == pair[1].line) {
        Some(pair) => Err(FulfillmentError::LineRepeated { line: pair[0].line }),
        None => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::FulfillmentCommand,
        fixtures::{created, creation, fulfillment_line, nothing, order_id},
    };
    use super::*;

    #[test]
    fn a_fulfillment_is_created_with_its_lines_in_order() {
        let lines = vec![fulfillment_line(1, "A", 2), fulfillment_line(2, "B", 1)];
        let event = FulfillmentCreated { order_id: order_id(1), location: "main".parse().unwrap(), lines };
        nothing().when(creation(&[(2, "B", 1), (1, "A", 2)])).then([event.into()]);
    }

    #[test]
    fn creating_the_same_again_is_silent() {
        created().when(creation(&[(2, "B", 1), (1, "A", 2)])).then_nothing();
        created().and(FulfillmentCommand::Pack).when(creation(&[(1, "A", 2), (2, "B", 1)])).then_nothing();
    }

    #[test]
    fn an_id_stands_for_one_order_location_and_lines() {
        created().when(creation(&[(1, "A", 2)])).then_refused(FulfillmentError::CreatedDifferently);
        let FulfillmentCommand::Create { order_id: _, location, lines } = creation(&[(1, "A", 2), (2, "B", 1)]) else {
            unreachable!()
        };
        let other_order = FulfillmentCommand::Create { order_id: order_id(2), location, lines: lines.clone() };
        created().when(other_order).then_refused(FulfillmentError::CreatedDifferently);
        let elsewhere = FulfillmentCommand::Create { order_id: order_id(1), location: "north".parse().unwrap(), lines };
        created().when(elsewhere).then_refused(FulfillmentError::CreatedDifferently);
    }

    #[test]
    fn lines_are_named_once_and_bounded() {
        nothing().when(creation(&[])).then_refused(FulfillmentError::NoLines);
        nothing().when(creation(&[(1, "A", 1), (1, "A", 2)])).then_refused(FulfillmentError::LineRepeated { line: 1 });
        let many: Vec<_> = (1..=2_001).map(|line| (line, "A", 1)).collect();
        let refusal = FulfillmentError::TooManyLines { given: 2_001, max: 2_000 };
        nothing().when(creation(&many)).then_refused(refusal);
    }
}
