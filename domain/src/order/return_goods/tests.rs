//! What can come back, and how often.

use super::super::{
    commands::OrderCommand,
    fixtures::{
        confirmed_order, delivered_order, goods_return, order, placed_order, return_closing, return_id, return_request,
        shipment, shipped_order, some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;

fn lines_returned(id: u128, lines: &[(u32, u32)], value_minor: i64) -> OrderEvent {
    let (lines, value_minor) = (some_units(lines), Some(value_minor));
    OrderLinesReturned { return_id: return_id(id), lines, basis: Basis::Recorded, value_minor }.into()
}

#[test]
fn shipped_goods_come_back_whether_or_not_the_order_is_delivered_or_closed() {
    for history in [shipped_order(), delivered_order(), delivered_order().and(OrderCommand::Close)] {
        history.when(goods_return(1, &[(2, 1), (1, 2)])).then([lines_returned(1, &[(1, 2), (2, 1)], 550)]);
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

fn requested(id: u128, lines: &[(u32, u32)]) -> OrderEvent {
    OrderReturnRequested { return_id: return_id(id), lines: some_units(lines) }.into()
}

fn closed(id: u128) -> OrderEvent {
    OrderReturnClosed { return_id: return_id(id) }.into()
}

fn exceeded(line: u32, requested: u32, available: u32) -> OrderError {
    OrderError::QuantityExceeded { line, action: LineAction::Return, requested, available }
}

#[test]
fn a_return_is_requested_once() {
    for history in [shipped_order(), delivered_order(), delivered_order().and(OrderCommand::Close)] {
        history.when(return_request(1, &[(2, 1), (1, 2)])).then([requested(1, &[(1, 2), (2, 1)])]);
    }
    let asked = || delivered_order().and(return_request(1, &[(1, 2)]));
    asked().when(return_request(1, &[(1, 2)])).then_nothing();
    let reused = OrderError::ReturnIdReused { return_id: return_id(1) };
    asked().when(return_request(1, &[(1, 1)])).then_refused(reused);
}

/// Case 26: returns that are asked for at the same time never exceed what was shipped together.
#[test]
fn what_is_on_its_way_back_is_not_returned_otherwise() {
    let asked = || delivered_order().and(return_request(1, &[(1, 2)]));
    asked().when(return_request(2, &[(1, 2)])).then_refused(exceeded(1, 2, 1));
    asked().when(goods_return(2, &[(1, 2)])).then_refused(exceeded(1, 2, 1));
    asked().and(goods_return(2, &[(1, 1)])).when(return_request(3, &[(1, 1)])).then_refused(exceeded(1, 1, 0));
    confirmed_order().when(return_request(1, &[(1, 1)])).then_refused(exceeded(1, 1, 0));
}

#[test]
fn a_requested_return_takes_back_at_most_what_was_requested_and_is_over() {
    let asked = || delivered_order().and(return_request(1, &[(1, 2), (2, 1)]));
    asked().when(goods_return(1, &[(1, 1)])).then([closed(1), lines_returned(1, &[(1, 1)], 200)]);
    asked().when(goods_return(1, &[(1, 3)])).then_refused(exceeded(1, 3, 2));
    let over = || asked().and(goods_return(1, &[(1, 1)]));
    over().when(goods_return(1, &[(1, 1)])).then_nothing();
    over().when(return_closing(1)).then_nothing();
    over().when(return_request(1, &[(1, 2)])).then_refused(OrderError::ReturnClosed { return_id: return_id(1) });
    let line = order(&over()).lines()[0];
    assert_eq!((line.returned, line.return_requested, line.returnable()), (1, 0, 2));
}

#[test]
fn a_return_that_is_closed_frees_its_units_and_uses_up_its_id() {
    let asked = || delivered_order().and(return_request(1, &[(1, 3)]));
    asked().when(return_closing(1)).then([closed(1)]);
    let over = || asked().and(return_closing(1));
    over().when(return_closing(1)).then_nothing();
    let refusal = OrderError::ReturnClosed { return_id: return_id(1) };
    over().when(goods_return(1, &[(1, 1)])).then_refused(refusal.clone());
    over().when(return_request(1, &[(1, 3)])).then_refused(refusal);
    over().when(return_request(2, &[(1, 3)])).then([requested(2, &[(1, 3)])]);
    let unknown = OrderError::ReturnNotRequested { return_id: return_id(9) };
    asked().when(return_closing(9)).then_refused(unknown);
}

#[test]
fn a_closed_return_counts_against_the_bound_once() {
    let mut known = order(&delivered_order());
    known.closed_returns.extend((0..9_999).map(return_id));
    assert!(request_return(&known, return_id(10_000), &some_units(&[(1, 1)])).is_ok());
    known.returns.insert(return_id(5), [].into());
    assert!(request_return(&known, return_id(10_000), &some_units(&[(1, 1)])).is_ok());
    known.closed_returns.insert(return_id(9_999));
    let refusal = request_return(&known, return_id(10_000), &some_units(&[(1, 1)]));
    assert_eq!(refusal, Err(OrderError::TooManyMovements { max: 10_000 }));
}
