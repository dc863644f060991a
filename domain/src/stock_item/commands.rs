//! What can be asked of a stock item.

use super::events::{AdjustmentReason, ReturnCondition};
use crate::{
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
    text::{LocationId, Note, Reference, Sku},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most holds and the most promised orders that one item keeps at a time.
pub const OPEN_HOLDS_MAX: usize = 10_000;

/// The `id` part of the stream of a SKU at a location: `location.SKU`.
#[must_use]
pub fn stream_id(location: &LocationId, sku: &Sku) -> String {
    format!("{location}.{sku}")
}

/// Commands on one SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StockItemCommand {
    /// Book goods that arrived. One receipt counts once: silent with the same quantity, refused with another.
    Receive {
        /// The receipt.
        receipt_id: ReceiptId,
        /// How many units.
        quantity: Quantity,
        /// The delivery note's or purchase order's number.
        reference: Option<Reference>,
    },
    /// Correct the count. Refused if promises and holds could not be kept any more, and if the sign contradicts the
    /// reason: what is found adds, what is written off, damaged or lost takes. It carries no id: asked twice, it counts
    /// twice.
    Adjust {
        /// The difference in units, not zero.
        delta: i64,
        /// Why.
        reason: AdjustmentReason,
        /// More about why, possibly empty.
        note: Note,
    },
    /// Hold units. Idempotent by the reservation id: silent while it holds that quantity, refused with another one and
    /// after it ended. Holds whose time is over give way if the units are needed, earliest end first.
    Reserve {
        /// The hold.
        reservation_id: ReservationId,
        /// How many units.
        quantity: Quantity,
        /// Until when, in the future.
        expires_at: DateTime<Utc>,
    },
    /// Make a hold last longer, even one whose time is over but that nobody ended. Silent if it lasts as long already.
    ExtendReservation {
        /// The hold.
        reservation_id: ReservationId,
        /// The new end.
        expires_at: DateTime<Utc>,
    },
    /// End a hold. An unknown hold is recorded as released; an ended one is silent; one that became a promise is refused.
    ReleaseReservation {
        /// The hold.
        reservation_id: ReservationId,
    },
    /// End a hold whose time is over. Silent if it was extended, ended or promised meanwhile.
    ExpireReservation {
        /// The hold.
        reservation_id: ReservationId,
    },
    /// Turn a hold into a promise to an order, even one whose time is over but that nobody ended. Silent if it was
    /// promised to that order already.
    Allocate {
        /// The hold.
        reservation_id: ReservationId,
        /// The order.
        order_id: OrderId,
    },
    /// Take the promise to an order back. Silent if there is none.
    ReleaseAllocation {
        /// The order.
        order_id: OrderId,
    },
    /// Take some of the units that are promised to an order back. Refused if fewer are promised. One release counts once:
    /// silent with the same order and quantity, refused with others.
    ReleaseAllocatedUnits {
        /// The taking back.
        release_id: ReleaseId,
        /// The order.
        order_id: OrderId,
        /// How many units.
        quantity: Quantity,
    },
    /// Book goods that leave for an order, out of what was promised to it, which must suffice. One shipment counts once:
    /// silent with the same order and quantity, refused with others.
    Ship {
        /// The shipment.
        shipment_id: ShipmentId,
        /// The order.
        order_id: OrderId,
        /// How many units.
        quantity: Quantity,
    },
    /// Book goods that came back. One return counts once: silent with the same content, refused with other content, so
    /// units in different conditions need returns of their own.
    Return {
        /// The return.
        return_id: ReturnId,
        /// The order they had left for, where known.
        order_id: Option<OrderId>,
        /// How many units.
        quantity: Quantity,
        /// In what condition.
        condition: ReturnCondition,
    },
    /// Set the level at which to order again. Silent if it is set so.
    SetReorderLevel {
        /// Units; 0 switches the warning off.
        level: u32,
    },
    /// Import: what must have been there before the first document. Only what exceeds earlier opening stock is booked.
    RecordOpeningStock {
        /// The opening stock in all.
        total: Quantity,
    },
    /// Import: goods that left for an order without a promise on record. Refused if promises and holds could not be kept
    /// any more. One shipment counts once.
    RecordShipment {
        /// The shipment.
        shipment_id: ShipmentId,
        /// The order.
        order_id: OrderId,
        /// How many units.
        quantity: Quantity,
    },
    /// Import: goods that presumably came back, as a credit note suggests. One return counts once.
    RecordReturn {
        /// The return.
        return_id: ReturnId,
        /// How many units.
        quantity: Quantity,
    },
    /// Import: a correction that a stock document states, under the rules of [`Self::Adjust`].
    RecordAdjustment {
        /// The difference in units, not zero.
        delta: i64,
        /// Write-off or found.
        reason: AdjustmentReason,
        /// The line's text, possibly empty.
        note: Note,
        /// The document's number.
        document: Reference,
    },
}
