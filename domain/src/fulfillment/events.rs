//! What can have happened to a fulfillment.

use super::tracking::Tracking;
use crate::{
    events,
    ids::OrderId,
    quantity::Quantity,
    text::{LocationId, Name, Note, Sku},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of a fulfillment.
    pub enum FulfillmentEvent {
        FulfillmentCreated = 1;
        FulfillmentPacked = 1;
        FulfillmentShipped = 1;
        FulfillmentTrackingAdded = 1;
        FulfillmentDelivered = 1;
        FulfillmentCancelled = 1;
        FulfillmentLost = 1;
    }
}

/// Some units of one goods line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentLine {
    /// The line's number in the order, from 1.
    pub line: u32,
    /// What is taken from stock.
    pub sku: Sku,
    /// How many units.
    pub quantity: Quantity,
}

/// Goods of an order are going to leave together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentCreated {
    /// The order.
    pub order_id: OrderId,
    /// Where the goods are.
    pub location: LocationId,
    /// Which, in the order of the lines' numbers.
    pub lines: Vec<FulfillmentLine>,
}

/// They are in their parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentPacked {}

/// The carrier has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentShipped {
    /// Who carries them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Name>,
    /// The numbers at the carrier that became known with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<Tracking>,
    /// The store's date.
    pub business_date: NaiveDate,
}

/// More numbers at the carrier became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentTrackingAdded {
    /// The numbers, behind those that were known.
    pub tracking: Vec<Tracking>,
}

/// They arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentDelivered {
    /// The store's date.
    pub business_date: NaiveDate,
}

/// They will not leave under this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentCancelled {
    /// Why; nothing personal.
    pub reason: Note,
}

/// The carrier cannot find them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentLost {
    /// What is known; nothing personal.
    pub note: Note,
}
