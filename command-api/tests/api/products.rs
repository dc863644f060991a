//! Products, their variants and list prices.

use crate::shop::Shop;
use serde_json::{Value, json};
use std::time::Duration;
use tillroll_infra::stream::Position;
use tokio::{runtime::Builder, time::timeout};

fn variant(sku: &str, amount: &str) -> Value {
    json!({"sku": sku, "prices": [{"amount": amount, "currency": "EUR"}]})
}

#[tokio::test]
async fn a_product_goes_from_draft_to_discontinued() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let at = |intent: &str| format!("/api/v1/products/{id}/{intent}");
    assert_eq!(shop.post(&at("publish")).send().await.problem(), (409, "nothing_offered"));
    let attributes = json!([{"name": "color", "value": "red"}]);
    let red = json!({"sku": "MUG-RED", "attributes": attributes, "prices": [{"amount": "4.50", "currency": "EUR"}]});
    shop.post(&at("variants")).key("red").json(&red).send().await.ok();
    shop.post(&at("publish")).send().await.ok();
    shop.post(&at("unpublish")).send().await.ok();
    shop.post(&at("publish")).send().await.ok();
    shop.post(&at("rename")).json(&json!({"name": "Big mug"})).send().await.ok();
    let price = json!({"price": {"amount": "5", "currency": "EUR"}});
    shop.post(&at("variants/MUG-RED/set-price")).json(&price).send().await.ok();
    shop.post(&at("variants/MUG-RED/remove-price")).json(&json!({"currency": "EUR"})).send().await.ok();
    shop.post(&at("variants/MUG-RED/withdraw")).send().await.ok();
    shop.post(&at("discontinue")).json(&json!({"reason": "gone"})).send().await.ok();
    let late = shop.post(&at("rename")).json(&json!({"name": "Mug"})).send().await;
    assert_eq!(late.problem(), (409, "product_discontinued"));
}

#[tokio::test]
async fn a_sku_belongs_to_one_product() {
    let shop = Shop::open();
    let owner = shop.product("Mug", json!([variant("MUG", "4.50")])).await;
    let body = json!({"name": "Cup", "variants": [variant("CUP", "1"), variant("MUG", "1")]});
    let taken = shop.post("/api/v1/products").key("cup").json(&body).send().await;
    assert_eq!(taken.problem(), (409, "sku_taken"));
    assert_eq!((&taken.json["sku"], &taken.json["product_id"]), (&json!("MUG"), &json!(owner)));

    let other = shop.product("Plate", json!([variant("CUP", "1")])).await;
    let add = format!("/api/v1/products/{other}/variants");
    assert_eq!(shop.post(&add).key("add").json(&variant("MUG", "1")).send().await.problem(), (409, "sku_taken"));
}

#[tokio::test]
async fn a_refused_request_leaves_no_trace() {
    let shop = Shop::open();
    let before = shop.bus.log().head().await.unwrap();
    let refused = [
        (json!({"name": "Mug", "variants": [variant("MUG", "1"), variant("CUP", "-1")]}), "negative_price"),
        (json!({"name": "Mug", "variants": [variant("MUG", "1"), variant("MUG", "2")]}), "duplicate_sku"),
        (
            json!({"name": "Mug", "variants": [{"sku": "MUG", "prices": [
                {"amount": "1", "currency": "EUR"}, {"amount": "2", "currency": "EUR"}]}]}),
            "duplicate_price",
        ),
        (
            json!({"name": "Mug", "variants": [{"sku": "MUG", "attributes": [
                {"name": "size", "value": "S"}, {"name": "size", "value": "L"}]}]}),
            "duplicate_attribute",
        ),
    ];
    for (body, code) in refused {
        assert_eq!(shop.post("/api/v1/products").key(code).json(&body).send().await.problem(), (422, code));
    }
    let absent = "/api/v1/products/prd_01980000-0000-7000-8000-000000000000/variants";
    assert_eq!(shop.post(absent).key("add").json(&variant("MUG", "1")).send().await.problem(), (404, "not_found"));
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
    shop.product("Mug", json!([variant("MUG", "1")])).await;
}

#[tokio::test]
async fn adding_a_variant_to_a_stale_product_claims_nothing() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let add = format!("/api/v1/products/{id}/variants");
    let stale = shop.post(&add).key("add").header("if-match", "\"7\"").json(&variant("MUG", "1")).send().await;
    assert_eq!(stale.problem(), (412, "precondition_failed"));
    shop.product("Cup", json!([variant("MUG", "1")])).await;
}

#[tokio::test]
async fn adding_a_variant_again_is_answered_as_before() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let add = format!("/api/v1/products/{id}/variants");
    let first = shop.post(&add).key("k").json(&variant("MUG", "1")).send().await.ok();
    shop.post(&format!("/api/v1/products/{id}/discontinue")).json(&json!({"reason": ""})).send().await.ok();
    let again = shop.post(&add).key("k").json(&variant("MUG", "1")).send().await.ok();
    assert_eq!(again.text, first.text);
    let other = shop.post(&add).key("k").json(&variant("CUP", "1")).send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
    shop.product("Cup", json!([variant("CUP", "1")])).await;
}

#[tokio::test]
async fn a_price_is_a_decimal_string() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([variant("MUG", "1")])).await;
    let path = format!("/api/v1/products/{id}/variants/MUG/set-price");
    let float = shop.post(&path).json(&json!({"price": {"amount": 4.5, "currency": "EUR"}})).send().await;
    assert_eq!((float.problem(), &float.json["field"]), ((400, "malformed"), &json!("price.amount")));
    for (amount, currency) in [("4,5", "EUR"), ("1e3", "EUR"), ("0.0000001", "EUR"), ("1", "XXX")] {
        let body = json!({"price": {"amount": amount, "currency": currency}});
        assert_eq!(shop.post(&path).json(&body).send().await.problem(), (422, "bad_value"), "{amount} {currency}");
    }
}

#[tokio::test]
async fn two_products_that_want_one_sku_at_once_are_told_apart() {
    let shop = Shop::open();
    let body = |name: &str| json!({"name": name, "variants": [variant("MUG", "1")]});
    let (left, right) = (body("Left"), body("Right"));
    let (left, right) = tokio::join!(
        shop.post("/api/v1/products").key("left").json(&left).send(),
        shop.post("/api/v1/products").key("right").json(&right).send()
    );
    let mut statuses = [left.status.as_u16(), right.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn a_request_of_several_steps_needs_an_idempotency_key() {
    let shop = Shop::open();
    let product = shop.product("Mug", json!([])).await;
    let before = shop.bus.log().head().await.unwrap();
    let create = shop.post("/api/v1/products").json(&json!({"name": "Cup", "variants": [variant("CUP", "1")]}));
    assert_eq!(create.send().await.problem(), (400, "malformed"));
    let add = shop.post(&format!("/api/v1/products/{product}/variants")).json(&variant("MUG", "1"));
    assert_eq!(add.send().await.problem(), (400, "malformed"));
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
}

async fn head(shop: &Shop) -> Position {
    shop.bus.log().head().await.unwrap()
}

async fn until_head(shop: &Shop, there: impl Fn(Position) -> bool) {
    while !there(head(shop).await) {
        tokio::task::yield_now().await;
    }
}

/// Sends a request to a new shop with one empty product twice: once to its end, and once by a client that goes away when
/// the first event is there. Checks that the log ends up the same.
async fn check_carried_through(path: impl Fn(&str) -> String, body: &Value) {
    let shop = Shop::open();
    let product = shop.product("Empty", json!([])).await;
    shop.post(&path(&product)).key("k").json(body).send().await.ok();
    let complete = head(&shop).await;

    let shop = Shop::open();
    let product = shop.product("Empty", json!([])).await;
    let before = head(&shop).await;
    tokio::select! {
        biased;
        () = until_head(&shop, |head| head > before) => {}
        answer = shop.post(&path(&product)).key("k").json(body).send() => panic!("answered too early: {answer:?}"),
    }
    assert!(head(&shop).await < complete, "the request was over before its client went away");
    let rest = timeout(Duration::from_secs(60), until_head(&shop, |head| head == complete)).await;
    assert!(rest.is_ok(), "the log ends at {:?} instead of {complete:?}", head(&shop).await);
    shop.post(&path(&product)).key("k").json(body).send().await.ok();
    assert_eq!(head(&shop).await, complete, "the repeated request had nothing left to do");
}

/// On a runtime that looks at the test's own future after every step of every task, so that it sees the first event before
/// all others are there.
fn carried_through_without_its_client(path: impl Fn(&str) -> String, body: &Value) {
    let runtime = Builder::new_current_thread().event_interval(1).enable_time().build().unwrap();
    runtime.block_on(check_carried_through(path, body));
}

#[test]
fn a_product_is_created_completely_although_its_client_goes_away() {
    let variants: Vec<Value> = (0..50).map(|number| variant(&format!("MUG-{number}"), "1")).collect();
    let body = json!({"name": "Mug", "variants": variants});
    carried_through_without_its_client(|_| "/api/v1/products".to_owned(), &body);
}

#[test]
fn a_variant_is_added_completely_although_its_client_goes_away() {
    let currencies = ["EUR", "GBP", "USD", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK"];
    let prices = currencies.map(|currency| json!({"amount": "1", "currency": currency}));
    let path = |product: &str| format!("/api/v1/products/{product}/variants");
    carried_through_without_its_client(path, &json!({"sku": "MUG", "prices": prices}));
}

#[tokio::test]
async fn equal_requests_for_a_variant_at_once_are_answered_the_same() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let add = format!("/api/v1/products/{id}/variants");
    let body = variant("MUG", "1");
    let send = || shop.post(&add).key("k").header("if-match", "\"0\"").json(&body).send();
    let answers = tokio::join!(send(), send(), send());
    let first = answers.0.ok().text;
    assert_eq!([answers.1.ok().text, answers.2.ok().text], [first.clone(), first]);
}
