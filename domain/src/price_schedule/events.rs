//! What can have happened to a price schedule.

use super::row::PriceKey;
use crate::{events, ids::PriceRowId, price::UnitPrice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a price schedule.
    pub enum PriceScheduleEvent {
        PriceSet = 1;
        PriceEnded = 1;
        PriceWithdrawn = 1;
    }
}

/// A price will apply, or applies from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSet {
    /// The row.
    pub row_id: PriceRowId,
    /// For whom it is made.
    pub key: PriceKey,
    /// Its rank among rows that fit: the highest applies.
    pub priority: i32,
    /// Per unit, never negative.
    pub amount: UnitPrice,
    /// The first instant at which it is valid.
    pub valid_from: DateTime<Utc>,
    /// The first instant at which it is not valid any more; absent if no end is planned.
    pub valid_until: Option<DateTime<Utc>>,
}

/// A price ends earlier than was planned, if an end was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEnded {
    /// The row.
    pub row_id: PriceRowId,
    /// The first instant at which it is not valid any more, later than the one at which it began.
    pub at: DateTime<Utc>,
}

/// A price that had not begun never will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceWithdrawn {
    /// The row.
    pub row_id: PriceRowId,
}
