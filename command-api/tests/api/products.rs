//! Products, their variants and list prices.

use crate::shop::Shop;
use serde_json::{Value, json};

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
    shop.post(&at("variants")).json(&red).send().await.ok();
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
    let taken = shop.post("/api/v1/products").json(&body).send().await;
    assert_eq!(taken.problem(), (409, "sku_taken"));
    assert_eq!((&taken.json["sku"], &taken.json["product_id"]), (&json!("MUG"), &json!(owner)));

    let other = shop.product("Plate", json!([variant("CUP", "1")])).await;
    let add = format!("/api/v1/products/{other}/variants");
    assert_eq!(shop.post(&add).json(&variant("MUG", "1")).send().await.problem(), (409, "sku_taken"));
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
        assert_eq!(shop.post("/api/v1/products").json(&body).send().await.problem(), (422, code));
    }
    let absent = "/api/v1/products/prd_01980000-0000-7000-8000-000000000000/variants";
    assert_eq!(shop.post(absent).json(&variant("MUG", "1")).send().await.problem(), (404, "not_found"));
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
    shop.product("Mug", json!([variant("MUG", "1")])).await;
}

#[tokio::test]
async fn adding_a_variant_to_a_stale_product_claims_nothing() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let add = format!("/api/v1/products/{id}/variants");
    let stale = shop.post(&add).header("if-match", "\"7\"").json(&variant("MUG", "1")).send().await;
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
        shop.post("/api/v1/products").json(&left).send(),
        shop.post("/api/v1/products").json(&right).send()
    );
    let mut statuses = [left.status.as_u16(), right.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}
