//! What can have happened to a return.

use super::status::{GoodsCondition, ReturnOutcome, ReturnReason};
use crate::{
    events,
    ids::{OrderId, ReceiptId},
    quantity::Quantity,
    text::{LocationId, Note, Sku},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of a return.
    pub enum ReturnEvent {
        ReturnRequested = 1;
        ReturnApproved = 1;
        ReturnRejected = 1;
        ReturnReceived = 2, 1 => ReturnReceived;
        ReturnInspected = 1;
        ReturnResolved = 1;
        ReturnCancelled = 1;
    }
}

/// Some units of one line that a customer wants to send back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// What it was.
    pub sku: Sku,
    /// How many units.
    pub quantity: Quantity,
    /// Why.
    pub reason: ReturnReason,
}

/// Some units of one line that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLine {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// How many units.
    pub quantity: Quantity,
    /// How they came.
    pub condition: GoodsCondition,
}

/// What the inspection of one line came to so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectedLine {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// Units taken back so far.
    pub accepted: u32,
    /// Units not taken back so far; they stay the customer's.
    pub refused: u32,
}

/// A customer asked to send goods back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequested {
    /// The order.
    pub order_id: OrderId,
    /// Which, in the order of the lines' numbers.
    pub lines: Vec<ReturnLine>,
    /// The store's date on which the order was delivered, as far as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_on: Option<NaiveDate>,
    /// The window that applied, in days.
    pub window_days: u16,
    /// The last day of the window; absent while it had not begun to close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ends_on: Option<NaiveDate>,
    /// The store's date of the request.
    pub business_date: NaiveDate,
}

/// The customer may send them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnApproved {}

/// The customer may not send them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnRejected {
    /// Why; nothing personal.
    pub reason: Note,
}

/// A parcel came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnReceived {
    /// The parcel.
    pub receipt_id: ReceiptId,
    /// Where it came; absent where nobody said so, and in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// What was in it.
    pub lines: Vec<ReceivedLine>,
}

/// Goods that came were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnInspected {
    /// The totals so far of each line that was looked at.
    pub lines: Vec<InspectedLine>,
}

/// The outcome is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnResolved {
    /// What the customer gets.
    pub outcome: ReturnOutcome,
    /// Remarks; nothing personal, possibly empty.
    pub note: Note,
}

/// Nothing will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnCancelled {
    /// Why; nothing personal.
    pub reason: Note,
}
