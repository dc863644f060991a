//! What is known of an order's cancellations, folded from facts.

use super::{
    messages::{CancelOrderFact as Fact, CancelledLines, UnitsAt},
    surplus::Surplus,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::{
    checkout::StockHold,
    ids::OrderId,
    text::{LocationId, Reference, Sku},
};

/// The cancellations of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOrderState {
    /// The order, once it was cancelled as a whole.
    pub cancelled: Option<OrderId>,
    /// What was held for it, if it was cancelled as a whole.
    pub holds: Vec<StockHold>,
    /// How many of these holds were taken up.
    pub taken_up: u32,
    /// Cancellations of lines.
    pub cuts: Vec<Cut>,
    /// What is given back for these.
    pub surplus: Surplus,
}

/// A cancellation of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Which.
    pub lines: CancelledLines,
    /// Units that are found and not taken back yet.
    pub found: Vec<UnitsAt>,
    /// Units that were taken back.
    pub released: Vec<UnitsAt>,
    /// How often units were looked for.
    pub searches: u32,
    /// Why units were not found, if they were not.
    pub trouble: Option<Reference>,
}

impl Cut {
    /// Units of each SKU that are neither found nor taken back.
    #[must_use]
    pub fn missing(&self) -> BTreeMap<&Sku, u32> {
        let mut missing: BTreeMap<&Sku, u32> =
            self.lines.units.iter().map(|units| (&units.sku, units.quantity.get())).collect();
        for units in self.found.iter().chain(&self.released) {
            if let Some(left) = missing.get_mut(&units.sku) {
                *left = left.saturating_sub(units.quantity.get());
            }
        }
        missing.retain(|_, left| *left > 0);
        missing
    }
}

impl CancelOrderState {
    /// Units that any cancellation of lines has found at, or taken back from, a location.
    #[must_use]
    pub fn taken(&self, sku: &Sku, location: &LocationId) -> u32 {
        let all = self.cuts.iter().flat_map(|cut| cut.found.iter().chain(&cut.released));
        let here = all.filter(|units| units.sku == *sku && units.location == *location);
        here.fold(0, |sum, units| sum.saturating_add(units.quantity.get()))
    }

    /// What the order is worth less by all cancellations of lines, in minor units.
    #[must_use]
    pub fn cut_minor(&self) -> i64 {
        self.cuts.iter().fold(0, |sum, cut| sum.saturating_add(cut.lines.value_minor))
    }

    pub(super) fn apply(mut self, fact: &Fact) -> Self {
        match fact {
            Fact::OrderCancelled { order_id, holds, payments: _ } => {
                self.cancelled = Some(*order_id);
                self.holds = holds.clone();
            }
            Fact::LinesCancelled { lines } => {
                self.surplus.lines_are_cancelled();
                self.cuts.push(Cut {
                    lines: lines.clone(),
                    found: vec![],
                    released: vec![],
                    searches: 0,
                    trouble: None,
                });
            }
            Fact::HoldTakenUp {} => self.taken_up += 1,
            Fact::UnitsFound { cut, take } => {
                if let Some(cut) = self.cut(*cut) {
                    cut.searches += 1;
                    cut.found.extend_from_slice(take);
                }
            }
            Fact::UnitsMissing { cut, units } => {
                if let Some(cut) = self.cut(*cut) {
                    remove(&mut cut.found, units);
                }
            }
            Fact::UnitsReleased { cut, units } => {
                if let Some(cut) = self.cut(*cut) {
                    remove(&mut cut.found, units);
                    cut.released.push(units.clone());
                }
            }
            Fact::MoneyCaptured {} => self.surplus.is_uncounted = true,
            Fact::SurplusTakenUp {} => self.surplus.is_uncounted = false,
            Fact::RefundsRequested { refunds, lacking_minor } => self.surplus.requested(refunds, *lacking_minor),
            Fact::RefundSettled { operation_id, succeeded } => self.surplus.settled(*operation_id, *succeeded),
            Fact::RefundsRenewed {} => self.surplus.renewed(),
            Fact::UnitsNotFound { cut, code } => {
                if let Some(cut) = self.cut(*cut) {
                    cut.trouble = Some(code.clone());
                }
            }
        }
        self
    }

    fn cut(&mut self, cut: u32) -> Option<&mut Cut> {
        let cut = usize::try_from(cut).ok().and_then(|index| self.cuts.get_mut(index));
        debug_assert!(cut.is_some(), "lines are cancelled before anything follows from it");
        cut
    }
}

fn remove(found: &mut Vec<UnitsAt>, units: &UnitsAt) {
    if let Some(index) = found.iter().position(|at| at == units) {
        found.remove(index);
    }
}
