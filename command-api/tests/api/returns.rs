//! Returns: requested by the buyer or the shop, received, inspected, resolved; and who may do something about an order.

use crate::{
    shipments::{confirmed, units},
    shop::{Answer, Call, Shop, key},
};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tillroll_domain::{
    common::LineQuantity,
    ids::{CommandId, OrderId, ReturnId},
    order::{Order, commands::OrderCommand, state::LineProgress},
    quantity::Quantity,
    returns::{Return, status::ReturnStatus},
};
use tillroll_http::Role;
use tillroll_infra::bus::CommandContext;
use uuid::Uuid;

/// An order of three mugs and two cups that has been delivered.
async fn delivered(shop: &Shop) -> String {
    let id = confirmed(shop).await;
    let at = |intent: &str| format!("/api/v1/orders/{id}/{intent}");
    shop.post(&at("ship")).json(&json!({"lines": units(&[(1, 3), (2, 2)])})).send().await.ok();
    shop.post(&at("deliver")).send().await.ok();
    id
}

fn back(lines: &[(u32, u32)]) -> Value {
    let line = |(line, quantity): &(u32, u32)| json!({"line": line, "quantity": quantity, "reason": "unwanted"});
    json!({"lines": lines.iter().map(line).collect::<Vec<_>>()})
}

async fn ask(shop: &Shop, order: &str, key: &str, lines: &[(u32, u32)]) -> Answer {
    shop.post(&format!("/api/v1/orders/{order}/returns")).key(key).json(&back(lines)).send().await
}

async fn line(shop: &Shop, order: &str, number: usize) -> LineProgress {
    let id: OrderId = order.parse().unwrap();
    let order = shop.bus.load::<Order>("default", &id.uuid().to_string()).await.unwrap();
    order.state.placed().unwrap().lines()[number - 1]
}

async fn intent(shop: &Shop, id: &str, intent: &str, body: &Value) -> Answer {
    shop.post(&format!("/api/v1/returns/{id}/{intent}")).json(body).send().await
}

/// Case 26: several parcels, damaged and refused units; the order takes back what was accepted.
#[tokio::test]
async fn a_return_goes_from_requested_to_resolved() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    let answer = ask(&shop, &order, "r1", &[(1, 3), (2, 1)]).await.ok();
    let id = answer.id();
    assert_eq!(answer.header("location"), format!("/api/v1/returns/{id}"));
    assert_eq!(line(&shop, &order, 1).await.return_requested, 3);
    let parcel = json!({"lines": [
        {"line": 1, "quantity": 1, "condition": "damaged"}, {"line": 1, "quantity": 1, "condition": "resellable"},
    ]});
    let early = intent(&shop, &id, "receive", &parcel).await;
    assert_eq!((early.problem(), &early.json["return_status"]), ((409, "return_status"), &json!("requested")));
    intent(&shop, &id, "approve", &json!({})).await.ok();
    intent(&shop, &id, "receive", &parcel).await.ok();
    let much = json!({"lines": [{"line": 1, "quantity": 2, "condition": "resellable"}]});
    assert_eq!(intent(&shop, &id, "receive", &much).await.problem(), (409, "received_too_much"));
    let second = json!({"lines": [{"line": 1, "quantity": 1, "condition": "resellable"}]});
    intent(&shop, &id, "receive", &second).await.ok();
    let resolve = json!({"outcome": "refund", "note": ""});
    let early = intent(&shop, &id, "resolve", &resolve).await;
    assert_eq!((early.problem(), &early.json["waiting"]), ((409, "return_not_inspected"), &json!(3)));
    let looked = json!({"lines": [{"line": 1, "accepted": 2, "refused": 1}]});
    intent(&shop, &id, "inspect", &looked).await.ok();
    intent(&shop, &id, "resolve", &resolve).await.ok();
    let mugs = line(&shop, &order, 1).await;
    assert_eq!((mugs.returned, mugs.return_requested, mugs.returnable()), (2, 0, 1));
    let cups = line(&shop, &order, 2).await;
    assert_eq!((cups.returned, cups.return_requested), (0, 0), "what never came is given up");
    intent(&shop, &id, "resolve", &resolve).await.ok();
    let other = intent(&shop, &id, "resolve", &json!({"outcome": "none", "note": ""})).await;
    assert_eq!((other.problem(), &other.json["outcome"]), ((409, "return_resolved"), &json!("refund")));
    assert_eq!(line(&shop, &order, 1).await.returned, 2);
}

/// Case 26: what comes back under a return is not counted past it.
#[tokio::test]
async fn goods_of_a_requested_return_come_back_through_it_only() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    let id = ask(&shop, &order, "r1", &[(1, 2)]).await.ok().id();
    let direct = |key: &'static str, body: Value| {
        let path = format!("/api/v1/orders/{order}/return");
        let shop = &shop;
        async move { shop.post(&path).key(key).json(&body).send().await }
    };
    let past = direct("d1", json!({"return_id": id, "lines": units(&[(1, 1)])})).await;
    assert_eq!((past.problem(), &past.json["return_id"]), ((409, "return_differs"), &json!(id)));
    let mugs = line(&shop, &order, 1).await;
    assert_eq!((mugs.returned, mugs.return_requested), (0, 2));
    // Under an id of its own it counts, and a repeated request is answered the same.
    let own = "ret_01980000-0000-7000-8000-0000000000d2";
    let body = json!({"return_id": own, "lines": units(&[(1, 1)])});
    let first = direct("d2", body.clone()).await.ok();
    assert_eq!(direct("d2", body).await.ok().text, first.text);
    assert_eq!(line(&shop, &order, 1).await.returned, 1);
}

/// A decision that the order cannot carry out is not taken.
#[tokio::test]
async fn a_return_is_not_resolved_if_the_order_refuses_what_was_accepted() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    let id = ask(&shop, &order, "r1", &[(1, 2)]).await.ok().id();
    intent(&shop, &id, "approve", &json!({})).await.ok();
    let parcel = json!({"lines": [{"line": 1, "quantity": 2, "condition": "resellable"}]});
    intent(&shop, &id, "receive", &parcel).await.ok();
    intent(&shop, &id, "inspect", &json!({"lines": [{"line": 1, "accepted": 2, "refused": 0}]})).await.ok();
    // The order takes less back under the return's id than was accepted.
    let (order_id, return_id): (OrderId, ReturnId) = (order.parse().unwrap(), id.parse().unwrap());
    let one = LineQuantity { line: 1, quantity: Quantity::new(1).unwrap() };
    let past = OrderCommand::ReturnLines { return_id, lines: vec![one] };
    let context = CommandContext::live(CommandId::new(Uuid::from_u128(1)), "test");
    shop.bus.execute::<Order>(&order_id.uuid().to_string(), past, context).await.unwrap();
    let resolve = json!({"outcome": "refund", "note": ""});
    assert_eq!(intent(&shop, &id, "resolve", &resolve).await.problem(), (409, "return_differs"));
    let stands = shop.bus.load::<Return>("default", &return_id.uuid().to_string()).await.unwrap();
    assert_eq!(stands.state.known().unwrap().status, ReturnStatus::Received);
}

/// Case 26: returns that are asked for at the same moment.
#[tokio::test]
async fn returns_together_never_exceed_what_was_shipped() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    let two = [(1, 2)];
    let (left, right) = tokio::join!(ask(&shop, &order, "r1", &two), ask(&shop, &order, "r2", &two));
    assert_ne!(left.status.is_success(), right.status.is_success(), "{} {}", left.text, right.text);
    let refused = if left.status.is_success() { right } else { left };
    assert_eq!((refused.problem(), &refused.json["available"]), ((409, "quantity_exceeded"), &json!(1)));
    assert_eq!(line(&shop, &order, 1).await.return_requested, 2);
}

#[tokio::test]
async fn a_return_that_is_rejected_or_cancelled_frees_its_units() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    for (number, end) in ["reject", "cancel"].into_iter().enumerate() {
        let id = ask(&shop, &order, &format!("r{number}"), &[(1, 3)]).await.ok().id();
        assert_eq!(line(&shop, &order, 1).await.returnable(), 0);
        intent(&shop, &id, end, &json!({"reason": "worn"})).await.ok();
        assert_eq!(line(&shop, &order, 1).await.returnable(), 3);
    }
}

#[tokio::test]
async fn a_return_is_refused_after_the_window_and_leaves_no_trace() {
    let shop = Shop::open();
    let order = delivered(&shop).await;
    shop.clock.advance(TimeDelta::days(30));
    let first = ask(&shop, &order, "r1", &[(1, 1)]).await.ok();
    shop.clock.advance(TimeDelta::days(1));
    let before = shop.bus.log().head().await.unwrap();
    let late = ask(&shop, &order, "r2", &[(1, 1)]).await;
    assert_eq!((late.problem(), &late.json["ended_on"]), ((409, "return_window_closed"), &json!("2026-03-31")));
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
    // Who asks again for what was granted in time gets the first answer.
    assert_eq!(ask(&shop, &order, "r1", &[(1, 1)]).await.ok().text, first.text);
}

#[tokio::test]
async fn what_never_left_is_not_sent_back() {
    let shop = Shop::open();
    let order = confirmed(&shop).await;
    let refused = ask(&shop, &order, "r1", &[(1, 1)]).await;
    assert_eq!((refused.problem(), &refused.json["available"]), ((409, "quantity_exceeded"), &json!(0)));
    assert_eq!(ask(&shop, &order, "r2", &[(3, 1)]).await.problem(), (409, "quantity_exceeded"));
    assert_eq!(ask(&shop, &order, "r3", &[(8, 1)]).await.problem(), (422, "unknown_line"));
    assert_eq!(ask(&shop, &order, "r4", &[]).await.problem(), (422, "no_lines"));
}

/// The storefront, acting for a customer.
fn storefront<'a>(shop: &'a Shop, path: &str, customer: &str) -> Call<'a> {
    let bearer = format!("Bearer {}", key(Role::Storefront));
    shop.anonymous(Method::POST, path).header("authorization", &bearer).header("tillroll-customer", customer)
}

/// A confirmed order of a customer: their id and the order's.
async fn of_customer(shop: &Shop) -> (String, String) {
    let customer = shop.customer().await;
    let price = json!([{"amount": "2.50", "currency": "GBP"}]);
    shop.product("Mug", json!([{"sku": "MUG", "prices": price}])).await;
    let lines = json!([{"sku": "MUG", "quantity": 3}]);
    let body = json!({"customer_id": customer, "country": "GB", "currency": "GBP", "lines": lines});
    let order = shop.post("/api/v1/orders").key("o").json(&body).send().await.ok().id();
    shop.post(&format!("/api/v1/orders/{order}/confirm")).send().await.ok();
    (customer, order)
}

/// Case 37: what a shopper may not see answers exactly like what is not there.
#[tokio::test]
async fn only_the_buyer_asks_for_returns_and_cancels() {
    let shop = Shop::open();
    let (customer, order) = of_customer(&shop).await;
    let stranger = "cus_01980000-0000-7000-8000-00000000000f";
    let nowhere = "ord_01980000-0000-7000-8000-000000000000";
    let reason = json!({"reason": "changed"});
    let text_without = |answer: &Answer| (answer.status, answer.json["code"].clone(), answer.json["detail"].clone());
    for (path, body) in [("cancel", &reason), ("returns", &back(&[(1, 1)]))] {
        let at = |order: &str| format!("/api/v1/orders/{order}/{path}");
        let others = storefront(&shop, &at(&order), stranger).key("k1").json(body).send().await;
        let missing = storefront(&shop, &at(nowhere), stranger).key("k2").json(body).send().await;
        assert_eq!(others.problem(), (404, "not_found"));
        assert_eq!(text_without(&others), text_without(&missing));
        // A body that makes no sense tells no more.
        let garbled = storefront(&shop, &at(&order), stranger).key("k3").text("{").send().await;
        assert_eq!(text_without(&garbled), text_without(&missing));
    }
    let ship = json!({"lines": units(&[(1, 3)])});
    shop.post(&format!("/api/v1/orders/{order}/ship")).json(&ship).send().await.ok();
    let returns = format!("/api/v1/orders/{order}/returns");
    let mine = storefront(&shop, &returns, &customer).key("k4").json(&back(&[(1, 1)])).send().await.ok().id();
    for intent in ["approve", "resolve", "receive", "inspect", "reject"] {
        let path = format!("/api/v1/returns/{mine}/{intent}");
        let refused = storefront(&shop, &path, &customer).json(&json!({})).send().await;
        assert_eq!(refused.status.as_u16(), 403, "{intent}: {}", refused.text);
    }
    let cancel = format!("/api/v1/returns/{mine}/cancel");
    let others = storefront(&shop, &cancel, stranger).json(&reason).send().await;
    let missing = "/api/v1/returns/ret_01980000-0000-7000-8000-000000000000/cancel";
    let missing = storefront(&shop, missing, stranger).json(&reason).send().await;
    assert_eq!(others.problem(), (404, "not_found"));
    assert_eq!(text_without(&others), text_without(&missing));
    storefront(&shop, &cancel, &customer).json(&reason).send().await.ok();
}

/// Case 27: the buyer's cancellation loses against whoever puts the order together.
#[tokio::test]
async fn a_buyer_cancels_until_the_order_is_put_together() {
    let shop = Shop::open();
    let (customer, order) = of_customer(&shop).await;
    let reason = json!({"reason": "changed"});
    let cancel = format!("/api/v1/orders/{order}/cancel");
    shop.post(&format!("/api/v1/orders/{order}/start-fulfillment")).send().await.ok();
    let late = storefront(&shop, &cancel, &customer).json(&reason).send().await;
    assert_eq!(late.problem(), (409, "order_fulfillment_started"));
    shop.post(&cancel).json(&reason).send().await.ok();
    storefront(&shop, &cancel, &customer).json(&reason).send().await.ok();
}

#[tokio::test]
async fn roles_that_only_read_change_nothing() {
    let shop = Shop::open();
    let (_, order) = of_customer(&shop).await;
    for role in [Role::Analyst, Role::Auditor] {
        for path in ["cancel", "returns", "shipments"] {
            let call = shop.anonymous(Method::POST, &format!("/api/v1/orders/{order}/{path}"));
            let answer = call.header("authorization", &format!("Bearer {}", key(role))).text("{").send().await;
            assert_eq!(answer.status.as_u16(), 403, "{}", answer.text);
        }
    }
}
