//! What Fulfillment is told, wants done, is answered and learns.

use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::OrderId,
    quantity::Quantity,
    text::{LocationId, Note, Sku},
};

/// Units of a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkuUnits {
    /// Which.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// What is told of the shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ShipmentNews {
    /// It is planned, and its order is paid shipment by shipment.
    Planned {
        /// The order.
        order_id: OrderId,
    },
    /// The capture that was requested for it was refused by the provider.
    CaptureFailed,
    /// It left.
    Left {
        /// The order.
        order_id: OrderId,
        /// From where.
        location: LocationId,
        /// Its goods, each SKU once, by SKU.
        units: Vec<SkuUnits>,
    },
}

/// What Fulfillment wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FulfillmentProcessAction {
    /// Request to capture what has left and is planned to leave and was not captured yet.
    Capture {
        /// The order.
        order_id: OrderId,
    },
    /// Book goods out of stock.
    ShipStock {
        /// The order.
        order_id: OrderId,
        /// From where.
        location: LocationId,
        /// Which; each SKU once.
        units: Vec<SkuUnits>,
    },
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FulfillmentProcessAnswer {
    /// All that must be captured is or will be.
    Covered {
        /// What was requested for this shipment, in minor units.
        requested_minor: i64,
    },
    /// Not enough is set aside.
    Short {
        /// What was requested for this shipment, in minor units.
        requested_minor: i64,
        /// What is missing, in minor units.
        lacking_minor: i64,
    },
    /// The goods are booked.
    Booked,
    /// Some goods could not be booked; the others are.
    NotBooked {
        /// Which.
        skus: Vec<Sku>,
        /// Why the first of them could not, in words.
        reason: Note,
    },
}

/// What Fulfillment learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FulfillmentProcessFact {
    /// The shipment was planned.
    Planned,
    /// The money for it is taken, or being taken.
    Paid {
        /// What was requested for this shipment, in minor units.
        requested_minor: i64,
    },
    /// Not enough was set aside; it cannot leave.
    Unpaid {
        /// What is missing, in minor units.
        lacking_minor: i64,
    },
    /// The provider refused to take the money; it cannot leave.
    CaptureFailed,
    /// It left.
    Left,
    /// Goods that left are still in stock by the books.
    NotBooked {
        /// Which.
        skus: Vec<Sku>,
    },
}
