//! Returns: goods go back into stock by their condition, and money goes back by cumulative shares, never twice.

use crate::{
    provider::Mood,
    shop::{TOTAL, goods_return, operation, order_id, payment_id, shipment, sku, units},
    stage::{Stage, alarm},
};
use chrono::TimeDelta;
use tillroll_domain::{
    checkout::CapturePolicy::AtFulfillment,
    ids::{ReceiptId, ReturnId},
    order::commands::OrderCommand,
    payment::commands::PaymentCommand,
    returns::{
        Return,
        commands::{ReturnCommand, ReturnWindow},
        events::{InspectedLine, ReceivedLine, ReturnLine},
        status::{GoodsCondition, ReturnOutcome, ReturnReason},
    },
};
use tillroll_sagas::process::Ending;
use uuid::Uuid;

async fn shipped() -> Stage {
    let mut stage = Stage::new();
    stage.paid_and_confirmed(AtFulfillment).await;
    stage.plan(shipment(1), &[(1, 3), (2, 2)]).await;
    stage.settle().await;
    assert!(stage.ship(shipment(1), &[(1, 3), (2, 2)]).await);
    stage.settle().await;
    stage
}

impl Stage {
    async fn on_return(&mut self, id: ReturnId, command: ReturnCommand) {
        self.send::<Return>(&id.uuid().to_string(), command).await.unwrap();
    }

    /// Sends units of a line back, as the API does: requested, approved, received in these conditions, accepted, resolved.
    pub(crate) async fn send_back(
        &mut self,
        id: ReturnId,
        line: u32,
        resellable: u32,
        damaged: u32,
        outcome: ReturnOutcome,
    ) {
        let quantity = resellable + damaged;
        let lines = Stage::lines(&[(line, quantity)]);
        self.on_order(OrderCommand::RequestReturn { return_id: id, lines: lines.clone() }).await;
        let asked = ReturnLine { line, sku: sku(line), quantity: units(quantity), reason: ReturnReason::Unwanted };
        let window = ReturnWindow { delivered_on: None, days: 30 };
        self.on_return(id, ReturnCommand::Request { order_id: order_id(), lines: vec![asked], window }).await;
        self.on_return(id, ReturnCommand::Approve).await;
        let conditions = [(resellable, GoodsCondition::Resellable), (damaged, GoodsCondition::Damaged)];
        let came = conditions.into_iter().filter(|(count, _)| *count > 0);
        let lines_in = came.map(|(count, condition)| ReceivedLine { line, quantity: units(count), condition });
        let location = Some(crate::shop::main_location());
        let receipt_id = ReceiptId::new(Uuid::from_u128(1));
        self.on_return(id, ReturnCommand::Receive { receipt_id, location, lines: lines_in.collect() }).await;
        let accepted = InspectedLine { line, accepted: quantity, refused: 0 };
        self.on_return(id, ReturnCommand::Inspect { lines: vec![accepted] }).await;
        self.on_return(id, ReturnCommand::Resolve { outcome, note: "".parse().unwrap() }).await;
        self.on_order(OrderCommand::ReturnLines { return_id: id, lines }).await;
    }

    async fn refunded(&self) -> i64 {
        let payment = self.payment(payment_id()).await;
        let charge = self.provider.charge(payment_id()).unwrap();
        assert_eq!(payment.refunded_minor(), charge.refunded_minor());
        payment.refunded_minor()
    }
}

#[tokio::test]
async fn what_comes_back_is_booked_by_its_condition_and_given_back() {
    let mut stage = shipped().await;
    stage.send_back(goods_return(1), 1, 1, 1, ReturnOutcome::Refund).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, 4_000);
    assert_eq!(stage.stock("main.SKU1").await.on_hand(), 2 + 1, "damaged goods are not on hand");
    assert_eq!(stage.order(order_id()).await.payment_sums().refunded_minor, 4_000);
    assert_eq!(stage.endings("return_and_refund").await, [Some(Ending::Completed)]);
}

/// Case 23: returns one after the other give back exactly what their goods were worth.
#[tokio::test]
async fn several_returns_give_back_the_goods_worth_in_all() {
    let mut stage = shipped().await;
    for (n, line) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)] {
        stage.send_back(goods_return(n), line, 1, 0, ReturnOutcome::Refund).await;
        stage.settle().await;
    }
    assert_eq!(stage.refunded().await, TOTAL - 4_000, "the carriage was carried");
    assert!(stage.endings("return_and_refund").await.iter().all(|ending| *ending == Some(Ending::Completed)));
}

#[tokio::test]
async fn a_replacement_gives_no_money_back() {
    let mut stage = shipped().await;
    stage.send_back(goods_return(1), 2, 2, 0, ReturnOutcome::Replacement).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, 0);
    assert_eq!(stage.stock("main.SKU2").await.on_hand(), 5);
    assert_eq!(stage.endings("return_and_refund").await, [Some(Ending::Completed)]);
}

#[tokio::test]
async fn goods_that_the_order_took_back_at_once_are_paid_back_and_not_booked() {
    let mut stage = shipped().await;
    let command = OrderCommand::ReturnLines { return_id: goods_return(1), lines: Stage::lines(&[(1, 2)]) };
    stage.on_order(command).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, 4_000);
    assert_eq!(stage.stock("main.SKU1").await.on_hand(), 2);
    assert_eq!(stage.endings("return_and_refund").await, [Some(Ending::Completed)]);
}

/// Case 29: money that the bank took back is not given back once more.
#[tokio::test]
async fn a_chargeback_counts_against_a_refund() {
    let mut stage = shipped().await;
    assert!(stage.provider.dispute(payment_id(), 10_000));
    for (n, fact) in stage.provider.take_said().into_iter().enumerate() {
        stage.receive(&format!("evt_{n}"), fact).await;
    }
    stage.settle().await;
    stage.send_back(goods_return(1), 1, 3, 0, ReturnOutcome::Refund).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, 3_000);
    assert_eq!(stage.endings("return_and_refund").await, [alarm("refund_short")]);
}

/// Case 24: what was given back in the provider's own pages is not given back once more.
#[tokio::test]
async fn a_refund_by_hand_counts_against_a_refund() {
    let mut stage = shipped().await;
    assert!(stage.provider.by_hand(payment_id(), tillroll_domain::payment::events::OperationKind::Refund, 12_000));
    for (n, fact) in stage.provider.take_said().into_iter().enumerate() {
        stage.receive(&format!("evt_{n}"), fact).await;
    }
    stage.settle().await;
    stage.send_back(goods_return(1), 1, 3, 0, ReturnOutcome::Refund).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, TOTAL);
    assert_eq!(stage.endings("return_and_refund").await, [alarm("refund_short")]);
}

#[tokio::test]
async fn a_refused_refund_is_requested_anew_later_and_at_last_alarms() {
    let mut stage = shipped().await;
    stage.provider.will([Mood::Decline, Mood::Decline]);
    stage.send_back(goods_return(1), 1, 1, 0, ReturnOutcome::Refund).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, 0);
    stage.pass(TimeDelta::hours(7)).await;
    assert_eq!(stage.refunded().await, 2_000);
    assert_eq!(stage.endings("return_and_refund").await, [Some(Ending::Completed)]);

    let mut stage = shipped().await;
    stage.provider.will([Mood::Decline; 10]);
    stage.send_back(goods_return(1), 1, 1, 0, ReturnOutcome::Refund).await;
    stage.pass(TimeDelta::days(10)).await;
    assert_eq!(stage.refunded().await, 0);
    assert_eq!(stage.endings("return_and_refund").await, [alarm("refund_refused")]);
    assert!(stage.is_quiet().await);
}

/// F11: a refund without an answer is not requested anew.
#[tokio::test]
async fn an_unknown_refund_is_found_out_and_given_once() {
    for mood in [Mood::TimeoutAfter, Mood::TimeoutBefore, Mood::Late, Mood::Unavailable] {
        let mut stage = shipped().await;
        stage.provider.will([mood]);
        stage.send_back(goods_return(1), 1, 1, 0, ReturnOutcome::Refund).await;
        stage.pass(TimeDelta::hours(3)).await;
        assert_eq!(stage.refunded().await, 2_000, "{mood:?}");
        assert_eq!(stage.endings("return_and_refund").await, [Some(Ending::Completed)], "{mood:?}");
    }
}

/// Case 23: two refunds at once never exceed what was captured.
#[tokio::test]
async fn a_refund_by_staff_and_a_return_at_once_never_exceed_what_was_captured() {
    let mut stage = shipped().await;
    let command = PaymentCommand::RequestRefund { operation_id: operation(9), amount_minor: 12_000, reason: None };
    stage.on_payment(command).await;
    stage.send_back(goods_return(1), 1, 3, 0, ReturnOutcome::Refund).await;
    stage.settle().await;
    assert_eq!(stage.refunded().await, TOTAL);
    assert_eq!(stage.endings("return_and_refund").await, [alarm("refund_short")]);
}
