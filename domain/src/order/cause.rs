//! What leads to the cancellation of a whole order.

use crate::text::{Note, Sku};
use serde::{Deserialize, Serialize};

/// What led to the cancellation of a whole order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CancelCause {
    /// The buyer does not want it any more.
    Buyer,
    /// The staff decided so.
    Staff,
    /// There was not enough in stock when it was placed.
    InsufficientStock {
        /// What there was not enough of.
        sku: Sku,
        /// Units that the order asks for.
        requested: u32,
        /// Units that could have been had, at all locations together.
        available: u32,
    },
    /// The money did not arrive in time.
    PaymentOverdue,
    /// The stock that was held for it is gone, and there is no more.
    StockLost,
    /// The checkout was given up before it came to an end.
    Withdrawn,
}

impl CancelCause {
    /// The word by which it is stored and shown.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Staff => "staff",
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::PaymentOverdue => "payment_overdue",
            Self::StockLost => "stock_lost",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What is said where nobody gave a reason in words.
    pub(super) fn reason(&self) -> Note {
        let text = match self {
            Self::Buyer => "cancelled by the buyer",
            Self::Staff => "cancelled by the staff",
            Self::InsufficientStock { .. } => "not enough in stock",
            Self::PaymentOverdue => "not paid in time",
            Self::StockLost => "the stock is gone",
            Self::Withdrawn => "the checkout was given up",
        };
        text.parse().expect("a constant is a note")
    }
}
