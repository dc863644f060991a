//! What units of an order are worth: the total, shared over the lines and then over their units.
//!
//! The shares of the lines add up to the total, and those of a line's units to the line's, to the minor unit. Prices are
//! never worked out anew: whatever is cancelled, captured or given back is a part of what was agreed.

use super::{
    events::{OrderLine, OrderPlaced, Tax},
    state::{LineProgress, PlacedOrder},
};
use crate::{
    common::LineKind,
    money::{allocate, cumulative_share},
};

/// Each line's part of the total, in minor units: its amount, less its part of the discounts, and its tax. Discounts have no
/// part of their own.
///
/// Discounts are taken off the goods by their amounts and, only where they exceed these, off the other lines. The tax of a
/// line is what the order says; where the tax was not split, it is shared by what the lines cost after discounts. Equal
/// remainders go to the earlier line.
pub(super) fn shares(placed: &OrderPlaced) -> Vec<i64> {
    let totals = placed.totals;
    let off_goods = totals.discount_minor.min(totals.goods_minor);
    let off_goods = discounted(&placed.lines, LineKind::Goods, off_goods);
    let off_others = (totals.discount_minor - totals.goods_minor).max(0);
    let off_others = discounted(&placed.lines, LineKind::Carriage, off_others);
    let mut shares = Vec::with_capacity(placed.lines.len());
    for ((line, off_goods), off_others) in placed.lines.iter().zip(off_goods).zip(off_others) {
        shares.push(amount(line) - off_goods - off_others);
    }
    let split = |line: &OrderLine| if line.kind == LineKind::Discount { 0 } else { line.tax_minor.unwrap_or(0) };
    let stated = match totals.tax {
        Tax::NotStated => 0,
        Tax::Stated { amount_minor } => amount_minor,
    };
    let unsplit = spread(stated - placed.lines.iter().map(split).sum::<i64>(), &shares, &placed.lines);
    for ((share, line), unsplit) in shares.iter_mut().zip(&placed.lines).zip(unsplit) {
        *share += split(line) + unsplit;
    }
    debug_assert_eq!(shares.iter().sum::<i64>(), totals.total_minor, "the shares are the total");
    shares
}

/// What a line costs; a discount costs nothing.
const fn amount(line: &OrderLine) -> i64 {
    match line.kind {
        LineKind::Goods | LineKind::Carriage => line.amount_minor,
        LineKind::Discount => 0,
    }
}

/// What is taken off each line by a discount on the lines of this kind.
fn discounted(lines: &[OrderLine], kind: LineKind, discount_minor: i64) -> Vec<i64> {
    let weight = |line: &OrderLine| if line.kind == kind { amount(line).unsigned_abs() } else { 0 };
    // Where these lines cost nothing, nothing is taken off them.
    allocate(discount_minor, &lines.iter().map(weight).collect::<Vec<_>>()).unwrap_or_else(|_| vec![0; lines.len()])
}

/// Shares an amount by what the lines cost; where all are free, the first line that is no discount takes it.
fn spread(amount_minor: i64, costs: &[i64], lines: &[OrderLine]) -> Vec<i64> {
    let weights: Vec<u64> = costs.iter().map(|cost| cost.unsigned_abs()).collect();
    allocate(amount_minor, &weights).unwrap_or_else(|_| {
        let first = lines.iter().position(|line| line.kind != LineKind::Discount).unwrap_or(0);
        (0..lines.len()).map(|index| if index == first { amount_minor } else { 0 }).collect()
    })
}

impl PlacedOrder {
    /// What so many units of each line are worth, in minor units: of the goods by cumulative share, which rises with the
    /// units and ends at the whole, and of the other lines beside at least one unit of goods (or in an order without any).
    /// All units together are worth the total.
    ///
    /// `units` counts the units of a line; more than were ordered are worth no more.
    #[must_use]
    pub fn value_minor(&self, units: impl Fn(&LineProgress) -> u32) -> i64 {
        let beside_goods = self.goods().next().is_none() || self.goods().any(|line| units(line) > 0);
        self.value_with(beside_goods, units)
    }

    /// The same, where it is said whether the lines that are not for goods count.
    fn value_with(&self, others: bool, units: impl Fn(&LineProgress) -> u32) -> i64 {
        let worth = |(line, &share): (&LineProgress, &i64)| {
            let counts = others || line.kind == LineKind::Goods;
            let part = if counts { units(line).min(line.ordered) } else { 0 };
            cumulative_share(share, part.into(), line.ordered.into()).unwrap_or(share)
        };
        self.lines.iter().zip(self.shares.iter()).map(worth).sum()
    }

    /// What the order is still worth, in minor units: the total less the values of all units that were cancelled or came
    /// back. The transport is paid for unless everything was cancelled before anything left.
    ///
    /// Units are taken away from the end of a line and leave from its beginning, so that what was taken away and what left
    /// add up to the line's share without a gap or an overlap.
    #[must_use]
    pub fn due_minor(&self) -> i64 {
        let kept = |line: &LineProgress| line.ordered.saturating_sub(line.cancelled).saturating_sub(line.returned);
        let travels = |line: &LineProgress| line.shipped > 0 || line.cancelled < line.ordered;
        self.value_with(self.goods().next().is_none() || self.goods().any(travels), kept)
    }

    /// What must be captured for everything that has left or is planned to, in minor units. What came back of it was
    /// captured too, and is given back.
    #[must_use]
    pub fn capture_due_minor(&self) -> i64 {
        self.captured_for(|line| line.shipped.saturating_add(line.planned))
    }

    /// What must be captured so that these goods may leave, in minor units.
    pub(super) fn captured_for(&self, leaving: impl Fn(&LineProgress) -> u32) -> i64 {
        self.value_minor(|line| match line.kind {
            LineKind::Goods => leaving(line),
            LineKind::Carriage | LineKind::Discount => line.ordered.saturating_sub(line.cancelled),
        })
    }
}

#[cfg(test)]
mod tests;
