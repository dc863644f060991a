//! What can come back, and how often.

use super::super::{
    commands::OrderCommand,
    fixtures::{
        confirmed_order, delivered_order, goods_return, order, placed_order, return_id, shipment, shipped_order,
        some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;

fn lines_returned(id: u128, lines: &[(u32, u32)]) -> OrderEvent {
    let lines = some_units(lines);
    OrderLinesReturned { return_id: return_id(id), lines, basis: Basis::Recorded }.into()
}

#[test]
fn shipped_goods_come_back_whether_or_not_the_order_is_delivered_or_closed() {
    for history in [shipped_order(), delivered_order(), delivered_order().and(OrderCommand::Close)] {
        history.when(goods_return(1, &[(2, 1), (1, 2)])).then([lines_returned(1, &[(1, 2), (2, 1)])]);
    }
}

#[test]
fn a_return_counts_once() {
    delivered_order().and(goods_return(1, &[(1, 1)])).when(goods_return(1, &[(1, 1)])).then_nothing();
}

#[test]
fn a_return_id_stands_for_its_lines() {
    let history = delivered_order().and(goods_return(1, &[(1, 1)]));
    history.when(goods_return(1, &[(2, 1)])).then_refused(OrderError::ReturnIdReused { return_id: return_id(1) });
}

/// Case 26: several returns of one order.
#[test]
fn no_more_comes_back_than_left() {
    let exceeded = |line, requested, available| OrderError::QuantityExceeded {
        line,
        action: LineAction::Return,
        requested,
        available,
    };
    placed_order().when(goods_return(1, &[(1, 1)])).then_refused(exceeded(1, 1, 0));
    confirmed_order().and(shipment(1, &[(1, 2)])).when(goods_return(1, &[(1, 3)])).then_refused(exceeded(1, 3, 2));
    let history = delivered_order().and(goods_return(1, &[(1, 2)]));
    history.when(goods_return(2, &[(1, 2)])).then_refused(exceeded(1, 2, 1));
    delivered_order().when(goods_return(1, &[(3, 1)])).then_refused(exceeded(3, 1, 0));
}

#[test]
fn lines_to_return_are_known_named_once_and_at_least_one() {
    delivered_order().when(goods_return(1, &[])).then_refused(OrderError::NoLines);
    delivered_order().when(goods_return(1, &[(4, 1)])).then_refused(OrderError::UnknownLine { line: 4, lines: 3 });
    delivered_order().when(goods_return(1, &[(1, 1), (1, 1)])).then_refused(OrderError::LineRepeated { line: 1 });
}

#[test]
fn an_order_of_which_all_came_back_is_returned_and_stays_delivered() {
    let some = delivered_order().and(goods_return(1, &[(1, 3)]));
    assert_eq!(order(&some).fulfillment_status(), FulfillmentStatus::Delivered);
    let all = some.and(goods_return(2, &[(2, 2)]));
    assert_eq!(order(&all).fulfillment_status(), FulfillmentStatus::Returned);
    assert_eq!(order(&all).status(), OrderStatus::Delivered);
}
