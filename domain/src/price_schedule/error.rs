//! Why a command on a price schedule is refused.

use crate::{ids::PriceRowId, price::UnitPrice};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// Why a price schedule refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceScheduleError {
    /// The schedule has no such row.
    #[error("there is no price row {row_id}")]
    RowNotFound {
        /// The row.
        row_id: PriceRowId,
    },
    /// The row is there with another content.
    #[error("the price row {row_id} is there with another content")]
    RowDiffers {
        /// The row.
        row_id: PriceRowId,
    },
    /// The row was taken back before it began.
    #[error("the price row {row_id} was withdrawn")]
    RowWithdrawn {
        /// The row.
        row_id: PriceRowId,
    },
    /// A price below zero.
    #[error("a price must not be negative, but {amount} is")]
    NegativePrice {
        /// The price.
        amount: UnitPrice,
    },
    /// The row would begin or end before the present, and what applied then would change.
    #[error("{at} has passed; prices change in the present or later")]
    InPast {
        /// The instant.
        at: DateTime<Utc>,
    },
    /// The row would be valid at no instant.
    #[error("a price ends after it began")]
    EmptyValidity,
    /// Another row of the same key is valid at some instant of the new one.
    #[error("the price row {row_id} of the same currency, country and quantity is valid in that time")]
    Overlap {
        /// The other row.
        row_id: PriceRowId,
    },
    /// As many rows have not ended as there may be.
    #[error("a variant has at most {max} prices that have not ended")]
    TooManyRows {
        /// The bound.
        max: usize,
    },
    /// The row begins later; it can be withdrawn instead.
    #[error("the price row {row_id} has not begun at that time; withdraw it instead")]
    NotBegun {
        /// The row.
        row_id: PriceRowId,
    },
    /// The row has begun; it can only end.
    #[error("the price row {row_id} has begun and can only end")]
    HasBegun {
        /// The row.
        row_id: PriceRowId,
    },
    /// The row ends before, and an end is never put off.
    #[error("the price row {row_id} ends at {ends_at} already")]
    EndsEarlier {
        /// The row.
        row_id: PriceRowId,
        /// When it ends.
        ends_at: DateTime<Utc>,
    },
}
