//! Shipments and authorizations: money is taken before goods leave, and never twice.

use crate::{
    provider::Mood,
    shop::{TOTAL, operation, order_id, payment_id, shipment},
    stage::{Stage, alarm},
};
use chrono::TimeDelta;
use tillroll_domain::{
    checkout::CapturePolicy::{AtFulfillment, AtOnce},
    order::commands::OrderCommand,
    payment::commands::PaymentCommand,
};
use tillroll_infra::config::ExpiringAuthorization::Hold;
use tillroll_sagas::process::Ending;

async fn confirmed() -> Stage {
    let mut stage = Stage::new();
    stage.paid_and_confirmed(AtFulfillment).await;
    stage
}

async fn captured(stage: &Stage) -> i64 {
    let payment = stage.payment(payment_id()).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!(payment.captured_minor(), charge.captured_minor());
    payment.captured_minor()
}

#[tokio::test]
async fn a_shipment_is_paid_before_it_leaves_and_booked_afterwards() {
    let mut stage = confirmed().await;
    stage.plan(shipment(1), &[(1, 2)]).await;
    assert!(!stage.ship(shipment(1), &[(1, 2)]).await, "unpaid goods do not leave");
    stage.settle().await;
    assert_eq!(captured(&stage).await, 4_000 + 4_000, "two units, and the carriage with the first");
    assert!(stage.ship(shipment(1), &[(1, 2)]).await);
    stage.settle().await;
    let stock = stage.stock("main.SKU1").await;
    assert_eq!((stock.on_hand(), stock.allocated()), (3, 1));
    assert_eq!(stage.endings("fulfillment_process").await, [Some(Ending::Completed)]);
}

/// Case 23: two shipments that are planned at once do not take the same money twice.
#[tokio::test]
async fn two_shipments_take_all_the_money_once() {
    let mut stage = confirmed().await;
    stage.plan(shipment(1), &[(1, 3)]).await;
    stage.plan(shipment(2), &[(2, 2)]).await;
    stage.settle().await;
    assert_eq!(captured(&stage).await, TOTAL);
    assert!(stage.ship(shipment(1), &[(1, 3)]).await && stage.ship(shipment(2), &[(2, 2)]).await);
    stage.settle().await;
    assert_eq!(captured(&stage).await, TOTAL);
    assert_eq!((stage.stock("main.SKU1").await.on_hand(), stage.stock("main.SKU2").await.on_hand()), (2, 3));
}

/// Case 23: two shipments that are counted in the same moment, so that neither sees what the other requests.
#[tokio::test]
async fn two_shipments_that_are_counted_at_once_do_not_take_the_same_money() {
    let mut stage = confirmed().await;
    stage.plan(shipment(1), &[(2, 1)]).await;
    stage.settle().await;
    assert_eq!(captured(&stage).await, 5_500);
    stage.plan(shipment(2), &[(1, 1)]).await;
    stage.plan(shipment(3), &[(2, 1)]).await;
    let fulfillment = stage.actors.iter().position(|actor| actor.name() == "fulfillment_process").unwrap();
    while stage.actors[fulfillment].hear(&stage.bus).await {}
    let actor = &stage.actors[fulfillment];
    let open = actor.open(&stage.bus).await;
    let performs = open.iter().map(|(instance, no)| actor.perform(&stage.bus, instance, *no, true));
    let performed = futures::future::join_all(performs).await;
    assert_eq!(performed.iter().filter(|result| result.is_ok()).count(), 1, "the other must count anew");
    stage.settle().await;
    assert_eq!(captured(&stage).await, 5_500 + 3_500);
}

#[tokio::test]
async fn what_was_captured_at_once_is_not_captured_for_the_shipment() {
    let mut stage = Stage::new();
    stage.paid_and_confirmed(AtOnce).await;
    stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(9), amount_minor: TOTAL }).await;
    stage.plan(shipment(1), &[(1, 3)]).await;
    stage.settle().await;
    assert_eq!(captured(&stage).await, TOTAL);
    assert!(stage.ship(shipment(1), &[(1, 3)]).await);
    stage.settle().await;
    assert_eq!(stage.endings("fulfillment_process").await, [Some(Ending::Completed)]);
    assert_eq!(stage.stock("main.SKU1").await.on_hand(), 2);
}

/// Case 28: what the provider refuses to pay does not leave.
#[tokio::test]
async fn a_refused_capture_alarms_and_nothing_leaves() {
    let mut stage = confirmed().await;
    stage.provider.will([Mood::Decline]);
    stage.plan(shipment(1), &[(1, 3)]).await;
    stage.settle().await;
    assert_eq!(stage.endings("fulfillment_process").await, [alarm("shipment_unpaid")]);
    assert!(!stage.ship(shipment(1), &[(1, 3)]).await);
    // Staff request it again, and it leaves.
    stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(9), amount_minor: 10_000 }).await;
    stage.settle().await;
    assert!(stage.ship(shipment(1), &[(1, 3)]).await);
    stage.settle().await;
    assert_eq!(stage.endings("fulfillment_process").await, [Some(Ending::Completed)]);
}

/// Case 28: an authorization that lapses stops what has not left.
#[tokio::test]
async fn a_lapsed_authorization_is_recorded_and_nothing_leaves() {
    let mut stage = Stage::with(Hold);
    stage.paid_and_confirmed(AtFulfillment).await;
    stage.pass(TimeDelta::days(7)).await;
    assert_eq!(stage.payment(payment_id()).await.authorized_minor(), 0);
    assert_eq!(stage.endings("authorization_watch").await, [Some(Ending::Completed)]);
    stage.plan(shipment(1), &[(1, 3)]).await;
    stage.settle().await;
    assert_eq!(stage.endings("fulfillment_process").await, [alarm("shipment_unpaid")]);
    assert!(!stage.ship(shipment(1), &[(1, 3)]).await);
}

#[tokio::test]
async fn an_expiring_authorization_is_captured_48_hours_before_its_end() {
    let mut stage = confirmed().await;
    stage.pass(TimeDelta::days(5) - TimeDelta::seconds(1)).await;
    assert_eq!(captured(&stage).await, 0);
    stage.pass(TimeDelta::seconds(1)).await;
    assert_eq!(captured(&stage).await, TOTAL);
    assert!(stage.is_quiet().await);
    assert_eq!(stage.endings("authorization_watch").await, [Some(Ending::Completed)]);
}

#[tokio::test]
async fn no_more_is_captured_of_an_expiring_authorization_than_its_goods_are_worth() {
    let mut stage = confirmed().await;
    let lines = Stage::lines(&[(2, 2)]);
    stage.on_order(OrderCommand::CancelLines { lines, reason: "sold out".parse().unwrap() }).await;
    stage.pass(TimeDelta::days(6)).await;
    assert_eq!(captured(&stage).await, TOTAL - 3_000);
}

#[tokio::test]
async fn what_was_captured_for_a_shipment_is_not_captured_once_more_before_the_end() {
    let mut stage = confirmed().await;
    stage.plan(shipment(1), &[(2, 1)]).await;
    let lines = Stage::lines(&[(1, 3), (2, 1)]);
    stage.on_order(OrderCommand::CancelLines { lines, reason: "sold out".parse().unwrap() }).await;
    stage.pass(TimeDelta::days(6)).await;
    assert_eq!(captured(&stage).await, 5_500);
}

#[tokio::test]
async fn nothing_is_captured_for_an_order_that_is_not_confirmed() {
    let mut stage = Stage::new();
    stage.place(AtFulfillment).await;
    stage.authorize(operation(1)).await;
    stage.pass(TimeDelta::days(8)).await;
    assert_eq!(captured(&stage).await, 0);
    assert_eq!(stage.order(order_id()).await.paid_minor(), 0);
    assert!(stage.is_quiet().await);
}
