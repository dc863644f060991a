//! What units are worth, line by line and together.

use super::super::{
    Order,
    commands::{OrderCommand, OrderSnapshot},
    fixtures::{
        USUAL_TOTAL, cancellation_of, confirmed_order, goods_return, line, order, payment_id, placed_order, plan,
        shipment, shipment_id, snapshot, source,
    },
};
use super::*;
use crate::testing::{Given, given};
use proptest::{collection::vec, option, prelude::*};

fn place(lines: Vec<OrderLine>, tax: Tax) -> Given<Order> {
    given::<Order>([]).and(OrderCommand::Place { snapshot: OrderSnapshot { tax, ..snapshot(lines) } })
}

fn shares_of(lines: Vec<OrderLine>, tax: Tax) -> Vec<i64> {
    order(&place(lines, tax)).shares.to_vec()
}

fn goods(number: u32, units: u32, price: &str) -> OrderLine {
    line(number, LineKind::Goods, units, price)
}

fn carriage(number: u32, price: &str) -> OrderLine {
    line(number, LineKind::Carriage, 1, price)
}

fn discount(number: u32, price: &str) -> OrderLine {
    line(number, LineKind::Discount, 1, price)
}

fn taxed(line: OrderLine, tax_minor: i64) -> OrderLine {
    OrderLine { tax_minor: Some(tax_minor), ..line }
}

const fn stated(amount_minor: i64) -> Tax {
    Tax::Stated { amount_minor }
}

#[test]
fn a_line_is_worth_its_amount_and_its_tax() {
    let lines = vec![taxed(goods(1, 2, "10"), 160), taxed(goods(2, 1, "5"), 40), carriage(3, "5.99")];
    assert_eq!(shares_of(lines, stated(200)), [2_160, 540, 599]);
}

/// Case 23: what is given back follows the discount that was given.
#[test]
fn a_discount_is_taken_off_the_goods_by_what_they_cost() {
    let lines = vec![goods(1, 1, "10"), goods(2, 1, "20"), carriage(3, "3"), discount(4, "10")];
    assert_eq!(shares_of(lines, Tax::NotStated), [667, 1_333, 300, 0]);
}

#[test]
fn a_discount_beyond_the_goods_is_taken_off_the_carriage() {
    let lines = vec![goods(1, 1, "1"), carriage(2, "3"), discount(3, "2.5")];
    assert_eq!(shares_of(lines, Tax::NotStated), [0, 150, 0]);
}

#[test]
fn tax_that_was_not_split_is_shared_by_what_the_lines_cost() {
    let lines = || vec![goods(1, 1, "10"), goods(2, 1, "10"), carriage(3, "5")];
    assert_eq!(shares_of(lines(), stated(5)), [1_002, 1_002, 501]);
    // Equal remainders go to the earlier line.
    assert_eq!(shares_of(lines(), stated(1)), [1_001, 1_000, 500]);
    let free = vec![discount(1, "0"), goods(2, 1, "0"), goods(3, 1, "0")];
    assert_eq!(shares_of(free, stated(7)), [0, 7, 0]);
}

#[test]
fn units_of_a_line_come_to_the_line_exactly() {
    let history = place(vec![goods(1, 3, "0.333333")], Tax::NotStated);
    let order = order(&history);
    assert_eq!([0, 1, 2, 3, 4].map(|units| order.value_minor(|_| units)), [0, 33, 67, 100, 100]);
}

#[test]
fn the_carriage_is_worth_something_beside_goods_alone() {
    let order = order(&placed_order());
    let value =
        |goods: u32, others: u32| order.value_minor(|line| if line.kind == LineKind::Goods { goods } else { others });
    assert_eq!([value(0, 0), value(0, 1), value(1, 1), value(1, 0)], [0, 0, 750, 350]);
    assert_eq!(value(9, 9), USUAL_TOTAL);
}

/// Case 25: what was cancelled and what came back is worth what was agreed, and the carriage was used.
#[test]
fn the_carriage_is_given_back_only_if_nothing_left() {
    let due = |history: &Given<Order>| order(history).due_minor();
    assert_eq!(due(&placed_order()), USUAL_TOTAL);
    assert_eq!(due(&placed_order().and(cancellation_of(&[(1, 3), (2, 1)]))), 550);
    assert_eq!(due(&placed_order().and(cancellation_of(&[(1, 3), (2, 2)]))), 0);
    let left = confirmed_order().and(shipment(1, &[(1, 3)])).and(cancellation_of(&[(2, 2)]));
    assert_eq!(due(&left), 1_000);
    assert_eq!(due(&left.and(goods_return(1, &[(1, 3)]))), 400);
    let no_carriage = confirmed_order().and(cancellation_of(&[(3, 1)])).and(shipment(1, &[(1, 3), (2, 2)]));
    assert_eq!(due(&no_carriage.and(goods_return(1, &[(1, 3), (2, 2)]))), 0);
}

#[test]
fn what_is_planned_or_has_left_is_to_be_captured() {
    let due = |history: &Given<Order>| order(history).capture_due_minor();
    assert_eq!(due(&confirmed_order()), 0);
    assert_eq!(due(&confirmed_order().and(plan(1, &[(1, 1)]))), 600);
    let left = confirmed_order().and(plan(1, &[(1, 1)])).and(shipment(1, &[(1, 1)]));
    assert_eq!(due(&left.and(plan(2, &[(2, 2)]))), 900);
    let back = confirmed_order().and(shipment(1, &[(1, 3), (2, 2)])).and(goods_return(1, &[(1, 1)]));
    assert_eq!(due(&back), USUAL_TOTAL);
}

fn any_order() -> impl Strategy<Value = (Vec<OrderLine>, Option<i64>)> {
    // Small amounts over many units, where the remainders are.
    let goods = vec((1_u32..8, 0_u32..40), 1..5);
    (goods, option::of(0_u32..30), option::of(0_u32..60), option::of(0_i64..50)).prop_map(|(goods, post, off, tax)| {
        let cents = |minor: u32| format!("0.{minor:02}");
        let mut lines: Vec<OrderLine> = vec![];
        let mut next = 0;
        let mut push = |kind, units, price: String| {
            next += 1;
            lines.push(line(next, kind, units, &price));
        };
        goods.iter().for_each(|&(units, minor)| push(LineKind::Goods, units, cents(minor)));
        if let Some(minor) = post {
            push(LineKind::Carriage, 1, cents(minor));
        }
        if let Some(minor) = off {
            let base: u32 = goods.iter().map(|(units, minor)| units * minor).sum::<u32>() + post.unwrap_or(0);
            push(LineKind::Discount, 1, cents(minor.min(base)));
        }
        (lines, tax)
    })
}

proptest! {
    /// Cases 20, 23 and 25: all units are worth the total, more units never less, whatever is taken away in whatever
    /// portions comes to the same, and the last portion takes the residue.
    #[test]
    fn values_add_up_to_the_total(
        (lines, tax) in any_order(),
        steps in vec((any::<bool>(), vec(0_u32..4, 5)), 0..8),
    ) {
        let tax = tax.map_or(Tax::NotStated, stated);
        let snapshot = OrderSnapshot { tax, ..snapshot(lines.clone()) };
        let total: i64 = lines.iter().map(|l| if l.kind == LineKind::Discount { -l.amount_minor } else { l.amount_minor })
            .sum::<i64>() + if let Tax::Stated { amount_minor } = tax { amount_minor } else { 0 };
        let mut state = order(&given::<Order>([]).and(OrderCommand::Place { snapshot: snapshot.clone() }));
        prop_assert_eq!(state.value_minor(|line| line.ordered), total);
        prop_assert_eq!(state.value_minor(|_| 0), 0);
        prop_assert!(state.shares.iter().all(|&share| share >= 0));
        let mut before = 0;
        for units in 0..8 {
            let value = state.value_minor(|line| if line.kind == LineKind::Goods { units } else { 1 });
            prop_assert!(value >= before, "{} units are worth {}, one less {}", units, value, before);
            before = value;
        }
        // Everything leaves or is cancelled, and what left comes back, bit by bit.
        let mut gone = 0;
        for (cancels, portion) in steps {
            let due = state.due_minor();
            for (line, wanted) in state.lines.iter_mut().zip(portion).filter(|(line, _)| line.kind == LineKind::Goods) {
                if cancels {
                    line.cancelled += wanted.min(line.outstanding());
                } else {
                    let leaving = wanted.min(line.outstanding());
                    line.shipped += leaving;
                    line.returned += (wanted / 2).min(line.shipped - line.returned);
                }
            }
            prop_assert!(state.due_minor() <= due, "what was taken away is worth something or nothing");
            gone += due - state.due_minor();
            prop_assert_eq!(state.due_minor(), total - gone);
            let left = state.captured_for(|line| line.shipped);
            prop_assert!(left <= total, "no more is captured than was agreed");
            if state.goods().all(|line| line.outstanding() == 0) && state.goods().all(|line| line.returned == 0) {
                prop_assert_eq!(left, state.due_minor(), "what left is what is due");
            }
        }
        for line in state.lines.iter_mut().filter(|line| line.kind == LineKind::Goods) {
            line.cancelled += line.outstanding();
            line.returned = line.shipped;
        }
        let others: i64 = state.lines.iter().zip(state.shares.iter())
            .filter(|(line, _)| line.kind != LineKind::Goods).map(|(_, share)| share).sum();
        let travelled = state.goods().any(|line| line.shipped > 0);
        prop_assert_eq!(state.due_minor(), if travelled { others } else { 0 });
    }
}

#[test]
fn a_recorded_order_has_values_too() {
    let record = OrderCommand::Record {
        snapshot: snapshot(vec![goods(1, 3, "1"), carriage(2, "2")]),
        source: source("536365", "aa"),
        payment_id: Some(payment_id(1)),
        shipment_id: Some(shipment_id(1)),
    };
    assert_eq!(order(&given::<Order>([]).and(record)).capture_due_minor(), 500);
}
