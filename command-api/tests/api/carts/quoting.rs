//! What a cart costs.

use super::Store;
use serde_json::{Value, json};

fn hash(answer: &crate::shop::Answer) -> Value {
    answer.json["quote"]["hash"].clone()
}

#[tokio::test]
async fn a_cart_is_quoted_with_tax_and_shipping() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let answer = store.quote(&guest).await.ok();
    let quote = &answer.json["quote"];
    let minor = |field: &str| quote[field]["minor"].as_i64().unwrap();
    // Two hearts and a star, 8 % of them, and 5.99 since they are less than 50.
    assert_eq!((minor("goods"), quote["tax"]["amount"]["minor"].as_i64(), minor("total")), (2_400, Some(192), 3_191));
    assert_eq!(quote["shipping"]["amount"]["minor"], 599);
    assert_eq!(answer.json["id"], guest.id);
    assert_eq!(answer.header("etag"), "\"4\"");
    let held = store.cart(&guest.id).await.quote.unwrap();
    assert_eq!((json!(held.hash), held.total_minor), (hash(&answer), 3_191));
}

#[tokio::test]
async fn the_same_offer_has_the_same_hash_and_a_later_end() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let first = store.quote(&guest).await.ok();
    store.shop.clock.advance(chrono::TimeDelta::minutes(5));
    let second = store.quote(&guest).await.ok();
    assert_eq!(hash(&first), hash(&second));
    assert_ne!(first.json["quote"]["expires_at"], second.json["quote"]["expires_at"]);
}

/// Case 32: a quote does not outlive what it was worked out from.
#[tokio::test]
async fn a_change_makes_the_quote_void_and_the_next_one_is_another() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let first = store.quote(&guest).await.ok();
    store.add(&guest, "STAR", 1).await.ok();
    assert_eq!(store.cart(&guest.id).await.quote, None);
    assert_ne!(hash(&store.quote(&guest).await.ok()), hash(&first));
}

#[tokio::test]
async fn a_repeated_request_makes_no_other_quote() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let ask = || store.guests(&guest, "/quote").key("quote").send();
    let first = ask().await.ok();
    store.shop.clock.advance(chrono::TimeDelta::minutes(5));
    assert_eq!(ask().await.ok().json, first.json);
    store.shop.clock.advance(chrono::TimeDelta::minutes(10));
    assert_eq!(ask().await.problem(), (409, "quote_expired"), "only a quote that holds is answered");
    store.add(&guest, "STAR", 1).await.ok();
    assert_eq!(ask().await.problem(), (409, "cart_changed"));
    store.shop.clock.advance(chrono::TimeDelta::days(7));
    store.shop.post(&format!("/api/v1/carts/{}/expire", guest.id)).send().await.ok();
    assert_eq!(ask().await.problem(), (409, "cart_closed"));
}

#[tokio::test]
async fn nothing_and_what_cannot_be_shipped_or_sold_is_not_quoted() {
    let store = Store::open().await;
    let guest = store.guest().await;
    assert_eq!(store.quote(&guest).await.problem(), (409, "cart_empty"));
    store.add(&guest, "HEART", 20).await.ok();
    assert_eq!(store.quote(&guest).await.problem(), (409, "shipping_not_selected"));
    let ship = |method: &str| store.guests(&guest, "/select-shipping").json(&json!({"method": method})).send();
    ship("pigeon").await.ok();
    assert_eq!(store.quote(&guest).await.problem(), (422, "shipping_method_unknown"));
    ship("standard").await.ok();
    let lost = json!({"delta": -1, "reason": "lost"});
    store.shop.post("/api/v1/stock/main/HEART/adjust").json(&lost).send().await.ok();
    let refused = store.quote(&guest).await;
    assert_eq!(refused.problem(), (409, "insufficient_stock"));
    assert_eq!((&refused.json["requested"], &refused.json["available"]), (&json!(20), &json!(19)));
}
