//! The lines of a closed cart are taken in, by a named strategy and within what is available.

use super::{
    Decision, change,
    commands::ABSORBED_MAX,
    error::CartError,
    events::{CartAbsorbed, MergeStrategy},
    line::{CartLine, LINE_UNITS_MAX, LINES_MAX, LeftOut, LinePrice, SKU_UNITS_MAX, SkuAvailability, demand, price_of},
    state::{CartState, OpenCart},
};
use crate::{ids::CartId, money::Currency, quantity::Quantity, text::Sku};
use chrono::{DateTime, Utc};

/// The cart whose lines are taken in, with the facts on them.
#[derive(Debug)]
pub(super) struct Other<'a> {
    pub(super) cart_id: CartId,
    pub(super) currency: Currency,
    pub(super) lines: &'a [CartLine],
    pub(super) prices: &'a [LinePrice],
    pub(super) available: &'a [SkuAvailability],
}

pub(super) fn absorb(state: &CartState, other: &Other<'_>, strategy: MergeStrategy, at: DateTime<Utc>) -> Decision {
    if state.has_absorbed(other.cart_id) {
        return Ok(vec![]);
    }
    change(state, at, |cart| {
        if cart.cart_id == other.cart_id {
            return Err(CartError::MergeIntoItself);
        }
        if cart.absorbed.len() >= ABSORBED_MAX {
            return Err(CartError::TooManyMerges { max: ABSORBED_MAX });
        }
        let (lines, left_out) = together(cart, other, strategy);
        Ok(vec![CartAbsorbed { from: other.cart_id, strategy, lines, left_out, at }.into()])
    })
}

/// A line of the result while it is worked out.
struct Wanted {
    line: CartLine,
    /// Units that the cart holds already and keeps whatever is available.
    kept: u32,
    /// Units that the strategy would give it.
    wanted: u32,
}

/// The lines that the cart has afterwards, and the units that found no room.
fn together(cart: &OpenCart, other: &Other<'_>, strategy: MergeStrategy) -> (Vec<CartLine>, Vec<LeftOut>) {
    let mut left_out = vec![];
    let mut result: Vec<Wanted> = vec![];
    // An empty cart has nothing to win with; its loss would be the shopper's.
    let keeps = strategy != MergeStrategy::GuestWins || other.lines.is_empty();
    let takes = strategy != MergeStrategy::CustomerWins || cart.lines.is_empty();
    if keeps {
        result.extend(cart.lines.iter().map(|line| {
            let units = line.quantity.get();
            Wanted { line: line.clone(), kept: units, wanted: units }
        }));
    }
    for line in other.lines.iter().filter(|_| takes) {
        let units = line.quantity.get();
        if let Some(same) = result.iter_mut().find(|known| known.line.is_same(&line.sku, &line.options)) {
            same.wanted = match strategy {
                MergeStrategy::Sum => same.wanted.saturating_add(units),
                MergeStrategy::Larger | MergeStrategy::GuestWins | MergeStrategy::CustomerWins => {
                    same.wanted.max(units)
                }
            };
            continue;
        }
        let room = result.len() < LINES_MAX && result.iter().all(|known| known.line.line_id != line.line_id);
        let taken = room.then(|| priced(cart, other, line)).flatten();
        match taken {
            Some(line) => result.push(Wanted { line, kept: 0, wanted: units }),
            None => left_out.push(left(line, line.quantity)),
        }
    }
    (granted(cart, other, &result, &mut left_out), left_out)
}

/// The line with a price in the cart's currency; `None` if there is none.
fn priced(cart: &OpenCart, other: &Other<'_>, line: &CartLine) -> Option<CartLine> {
    let known = (cart.currency == other.currency).then_some(line.unit_price);
    let unit_price = known.or_else(|| price_of(other.prices, line.line_id)).filter(|price| !price.is_negative())?;
    Some(CartLine { unit_price, ..line.clone() })
}

/// Gives the lines, in their order, what is available: of each SKU no more in all than that, unless the cart asked for more
/// before.
fn granted(cart: &OpenCart, other: &Other<'_>, wanted: &[Wanted], left_out: &mut Vec<LeftOut>) -> Vec<CartLine> {
    let available = |sku: &Sku| other.available.iter().find(|fact| fact.sku == *sku).map_or(0, |fact| fact.available);
    let mut given: Vec<CartLine> = Vec::with_capacity(wanted.len());
    // What later lines keep counts before what earlier ones would gain.
    let kept_of = |sku: &Sku, lines: &[Wanted]| -> u32 {
        lines.iter().filter(|other| other.line.sku == *sku).map(|other| other.kept).sum()
    };
    for (index, Wanted { line, kept, wanted: units }) in wanted.iter().enumerate() {
        let most = demand(&cart.lines, &line.sku).max(available(&line.sku).min(SKU_UNITS_MAX));
        let taken = demand(&given, &line.sku) + kept_of(&line.sku, &wanted[index + 1..]);
        let room = most.saturating_sub(taken).min(LINE_UNITS_MAX);
        let granted = (*units).min(room).max(*kept);
        if let Ok(missing) = Quantity::new(i64::from(units - granted)) {
            left_out.push(left(line, missing));
        }
        if let Ok(quantity) = Quantity::new(i64::from(granted)) {
            given.push(CartLine { quantity, ..line.clone() });
        }
    }
    given
}

fn left(line: &CartLine, quantity: Quantity) -> LeftOut {
    LeftOut { line_id: line.line_id, sku: line.sku.clone(), quantity }
}

#[cfg(test)]
mod tests;
