//! What Fulfillment remembers of a shipment.

use super::vocabulary::FulfillmentProcessFact;
use serde::{Deserialize, Serialize};

/// What Fulfillment knows of a shipment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentProcessState {
    /// Whether it was told that it is planned.
    pub planned: bool,
    /// Whether it was told that it left.
    pub left: bool,
    /// Whether its money could not be taken.
    pub unpaid: bool,
    /// Whether goods that left are still in stock by the books.
    pub not_booked: bool,
}

impl FulfillmentProcessState {
    pub(super) const fn evolve(mut self, fact: &FulfillmentProcessFact) -> Self {
        match fact {
            FulfillmentProcessFact::Planned => self.planned = true,
            FulfillmentProcessFact::Paid { .. } => self.unpaid = false,
            FulfillmentProcessFact::Unpaid { .. } | FulfillmentProcessFact::CaptureFailed => self.unpaid = true,
            // What left was paid, or the order would not have let it leave.
            FulfillmentProcessFact::Left => (self.left, self.unpaid) = (true, false),
            FulfillmentProcessFact::NotBooked { .. } => self.not_booked = true,
        }
        self
    }
}
