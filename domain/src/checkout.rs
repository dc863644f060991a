//! Vocabulary of checkout that carts, orders and processes share: how an order is to be paid, and what is held for it.

use crate::{
    ids::ReservationId,
    quantity::Quantity,
    text::{LocationId, Reference, Sku},
};
use serde::{Deserialize, Serialize};

/// The most holds of stock that one order stands on: of each SKU at a few locations.
pub const STOCK_HOLDS_MAX: usize = 4_000;

/// When the money that was set aside for an order is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapturePolicy {
    /// All of it as soon as the order is confirmed.
    AtOnce,
    /// For each shipment, before it leaves.
    AtFulfillment,
}

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentTerms {
    /// The means of payment, such as `card`.
    pub method: Reference,
    /// Who carries the payment out.
    pub provider: Reference,
    /// When the money is taken.
    pub capture: CapturePolicy,
}

/// What was agreed about the carrying out of a checkout's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutTerms {
    /// How it is paid; `None` exactly if there is nothing to pay.
    pub payment: Option<PaymentTerms>,
}

/// Units of one SKU that are held at a location for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockHold {
    /// What is held.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// The hold at the stock item.
    pub reservation_id: ReservationId,
    /// How many units.
    pub quantity: Quantity,
}
