//! What staff ask of payments, and how the buyer tries again.

use crate::{
    checkout::{Guest, OPERATION, front},
    shop::{Answer, Shop, key},
};
use axum::http::Method;
use serde_json::{Value, json};
use tillroll_domain::{
    ids::{CommandId, OperationId, OrderId, PaymentId},
    money::Money,
    order::{CancelCause, commands::OrderCommand},
    payment::{
        Payment,
        commands::PaymentCommand,
        payment_of_order,
        state::{CreatedPayment, OperationOutcome},
    },
};
use tillroll_http::Role;
use tillroll_infra::bus::CommandContext;
use uuid::Uuid;

const PAYMENT: PaymentId = PaymentId::new(Uuid::from_u128(0xa1));
const AUTHORIZATION: OperationId = OperationId::new(Uuid::from_u128(1));
const CAPTURE: OperationId = OperationId::new(Uuid::from_u128(2));

async fn tell(shop: &Shop, id: PaymentId, command: PaymentCommand) {
    let context = CommandContext::live(CommandId::new(shop.bus.ambient().ids.next()), "test");
    shop.bus.execute::<Payment>(&id.uuid().to_string(), command, context).await.unwrap();
}

fn happened(operation_id: OperationId, amount_minor: i64) -> PaymentCommand {
    let provider_reference = "sim_1".parse().unwrap();
    PaymentCommand::RecordSuccess { operation_id, amount_minor, provider_reference, expires_at: None }
}

async fn payment(shop: &Shop, id: PaymentId) -> CreatedPayment {
    shop.bus.load::<Payment>("default", &id.uuid().to_string()).await.unwrap().state.created().unwrap().clone()
}

/// A payment of 100.00, set aside.
async fn authorized(shop: &Shop) {
    let order_id = OrderId::new(Uuid::from_u128(0xb1));
    let amount = Money::new(10_000, "EUR".parse().unwrap());
    tell(shop, PAYMENT, PaymentCommand::Create { order_id, amount, method: "card".parse().unwrap(), quote_hash: None })
        .await;
    let provider = "simulated".parse().unwrap();
    let ask = PaymentCommand::RequestAuthorization { operation_id: AUTHORIZATION, provider, instrument: None };
    tell(shop, PAYMENT, ask).await;
    tell(shop, PAYMENT, happened(AUTHORIZATION, 10_000)).await;
}

/// The same, taken.
async fn captured(shop: &Shop) {
    authorized(shop).await;
    tell(shop, PAYMENT, PaymentCommand::RequestCapture { operation_id: CAPTURE, amount_minor: 10_000 }).await;
    tell(shop, PAYMENT, happened(CAPTURE, 10_000)).await;
}

async fn ask(shop: &Shop, what: &str, key: &str, body: &Value) -> Answer {
    shop.post(&format!("/api/v1/payments/{PAYMENT}/{what}")).key(key).json(body).send().await
}

fn amount(text: &str) -> Value {
    json!({"amount": text, "currency": "EUR"})
}

#[tokio::test]
async fn a_capture_and_a_refund_are_requested_and_not_carried_out() {
    let shop = Shop::open();
    captured(&shop).await;
    let answer = ask(&shop, "refund", "k", &json!({"amount": amount("40.00"), "reason": "broken"})).await.ok();
    let id: OperationId = answer.json["operation_id"].as_str().unwrap().parse().unwrap();
    let after = payment(&shop, PAYMENT).await;
    assert_eq!(
        (after.operations()[&id].amount_minor, after.operations()[&id].outcome),
        (4_000, OperationOutcome::Pending)
    );
    assert_eq!((after.refunded_minor(), after.refundable_minor()), (0, 6_000));
    assert!(shop.simulator.charges().is_empty(), "nobody called the provider");

    let again = ask(&shop, "refund", "k", &json!({"amount": amount("40.00"), "reason": "broken"})).await.ok();
    assert_eq!(again.text, answer.text);
    assert_eq!(payment(&shop, PAYMENT).await, after);
    let other = ask(&shop, "refund", "k", &json!({"amount": amount("41.00"), "reason": "broken"})).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn without_an_amount_it_is_all_that_can_be_moved() {
    let shop = Shop::open();
    authorized(&shop).await;
    ask(&shop, "capture", "k1", &json!({"amount": amount("25")})).await.ok();
    let answer = ask(&shop, "capture", "k2", &json!({})).await.ok();
    let id: OperationId = answer.json["operation_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(payment(&shop, PAYMENT).await.operations()[&id].amount_minor, 7_500);
    // Nothing is left, and the first answer still stands.
    assert_eq!(ask(&shop, "capture", "k2", &json!({})).await.ok().text, answer.text);
    assert_eq!(ask(&shop, "capture", "k3", &json!({})).await.problem(), (422, "amount_not_positive"));
}

/// Case 23: a refund beyond what was captured is refused with the figures.
#[tokio::test]
async fn more_than_what_there_is_is_refused_with_figures() {
    let shop = Shop::open();
    captured(&shop).await;
    ask(&shop, "refund", "k1", &json!({"amount": amount("40"), "reason": ""})).await.ok();
    let answer = ask(&shop, "refund", "k2", &json!({"amount": amount("60.01"), "reason": ""})).await;
    assert_eq!(answer.problem(), (409, "refund_exceeds_captured"));
    assert_eq!((&answer.json["requested_minor"], &answer.json["available_minor"]), (&json!(6_001), &json!(6_000)));
    let answer = ask(&shop, "capture", "k3", &json!({"amount": amount("0.01")})).await;
    assert_eq!(answer.problem(), (409, "capture_exceeds_authorized"));
    assert_eq!(answer.json["available_minor"], 0);
}

#[tokio::test]
async fn an_amount_is_of_the_payments_currency_and_of_whole_minor_units() {
    let shop = Shop::open();
    captured(&shop).await;
    let refund = |amount: Value| json!({"amount": amount, "reason": ""});
    let other = refund(json!({"amount": "1", "currency": "GBP"}));
    assert_eq!(ask(&shop, "refund", "k", &other).await.problem(), (422, "currency_mismatch"));
    assert_eq!(ask(&shop, "refund", "k", &refund(amount("1.001"))).await.problem(), (422, "amount_too_fine"));
    for nothing in ["0", "-1"] {
        assert_eq!(ask(&shop, "refund", "k", &refund(amount(nothing))).await.problem(), (422, "amount_not_positive"));
    }
}

#[tokio::test]
async fn a_cancelled_payment_takes_nothing_more() {
    let shop = Shop::open();
    authorized(&shop).await;
    ask(&shop, "cancel", "k1", &json!({"reason": "a mistake"})).await.ok();
    assert!(payment(&shop, PAYMENT).await.is_cancelled());
    ask(&shop, "cancel", "k2", &json!({"reason": "a mistake"})).await.ok();
    let capture = json!({"amount": amount("1")});
    assert_eq!(ask(&shop, "capture", "k3", &capture).await.problem(), (409, "payment_cancelled"));
}

#[tokio::test]
async fn money_is_moved_under_a_key_and_by_somebody_known() {
    let shop = Shop::open();
    captured(&shop).await;
    for what in ["capture", "refund", "cancel"] {
        let path = format!("/api/v1/payments/{PAYMENT}/{what}");
        let answer = shop.post(&path).json(&json!({"reason": "x"})).send().await;
        assert_eq!(answer.problem(), (400, "malformed"), "{what}");
        assert!(answer.json["detail"].as_str().unwrap().contains("Idempotency-Key"), "{}", answer.text);
        let nobody = format!("/api/v1/payments/pay_{}/{what}", Uuid::from_u128(9));
        let answer = shop.post(&nobody).key("k").json(&json!({"reason": "x"})).send().await;
        let expected = if what == "capture" { (400, "malformed") } else { (404, "not_found") };
        assert_eq!(answer.problem(), expected, "{what}");
    }
    let nobody = format!("/api/v1/payments/pay_{}/capture", Uuid::from_u128(9));
    assert_eq!(shop.post(&nobody).key("k").json(&json!({})).send().await.problem(), (404, "not_found"));
}

#[tokio::test]
async fn money_that_no_provider_took_is_not_moved() {
    let shop = Shop::open();
    let order_id = OrderId::new(Uuid::from_u128(0xb1));
    let amount = Money::new(10_000, "EUR".parse().unwrap());
    tell(
        &shop,
        PAYMENT,
        PaymentCommand::Create { order_id, amount, method: "card".parse().unwrap(), quote_hash: None },
    )
    .await;
    let answer = ask(&shop, "capture", "k", &json!({})).await;
    assert_eq!(answer.problem(), (409, "payment_without_provider"));
}

/// The attempts of an order's buyer.
async fn pay(guest: &Guest<'_>, shop: &Shop, order: OrderId, key: &str) -> Answer {
    let call = front(shop, &format!("/api/v1/orders/{order}/pay")).header("tillroll-cart-secret", &guest.secret);
    call.key(key).json(&json!({"instrument": "tok_approve"})).send().await
}

/// An order whose stock is held and whose first payment was declined.
async fn declined(guest: &Guest<'_>) -> OrderId {
    guest.begin("k").await;
    let order = guest.reserve().await;
    guest.ask_for_money(order).await;
    let (code, note) = ("card_declined".parse().unwrap(), "".parse().unwrap());
    guest.pay(order, PaymentCommand::RecordFailure { operation_id: OPERATION, code, note }).await;
    order
}

/// Case 6: after a declined payment the buyer may try again as long as the order waits.
#[tokio::test]
async fn the_buyer_tries_again_after_a_declined_payment() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let order = declined(&guest).await;
    let answer = pay(&guest, &shop, order, "p1").await.ok();
    assert_eq!(answer.id(), payment_of_order(order).to_string());
    let after = payment(&shop, payment_of_order(order)).await;
    let (id, attempt) = after.newest_attempt().unwrap();
    assert_eq!(answer.json["operation_id"], json!(id));
    assert_eq!((after.attempt(), attempt.outcome), (2, OperationOutcome::Pending));
    assert_eq!(
        (after.provider().unwrap().as_str(), after.instrument().unwrap().as_str()),
        ("simulated", "tok_approve")
    );
    assert_eq!(pay(&guest, &shop, order, "p1").await.ok().text, answer.text);
    assert_eq!(pay(&guest, &shop, order, "p2").await.problem(), (409, "operation_open"));
    guest.pay(order, happened(id, after.amount().minor)).await;
    assert_eq!(pay(&guest, &shop, order, "p2").await.problem(), (409, "payment_authorized"));
    assert_eq!(pay(&guest, &shop, order, "p1").await.ok().text, answer.text, "the key is answered as ever");
}

#[tokio::test]
async fn an_order_is_paid_only_while_it_waits_for_its_payment() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    guest.begin("k").await;
    let order = guest.reserve().await;
    assert_eq!(pay(&guest, &shop, order, "p").await.problem(), (409, "payment_not_ready"));
    guest.order(order, OrderCommand::CancelForCause { cause: CancelCause::PaymentOverdue }).await;
    assert_eq!(pay(&guest, &shop, order, "p").await.problem(), (409, "order_cancelled"));

    let prices = json!([{"amount": "2.55", "currency": "EUR"}]);
    shop.product("Mug", json!([{"sku": "MUG", "prices": prices}])).await;
    let body = json!({"country": "DE", "currency": "EUR", "lines": [{"sku": "MUG", "quantity": 1}]});
    let direct = shop.post("/api/v1/orders").key("o").json(&body).send().await.ok().id();
    let answer =
        shop.post(&format!("/api/v1/orders/{direct}/pay")).key("p").json(&json!({"instrument": "t"})).send().await;
    assert_eq!((answer.problem(), &answer.json["lifecycle"]), ((409, "order_not_payable"), &json!("placed")));
}

#[tokio::test]
async fn nobody_else_pays_and_no_card_number_is_taken() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let order = declined(&guest).await;
    let path = format!("/api/v1/orders/{order}/pay");
    let body = json!({"instrument": "tok_approve"});
    assert_eq!(front(&shop, &path).key("p").json(&body).send().await.problem(), (404, "not_found"));
    for role in [Role::Analyst, Role::Auditor] {
        let call = shop.anonymous(Method::POST, &path).header("authorization", &format!("Bearer {}", key(role)));
        assert_eq!(call.key("p").json(&body).send().await.problem(), (403, "forbidden"));
    }
    let card = json!({"instrument": "4111 1111 1111 1111"});
    let call = front(&shop, &path).header("tillroll-cart-secret", &guest.secret);
    assert_eq!(call.key("p").json(&card).send().await.problem(), (422, "card_number_refused"));
    shop.post(&path).key("staff").json(&body).send().await.ok();
}
