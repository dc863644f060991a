//! Which sales a credit is set against.
//!
//! A credit line goes to earlier order lines of the same customer and the same goods (or the same carriage code): first to
//! those with the same unit price, then to those with any, the newest first in both rounds, until its units are used up. An
//! order line takes no more units than it sold. What is left stands as unmatched. Discounts are never matched, and nobody
//! can say whose sales an unnamed customer's credit belongs to.
//!
//! The state depends on the documents before a credit and on nothing else, so mapping them again gives it back.
//!
//! **Memory:** 40 bytes per order line that some credit of the source may yet be set against.

use super::document::{HistoryDocument, HistoryLine, HistoryLineKind};
use std::collections::HashMap;
use tillroll_domain::{
    credit_note::events::CreditMatch,
    ids::OrderId,
    price::UnitPrice,
    quantity::Quantity,
    text::{Reference, Sku},
};

/// What a credit and a sale must share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreditKey {
    customer: Reference,
    code: CreditCode,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CreditCode {
    Goods(Sku),
    /// The code as the source states it.
    Carriage(Reference),
}

impl CreditKey {
    /// The key of a line; `None` for lines that are never matched.
    #[must_use]
    pub fn of(document: &HistoryDocument, line: &HistoryLine) -> Option<Self> {
        let code = match &line.kind {
            HistoryLineKind::Goods(sku) => CreditCode::Goods(sku.clone()),
            HistoryLineKind::Carriage => CreditCode::Carriage(line.code.clone()),
            HistoryLineKind::Discount | HistoryLineKind::Expense(_) => return None,
        };
        Some(Self { customer: document.customer.clone()?, code })
    }
}

/// The sales that credits may be set against.
#[derive(Debug, Default)]
pub struct Matcher {
    /// Oldest first; lines without units left are removed.
    open: HashMap<CreditKey, Vec<OpenLine>>,
}

#[derive(Debug, Clone, Copy)]
struct OpenLine {
    order_id: OrderId,
    line: u32,
    unit_price: UnitPrice,
    units: u32,
}

impl Matcher {
    /// Notes a sale, newer than all before it.
    pub fn sell(&mut self, key: CreditKey, order_id: OrderId, line: u32, unit_price: UnitPrice, units: Quantity) {
        self.open.entry(key).or_default().push(OpenLine { order_id, line, unit_price, units: units.get() });
    }

    /// Sets a credit against sales; the matches never name a line twice and never exceed `units`.
    pub fn credit(&mut self, key: &CreditKey, unit_price: UnitPrice, units: Quantity) -> Vec<CreditMatch> {
        let Some(lines) = self.open.get_mut(key) else {
            return Vec::new();
        };
        let mut left = units.get();
        let mut matches = Vec::new();
        for same_price in [true, false] {
            let candidates = lines.iter_mut().rev().filter(|line| (line.unit_price == unit_price) == same_price);
            for line in candidates {
                let Ok(quantity) = Quantity::new(i64::from(left.min(line.units))) else { break };
                line.units -= quantity.get();
                left -= quantity.get();
                matches.push(CreditMatch { order_id: line.order_id, line: line.line, quantity, same_price });
            }
        }
        lines.retain(|line| line.units > 0);
        if lines.is_empty() {
            self.open.remove(key);
        }
        matches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(customer: &str) -> CreditKey {
        CreditKey { customer: customer.parse().unwrap(), code: CreditCode::Goods("1".parse().unwrap()) }
    }

    fn order(number: u128) -> OrderId {
        OrderId::new(Uuid::from_u128(number))
    }

    fn price(text: &str) -> UnitPrice {
        text.parse().unwrap()
    }

    fn units(count: i64) -> Quantity {
        Quantity::new(count).unwrap()
    }

    /// Sales as (order, line, price, units), oldest first.
    fn sold(sales: &[(u128, u32, &str, i64)]) -> Matcher {
        let mut matcher = Matcher::default();
        for &(number, line, at, count) in sales {
            matcher.sell(key("17850"), order(number), line, price(at), units(count));
        }
        matcher
    }

    /// Matches as (order, line, units, same price).
    fn credited(matcher: &mut Matcher, at: &str, count: i64) -> Vec<(u128, u32, u32, bool)> {
        matcher
            .credit(&key("17850"), price(at), units(count))
            .into_iter()
            .map(|found| (found.order_id.uuid().as_u128(), found.line, found.quantity.get(), found.same_price))
            .collect()
    }

    #[test]
    fn the_same_price_comes_first_and_the_newest_sale_before_older_ones() {
        let mut matcher = sold(&[(1, 1, "2", 5), (2, 1, "2", 5), (3, 1, "3", 5)]);
        assert_eq!(credited(&mut matcher, "2", 7), [(2, 1, 5, true), (1, 1, 2, true)]);
    }

    #[test]
    fn any_price_will_do_when_no_sale_at_the_same_price_has_units_left() {
        let mut matcher = sold(&[(1, 1, "3", 5), (2, 1, "2", 1), (3, 1, "4", 1)]);
        assert_eq!(credited(&mut matcher, "2", 4), [(2, 1, 1, true), (3, 1, 1, false), (1, 1, 2, false)]);
    }

    #[test]
    fn no_sale_is_credited_beyond_what_it_sold() {
        let mut matcher = sold(&[(1, 1, "2", 5)]);
        assert_eq!(credited(&mut matcher, "2", 3), [(1, 1, 3, true)]);
        assert_eq!(credited(&mut matcher, "2", 3), [(1, 1, 2, true)]);
        assert_eq!(credited(&mut matcher, "2", 3), []);
    }

    #[test]
    fn a_credit_may_go_to_several_lines_of_one_order() {
        let mut matcher = sold(&[(1, 1, "2", 1), (1, 4, "2", 1)]);
        assert_eq!(credited(&mut matcher, "2", 2), [(1, 4, 1, true), (1, 1, 1, true)]);
    }

    #[test]
    fn another_customers_sales_are_left_alone() {
        let mut matcher = sold(&[(1, 1, "2", 5)]);
        assert_eq!(matcher.credit(&key("12345"), price("2"), units(1)), []);
    }
}
