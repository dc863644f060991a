//! What can have happened to a credit note.

use crate::{
    common::{Basis, LineKind, SourceDocument},
    events,
    ids::{CustomerId, OrderId},
    money::Currency,
    order::events::{RoundingPolicy, Tax},
    price::UnitPrice,
    quantity::Quantity,
    text::{Country, Note, Reference, Sku},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of a credit note.
    pub enum CreditNoteEvent {
        CreditNoteIssued = 1;
    }
}

/// Some units of a credit line that were set against a line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditMatch {
    /// The order.
    pub order_id: OrderId,
    /// The order's line.
    pub line: u32,
    /// How many units.
    pub quantity: Quantity,
    /// Whether the order's line has the credit line's unit price.
    pub same_price: bool,
}

/// One line of a credit note. Amounts are positive: this much is credited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditLine {
    /// The line's number, from 1 without gaps.
    pub line: u32,
    /// What the line stands for. A discount line is a discount given afterwards; it credits the customer too.
    pub kind: LineKind,
    /// The code as the source states it, or the SKU.
    pub code: Reference,
    /// What comes back to stock; present exactly for goods.
    pub sku: Option<Sku>,
    /// The line's text, possibly empty.
    pub description: Note,
    /// How many units.
    pub quantity: Quantity,
    /// Per unit, never negative, in the note's currency.
    pub unit_price: UnitPrice,
    /// Quantity times unit price, rounded, in minor units of the note's currency.
    pub amount_minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit; absent if nothing was rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding_micros: Option<i64>,
    /// What the line was set against, in the order of matching.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<CreditMatch>,
    /// Units that no known sale answers for: `quantity` less the matched ones.
    pub unmatched: u32,
    /// The part of the amount that belongs to the unmatched units, by cumulative allocation after the matched ones.
    pub unmatched_minor: i64,
}

/// A customer is owed money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditNoteIssued {
    /// Who is owed; absent where the source names nobody.
    pub customer_id: Option<CustomerId>,
    /// The country of the note.
    pub country: Country,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<CreditLine>,
    /// What is said about tax.
    pub tax: Tax,
    /// What is owed: the sum of the lines and the stated tax.
    pub total_minor: i64,
    /// How the amounts were rounded.
    pub rounding: RoundingPolicy,
    /// The store's date on which the note is booked.
    pub business_date: NaiveDate,
    /// Why; possibly empty.
    pub reason: Note,
    /// The document it was imported from.
    pub source: Option<SourceDocument>,
    /// How we know it.
    pub basis: Basis,
}
