//! A row of a price schedule: for whom, how much, and from when until when.

use crate::{ids::PriceRowId, money::Currency, price::UnitPrice, quantity::Quantity, text::Country};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// For whom a price is made. Of one key at most one price is valid at any instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceKey {
    /// The currency.
    pub currency: Currency,
    /// The buyer's country; absent for every country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// From how many units bought together on.
    pub min_quantity: Quantity,
}

/// A price with its key, its rank and its validity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The row.
    pub row_id: PriceRowId,
    /// For whom it is made.
    pub key: PriceKey,
    /// Among rows that fit, the one with the highest priority applies.
    pub priority: i32,
    /// Per unit, never negative.
    pub amount: UnitPrice,
    /// The first instant at which it is valid.
    pub valid_from: DateTime<Utc>,
    /// The first instant at which it is not valid any more, later than `valid_from`; absent if no end is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<DateTime<Utc>>,
}

impl PriceRow {
    /// Whether it is valid at an instant.
    #[must_use]
    pub fn valid_at(&self, at: DateTime<Utc>) -> bool {
        self.valid_from <= at && !self.ended_by(at)
    }

    /// Whether it has ended at an instant, or before.
    #[must_use]
    pub fn ended_by(&self, at: DateTime<Utc>) -> bool {
        self.valid_until.is_some_and(|until| until <= at)
    }

    /// Whether there is an instant at which both are valid.
    pub(super) fn overlaps(&self, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> bool {
        until.is_none_or(|until| self.valid_from < until) && self.valid_until.is_none_or(|own| from < own)
    }
}
