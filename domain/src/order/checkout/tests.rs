//! What a checkout's order needs before it is promised, and what its holds must cover.

use super::super::{
    Order,
    commands::{OrderCommand, OrderSnapshot},
    fixtures::{
        USUAL_TOTAL, cancellation, checkout_order, confirmed_order, hold, line, order, payment_update, placed_order,
        plan, promised_order, reserved_order, reserving, shipment, shipment_id, snapshot, some_units, terms,
        usual_snapshot,
    },
};
use super::*;
use crate::{checkout::CheckoutTerms, common::LineKind, testing::given};

fn reserved(holds: &[StockHold]) -> OrderEvent {
    OrderStockReserved { holds: holds.to_vec() }.into()
}

fn confirmed() -> OrderEvent {
    OrderConfirmed { basis: Basis::Recorded }.into()
}

/// Case 31: a checkout says how to pay exactly if there is something to pay.
#[test]
fn a_checkouts_order_is_paid_exactly_if_it_costs_something() {
    let place = |snapshot| given::<Order>([]).when(OrderCommand::Place { snapshot });
    let unpaid = OrderSnapshot { checkout: Some(CheckoutTerms { payment: None }), ..usual_snapshot() };
    place(unpaid).then_refused(OrderError::PaymentTermsMismatch { total_minor: USUAL_TOTAL });
    let free = || snapshot(vec![line(1, LineKind::Goods, 1, "0")]);
    place(OrderSnapshot { checkout: Some(terms()), ..free() })
        .then_refused(OrderError::PaymentTermsMismatch { total_minor: 0 });
    let free = OrderSnapshot { checkout: Some(CheckoutTerms { payment: None }), ..free() };
    let free = given::<Order>([]).and(OrderCommand::Place { snapshot: free });
    assert_eq!((order(&free).payment_terms(), order(&free).checkout().is_some()), (None, true));
    assert_eq!(order(&checkout_order()).checkout(), Some(&terms()));
}

#[test]
fn the_holds_for_an_order_are_noted_once() {
    let holds = [hold(1, 3), hold(2, 2)];
    checkout_order().when(reserving(&holds)).then([reserved(&holds)]);
    reserved_order().when(reserving(&holds)).then_nothing();
    assert_eq!(order(&reserved_order()).holds(), holds);
    assert_eq!(order(&checkout_order()).holds(), []);
}

/// Case 5: a hold that lapsed while the buyer paid is made anew, under another id.
#[test]
fn newer_holds_take_the_place_of_the_earlier_ones() {
    let anew = [hold(3, 3), hold(2, 2)];
    for history in [reserved_order(), promised_order()] {
        history.when(reserving(&anew)).then([reserved(&anew)]);
    }
    assert_eq!(order(&promised_order().and(reserving(&anew))).holds(), anew);
}

/// Cases 1 and 3: the demand is summed per SKU over all lines, and all of it is held.
#[test]
fn the_holds_cover_every_unit_that_is_to_leave() {
    let sku = || "85123A".parse().unwrap();
    let short = |held| OrderError::StockNotCovered { sku: sku(), held, needed: 5 };
    checkout_order().when(reserving(&[hold(1, 3), hold(2, 1)])).then_refused(short(4));
    checkout_order().when(reserving(&[])).then_refused(short(0));
    // Of other goods, no hold helps.
    let other = StockHold { sku: "22423".parse().unwrap(), ..hold(1, 5) };
    checkout_order().when(reserving(&[other])).then_refused(short(0));
    let partly =
        promised_order().and(OrderCommand::CancelLines { lines: some_units(&[(1, 1)]), reason: "".parse().unwrap() });
    partly.when(reserving(&[hold(4, 4)])).then([reserved(&[hold(4, 4)])]);
}

#[test]
fn a_hold_is_named_once() {
    let twice = [hold(1, 3), hold(1, 2)];
    let refusal = OrderError::HoldRepeated { reservation_id: hold(1, 1).reservation_id };
    checkout_order().when(reserving(&twice)).then_refused(refusal);
    let many: Vec<StockHold> = (1..=4_001).map(|n| hold(n, 1)).collect();
    checkout_order().when(reserving(&many)).then_refused(OrderError::TooManyHolds { given: 4_001, max: 4_000 });
}

/// Case 4: what comes too late is refused, so that its sender releases it.
#[test]
fn no_stock_is_held_for_an_order_that_is_cancelled_or_was_not_made_by_a_checkout() {
    let holds = [hold(1, 5)];
    checkout_order().and(cancellation()).when(reserving(&holds)).then_refused(OrderError::Cancelled);
    reserved_order().and(cancellation()).when(reserving(&holds)).then_refused(OrderError::Cancelled);
    placed_order().when(reserving(&holds)).then_refused(OrderError::NoCheckout);
    let closed = checkout_order().and(cancellation()).and(OrderCommand::Close);
    closed.when(reserving(&holds)).then_refused(OrderError::Closed);
}

/// Case 8: nothing is promised before there is stock and money for it.
#[test]
fn a_checkouts_order_is_promised_once_its_stock_is_held_and_its_money_is_there() {
    let paid = |history: crate::testing::Given<Order>, amounts| history.and(payment_update(1, amounts));
    let all = [USUAL_TOTAL, 0, 0, 0];
    paid(checkout_order(), all).when(OrderCommand::Confirm).then_refused(OrderError::StockNotReserved);
    let refusal = |paid_minor| OrderError::NotPaid { due_minor: USUAL_TOTAL, paid_minor };
    reserved_order().when(OrderCommand::Confirm).then_refused(refusal(0));
    let less = paid(reserved_order(), [USUAL_TOTAL - 1, 0, 0, 0]);
    less.when(OrderCommand::Confirm).then_refused(refusal(USUAL_TOTAL - 1));
    let given_back = paid(reserved_order(), [0, USUAL_TOTAL, 300, 0]);
    given_back.when(OrderCommand::Confirm).then_refused(refusal(USUAL_TOTAL - 300));
    for amounts in [all, [300, 1_000, 0, 0], [0, USUAL_TOTAL, 0, 0], [0, USUAL_TOTAL + 500, 300, 0]] {
        paid(reserved_order(), amounts).when(OrderCommand::Confirm).then([confirmed()]);
    }
}

/// Case 12: two payments for one order are counted together.
#[test]
fn what_all_payments_cover_together_promises_the_order() {
    let two = reserved_order().and(payment_update(1, [1_000, 0, 0, 0]));
    two.and(payment_update(2, [0, 300, 0, 0])).when(OrderCommand::Confirm).then([confirmed()]);
}

/// Case 13: whoever confirms second gets the same answer.
#[test]
fn a_promise_is_given_once_and_not_after_the_order_was_cancelled() {
    promised_order().when(OrderCommand::Confirm).then_nothing();
    promised_order().and(payment_update(1, [0, 0, 0, 0])).when(OrderCommand::Confirm).then_nothing();
    reserved_order().and(cancellation()).when(OrderCommand::Confirm).then_refused(OrderError::Cancelled);
    confirmed_order().when(OrderCommand::Confirm).then_nothing();
}

/// Case 31: without a total there is no payment to wait for.
#[test]
fn an_order_that_costs_nothing_is_promised_once_its_stock_is_held() {
    let free = snapshot(vec![line(1, LineKind::Goods, 2, "0")]);
    let free = OrderSnapshot { checkout: Some(CheckoutTerms { payment: None }), ..free };
    let free = || given::<Order>([]).and(OrderCommand::Place { snapshot: free.clone() });
    free().when(OrderCommand::Confirm).then_refused(OrderError::StockNotReserved);
    free().and(reserving(&[hold(1, 2)])).when(OrderCommand::Confirm).then([confirmed()]);
}

#[test]
fn an_order_without_goods_needs_no_stock() {
    let carriage = snapshot(vec![line(1, LineKind::Carriage, 1, "4")]);
    let carriage = OrderSnapshot { checkout: Some(terms()), ..carriage };
    let placed = || given::<Order>([]).and(OrderCommand::Place { snapshot: carriage.clone() });
    placed().when(reserving(&[])).then_nothing();
    placed().and(payment_update(1, [400, 0, 0, 0])).when(OrderCommand::Confirm).then([confirmed()]);
}

/// Case 28: an authorization lapses, and goods would leave unpaid.
#[test]
fn nothing_of_a_checkouts_order_leaves_before_its_money_was_captured() {
    let planned = || promised_order().and(plan(1, &[(1, 1)])).and(plan(2, &[(1, 2), (2, 2)]));
    let with = |amounts| planned().and(payment_update(1, amounts));
    let refusal = |due_minor, captured_minor| OrderError::PaymentNotCaptured { due_minor, captured_minor };
    planned().when(shipment(1, &[(1, 1)])).then_refused(refusal(600, 0));
    with([0, 0, 0, 0]).when(shipment(1, &[(1, 1)])).then_refused(refusal(600, 0));
    with([701, 599, 0, 0]).when(shipment(1, &[(1, 1)])).then_refused(refusal(600, 599));
    let first = with([700, 600, 0, 0]).and(shipment(1, &[(1, 1)]));
    // The carriage left with the first unit; the rest needs its own money.
    first.when(shipment(2, &[(1, 2), (2, 2)])).then_refused(refusal(USUAL_TOTAL, 600));
    with([0, USUAL_TOTAL, 0, 0]).and(shipment(1, &[(1, 1)])).and(shipment(2, &[(1, 2), (2, 2)]));
    // Of an order that no checkout made, whoever ships it knows what was paid.
    confirmed_order().and(shipment(1, &[(1, 1)]));
}

/// Its plan says where a shipment leaves, so that stock and money can follow it.
#[test]
fn goods_of_a_checkouts_order_leave_as_planned_only() {
    let paid = || promised_order().and(payment_update(1, [0, USUAL_TOTAL, 0, 0]));
    let refusal = OrderError::ShipmentNotPlanned { shipment_id: shipment_id(1) };
    paid().when(shipment(1, &[(1, 1)])).then_refused(refusal);
    paid().and(plan(1, &[(1, 1)])).and(shipment(1, &[(1, 1)])).when(shipment(1, &[(1, 1)])).then_nothing();
}
