//! The lowest price of the 30 days before the current price began, which a price reduction has to announce (Directive
//! 98/6/EC, article 6a).

use super::select::{PriceQuery, select};
use crate::{price::UnitPrice, price_schedule::PriceRow};
use chrono::{DateTime, TimeDelta, Utc};

/// How long before the current price prices are looked at.
pub const PERIOD: TimeDelta = TimeDelta::days(30);

/// A list price from an instant on, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPriceChange {
    /// From this instant on, until the next change.
    pub at: DateTime<Utc>,
    /// The price in the currency that is asked for; `None` where it was removed.
    pub amount: Option<UnitPrice>,
}

/// The lowest price that applied at any time in the 30 days before the price that applies at `at` began; `None` if no
/// price applies at `at`, or none applied in that time.
///
/// `rows` are all rows that ever stood in the schedule except withdrawn ones, which never applied; `history` are the list
/// price's changes in one currency in the order of their instants (of several at one instant the last counts). A price
/// begins where its amount begins to apply: another row with the same amount continues it.
#[must_use]
pub fn lowest_prior(
    rows: &[PriceRow],
    history: &[ListPriceChange],
    query: &PriceQuery,
    at: DateTime<Utc>,
) -> Option<UnitPrice> {
    let rows: Vec<&PriceRow> = rows.iter().filter(|row| query.fits(row)).collect();
    let amount_at = |instant: DateTime<Utc>| {
        let changes = history.partition_point(|change| change.at <= instant);
        let list_price = changes.checked_sub(1).and_then(|last| history[last].amount);
        select(rows.iter().copied(), list_price, query, instant).map(|price| price.amount)
    };
    let current = amount_at(at)?;

    // Prices change nowhere but here, so that between two of these instants one price applies.
    let mut instants: Vec<DateTime<Utc>> = history.iter().map(|change| change.at).collect();
    for row in &rows {
        instants.push(row.valid_from);
        instants.extend(row.valid_until);
    }
    instants.retain(|&instant| instant <= at);
    instants.sort_unstable();
    instants.dedup();

    // Back to where the current price began; what applied before stands at the instants before.
    let mut earlier = instants.into_iter().rev().peekable();
    let mut began = at;
    while let Some(instant) = earlier.next_if(|&instant| amount_at(instant) == Some(current)) {
        began = instant;
    }
    let since = began.checked_sub_signed(PERIOD).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let mut lowest: Option<UnitPrice> = None;
    for instant in earlier {
        let amount = amount_at(instant);
        lowest = match (lowest, amount) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
        // This price applied already when the 30 days began; earlier ones had ended.
        if instant <= since {
            break;
        }
    }
    lowest
}

#[cfg(test)]
mod tests;
