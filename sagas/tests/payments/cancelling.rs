//! Lines and orders that are cancelled: stock that is given back, and money that is, whatever else happens meanwhile.

use crate::{
    provider::Mood,
    shop::{TOTAL, goods_return, operation, payment_id, shipment, units},
    stage::{Stage, alarm},
};
use chrono::TimeDelta;
use tillroll_domain::{
    checkout::CapturePolicy::{AtFulfillment, AtOnce},
    common::LineQuantity,
    fulfillment::{Fulfillment, commands::FulfillmentCommand, events::FulfillmentLine},
    ids::{OrderId, ReservationId},
    order::commands::OrderCommand,
    payment::commands::PaymentCommand,
    returns::status::ReturnOutcome,
    stock_item::{RESERVATIONS_REMEMBERED, StockItem, commands::StockItemCommand},
};
use tillroll_sagas::process::Ending;
use uuid::Uuid;

const HERE: &[&str] = &["main"];

/// An order whose stock is promised and whose whole total is captured, or set aside.
async fn confirmed(captured: bool) -> Stage {
    let mut stage = Stage::with_checkouts(HERE);
    stage.paid_and_confirmed(AtFulfillment).await;
    if captured {
        capture_all(&mut stage).await;
    }
    stage
}

async fn capture_all(stage: &mut Stage) {
    stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(77), amount_minor: TOTAL }).await;
    stage.settle().await;
}

async fn cancel_units(stage: &mut Stage, what: &[(u32, u32)]) {
    let lines = Stage::lines(what);
    stage.on_order(OrderCommand::CancelLines { lines, reason: "not wanted".parse().unwrap() }).await;
    stage.settle().await;
}

async fn taken_and_returned(stage: &Stage) -> (i64, i64) {
    let payment = stage.payment(payment_id()).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!(payment.refunded_minor(), charge.refunded_minor());
    (payment.captured_minor(), payment.refunded_minor())
}

/// On a busy item, the hold that became the promise is forgotten long before the order is cancelled.
#[tokio::test]
async fn what_is_promised_is_given_back_though_the_item_has_forgotten_its_hold() {
    let mut stage = Stage::with_checkouts(HERE);
    stage.receive_goods("HEART", "main", 2).await;
    stage.fill_cart(1, &[("HEART", 2)]).await;
    let order = stage.check_out(1, 0, AtFulfillment).await;
    stage.settle().await;
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0));
    for n in 0..u128::try_from(RESERVATIONS_REMEMBERED + 1_024).unwrap() {
        let reservation_id = ReservationId::new(Uuid::from_u128((0xf1 << 64) + n));
        stage.send::<StockItem>("main.HEART", StockItemCommand::ReleaseReservation { reservation_id }).await.unwrap();
    }
    stage.on_order_of(order, OrderCommand::CancelByBuyer { reason: "not any more".parse().unwrap() }).await;
    stage.settle().await;
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
    assert_eq!(stage.stock("main.HEART").await.available(), 2);
}

#[tokio::test]
async fn a_refund_for_cancelled_lines_that_the_provider_refuses_is_tried_again_until_somebody_must_look() {
    let mut stage = confirmed(true).await;
    stage.provider.will([Mood::Decline]);
    cancel_units(&mut stage, &[(1, 1)]).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 0));
    assert_eq!(stage.endings("cancel_order").await, [None], "it is not over while the money is kept");
    stage.pass(TimeDelta::minutes(11)).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 2_000));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
    stage.provider.will([Mood::Decline; 4]);
    cancel_units(&mut stage, &[(2, 1)]).await;
    stage.pass(TimeDelta::days(3)).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 2_000));
    assert_eq!(stage.endings("cancel_order").await, [alarm("refund_refused")]);
    assert!(stage.is_quiet().await);
}

/// Cases 23 and 25: units that were never captured are not paid back because others came back.
#[tokio::test]
async fn goods_that_came_back_make_no_surplus_of_cancelled_lines() {
    let mut stage = confirmed(false).await;
    stage.plan(shipment(1), &[(1, 1)]).await;
    stage.settle().await;
    assert!(stage.ship(shipment(1), &[(1, 1)]).await);
    stage.settle().await;
    stage.send_back(goods_return(1), 1, 1, 0, ReturnOutcome::Replacement).await;
    stage.settle().await;
    assert_eq!(taken_and_returned(&stage).await, (6_000, 0), "one unit, and the carriage with it");
    cancel_units(&mut stage, &[(1, 2), (2, 1)]).await;
    assert_eq!(taken_and_returned(&stage).await, (6_000, 0));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
}

/// Case 25: what the staff gave back for another reason is not what cancelled lines had cost.
#[tokio::test]
async fn a_goodwill_refund_is_not_counted_against_cancelled_lines() {
    let mut stage = confirmed(true).await;
    let goodwill = PaymentCommand::RequestRefund { operation_id: operation(78), amount_minor: 1_000, reason: None };
    stage.on_payment(goodwill).await;
    stage.settle().await;
    cancel_units(&mut stage, &[(1, 1)]).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 3_000));
    cancel_units(&mut stage, &[(2, 2)]).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 6_000));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
}

#[tokio::test]
async fn cancelled_lines_whose_money_was_given_back_for_another_reason_alarm() {
    let mut stage = confirmed(true).await;
    let goodwill =
        PaymentCommand::RequestRefund { operation_id: operation(78), amount_minor: TOTAL - 500, reason: None };
    stage.on_payment(goodwill).await;
    stage.settle().await;
    cancel_units(&mut stage, &[(1, 1)]).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, TOTAL), "what there is, is given back");
    assert_eq!(stage.endings("cancel_order").await, [alarm("refund_short")]);
}

/// Case 25: whoever captures counted before the lines were cancelled, and captures after the cancellation found nothing.
#[tokio::test]
async fn what_is_captured_for_lines_that_are_cancelled_by_then_is_given_back() {
    let mut stage = confirmed(false).await;
    cancel_units(&mut stage, &[(1, 1)]).await;
    assert_eq!(taken_and_returned(&stage).await, (0, 0));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
    capture_all(&mut stage).await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 2_000));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
    assert!(stage.is_quiet().await);
}

/// Case 7: a repeated count finds what it requested.
#[tokio::test]
async fn what_happens_twice_is_given_back_once() {
    let mut stage = confirmed(true).await;
    let lines = Stage::lines(&[(1, 1)]);
    stage.on_order(OrderCommand::CancelLines { lines, reason: "not wanted".parse().unwrap() }).await;
    stage.settle_twice().await;
    for actor in &mut stage.actors {
        actor.forget_position();
    }
    stage.settle_twice().await;
    assert_eq!(taken_and_returned(&stage).await, (TOTAL, 2_000));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
}

/// Three units are promised, two in the north and one in the south, of which one is planned to leave and one is cancelled
/// before the shipment is made.
async fn half_planned() -> (Stage, OrderId) {
    let mut stage = Stage::with_checkouts(&["north", "south"]);
    stage.receive_goods("HEART", "north", 2).await;
    stage.receive_goods("HEART", "south", 2).await;
    stage.fill_cart(1, &[("HEART", 3)]).await;
    let order = stage.check_out(1, 0, AtOnce).await;
    stage.settle().await;
    let one = || vec![LineQuantity { line: 1, quantity: units(1) }];
    stage.on_order_of(order, OrderCommand::PlanFulfillment { shipment_id: shipment(1), lines: one() }).await;
    stage.on_order_of(order, OrderCommand::CancelLines { lines: one(), reason: "one less".parse().unwrap() }).await;
    stage.settle_in_part(30).await;
    assert_eq!(promised(&stage, order).await, (2, 1), "it waits to hear from where the shipment leaves");
    (stage, order)
}

async fn promised(stage: &Stage, order: OrderId) -> (u32, u32) {
    (stage.stock_of("HEART", &["north"], order).await.0, stage.stock_of("HEART", &["south"], order).await.0)
}

#[tokio::test]
async fn units_of_a_shipment_that_is_about_to_be_made_are_not_taken_back() {
    for (location, left) in [("south", (1, 1)), ("north", (2, 0))] {
        let (mut stage, order) = half_planned().await;
        let lines = vec![FulfillmentLine { line: 1, sku: "HEART".parse().unwrap(), quantity: units(1) }];
        let create = FulfillmentCommand::Create { order_id: order, location: location.parse().unwrap(), lines };
        stage.send::<Fulfillment>(&shipment(1).uuid().to_string(), create).await.unwrap();
        stage.settle().await;
        assert_eq!(promised(&stage, order).await, left);
        assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
    }
}

#[tokio::test]
async fn a_shipment_that_is_never_made_counts_everywhere_after_a_while() {
    let (mut stage, order) = half_planned().await;
    stage.clock.set(stage.now() + TimeDelta::minutes(16));
    stage.settle().await;
    assert_eq!(promised(&stage, order).await, (1, 1));
    assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
}
