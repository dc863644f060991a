//! Checkouts from the buyer's yes to the end, with every process that has to do with them.

use crate::{
    buyers::{card, order_of},
    provider::Mood,
    stage::Stage,
};
use chrono::TimeDelta;
use tillroll_domain::{
    cart::{CartEnding, CartState},
    checkout::CapturePolicy,
    common::LineQuantity,
    ids::OrderId,
    order::{CancelCause, commands::OrderCommand, status::Lifecycle},
    payment::{Payment, commands::PaymentCommand, payment_of_order},
    quantity::Quantity,
    stock_item::{StockItem, commands::StockItemCommand},
};
use tillroll_sagas::process::Ending;

const HERE: &[&str] = &["main"];

async fn shop(hearts: u32) -> Stage {
    let mut stage = Stage::with_checkouts(HERE);
    stage.receive_goods("HEART", "main", hearts).await;
    stage
}

async fn is_converted(stage: &Stage, buyer: u128, order: OrderId) -> bool {
    let ending = CartEnding::Converted { order_id: order };
    matches!(stage.cart(buyer).await, CartState::Closed(cart) if cart.ending == ending)
}

#[tokio::test]
async fn a_paid_checkout_ends_in_a_promised_order_and_a_closed_cart() {
    let mut stage = shop(5).await;
    stage.fill_cart(1, &[("HEART", 2)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtFulfillment).await;
    stage.settle().await;
    assert_eq!(stage.order(order).await.lifecycle(), Lifecycle::Confirmed);
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0));
    assert_eq!(stage.at_provider(order), (2_000, 0, 0));
    assert!(is_converted(&stage, 1, order).await);
    assert_eq!(stage.endings("checkout").await, [Some(Ending::Completed)]);
}

/// Case 14: the provider keeps beside the charge what the customer agreed to.
#[tokio::test]
async fn the_provider_is_told_what_the_customer_agreed_to() {
    let mut stage = shop(5).await;
    stage.fill_cart(1, &[("HEART", 2)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtFulfillment).await;
    let agreed = stage.agreed(1).await;
    stage.settle().await;
    let charge = stage.provider.charge(payment_of_order(order)).unwrap();
    assert_eq!(charge.quote_hash, Some(agreed));
}

/// Cases 1 and 2: the check and the hold are one append on one stream, so one wins, and nothing leaks from the others.
#[tokio::test]
async fn of_a_hundred_buyers_of_one_unit_one_gets_it_and_the_others_get_their_carts_back() {
    let mut stage = shop(1).await;
    for buyer in 0..100 {
        stage.fill_cart(buyer, &[("HEART", 1)]).await;
        stage.check_out(buyer, 0, CapturePolicy::AtOnce).await;
    }
    stage.settle().await;
    let mut winners = 0;
    for buyer in 0..100 {
        let order = order_of(buyer, 0);
        match stage.cause(order).await {
            None => {
                winners += 1;
                assert_eq!(stage.stock_of("HEART", HERE, order).await, (1, 0));
                assert_eq!(stage.at_provider(order), (0, 1_000, 0));
                assert!(is_converted(&stage, buyer, order).await);
            }
            Some(cause) => {
                let sku = "HEART".parse().unwrap();
                assert_eq!(cause, CancelCause::InsufficientStock { sku, requested: 1, available: 0 });
                assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
                assert_eq!(stage.at_provider(order), (0, 0, 0));
                assert!(stage.is_free(buyer).await);
            }
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(stage.stock("main.HEART").await.available(), 0);
    let endings = stage.endings("checkout").await;
    assert_eq!(endings.iter().filter(|ending| **ending == Some(Ending::Compensated)).count(), 99);
    assert!(stage.is_quiet().await);
}

/// Case 3: two lines of one SKU are one demand.
#[tokio::test]
async fn two_lines_of_one_sku_never_count_the_same_units() {
    let mut stage = shop(3).await;
    stage.fill_cart(1, &[("HEART", 2), ("HEART", 2)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtOnce).await;
    stage.settle().await;
    let sku = "HEART".parse().unwrap();
    assert_eq!(stage.cause(order).await, Some(CancelCause::InsufficientStock { sku, requested: 4, available: 3 }));
    assert!(stage.is_free(1).await);
}

#[tokio::test]
async fn goods_come_from_several_locations_if_none_has_them_all() {
    let mut stage = Stage::with_checkouts(&["north", "south"]);
    stage.receive_goods("HEART", "north", 2).await;
    stage.receive_goods("HEART", "south", 2).await;
    stage.fill_cart(1, &[("HEART", 3)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtOnce).await;
    stage.settle().await;
    assert_eq!(stage.cause(order).await, None);
    assert_eq!(stage.stock_of("HEART", &["north"], order).await, (2, 0));
    assert_eq!(stage.stock_of("HEART", &["south"], order).await, (1, 0));
    assert_eq!(stage.order(order).await.holds().len(), 2);
}

/// Case 6: a declined card keeps the goods until the deadline, and then lets everything go.
#[tokio::test]
async fn a_declined_payment_keeps_the_goods_until_the_deadline() {
    let mut stage = shop(1).await;
    stage.provider.will([Mood::Decline]);
    stage.fill_cart(1, &[("HEART", 1)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtFulfillment).await;
    stage.pass(TimeDelta::minutes(29)).await;
    assert_eq!(stage.order(order).await.lifecycle(), Lifecycle::Placed);
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 1));
    stage.pass(TimeDelta::minutes(2)).await;
    assert_eq!(stage.cause(order).await, Some(CancelCause::PaymentOverdue));
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
    assert!(stage.is_free(1).await);
    assert!(stage.is_quiet().await);
    // Another checkout of the same cart is another order.
    let again = stage.check_out(1, 1, CapturePolicy::AtFulfillment).await;
    stage.settle().await;
    assert_eq!(stage.cause(again).await, None);
}

/// The buyer tries once more with the payment of the order.
async fn pay_again(stage: &mut Stage, order: OrderId) {
    let payment = payment_of_order(order);
    let authorize = PaymentCommand::RequestAuthorization {
        operation_id: tillroll_sagas::operations::operation_id(payment, "again"),
        provider: "simulated".parse().unwrap(),
        instrument: card(),
    };
    stage.send::<Payment>(&payment.uuid().to_string(), authorize).await.unwrap();
}

/// Case 5: the hold was ended while the customer paid, and there are goods.
#[tokio::test]
async fn a_checkout_whose_hold_was_lost_while_it_was_paid_still_becomes_an_order() {
    let mut stage = shop(2).await;
    stage.provider.will([Mood::Decline]);
    stage.fill_cart(1, &[("HEART", 2)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtFulfillment).await;
    stage.settle().await;
    let reservation_id = stage.order(order).await.holds()[0].reservation_id;
    let command = StockItemCommand::ReleaseReservation { reservation_id };
    stage.send::<StockItem>("main.HEART", command).await.unwrap();
    pay_again(&mut stage, order).await;
    stage.settle().await;
    assert_eq!(stage.cause(order).await, None);
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0));
    assert_ne!(stage.order(order).await.holds()[0].reservation_id, reservation_id, "the order knows its new hold");
    assert_eq!(stage.endings("checkout").await, [Some(Ending::Completed)]);
}

/// Cases 5 and 27: the hold was lost, somebody else has the goods, and the money goes back.
#[tokio::test]
async fn a_paid_checkout_whose_goods_are_lost_is_cancelled_and_its_money_set_free() {
    let mut stage = shop(1).await;
    stage.provider.will([Mood::Decline]);
    stage.fill_cart(1, &[("HEART", 1)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtFulfillment).await;
    stage.settle().await;
    let reservation_id = stage.order(order).await.holds()[0].reservation_id;
    let command = StockItemCommand::ReleaseReservation { reservation_id };
    stage.send::<StockItem>("main.HEART", command).await.unwrap();
    stage.fill_cart(2, &[("HEART", 1)]).await;
    let other = stage.check_out(2, 0, CapturePolicy::AtFulfillment).await;
    stage.settle().await;
    assert_eq!(stage.cause(other).await, None);
    pay_again(&mut stage, order).await;
    stage.settle().await;
    assert_eq!(stage.cause(order).await, Some(CancelCause::StockLost));
    assert_eq!(stage.at_provider(order), (0, 0, 0), "nothing is kept of what was authorized");
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
}

/// Case 27: void or refund; also of what is captured late.
#[tokio::test]
async fn an_order_that_is_cancelled_gives_its_money_and_its_goods_back() {
    for (capture, mood, kept) in [
        (CapturePolicy::AtFulfillment, Mood::Approve, (0, 0, 0)),
        (CapturePolicy::AtOnce, Mood::Approve, (0, 1_000, 1_000)),
        (CapturePolicy::AtOnce, Mood::Late, (0, 1_000, 1_000)),
    ] {
        let mut stage = shop(1).await;
        stage.provider.will([Mood::Approve, mood]);
        stage.fill_cart(1, &[("HEART", 1)]).await;
        let order = stage.check_out(1, 0, capture).await;
        stage.settle().await;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (1, 0));
        stage.on_order_of(order, OrderCommand::CancelByBuyer { reason: "not any more".parse().unwrap() }).await;
        stage.pass(TimeDelta::hours(2)).await;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
        assert_eq!(stage.stock("main.HEART").await.available(), 1);
        assert_eq!(stage.at_provider(order), kept, "{capture:?} {mood:?}");
        assert!(stage.is_quiet().await);
    }
}

/// Case 27: the buyer cancels at every moment of the checkout.
#[tokio::test]
async fn a_checkout_that_is_cancelled_at_any_step_leaves_nothing() {
    let mut cancelled = 0;
    for steps in 0..60 {
        let mut stage = shop(1).await;
        stage.fill_cart(1, &[("HEART", 1)]).await;
        let order = stage.check_out(1, 0, CapturePolicy::AtOnce).await;
        stage.settle_in_part(steps).await;
        let cancel = OrderCommand::CancelByBuyer { reason: "not any more".parse().unwrap() };
        if stage.send::<tillroll_domain::order::Order>(&order.uuid().to_string(), cancel).await.is_err() {
            // There is no order yet.
            continue;
        }
        cancelled += 1;
        stage.pass(TimeDelta::hours(2)).await;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0), "after {steps} steps");
        assert_eq!(stage.stock("main.HEART").await.available(), 1, "after {steps} steps");
        let (aside, taken, returned) = stage.at_provider(order);
        assert_eq!((aside, taken - returned), (0, 0), "after {steps} steps");
        let confirmed = is_converted(&stage, 1, order).await;
        assert!(confirmed || stage.is_free(1).await, "after {steps} steps");
        assert!(stage.is_quiet().await, "after {steps} steps");
    }
    assert!(cancelled > 20, "most steps have an order");
}

/// Case 7: whatever is told or done twice counts once.
#[tokio::test]
async fn a_checkout_in_which_everything_happens_twice_ends_the_same() {
    let mut stage = shop(3).await;
    stage.fill_cart(1, &[("HEART", 2)]).await;
    let order = stage.check_out(1, 0, CapturePolicy::AtOnce).await;
    stage.settle_twice().await;
    assert_eq!(stage.cause(order).await, None);
    assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0));
    assert_eq!(stage.at_provider(order), (0, 2_000, 0));
    assert_eq!(stage.endings("checkout").await, [Some(Ending::Completed)]);
    let before = stage.types("order").await;
    for actor in &mut stage.actors {
        actor.forget_position();
    }
    stage.settle().await;
    assert_eq!(stage.types("order").await, before);
}

/// Case 25: what is given back is what was captured beyond what is still due.
#[tokio::test]
async fn cancelled_lines_give_their_units_back_and_what_was_captured_for_them() {
    for (capture, kept) in [(CapturePolicy::AtOnce, (0, 3_000, 1_000)), (CapturePolicy::AtFulfillment, (3_000, 0, 0))] {
        let mut stage = shop(3).await;
        stage.fill_cart(1, &[("HEART", 3)]).await;
        let order = stage.check_out(1, 0, capture).await;
        stage.settle().await;
        let lines = vec![LineQuantity { line: 1, quantity: Quantity::ONE }];
        stage.on_order_of(order, OrderCommand::CancelLines { lines, reason: "one less".parse().unwrap() }).await;
        stage.pass(TimeDelta::minutes(5)).await;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0));
        assert_eq!(stage.stock("main.HEART").await.available(), 1);
        assert_eq!(stage.at_provider(order), kept, "{capture:?}");
        assert_eq!(stage.endings("cancel_order").await, [Some(Ending::Completed)]);
        // The rest of the lines is the rest of the order.
        let lines = vec![LineQuantity { line: 1, quantity: Quantity::new(2).unwrap() }];
        stage.on_order_of(order, OrderCommand::CancelLines { lines, reason: "all".parse().unwrap() }).await;
        stage.pass(TimeDelta::hours(1)).await;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (0, 0));
        let (aside, taken, returned) = stage.at_provider(order);
        assert_eq!((aside, taken - returned), (0, 0), "{capture:?}");
        assert!(stage.is_quiet().await);
    }
}

/// The lines are cancelled before the checkout has promised the goods and taken the money.
#[tokio::test]
async fn lines_that_are_cancelled_while_the_checkout_ends_are_given_back_too() {
    let mut tried = 0;
    for steps in 0..60 {
        let mut stage = shop(3).await;
        stage.fill_cart(1, &[("HEART", 3)]).await;
        let order = stage.check_out(1, 0, CapturePolicy::AtOnce).await;
        stage.settle_in_part(steps).await;
        let lines = vec![LineQuantity { line: 1, quantity: Quantity::ONE }];
        let cancel = OrderCommand::CancelLines { lines, reason: "one less".parse().unwrap() };
        let sent = stage.send::<tillroll_domain::order::Order>(&order.uuid().to_string(), cancel).await;
        stage.pass(TimeDelta::minutes(5)).await;
        if sent.is_err() {
            assert_eq!(stage.stock_of("HEART", HERE, order).await, (3, 0));
            continue;
        }
        tried += 1;
        assert_eq!(stage.stock_of("HEART", HERE, order).await, (2, 0), "after {steps} steps");
        let (aside, taken, returned) = stage.at_provider(order);
        assert_eq!((aside, taken - returned), (aside, 2_000), "after {steps} steps");
    }
    assert!(tried > 3, "some steps come after the confirmation");
}
