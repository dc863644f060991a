//! What decisions on a stock item need to know about its past.

use super::{
    error::ReservationEnding,
    events::{ReleaseReason, ReturnCondition, StockItemEvent as Event},
    holds::{Hold, Holds},
    recent::Recent,
};
use crate::{
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many ended reservations are remembered at least, newest first; an older id counts as unknown again.
pub const RESERVATIONS_REMEMBERED: usize = 10_240;
/// How many receipts, how many shipments, how many returns and how many releases of promised units are remembered at
/// least, newest first; an older id would count again.
pub const IDS_REMEMBERED_PER_KIND: usize = 4_096;

/// What a shipment was booked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShipmentBooked {
    pub(super) order_id: OrderId,
    pub(super) quantity: Quantity,
}

/// What a taking back of promised units was booked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReleaseBooked {
    pub(super) order_id: OrderId,
    pub(super) quantity: Quantity,
}

/// What a return was booked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReturnBooked {
    pub(super) order_id: Option<OrderId>,
    pub(super) quantity: Quantity,
    pub(super) condition: ReturnCondition,
}

/// The stock of one SKU at one location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockItemState {
    on_hand: i64,
    opening: i64,
    reorder_level: u32,
    pub(super) holds: Holds,
    allocated: i64,
    pub(super) allocations: BTreeMap<OrderId, Quantity>,
    pub(super) ended: Recent<ReservationId, ReservationEnding, RESERVATIONS_REMEMBERED>,
    pub(super) receipts: Recent<ReceiptId, Quantity, IDS_REMEMBERED_PER_KIND>,
    pub(super) releases: Recent<ReleaseId, ReleaseBooked, IDS_REMEMBERED_PER_KIND>,
    pub(super) shipments: Recent<ShipmentId, ShipmentBooked, IDS_REMEMBERED_PER_KIND>,
    pub(super) returns: Recent<ReturnId, ReturnBooked, IDS_REMEMBERED_PER_KIND>,
}

impl StockItemState {
    /// Units that are physically there.
    #[must_use]
    pub fn on_hand(&self) -> i64 {
        self.on_hand
    }

    /// Units that are promised to orders and have not left.
    #[must_use]
    pub fn allocated(&self) -> i64 {
        self.allocated
    }

    /// Units of live reservations, those whose time is over but that nobody ended yet included.
    #[must_use]
    pub fn reserved(&self) -> i64 {
        self.holds.units()
    }

    /// Units that are neither promised nor held; never negative.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.on_hand - self.allocated - self.holds.units()
    }

    /// From how few available units on the item should be ordered again; 0 is never.
    #[must_use]
    pub fn reorder_level(&self) -> u32 {
        self.reorder_level
    }

    /// Units of opening stock that are booked.
    pub(super) fn opening(&self) -> i64 {
        self.opening
    }

    /// Units that are promised to one order and have not left.
    #[must_use]
    pub fn allocated_to(&self, order_id: OrderId) -> u32 {
        self.allocations.get(&order_id).map_or(0, |quantity| quantity.get())
    }

    /// Whether the goods of a shipment have left, as far as it is remembered: [`IDS_REMEMBERED_PER_KIND`] newer ones.
    #[must_use]
    pub fn has_shipped(&self, shipment_id: ShipmentId) -> bool {
        self.shipments.get(&shipment_id).is_some()
    }

    pub(super) fn apply(mut self, event: &Event) -> Self {
        match event {
            Event::OpeningStockRecorded(e) => {
                self.count(e.quantity.as_i64());
                self.opening = e.total.as_i64();
            }
            Event::StockReceived(e) => {
                self.count(e.quantity.as_i64());
                self.receipts.remember(e.receipt_id, e.quantity);
            }
            Event::StockAdjusted(e) => self.count(e.delta),
            Event::StockReserved(e) => {
                self.holds.put(e.reservation_id, Hold { quantity: e.quantity, expires_at: e.expires_at });
            }
            Event::ReservationExtended(e) => {
                let hold = self.holds.get(e.reservation_id);
                debug_assert!(hold.is_some(), "only a live hold is extended");
                if let Some(hold) = hold {
                    self.holds.put(e.reservation_id, Hold { expires_at: e.expires_at, ..hold });
                }
            }
            Event::ReservationReleased(e) => {
                let ending = match e.reason {
                    ReleaseReason::Released => ReservationEnding::Released,
                    ReleaseReason::Expired => ReservationEnding::Expired,
                };
                self.end(e.reservation_id, ending);
            }
            Event::UnknownReservationReleased(e) => {
                self.ended.remember(e.reservation_id, ReservationEnding::ReleasedBeforehand);
            }
            Event::StockAllocated(e) => {
                self.end(e.reservation_id, ReservationEnding::Allocated(e.order_id));
                self.promise(e.order_id, e.quantity.as_i64());
            }
            Event::AllocationReleased(e) => {
                self.promise(e.order_id, -e.quantity.as_i64());
                if let Some(release_id) = e.release_id {
                    self.releases.remember(release_id, ReleaseBooked { order_id: e.order_id, quantity: e.quantity });
                }
            }
            Event::StockShipped(e) => {
                self.count(-e.quantity.as_i64());
                self.promise(e.order_id, -i64::from(e.from_allocation));
                self.shipments.remember(e.shipment_id, ShipmentBooked { order_id: e.order_id, quantity: e.quantity });
            }
            Event::StockReturned(e) => {
                self.count(units_on_hand(e.quantity, e.condition));
                let booked = ReturnBooked { order_id: e.order_id, quantity: e.quantity, condition: e.condition };
                self.returns.remember(e.return_id, booked);
            }
            Event::ReorderLevelSet(e) => self.reorder_level = e.level,
            Event::ReorderLevelReached(_) => {}
        }
        self
    }

    /// Changes the physical count.
    fn count(&mut self, delta: i64) {
        self.on_hand = self.on_hand.saturating_add(delta);
    }

    fn end(&mut self, id: ReservationId, ending: ReservationEnding) {
        let hold = self.holds.remove(id);
        debug_assert!(hold.is_some(), "only a live hold ends");
        self.ended.remember(id, ending);
    }

    /// Changes what is promised to an order.
    fn promise(&mut self, order_id: OrderId, delta: i64) {
        if delta == 0 {
            return;
        }
        let before = i64::from(self.allocated_to(order_id));
        debug_assert!(before + delta >= 0, "no more leaves or is taken back than was promised");
        match Quantity::new(before + delta) {
            Ok(left) => self.allocations.insert(order_id, left),
            Err(_) => self.allocations.remove(&order_id),
        };
        self.allocated += i64::from(self.allocated_to(order_id)) - before;
    }
}

/// How many of the units that came back can be counted as there.
pub(super) fn units_on_hand(quantity: Quantity, condition: ReturnCondition) -> i64 {
    match condition {
        ReturnCondition::Resellable | ReturnCondition::NotStated => quantity.as_i64(),
        ReturnCondition::Damaged => 0,
    }
}
