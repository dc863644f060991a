//! The simulated payment provider over real HTTP: it says what it is, and it outlives the engine.

use crate::support::{
    Api, Shop,
    buyers::{Buyer, eventually, open_shop, staff, stock_becomes},
};
use serde_json::{Value, json};

const BEHAVIOR: &str = "/api/v1/simulator/behavior";

#[tokio::test]
async fn the_start_says_that_no_money_moves() {
    let shop = Shop::new();
    let ended = shop.serve(&[]).stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("payments are SIMULATED: no money moves"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_the_provider_was_told_survives_a_kill_of_the_engine() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let told = json!({
        "default": { "kind": "decline", "code": "closed" },
        "messages": { "copies": 2 },
        "rules": [{ "operation": "refund", "behavior": { "kind": "late", "seconds": 5 } }],
    });
    let script = server.ready().await.post(BEHAVIOR, &told, &[]).await.json(200);
    server.kill();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    assert_eq!(api.get(BEHAVIOR, Some("admin")).await.json(200), script);
    assert_eq!(api.list("/api/v1/simulator/charges").await, [json!(null); 0]);
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn the_provider_obeys_administrators_alone_and_its_pages_cannot_be_guessed() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    api.get(BEHAVIOR, None).await.problem(401, "unauthorized");
    for role in ["storefront", "analyst", "auditor"] {
        api.get(BEHAVIOR, Some(role)).await.problem(403, "forbidden");
    }
    let payment = "pay_01980000-0000-7000-8000-000000000000";
    let charge = format!("/api/v1/simulator/charges/{payment}");
    api.get(&charge, Some("admin")).await.problem(404, "charge_not_found");
    let token = "a".repeat(32);
    api.get(&format!("/simulator/pay/{payment}/{token}"), None).await.problem(404, "not_found");
    let approve = format!("/simulator/pay/{payment}/{token}/approve");
    api.request("POST", &approve, None).await.problem(404, "not_found");
    assert_eq!(server.stop().code, Some(0));
}

/// What of a charge is set aside, captured and refunded.
fn amounts(charge: &Value) -> [i64; 3] {
    ["authorized", "captured", "refunded"].map(|name| charge[name]["minor"].as_i64().unwrap())
}

/// What the provider has of the payment of an order.
async fn charge_of(api: &Api, order: &str) -> Value {
    let charges = api.list("/api/v1/simulator/charges").await;
    let mut of_order = charges.into_iter().filter(|charge| charge["order_id"] == order);
    let charge = of_order.next().unwrap_or_else(|| panic!("{order} was never charged"));
    assert!(of_order.next().is_none(), "an order is charged as one payment");
    charge
}

/// Cases 9, 10, 11 and 41: answers get lost before and after the charge or come late, messages come several times, in any
/// order and without a reference of ours, and the engine is killed in the midst of it. Each order is charged once.
#[tokio::test]
async fn each_order_is_charged_once_however_badly_the_provider_behaves() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 20).await;
    let told = json!({
        "messages": { "copies": 3, "spread_seconds": 2, "without_our_references": true },
        "rules": [{ "instrument": "tok_slow", "behavior": { "kind": "late", "seconds": 2 } }],
    });
    api.post(BEHAVIOR, &told, &[]).await.json(200);
    let instruments = ["tok_timeout_before", "tok_timeout_after", "tok_slow", "tok_approve"];
    let mut buyers = Vec::new();
    for (number, instrument) in instruments.iter().cycle().take(8).enumerate() {
        buyers.push((Buyer::arrive(&api, &format!("buyer-{number}"), 1).await, *instrument));
    }
    let asked = buyers.iter().map(|(buyer, instrument)| buyer.decided("buy", instrument));
    for answer in futures::future::join_all(asked).await {
        answer.json(201);
    }
    server.kill();

    let server = shop.serve(&[]);
    let api = server.ready().await;
    for (buyer, instrument) in &buyers {
        let buyer = buyer.at(&api);
        let settled = buyer.settled("buy", instrument).await;
        assert_eq!(settled["status"], "confirmed", "{instrument}: {settled}");
        let order = settled["id"].as_str().unwrap();
        let paid = buyer.order_becomes(order, "/payment_status", "authorized").await["paid"]["authorized"].clone();
        let charge = charge_of(&api, order).await;
        assert_eq!(amounts(&charge), [paid["minor"].as_i64().unwrap(), 0, 0], "{instrument}: {charge}");
        let authorizations = charge["operations"].as_array().unwrap();
        assert_eq!(authorizations.len(), 1, "{instrument}: {charge}");
    }
    stock_becomes(&api, [20, 8, 0, 12]).await;
    assert_eq!(server.stop().code, Some(0));
}

/// Case 24: what is done in the provider's dashboard is observed, and counts before anything else is commanded.
#[tokio::test]
async fn what_is_done_in_the_dashboard_is_observed() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    let buyer = Buyer::arrive(&api, "anna", 1).await;
    let order = buyer.buys().await;
    let total = buyer.order_becomes(&order, "/payment_status", "authorized").await["totals"]["total"].clone();
    let charge = charge_of(&api, &order).await;
    let payment = charge["payment_id"].as_str().unwrap();
    let control = format!("/simulator/charges/{payment}");
    staff(&api, &format!("{control}/capture"), json!({}), "capture").await;
    buyer.order_becomes(&order, "/paid/captured", total.clone()).await;
    staff(&api, &format!("{control}/refund"), json!({ "minor": 100 }), "refund").await;
    buyer.order_becomes(&order, "/paid/refunded/minor", 100).await;
    // The rest is what remains after that, and not the whole.
    let too_much = json!({ "amount": { "amount": total["amount"], "currency": "EUR" }, "reason": "too much" });
    let refund = format!("/api/v1/payments/{payment}/refund");
    let refused = api.post(&refund, &too_much, &[("Idempotency-Key", "\"refund\"")]).await;
    let refused = refused.problem(409, "refund_exceeds_captured");
    println!("{refused}");
    buyer.write(&format!("/orders/{order}/cancel"), json!({ "reason": "changed my mind" }), "cancel").await;
    let left = eventually("everything is given back", async || {
        let [aside, captured, refunded] = amounts(&charge_of(&api, &order).await);
        (refunded == captured).then_some(aside)
    })
    .await;
    assert_eq!(left, 0);
    assert_eq!(server.stop().code, Some(0));
}
