//! Why a command on a stock item is refused.

use super::events::{AdjustmentReason, ReturnCondition};
use crate::{
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationEnding {
    /// Whoever held it let go.
    Released,
    /// Its time was over.
    Expired,
    /// It was released before it was made, so that it never can be.
    ReleasedBeforehand,
    /// It became a promise to an order.
    Allocated(OrderId),
}

/// Why a stock item refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StockItemError {
    /// Fewer units are free than are needed.
    #[error("{requested} units are needed, but {available} are available")]
    InsufficientStock {
        /// Units that were needed.
        requested: u64,
        /// Units that could be had; for a reserve, those of holds whose time is over included.
        available: i64,
    },
    /// The hold's end is not in the future.
    #[error("a reservation must end in the future, but {expires_at} is not after {now}")]
    ExpiryNotInFuture {
        /// The end that was asked for.
        expires_at: DateTime<Utc>,
        /// The time of the decision.
        now: DateTime<Utc>,
    },
    /// The hold exists with another quantity.
    #[error("{reservation_id} holds {held} units, not {requested}")]
    ReservationDiffers {
        /// The hold.
        reservation_id: ReservationId,
        /// How many units it holds.
        held: Quantity,
        /// How many were asked for.
        requested: Quantity,
    },
    /// There is no such hold, and none is remembered.
    #[error("there is no {reservation_id}")]
    ReservationNotFound {
        /// The hold.
        reservation_id: ReservationId,
    },
    /// The hold ended without becoming a promise; its id cannot be used again.
    #[error("{reservation_id} has ended without an order")]
    ReservationEnded {
        /// The hold.
        reservation_id: ReservationId,
        /// How it ended; never [`ReservationEnding::Allocated`].
        ending: ReservationEnding,
    },
    /// The hold became a promise to an order; take that back instead.
    #[error("{reservation_id} became a promise to {order_id}")]
    ReservationAllocated {
        /// The hold.
        reservation_id: ReservationId,
        /// The order that it was promised to.
        order_id: OrderId,
    },
    /// The item has as many holds as it keeps.
    #[error("the item has {max} reservations; no more are kept at a time")]
    TooManyReservations {
        /// The bound.
        max: usize,
    },
    /// The item is promised to as many orders as it keeps.
    #[error("the item is promised to {max} orders; no more are kept at a time")]
    TooManyAllocations {
        /// The bound.
        max: usize,
    },
    /// The promises to one order would add up to more than a quantity can hold.
    #[error("the promises to {order_id} would exceed {} units", Quantity::MAX)]
    AllocationTooLarge {
        /// The order.
        order_id: OrderId,
    },
    /// Less is promised to the order than is to leave for it or to be taken back.
    #[error("{requested} units of the promise to {order_id} are asked for, but {allocated} are promised to it")]
    InsufficientAllocation {
        /// The order.
        order_id: OrderId,
        /// Units that were asked for.
        requested: u32,
        /// Units that are promised to the order.
        allocated: u32,
    },
    /// The units were taken back from another order, or others were.
    #[error("{release_id} took {quantity} units back from {order_id}")]
    ReleaseDiffers {
        /// The taking back.
        release_id: ReleaseId,
        /// The order that was booked.
        order_id: OrderId,
        /// The quantity that was booked.
        quantity: Quantity,
    },
    /// The receipt was booked with another quantity.
    #[error("{receipt_id} was booked with {booked} units, not {requested}")]
    ReceiptDiffers {
        /// The receipt.
        receipt_id: ReceiptId,
        /// What was booked.
        booked: Quantity,
        /// What was asked for.
        requested: Quantity,
    },
    /// The shipment was booked with another order or quantity.
    #[error("{shipment_id} was booked with {quantity} units for {order_id}")]
    ShipmentDiffers {
        /// The shipment.
        shipment_id: ShipmentId,
        /// The order that was booked.
        order_id: OrderId,
        /// The quantity that was booked.
        quantity: Quantity,
    },
    /// The return was booked with another order, quantity or condition.
    #[error("{return_id} was booked with {quantity} units and another order or condition")]
    ReturnDiffers {
        /// The return.
        return_id: ReturnId,
        /// The order that was booked.
        order_id: Option<OrderId>,
        /// The quantity that was booked.
        quantity: Quantity,
        /// The condition that was booked.
        condition: ReturnCondition,
    },
    /// An adjustment of nothing.
    #[error("an adjustment must not be zero")]
    ZeroAdjustment,
    /// The sign contradicts the reason.
    #[error(
        "an adjustment by {delta} contradicts its reason; what is found adds, what is written off, damaged or lost takes"
    )]
    AdjustmentSign {
        /// The difference.
        delta: i64,
        /// The reason.
        reason: AdjustmentReason,
    },
    /// The reason is not one that a stock document of history can state.
    #[error("a recorded adjustment is a write-off or a find")]
    NotADocumentReason {
        /// The reason.
        reason: AdjustmentReason,
    },
    /// The count would not fit 64 bits.
    #[error("the count would be too large")]
    CountTooLarge,
}
