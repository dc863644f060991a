//! Which price applies to some units of a variant at an instant.

use crate::{
    ids::PriceRowId, money::Currency, price::UnitPrice, price_schedule::PriceRow, quantity::Quantity, text::Country,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A price that applies, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectedPrice {
    /// Per unit, in the currency that was asked for.
    pub amount: UnitPrice,
    /// Where it comes from.
    pub reason: PriceReason,
}

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "source", deny_unknown_fields)]
pub enum PriceReason {
    /// A row of the variant's price schedule.
    Row {
        /// The row.
        row_id: PriceRowId,
        /// Its priority.
        priority: i32,
    },
    /// The product's list price, since no row applies.
    ListPrice,
}

/// For whom and for how many units a price is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceQuery {
    /// The currency; nothing is ever converted.
    pub currency: Currency,
    /// The buyer's country; without one only rows for every country apply.
    pub country: Option<Country>,
    /// How many units are bought together.
    pub quantity: Quantity,
}

impl PriceQuery {
    /// Whether a row is made for this buyer and quantity, at whatever time.
    #[must_use]
    pub fn fits(&self, row: &PriceRow) -> bool {
        row.key.currency == self.currency
            && row.key.min_quantity <= self.quantity
            && row.key.country.as_ref().is_none_or(|country| Some(country) == self.country.as_ref())
    }
}

/// The price that applies at an instant: that of the row with the highest priority among those that fit and are valid;
/// among equals of the one valid from the later instant, then of the one with the greater id; otherwise the list price.
/// `None` if there is neither.
///
/// Which row wins is stated in data by its priority, never inferred from how specific its key is.
pub fn select<'a>(
    rows: impl IntoIterator<Item = &'a PriceRow>,
    list_price: Option<UnitPrice>,
    query: &PriceQuery,
    at: DateTime<Utc>,
) -> Option<SelectedPrice> {
    let row = rows
        .into_iter()
        .filter(|row| query.fits(row) && row.valid_at(at))
        .max_by_key(|row| (row.priority, row.valid_from, row.row_id));
    match row {
        Some(row) => {
            let reason = PriceReason::Row { row_id: row.row_id, priority: row.priority };
            Some(SelectedPrice { amount: row.amount, reason })
        }
        None => list_price.map(|amount| SelectedPrice { amount, reason: PriceReason::ListPrice }),
    }
}

#[cfg(test)]
mod tests;
