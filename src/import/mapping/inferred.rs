//! What no document states and was concluded all the same, in counts.

use serde::Serialize;
use tillroll_domain::quantity::Quantity;

/// What was inferred for some documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inferred {
    /// Orders are assumed to have been settled.
    pub payments: InferredPayments,
    /// Goods are assumed to have left on the order's day.
    pub shipments: InferredShipments,
    /// Goods must have been there before the first document, or they could not have left.
    pub opening_stock: InferredOpening,
    /// Credited goods are assumed to have come back.
    pub returns: InferredReturns,
    /// What the documents say about tax.
    pub tax: &'static str,
    /// What is known of the goods' cost; not the same as no cost.
    pub cost: &'static str,
    #[serde(skip)]
    pub(super) unmatched: UnmatchedCredits,
}

/// Assumed payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InferredPayments {
    /// How many: one per order that does not total zero.
    pub count: u64,
    /// Their sum in minor units.
    pub minor: i64,
}

/// Assumed shipments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InferredShipments {
    /// How many: one per order with goods.
    pub count: u64,
    /// How many units left with them.
    pub units: i64,
}

/// Assumed opening stock, of the whole source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InferredOpening {
    /// How many SKUs needed some.
    pub items: u64,
    /// How many units in all.
    pub units: i64,
}

/// Assumed returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InferredReturns {
    /// How many: one per credit note with goods.
    pub count: u64,
    /// How many units came back with them.
    pub units: i64,
}

/// Credits that no known sale answers for, whole or in part: goods bought before the source begins, discounts given
/// afterwards, customers that are not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct UnmatchedCredits {
    /// How many credit lines have unmatched units.
    pub lines: u64,
    /// What those units are credited with, in minor units.
    pub minor: i64,
}

impl Inferred {
    /// Before the first document.
    pub(super) fn opening(units: impl Iterator<Item = Quantity>) -> Self {
        let (items, units) = units.fold((0, 0), |(items, sum), units| (items + 1, sum + units.as_i64()));
        Self {
            payments: InferredPayments::default(),
            shipments: InferredShipments::default(),
            opening_stock: InferredOpening { items, units },
            returns: InferredReturns::default(),
            tax: "not_stated",
            cost: "unknown",
            unmatched: UnmatchedCredits::default(),
        }
    }

    /// What stands unmatched.
    #[must_use]
    pub fn unmatched_credits(&self) -> UnmatchedCredits {
        self.unmatched
    }
}
