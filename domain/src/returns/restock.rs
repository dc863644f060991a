//! Which of the goods that came back go into stock, and where.

use super::{
    events::ReceivedLine,
    state::{KnownReturn, ReturnLineProgress},
    status::GoodsCondition,
};
use crate::text::{LocationId, Sku};
use std::collections::BTreeMap;

/// Units of one line that were taken back at one location, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restock {
    /// The line's number in the order.
    pub line: u32,
    /// What it is.
    pub sku: Sku,
    /// Where it came, if that is known.
    pub location: Option<LocationId>,
    /// Units that can be sold again.
    pub resellable: u32,
    /// Units that cannot.
    pub damaged: u32,
}

impl KnownReturn {
    /// The accepted units by line and location, in that order; what was refused is not among them.
    ///
    /// An inspection says of a line how many units are refused, not which. They are the damaged ones before those that can
    /// be sold again, and of the same condition those of the last location: goods are refused for what was done to them.
    #[must_use]
    pub fn restock(&self) -> Vec<Restock> {
        self.lines.iter().flat_map(|(&line, progress)| self.restock_of(line, progress)).collect()
    }

    fn restock_of(&self, line: u32, progress: &ReturnLineProgress) -> Vec<Restock> {
        let mut at: BTreeMap<Option<&LocationId>, (u32, u32)> = BTreeMap::new();
        for parcel in self.parcels.values() {
            for ReceivedLine { quantity, condition, .. } in parcel.lines.iter().filter(|units| units.line == line) {
                let (resellable, damaged) = at.entry(parcel.location.as_ref()).or_default();
                let count = match condition {
                    GoodsCondition::Resellable => resellable,
                    GoodsCondition::Damaged => damaged,
                };
                *count = count.saturating_add(quantity.get());
            }
        }
        let mut accepted = progress.accepted;
        let mut take = |units: &mut u32| {
            *units = (*units).min(accepted);
            accepted -= *units;
        };
        at.values_mut().for_each(|(resellable, _)| take(resellable));
        at.values_mut().for_each(|(_, damaged)| take(damaged));
        let units = at.into_iter().filter(|&(_, (resellable, damaged))| resellable > 0 || damaged > 0);
        units
            .map(|(location, (resellable, damaged))| Restock {
                line,
                sku: progress.sku.clone(),
                location: location.cloned(),
                resellable,
                damaged,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
