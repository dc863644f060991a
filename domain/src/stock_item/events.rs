//! What can have happened to a stock item.

use crate::{
    common::Basis,
    events,
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
    text::{Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of one SKU at one location.
    pub enum StockItemEvent {
        OpeningStockRecorded = 1;
        StockReceived = 1;
        StockAdjusted = 2, 1 => StockAdjustedV1;
        StockReserved = 1;
        ReservationExtended = 1;
        ReservationReleased = 1;
        UnknownReservationReleased = 1;
        StockAllocated = 1;
        AllocationReleased = 2, 1 => AllocationReleased;
        StockShipped = 1;
        StockReturned = 1;
        ReorderLevelSet = 1;
        ReorderLevelReached = 1;
    }
}

/// Stock that was there before the first document; `quantity` is added to what is on hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningStockRecorded {
    /// How many units this event adds.
    pub quantity: Quantity,
    /// How many units all opening events of the item add up to, this one included.
    pub total: Quantity,
    /// How we know it.
    pub basis: Basis,
}

/// Goods arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReceived {
    /// The receipt; one receipt counts once.
    pub receipt_id: ReceiptId,
    /// How many units.
    pub quantity: Quantity,
    /// The delivery note's or purchase order's number.
    pub reference: Option<Reference>,
    /// How we know it.
    pub basis: Basis,
}

/// Why a count was corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentReason {
    /// Taken off the books: broken, spoiled, given away.
    WriteOff,
    /// Turned up although the books did not have it.
    Found,
    /// Broken while in our hands.
    Damaged,
    /// Cannot be found.
    Lost,
    /// A physical count differed.
    CountCorrection,
    /// None of the others; the note says what.
    Other,
}

/// The count was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockAdjusted {
    /// The difference in units, never zero.
    pub delta: i64,
    /// Why.
    pub reason: AdjustmentReason,
    /// More about why, possibly empty.
    pub note: Note,
    /// The document that ordered it.
    pub document: Option<Reference>,
    /// How we know it.
    pub basis: Basis,
}

/// The first shape of [`StockAdjusted`]: the reason was free text, and there was neither document nor basis.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockAdjustedV1 {
    delta: i64,
    reason: Note,
}

impl From<StockAdjustedV1> for StockAdjusted {
    fn from(old: StockAdjustedV1) -> Self {
        let reason = match old.reason.as_str() {
            "write_off" => AdjustmentReason::WriteOff,
            "found" => AdjustmentReason::Found,
            "damaged" => AdjustmentReason::Damaged,
            "lost" => AdjustmentReason::Lost,
            "count" => AdjustmentReason::CountCorrection,
            _ => AdjustmentReason::Other,
        };
        Self { delta: old.delta, reason, note: old.reason, document: None, basis: Basis::Recorded }
    }
}

/// Units are held for somebody who is about to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReserved {
    /// The hold.
    pub reservation_id: ReservationId,
    /// How many units.
    pub quantity: Quantity,
    /// When it may be ended by [`ReleaseReason::Expired`].
    pub expires_at: DateTime<Utc>,
}

/// A hold lasts longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationExtended {
    /// The hold.
    pub reservation_id: ReservationId,
    /// The new end, later than the one before.
    pub expires_at: DateTime<Utc>,
}

/// Why a hold ended without becoming a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Whoever held it let go.
    Released,
    /// Its time was over.
    Expired,
}

/// A hold ended; its units are available again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationReleased {
    /// The hold.
    pub reservation_id: ReservationId,
    /// How many units it held.
    pub quantity: Quantity,
    /// Why it ended.
    pub reason: ReleaseReason,
}

/// A hold that never was is to be released: recorded so that a late reserve under that id loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnknownReservationReleased {
    /// The hold.
    pub reservation_id: ReservationId,
}

/// A hold became a promise to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockAllocated {
    /// The hold that ends by this.
    pub reservation_id: ReservationId,
    /// The order.
    pub order_id: OrderId,
    /// How many units.
    pub quantity: Quantity,
}

/// A promise to an order was taken back before the goods left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationReleased {
    /// The order.
    pub order_id: OrderId,
    /// How many units.
    pub quantity: Quantity,
    /// The taking back, if only these units were asked for; one counts once. Absent where the whole promise was taken
    /// back, and in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<ReleaseId>,
}

/// Goods left for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockShipped {
    /// The shipment; one shipment counts once per item.
    pub shipment_id: ShipmentId,
    /// The order.
    pub order_id: OrderId,
    /// How many units.
    pub quantity: Quantity,
    /// How many of them had been promised to the order.
    pub from_allocation: u32,
    /// How we know it.
    pub basis: Basis,
}

/// In what condition goods came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCondition {
    /// They can be sold again and are on hand.
    Resellable,
    /// They cannot be sold; they do not count as on hand.
    Damaged,
    /// No document says; they are taken as on hand.
    NotStated,
}

/// Goods came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReturned {
    /// The return; one return counts once per item.
    pub return_id: ReturnId,
    /// The order they had left for, where known.
    pub order_id: Option<OrderId>,
    /// How many units.
    pub quantity: Quantity,
    /// In what condition.
    pub condition: ReturnCondition,
    /// How we know it.
    pub basis: Basis,
}

/// From how few available units on the item should be ordered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReorderLevelSet {
    /// Units; 0 switches the warning off.
    pub level: u32,
}

/// The available units fell to the reorder level or below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReorderLevelReached {
    /// The level.
    pub level: u32,
    /// What is available now.
    pub available: i64,
}
