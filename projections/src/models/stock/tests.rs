//! Given events of a stock item, these rows; and what is conserved over any of them.

use super::*;
use crate::models::testing::{History, parse, recorded_at, units};
use proptest::prelude::*;
use tillroll_domain::{
    common::Basis,
    ids::{OrderId, ReceiptId, ReservationId, ReturnId, ShipmentId},
    stock_item::events::{
        AdjustmentReason, AllocationReleased, OpeningStockRecorded, ReleaseReason, ReorderLevelReached,
        ReorderLevelSet, ReservationExtended, ReservationReleased, StockAdjusted, StockAllocated, StockReceived,
        StockReserved, StockReturned, StockShipped, UnknownReservationReleased,
    },
};
use uuid::Uuid;

const STREAM: &str = "stock-main.85123A";

fn id(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn reserved(number: u8, quantity: i64) -> StockItemEvent {
    StockReserved {
        reservation_id: ReservationId::new(id(number)),
        quantity: units(quantity),
        expires_at: recorded_at(1_000),
    }
    .into()
}

fn received(quantity: i64) -> StockItemEvent {
    let receipt_id = ReceiptId::new(id(1));
    StockReceived { receipt_id, quantity: units(quantity), reference: None, basis: Basis::Recorded }.into()
}

fn shipped(quantity: i64, from_allocation: u32) -> StockItemEvent {
    StockShipped {
        shipment_id: ShipmentId::new(id(1)),
        order_id: OrderId::new(id(1)),
        quantity: units(quantity),
        from_allocation,
        basis: Basis::Inferred,
    }
    .into()
}

fn returned(quantity: i64, condition: ReturnCondition) -> StockItemEvent {
    let return_id = ReturnId::new(id(1));
    StockReturned { return_id, order_id: None, quantity: units(quantity), condition, basis: Basis::Recorded }.into()
}

fn adjusted(delta: i64) -> StockItemEvent {
    let reason = AdjustmentReason::CountCorrection;
    StockAdjusted { delta, reason, note: parse(""), document: None, basis: Basis::Recorded }.into()
}

fn after(events: impl IntoIterator<Item = StockItemEvent>) -> History<Stock> {
    let mut history = History::of(Stock);
    events.into_iter().for_each(|event| history.push::<StockItemEvent>(STREAM, event));
    history
}

#[test]
fn every_way_in_and_out_has_its_column() {
    let history = after([
        OpeningStockRecorded { quantity: units(100), total: units(100), basis: Basis::Inferred }.into(),
        received(50),
        adjusted(-3),
        shipped(40, 0),
        returned(5, ReturnCondition::Resellable),
        returned(2, ReturnCondition::NotStated),
        returned(1, ReturnCondition::Damaged),
        ReorderLevelSet { level: 120 }.into(),
        ReorderLevelReached { level: 120, available: 114 }.into(),
    ]);
    let expected = StockRow {
        location: "main".to_owned(),
        sku: "85123A".to_owned(),
        on_hand: 114,
        allocated: 0,
        reserved: 0,
        available: 114,
        damaged: 1,
        opening: 100,
        received: 50,
        shipped: 40,
        returned: 8,
        adjusted: -3,
        reorder_level: 120,
        low: true,
        revision: 8,
        position: 9,
        updated_at: recorded_at(9),
    };
    assert_eq!(history.tables.only::<StockRow>(), expected);
}

#[test]
fn a_hold_is_listed_until_it_ends() {
    let mut history = after([received(10), reserved(1, 4)]);
    let hold: ReservationRow = history.tables.only();
    assert_eq!((hold.quantity, hold.expires_at), (4, recorded_at(1_000)));
    let row: StockRow = history.tables.only();
    assert_eq!((row.on_hand, row.reserved, row.available), (10, 4, 6));
    let (reservation_id, expires_at) = (ReservationId::new(id(1)), recorded_at(2_000));
    history.push::<StockItemEvent>(STREAM, ReservationExtended { reservation_id, expires_at });
    assert_eq!(history.tables.only::<ReservationRow>().expires_at, expires_at);
    let released = ReservationReleased { reservation_id, quantity: units(4), reason: ReleaseReason::Expired };
    history.push::<StockItemEvent>(STREAM, released);
    assert_eq!(history.tables.all::<ReservationRow>(), []);
    assert_eq!(history.tables.only::<StockRow>().available, 10);
}

#[test]
fn a_hold_becomes_a_promise_and_the_promise_a_shipment() {
    let (reservation_id, order_id) = (ReservationId::new(id(1)), OrderId::new(id(1)));
    let mut history = after([received(10), reserved(1, 4)]);
    history.push::<StockItemEvent>(STREAM, StockAllocated { reservation_id, order_id, quantity: units(4) });
    assert_eq!(history.tables.all::<ReservationRow>(), []);
    let row: StockRow = history.tables.only();
    assert_eq!((row.reserved, row.allocated, row.available), (0, 4, 6));
    history.push::<StockItemEvent>(STREAM, shipped(3, 3));
    history.push::<StockItemEvent>(STREAM, AllocationReleased { order_id, quantity: units(1), release_id: None });
    let row: StockRow = history.tables.only();
    assert_eq!((row.on_hand, row.allocated, row.available, row.shipped), (7, 0, 7, 3));
}

#[test]
fn releasing_an_unknown_hold_changes_no_count() {
    let before = after([received(10)]).tables.only::<StockRow>();
    let unknown = UnknownReservationReleased { reservation_id: ReservationId::new(id(9)) };
    let row: StockRow = after([received(10), unknown.into()]).tables.only();
    assert_eq!(row, StockRow { revision: 1, position: 2, updated_at: recorded_at(2), ..before });
}

#[test]
fn a_count_that_does_not_fit_is_poison_and_leaves_no_trace() {
    let mut history = after([adjusted(i64::MAX)]);
    let error = history.try_push::<StockItemEvent>(STREAM, adjusted(1)).unwrap_err();
    assert!(matches!(error, ApplyError::Poison(_)), "{error:?}");
}

proptest! {
    #[test]
    fn what_is_on_hand_is_what_came_in_less_what_went_out(
        steps in proptest::collection::vec((0_u8..7, 1_i64..100, 0_u8..4), 1..60),
    ) {
        let mut history = History::of(Stock);
        let mut held: Vec<(u8, i64)> = vec![];
        for (step, (kind, quantity, choice)) in steps.into_iter().enumerate() {
            let event = match kind {
                0 => received(quantity),
                1 => adjusted(if choice == 0 { -quantity } else { quantity }),
                2 => shipped(quantity, 0),
                3 => returned(quantity, ReturnCondition::Damaged),
                4 => returned(quantity, ReturnCondition::Resellable),
                5 => {
                    let number = u8::try_from(step).expect("at most 60 steps");
                    held.push((number, quantity));
                    reserved(number, quantity)
                }
                _ => match held.pop() {
                    None => received(quantity),
                    Some((number, quantity)) => ReservationReleased {
                        reservation_id: ReservationId::new(id(number)),
                        quantity: units(quantity),
                        reason: ReleaseReason::Released,
                    }
                    .into(),
                },
            };
            history.push::<StockItemEvent>(STREAM, event);
            let row: StockRow = history.tables.only();
            prop_assert_eq!(
                row.on_hand,
                row.opening + row.received + row.returned - row.damaged - row.shipped + row.adjusted
            );
            prop_assert_eq!(row.available, row.on_hand - row.allocated - row.reserved);
            let holds: i64 = history.tables.all::<ReservationRow>().iter().map(|hold| hold.quantity).sum();
            prop_assert_eq!(row.reserved, holds);
        }
    }
}

#[test]
fn stock_is_low_from_the_level_on_which_is_ten_until_one_is_set() {
    let low = |events: &[StockItemEvent]| after(events.iter().cloned()).tables.only::<StockRow>().low;
    assert!(low(&[received(10)]));
    assert!(!low(&[received(11)]));
    assert!(low(&[received(11), reserved(1, 1)]));
    assert!(!low(&[received(10), ReorderLevelSet { level: 9 }.into()]));
    assert!(low(&[received(9), ReorderLevelSet { level: 9 }.into()]));
    assert!(!low(&[received(1), ReorderLevelSet { level: 0 }.into()]), "a level of 0 means never");
}
