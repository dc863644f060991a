//! What can have happened to an expense document.

use crate::{
    common::{Basis, SourceDocument},
    events,
    ids::CustomerId,
    money::Currency,
    order::events::RoundingPolicy,
    price::UnitPrice,
    text::{Country, Note, Reference},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of an expense document.
    pub enum ExpenseEvent {
        ExpenseRecorded = 1;
    }
}

/// What an expense line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpenseKind {
    /// A marketplace's fee.
    MarketplaceFee,
    /// A bank's charges.
    BankCharges,
    /// A share given to charity.
    Charity,
    /// Money that customers will never pay.
    BadDebt,
}

/// One line of an expense document, with the signs of the source: a negative amount is a cost, a positive one its
/// reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpenseLine {
    /// The line's number, from 1 without gaps.
    pub line: u32,
    /// What it is for.
    pub kind: ExpenseKind,
    /// The code as the source states it.
    pub code: Reference,
    /// The line's text, possibly empty.
    pub description: Note,
    /// Units, not zero, with the source's sign.
    pub quantity: i64,
    /// Per unit, with the source's sign.
    pub unit_price: UnitPrice,
    /// Quantity times unit price, rounded, in minor units.
    pub amount_minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit; absent if nothing was rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding_micros: Option<i64>,
}

/// The shop bore costs, or got some back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpenseRecorded {
    /// Whom the document names.
    pub customer_id: Option<CustomerId>,
    /// The country of the document.
    pub country: Country,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<ExpenseLine>,
    /// The sum of the lines, with their signs.
    pub total_minor: i64,
    /// How the amounts were rounded.
    pub rounding: RoundingPolicy,
    /// The store's date on which the document is booked.
    pub business_date: NaiveDate,
    /// The document it was imported from.
    pub source: SourceDocument,
    /// How we know it.
    pub basis: Basis,
}
