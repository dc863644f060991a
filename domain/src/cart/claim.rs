//! The claim of whoever makes an order of a cart: a request for some minutes, or a checkout until it is ended.

use crate::{checkout::CheckoutTerms, ids::OrderId, pricing::QuoteHash, text::Reference};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A claim for completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionClaim {
    /// Its number.
    pub fence: u64,
    /// Who makes the order, and how long the claim lasts.
    pub holder: ClaimHolder,
}

/// Who makes an order of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimHolder {
    /// A request; the claim lapses by itself.
    Lease {
        /// When it lapses.
        expires_at: DateTime<Utc>,
    },
    /// A checkout; the claim lasts until that has ended.
    Checkout(Box<RunningCheckout>),
}

/// A checkout that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningCheckout {
    /// The order that is made.
    pub order_id: OrderId,
    /// The quote that it is made of.
    pub quote_hash: QuoteHash,
    /// How it is to be carried out.
    pub terms: CheckoutTerms,
    /// What the provider knows the buyer's means of payment by.
    pub instrument: Option<Reference>,
}

impl CompletionClaim {
    /// When it lapses by itself; that of a checkout never does.
    #[must_use]
    pub fn lapses_at(&self) -> Option<DateTime<Utc>> {
        match self.holder {
            ClaimHolder::Lease { expires_at } => Some(expires_at),
            ClaimHolder::Checkout(_) => None,
        }
    }

    /// Whether it has not lapsed.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.lapses_at().is_none_or(|end| end > now)
    }
}
