//! Vocabulary that several aggregates share: how we know a fact, where a document came from, what kind a line is.

use crate::{ids::OrderId, text::Reference};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// How we know a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The engine saw it happen, or a source document states it.
    Recorded,
    /// No document states it; it was concluded from others (an old invoice was presumably paid).
    Inferred,
}

/// What form the number of a source document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentForm {
    /// An order or invoice number.
    Order,
    /// A credit-note number.
    CreditNote,
    /// An adjustment number.
    Adjustment,
}

/// The document of another system that an imported fact stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    /// The import's name, such as `online-retail`.
    pub system: Reference,
    /// The document's number there.
    pub number: Reference,
    /// What form the number has.
    pub form: DocumentForm,
    /// SHA-256 of the document's content, lower-case hex; the same number with another digest is refused.
    pub digest: Reference,
    /// The wall-clock time that the document states, in [`Self::time_zone`].
    pub local_time: NaiveDateTime,
    /// The IANA name of the zone of the wall clock.
    pub time_zone: Reference,
}

/// What a document line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Goods that are held in stock; the line has a SKU.
    Goods,
    /// Carriage charged to the customer; no stock.
    Carriage,
    /// A discount as a line of its own; no stock. On an order its amount lowers the total.
    Discount,
}

/// Some units of one line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// The line's number in its order, from 1.
    pub line: u32,
    /// How many units, at least 1.
    pub quantity: crate::quantity::Quantity,
}

/// Some units of one line of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLineRef {
    /// The order.
    pub order_id: OrderId,
    /// The line's number in that order, from 1.
    pub line: u32,
}
