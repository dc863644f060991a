//! What can be asked of a price schedule.

use super::row::PriceKey;
use crate::{ids::PriceRowId, price::UnitPrice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most rows that are valid or will be.
pub const OPEN_ROWS_MAX: usize = 500;

/// Commands on a price schedule.
///
/// Whoever sends [`Self::SetPrice`] has seen that the SKU belongs to a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PriceScheduleCommand {
    /// Add a row, at most [`OPEN_ROWS_MAX`] that have not ended. Silent if the row is there with the same content; refused
    /// if it begins in the past or overlaps a row of the same key.
    SetPrice(NewPrice),
    /// End a row that has begun, or plan its end. Silent if it ends then already; refused in the past and after an end
    /// that is planned or has been.
    EndPrice {
        /// The row.
        row_id: PriceRowId,
        /// The first instant at which it is not valid any more; absent for the moment of the decision.
        at: Option<DateTime<Utc>>,
    },
    /// Take back a row that has not begun. Silent if it was taken back already.
    WithdrawPrice {
        /// The row.
        row_id: PriceRowId,
    },
}

/// A row to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPrice {
    /// The row, named once.
    pub row_id: PriceRowId,
    /// For whom it is made.
    pub key: PriceKey,
    /// Its rank among rows that fit: the highest applies.
    pub priority: i32,
    /// Per unit, not negative.
    pub amount: UnitPrice,
    /// The first instant at which it is valid; absent for the moment of the decision.
    pub valid_from: Option<DateTime<Utc>>,
    /// The first instant at which it is not valid any more, later than `valid_from`.
    pub valid_until: Option<DateTime<Utc>>,
}
