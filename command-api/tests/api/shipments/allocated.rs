//! Goods of a checkout's order leave from where they are promised to it, as planned, and paid.

use super::{at, order, plan, units};
use crate::shop::{Answer, Shop};
use serde_json::json;
use tillroll_domain::{
    aggregate::Aggregate,
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::LineKind,
    ids::{CommandId, OrderId, PaymentId, ReceiptId, ReservationId, ShipmentId},
    money::Rounding,
    order::{
        Order,
        commands::{OrderCommand, OrderContact, OrderSnapshot},
        events::{OrderLine, RoundingPolicy, RoundingStage, Tax},
    },
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
    },
    text::{LocationId, Sku},
};
use tillroll_infra::bus::CommandContext;
use uuid::Uuid;

const ORDER: OrderId = OrderId::new(Uuid::from_u128(0xa1));
const RECEIPT: ReceiptId = ReceiptId::new(Uuid::from_u128(0xa2));
const TOTAL: i64 = 1_250;

fn quantity(units: u32) -> Quantity {
    Quantity::new(units.into()).unwrap()
}

fn mug() -> Sku {
    "MUG".parse().unwrap()
}

async fn run<A: Aggregate>(shop: &Shop, stream: &str, command: A::Command) {
    let head = shop.bus.log().head().await.unwrap().0;
    let context = CommandContext::live(CommandId::new(Uuid::from_u128((7 << 64) + u128::from(head))), "test");
    shop.bus.execute::<A>(stream, command, context).await.unwrap();
}

async fn tell(shop: &Shop, command: OrderCommand) {
    run::<Order>(shop, &ORDER.uuid().to_string(), command).await;
}

/// Five mugs for 12.50, of which each location holds so many and promises them to the order.
fn snapshot() -> OrderSnapshot {
    let payment = PaymentTerms {
        method: "card".parse().unwrap(),
        provider: "simulated".parse().unwrap(),
        capture: CapturePolicy::AtFulfillment,
    };
    OrderSnapshot {
        customer_id: None,
        country: "GB".parse().unwrap(),
        currency: "GBP".parse().unwrap(),
        lines: vec![OrderLine {
            line: 1,
            kind: LineKind::Goods,
            code: "MUG".parse().unwrap(),
            sku: Some(mug()),
            description: "Mug".parse().unwrap(),
            quantity: quantity(5),
            unit_price: "2.5".parse().unwrap(),
            amount_minor: TOTAL,
            rounding_micros: None,
            tax_minor: None,
            options: vec![],
        }],
        tax: Tax::NotStated,
        rounding: RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line },
        cart: None,
        contact: OrderContact::default(),
        checkout: Some(CheckoutTerms { payment: Some(payment) }),
    }
}

/// A confirmed order of a checkout whose mugs are promised at these locations; more are there, for others.
async fn promised(shop: &Shop, at: &[(&str, u32)]) -> String {
    tell(shop, OrderCommand::Place { snapshot: snapshot() }).await;
    let hold = |(n, (location, units)): (u128, &(&str, u32))| StockHold {
        sku: mug(),
        location: location.parse().unwrap(),
        reservation_id: ReservationId::new(Uuid::from_u128(n)),
        quantity: quantity(*units),
    };
    let holds: Vec<StockHold> = (1..).zip(at).map(hold).collect();
    for StockHold { sku, location, reservation_id, quantity } in holds.clone() {
        let item = stream_id(&location, &sku);
        let receive = StockItemCommand::Receive { receipt_id: RECEIPT, quantity: self::quantity(50), reference: None };
        run::<StockItem>(shop, &item, receive).await;
        let expires_at = "2030-01-01T00:00:00Z".parse().unwrap();
        run::<StockItem>(shop, &item, StockItemCommand::Reserve { reservation_id, quantity, expires_at }).await;
        run::<StockItem>(shop, &item, StockItemCommand::Allocate { reservation_id, order_id: ORDER }).await;
    }
    tell(shop, OrderCommand::RecordStockReserved { holds }).await;
    pay(shop, TOTAL, 0).await;
    tell(shop, OrderCommand::Confirm).await;
    ORDER.to_string()
}

async fn pay(shop: &Shop, authorized_minor: i64, captured_minor: i64) {
    let payment_id = PaymentId::new(Uuid::from_u128(9));
    let (refunded_minor, disputed_minor) = (0, 0);
    let amounts =
        OrderCommand::UpdatePayment { payment_id, authorized_minor, captured_minor, refunded_minor, disputed_minor };
    tell(shop, amounts).await;
}

async fn plan_at(shop: &Shop, location: &str, key: &str, mugs: u32) -> Answer {
    let body = json!({"location": location, "lines": units(&[(1, mugs)])});
    shop.post(&format!("/api/v1/orders/{ORDER}/shipments")).key(key).json(&body).send().await
}

#[track_caller]
fn assert_not_allocated(answer: &Answer, location: &str, requested: u32, allocated: u32) {
    assert_eq!(answer.problem(), (409, "not_allocated"), "{}", answer.text);
    let members = ["location", "sku", "requested", "allocated"].map(|name| answer.json[name].clone());
    assert_eq!(members, [json!(location), json!("MUG"), json!(requested), json!(allocated)]);
}

#[tokio::test]
async fn goods_of_a_checkout_leave_from_where_they_are_promised() {
    let shop = Shop::open();
    let id = promised(&shop, &[("main", 3), ("north", 2)]).await;
    // Others may buy what else is there.
    assert_not_allocated(&plan_at(&shop, "main", "k1", 4).await, "main", 4, 3);
    assert_not_allocated(&plan_at(&shop, "south", "k2", 1).await, "south", 1, 0);
    assert_eq!(order(&shop, &id).await.lines()[0].planned, 0, "what was refused is not planned");
    plan_at(&shop, "main", "k3", 2).await.ok();
    assert_not_allocated(&plan_at(&shop, "main", "k4", 2).await, "main", 2, 1);
    plan_at(&shop, "north", "k5", 2).await.ok();
    plan_at(&shop, "main", "k6", 1).await.ok();
    assert_eq!(plan_at(&shop, "main", "k7", 1).await.problem(), (409, "quantity_exceeded"));
}

/// The promise is used up when the goods leave, whether stock has heard of it already or not.
#[tokio::test]
async fn goods_that_have_left_are_not_promised_any_more() {
    let shop = Shop::open();
    promised(&shop, &[("main", 3), ("north", 2)]).await;
    pay(&shop, 0, TOTAL).await;
    let first = plan_at(&shop, "main", "k1", 2).await.ok().id();
    shop.post(&at(&first, "ship")).json(&json!({})).send().await.ok();
    assert_not_allocated(&plan_at(&shop, "main", "k2", 2).await, "main", 2, 1);
    let (shipment_id, location): (ShipmentId, LocationId) = (first.parse().unwrap(), "main".parse().unwrap());
    let ship = StockItemCommand::Ship { shipment_id, order_id: ORDER, quantity: quantity(2) };
    run::<StockItem>(&shop, &stream_id(&location, &mug()), ship).await;
    assert_not_allocated(&plan_at(&shop, "main", "k3", 2).await, "main", 2, 1);
    plan_at(&shop, "main", "k4", 1).await.ok();
}

#[tokio::test]
async fn of_plans_at_once_no_two_use_the_same_promise() {
    for _ in 0..8 {
        let shop = Shop::open();
        let id = promised(&shop, &[("main", 3), ("north", 2)]).await;
        let (left, right) = tokio::join!(plan_at(&shop, "main", "k1", 2), plan_at(&shop, "main", "k2", 2));
        let planned = [&left, &right].iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(planned, 1, "{} {}", left.text, right.text);
        assert_eq!(order(&shop, &id).await.lines()[0].planned, 2);
    }
}

#[tokio::test]
async fn a_repeated_request_is_answered_after_the_promise_was_used_up() {
    let shop = Shop::open();
    let id = promised(&shop, &[("main", 5)]).await;
    pay(&shop, 0, TOTAL).await;
    let first = plan(&shop, &id, "k1", &[(1, 5)]).await.ok();
    assert_eq!(plan(&shop, &id, "k1", &[(1, 5)]).await.ok().text, first.text);
    shop.post(&at(&first.id(), "ship")).json(&json!({})).send().await.ok();
    assert_eq!(plan(&shop, &id, "k1", &[(1, 5)]).await.ok().text, first.text);
}

#[tokio::test]
async fn a_repeated_request_is_answered_before_anything_is_checked_again() {
    let shop = Shop::open();
    promised(&shop, &[("main", 5)]).await;
    let first = plan_at(&shop, "main", "k1", 5).await.ok();
    shop.post(&at(&first.id(), "cancel")).json(&json!({"reason": ""})).send().await.ok();
    assert_eq!(plan_at(&shop, "main", "k1", 5).await.ok().text, first.text, "also when it was given up");
    assert_eq!(plan_at(&shop, "main", "k1", 6).await.problem(), (422, "idempotency_key_reused"));
    let body = json!({"location": "main", "lines": units(&[(1, 6)])});
    let stale = shop.post(&format!("/api/v1/orders/{ORDER}/shipments")).key("k2").header("if-match", "\"0\"");
    let stale = stale.json(&body).send().await;
    assert_eq!(stale.status.as_u16(), 412, "{}", stale.text);
}

/// Case 28: nothing leaves unpaid, and nothing leaves past its plan.
#[tokio::test]
async fn goods_of_a_checkout_leave_paid_and_as_planned() {
    let shop = Shop::open();
    let id = promised(&shop, &[("main", 5)]).await;
    let planned = plan(&shop, &id, "k1", &[(1, 2)]).await.ok().id();
    let unpaid = shop.post(&at(&planned, "ship")).json(&json!({})).send().await;
    assert_eq!(unpaid.problem(), (409, "payment_not_captured"));
    assert_eq!((&unpaid.json["due_minor"], &unpaid.json["captured_minor"]), (&json!(500), &json!(0)));
    let direct = shop.post(&format!("/api/v1/orders/{id}/ship")).json(&json!({"lines": units(&[(1, 1)])})).send().await;
    assert_eq!(direct.problem(), (409, "shipment_not_planned"));
    pay(&shop, TOTAL - 500, 500).await;
    shop.post(&at(&planned, "ship")).json(&json!({})).send().await.ok();
    assert_eq!(order(&shop, &id).await.lines()[0].shipped, 2);
}

#[tokio::test]
async fn a_checkouts_order_is_confirmed_and_cancelled_in_part_only_when_stock_and_money_are_there() {
    let shop = Shop::open();
    tell(&shop, OrderCommand::Place { snapshot: snapshot() }).await;
    let confirm = || shop.post(&format!("/api/v1/orders/{ORDER}/confirm")).send();
    assert_eq!(confirm().await.problem(), (409, "stock_not_reserved"));
    let hold = StockHold {
        sku: mug(),
        location: "main".parse().unwrap(),
        reservation_id: ReservationId::new(Uuid::from_u128(1)),
        quantity: quantity(5),
    };
    tell(&shop, OrderCommand::RecordStockReserved { holds: vec![hold] }).await;
    let unpaid = confirm().await;
    assert_eq!(unpaid.problem(), (409, "order_not_paid"));
    assert_eq!((&unpaid.json["due_minor"], &unpaid.json["paid_minor"]), (&json!(TOTAL), &json!(0)));
    let body = json!({"lines": units(&[(1, 1)]), "reason": ""});
    let partly = shop.post(&format!("/api/v1/orders/{ORDER}/cancel-lines")).json(&body).send().await;
    assert_eq!(partly.problem(), (409, "order_not_confirmed"));
}
