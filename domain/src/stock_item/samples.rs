//! Ids, events and moments for the tests of stock items.

use super::{
    StockItem,
    commands::StockItemCommand as Command,
    events::{
        ReleaseReason, ReorderLevelReached, ReorderLevelSet, ReservationReleased, StockAllocated,
        StockItemEvent as Event, StockReceived, StockReserved, StockShipped,
    },
};
use crate::{
    aggregate::Moment,
    common::Basis,
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
    testing::{self, Given, moment},
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(super) fn rsv(n: u128) -> ReservationId {
    ReservationId::new(Uuid::from_u128(n))
}

pub(super) fn ord(n: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(n))
}

pub(super) fn shp(n: u128) -> ShipmentId {
    ShipmentId::new(Uuid::from_u128(n))
}

pub(super) fn ret(n: u128) -> ReturnId {
    ReturnId::new(Uuid::from_u128(n))
}

pub(super) fn rel(n: u128) -> ReleaseId {
    ReleaseId::new(Uuid::from_u128(n))
}

pub(super) fn rcp(n: u128) -> ReceiptId {
    ReceiptId::new(Uuid::from_u128(n))
}

pub(super) fn q(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

/// Some minutes after the moment of the tests.
pub(super) fn minute(minutes: i64) -> DateTime<Utc> {
    moment().now + TimeDelta::minutes(minutes)
}

pub(super) fn at(minutes: i64) -> Moment {
    Moment { now: minute(minutes), ..moment() }
}

pub(super) fn given(history: impl IntoIterator<Item = Event>) -> Given<StockItem> {
    testing::given(history)
}

/// An item with so many units and nothing promised or held.
pub(super) fn stocked(units: i64) -> Given<StockItem> {
    given([received(0, units)])
}

/// An item with ten units, of which four are promised to order 1.
pub(super) fn promised() -> Given<StockItem> {
    given([received(0, 10), reserved(1, 4, 15), allocated(1, 1, 4)])
}

pub(super) fn received(n: u128, units: i64) -> Event {
    StockReceived { receipt_id: rcp(n), quantity: q(units), reference: None, basis: Basis::Recorded }.into()
}

/// A hold that lasts some minutes from the moment of the tests on.
pub(super) fn reserved(n: u128, units: i64, minutes: i64) -> Event {
    StockReserved { reservation_id: rsv(n), quantity: q(units), expires_at: minute(minutes) }.into()
}

pub(super) fn ended(n: u128, units: i64, reason: ReleaseReason) -> Event {
    ReservationReleased { reservation_id: rsv(n), quantity: q(units), reason }.into()
}

pub(super) fn allocated(reservation: u128, order: u128, units: i64) -> Event {
    StockAllocated { reservation_id: rsv(reservation), order_id: ord(order), quantity: q(units) }.into()
}

pub(super) fn shipped(shipment: u128, order: u128, units: u32) -> Event {
    StockShipped {
        shipment_id: shp(shipment),
        order_id: ord(order),
        quantity: q(units.into()),
        from_allocation: units,
        basis: Basis::Recorded,
    }
    .into()
}

pub(super) fn level_set(level: u32) -> Event {
    ReorderLevelSet { level }.into()
}

pub(super) fn level_reached(level: u32, available: i64) -> Event {
    ReorderLevelReached { level, available }.into()
}

pub(super) fn reserve(n: u128, units: i64, minutes: i64) -> Command {
    Command::Reserve { reservation_id: rsv(n), quantity: q(units), expires_at: minute(minutes) }
}

pub(super) fn release(n: u128) -> Command {
    Command::ReleaseReservation { reservation_id: rsv(n) }
}

pub(super) fn expire(n: u128) -> Command {
    Command::ExpireReservation { reservation_id: rsv(n) }
}

pub(super) fn allocate(reservation: u128, order: u128) -> Command {
    Command::Allocate { reservation_id: rsv(reservation), order_id: ord(order) }
}

pub(super) fn ship(shipment: u128, order: u128, units: i64) -> Command {
    Command::Ship { shipment_id: shp(shipment), order_id: ord(order), quantity: q(units) }
}
