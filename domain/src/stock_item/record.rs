//! What an import books: facts of long ago, under the same invariants.

use super::{
    Decision, StockItemState,
    adjust::check,
    error::StockItemError,
    events::{AdjustmentReason, OpeningStockRecorded, ReturnCondition, StockAdjusted, StockShipped},
    receive::fits,
    returns::returned,
    ship::is_booked,
    state::ReturnBooked,
};
use crate::{
    common::Basis,
    ids::{OrderId, ReturnId, ShipmentId},
    quantity::Quantity,
    text::{Note, Reference},
};

pub(super) fn opening_stock(state: &StockItemState, total: Quantity) -> Decision {
    let Ok(quantity) = Quantity::new(total.as_i64() - state.opening()) else {
        return Ok(vec![]);
    };
    fits(state, quantity.as_i64())?;
    Ok(vec![OpeningStockRecorded { quantity, total, basis: Basis::Inferred }.into()])
}

pub(super) fn shipment(
    state: &StockItemState,
    shipment_id: ShipmentId,
    order_id: OrderId,
    quantity: Quantity,
) -> Decision {
    if is_booked(state, shipment_id, order_id, quantity)? {
        return Ok(vec![]);
    }
    let available = state.available();
    if available < quantity.as_i64() {
        return Err(StockItemError::InsufficientStock { requested: quantity.get().into(), available });
    }
    Ok(vec![StockShipped { shipment_id, order_id, quantity, from_allocation: 0, basis: Basis::Inferred }.into()])
}

pub(super) fn goods_returned(state: &StockItemState, return_id: ReturnId, quantity: Quantity) -> Decision {
    let wanted = ReturnBooked { order_id: None, quantity, condition: ReturnCondition::NotStated };
    returned(state, return_id, wanted, Basis::Inferred)
}

pub(super) fn adjustment(
    state: &StockItemState,
    delta: i64,
    reason: AdjustmentReason,
    note: &Note,
    document: &Reference,
) -> Decision {
    match reason {
        AdjustmentReason::WriteOff | AdjustmentReason::Found => {}
        AdjustmentReason::Damaged
        | AdjustmentReason::Lost
        | AdjustmentReason::CountCorrection
        | AdjustmentReason::Other => return Err(StockItemError::NotADocumentReason { reason }),
    }
    check(state, delta, reason)?;
    let (note, document) = (note.clone(), Some(document.clone()));
    Ok(vec![StockAdjusted { delta, reason, note, document, basis: Basis::Recorded }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        Event,
        commands::StockItemCommand as Command,
        events::{ReorderLevelSet, StockReturned},
        samples::{given, level_set, ord, promised, q, received, reserve, ret, shp, stocked},
    };
    use super::*;

    fn open(total: i64) -> Command {
        Command::RecordOpeningStock { total: q(total) }
    }

    fn opened(quantity: i64, total: i64) -> Event {
        OpeningStockRecorded { quantity: q(quantity), total: q(total), basis: Basis::Inferred }.into()
    }

    fn leave(shipment: u128, order: u128, units: i64) -> Command {
        Command::RecordShipment { shipment_id: shp(shipment), order_id: ord(order), quantity: q(units) }
    }

    fn left(shipment: u128, order: u128, units: i64) -> Event {
        let (shipment_id, order_id, quantity) = (shp(shipment), ord(order), q(units));
        StockShipped { shipment_id, order_id, quantity, from_allocation: 0, basis: Basis::Inferred }.into()
    }

    fn correct(delta: i64, reason: AdjustmentReason) -> Command {
        let (note, document) = ("damaged".parse().unwrap(), "536589".parse().unwrap());
        Command::RecordAdjustment { delta, reason, note, document }
    }

    #[test]
    fn only_what_exceeds_earlier_opening_stock_is_booked() {
        given([]).when(open(80)).then([opened(80, 80)]);
        given([opened(80, 80)]).when(open(120)).then([opened(40, 120)]);
        let state = given([]).and(open(80)).and(open(120)).state();
        assert_eq!((state.on_hand(), state.opening()), (120, 120));
    }

    #[test]
    fn opening_stock_is_never_taken_back() {
        given([opened(80, 80)]).when(open(80)).then_nothing();
        given([opened(80, 80)]).when(open(10)).then_nothing();
    }

    #[test]
    fn a_shipment_of_history_needs_no_promise() {
        stocked(5).when(leave(1, 1, 5)).then([left(1, 1, 5)]);
        let state = promised().and(leave(1, 1, 6)).state();
        assert_eq!((state.on_hand(), state.allocated(), state.available()), (4, 4, 0), "the promise stands");
    }

    #[test]
    fn a_shipment_of_history_leaves_what_is_promised_and_held() {
        let refusal = |requested, available| StockItemError::InsufficientStock { requested, available };
        given([]).when(leave(1, 1, 1)).then_refused(refusal(1, 0));
        promised().when(leave(1, 1, 7)).then_refused(refusal(7, 6));
        stocked(5).and(reserve(1, 2, 15)).when(leave(1, 1, 4)).then_refused(refusal(4, 3));
    }

    #[test]
    fn a_shipment_of_history_counts_once() {
        given([received(0, 5), left(1, 1, 5)]).when(leave(1, 1, 5)).then_nothing();
        let refusal = StockItemError::ShipmentDiffers { shipment_id: shp(1), order_id: ord(1), quantity: q(2) };
        given([received(0, 5), left(1, 1, 2)]).when(leave(1, 2, 2)).then_refused(refusal);
    }

    #[test]
    fn a_return_of_history_is_taken_as_on_hand_once() {
        let command = Command::RecordReturn { return_id: ret(1), quantity: q(2) };
        let event = StockReturned {
            return_id: ret(1),
            order_id: None,
            quantity: q(2),
            condition: ReturnCondition::NotStated,
            basis: Basis::Inferred,
        };
        stocked(5).when(command.clone()).then([event.into()]);
        assert_eq!(stocked(5).and(command.clone()).state().on_hand(), 7);
        stocked(5).and(command.clone()).when(command).then_nothing();
        let other = Command::RecordReturn { return_id: ret(1), quantity: q(3) };
        let refusal = StockItemError::ReturnDiffers {
            return_id: ret(1),
            order_id: None,
            quantity: q(2),
            condition: ReturnCondition::NotStated,
        };
        stocked(5).and(Command::RecordReturn { return_id: ret(1), quantity: q(2) }).when(other).then_refused(refusal);
    }

    #[test]
    fn a_correction_of_history_names_its_document() {
        let event = StockAdjusted {
            delta: -3,
            reason: AdjustmentReason::WriteOff,
            note: "damaged".parse().unwrap(),
            document: Some("536589".parse().unwrap()),
            basis: Basis::Recorded,
        };
        stocked(5).when(correct(-3, AdjustmentReason::WriteOff)).then([event.into()]);
    }

    #[test]
    fn a_correction_of_history_is_a_write_off_or_a_find() {
        use AdjustmentReason::{CountCorrection, Damaged, Found, Lost, Other, WriteOff};
        for reason in [Damaged, Lost, CountCorrection, Other] {
            stocked(5).when(correct(-1, reason)).then_refused(StockItemError::NotADocumentReason { reason });
        }
        for (delta, reason) in [(1, WriteOff), (-1, Found)] {
            stocked(5).when(correct(delta, reason)).then_refused(StockItemError::AdjustmentSign { delta, reason });
        }
        stocked(5).when(correct(0, Found)).then_refused(StockItemError::ZeroAdjustment);
        stocked(5)
            .when(correct(-6, WriteOff))
            .then_refused(StockItemError::InsufficientStock { requested: 6, available: 5 });
    }

    #[test]
    fn history_never_warns() {
        let low = || given([received(0, 5), ReorderLevelSet { level: 4 }.into()]);
        low().when(leave(1, 1, 5)).then([left(1, 1, 5)]);
        let warned = low().when(correct(-5, AdjustmentReason::WriteOff)).then_state();
        assert_eq!(warned.available(), 0);
        given([level_set(4)]).when(open(3)).then([opened(3, 3)]);
    }
}
