//! Lines come and go.

use super::{Store, address, euros, line, owned};
use serde_json::json;

#[tokio::test]
async fn a_guest_begins_a_cart_and_gets_its_secret() {
    let store = Store::open().await;
    let answer = store.front("/carts").json(&euros()).send().await.ok();
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("location"), format!("/api/v1/carts/{}", answer.id()));
    assert_eq!((answer.header("etag"), answer.header("cache-control")), ("\"0\"", "no-store"));
    assert_eq!(answer.json["secret"].as_str().unwrap().len(), 43);
    for (_, metadata, data) in store.stored(&answer.id()).await {
        let secret = answer.json["secret"].as_str().unwrap();
        assert!(!metadata.contains(secret) && !data.contains(secret), "the secret is stored nowhere");
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_with_the_secret() {
    let store = Store::open().await;
    let ask = || store.front("/carts").key("begin").json(&euros());
    let first = ask().send().await.ok();
    let again = ask().send().await.ok();
    assert_eq!(first.text, again.text);
    let other = store.front("/carts").key("begin").json(&json!({"currency": "USD", "country": "DE"})).send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn units_of_the_same_line_add_up_and_the_answer_names_the_line() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let first = store.add(&guest, "HEART", 2).await.ok();
    let again = store.add(&guest, "HEART", 3).await.ok();
    assert_eq!(first.json["line_id"], again.json["line_id"]);
    let mut engraved = line("HEART", 1);
    engraved["options"] = json!([{"name": "engraving", "value": "Forever"}]);
    let other = store.guests(&guest, "/lines").json(&engraved).send().await.ok();
    assert_ne!(other.json["line_id"], first.json["line_id"]);
    assert_eq!(store.contents(&guest.id).await, owned(&[("HEART", 5), ("HEART", 1)]));
}

/// Case 19: a repeated add adds once, also when prices and stock have changed since.
#[tokio::test]
async fn a_repeated_add_adds_once() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let ask = || store.guests(&guest, "/lines").key("add").json(&line("STAR", 5));
    let first = ask().send().await.ok();
    let lost = json!({"delta": -5, "reason": "lost"});
    store.shop.post("/api/v1/stock/main/STAR/adjust").json(&lost).send().await.ok();
    store.shop.post(&format!("/api/v1/products/{}/unpublish", store.stars)).send().await.ok();
    assert_eq!(ask().send().await.ok().text, first.text);
    assert_eq!(store.contents(&guest.id).await, owned(&[("STAR", 5)]));
    let other = store.guests(&guest, "/lines").key("add").json(&line("STAR", 1)).send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

/// Case 19: adds from many devices at once all arrive.
#[tokio::test]
async fn adds_at_the_same_time_all_arrive() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let add = |sku| store.add(&guest, sku, 2);
    let answers = tokio::join!(add("HEART"), add("STAR"), add("HEART"), add("STAR"), add("HEART"), add("HEART"));
    for answer in <[_; 6]>::from(answers) {
        answer.ok();
    }
    let mut contents = store.contents(&guest.id).await;
    contents.sort();
    assert_eq!(contents, owned(&[("HEART", 8), ("STAR", 4)]));
}

/// Case 3: two lines of one SKU are checked together.
#[tokio::test]
async fn no_more_is_asked_for_than_is_available() {
    let store = Store::open().await;
    let guest = store.guest().await;
    store.add(&guest, "STAR", 3).await.ok();
    let mut red = line("STAR", 3);
    red["options"] = json!([{"name": "color", "value": "red"}]);
    let refused = store.guests(&guest, "/lines").json(&red).send().await;
    assert_eq!(refused.problem(), (409, "insufficient_stock"));
    let members = (&refused.json["sku"], &refused.json["requested"], &refused.json["available"]);
    assert_eq!(members, (&json!("STAR"), &json!(6), &json!(5)));
}

#[tokio::test]
async fn shoppers_cannot_tell_what_is_not_offered_from_what_is_not_there() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let prices = json!([{"amount": "1", "currency": "EUR"}]);
    store.shop.product("Secret", json!([{"sku": "DRAFT", "prices": prices}])).await;
    let gone = store.shop.product("Gone", json!([{"sku": "GONE", "prices": prices}, {"sku": "STAYS"}])).await;
    store.shop.post(&format!("/api/v1/products/{gone}/publish")).send().await.ok();
    store.shop.post(&format!("/api/v1/products/{gone}/variants/GONE/withdraw")).send().await.ok();
    let mut answers = vec![];
    for sku in ["DRAFT", "GONE", "NOTHING"] {
        let refused = store.add(&guest, sku, 1).await;
        assert_eq!(refused.problem(), (409, "sku_not_offered"), "{sku}");
        answers.push(refused.text.replace(sku, "SKU").replace(refused.json["request_id"].as_str().unwrap_or("-"), ""));
    }
    assert_eq!((&answers[0], &answers[1]), (&answers[1], &answers[2]));
    assert_eq!(store.add(&guest, "STAYS", 1).await.problem(), (409, "no_price"));
}

#[tokio::test]
async fn quantities_are_set_and_lines_are_removed() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let line_id = store.add(&guest, "HEART", 2).await.ok().json["line_id"].as_str().unwrap().to_owned();
    let set = |quantity: u32| {
        let path = format!("/lines/{line_id}/set-quantity");
        store.guests(&guest, &path).json(&json!({"quantity": quantity})).send()
    };
    set(7).await.ok();
    assert_eq!(store.contents(&guest.id).await, owned(&[("HEART", 7)]));
    assert_eq!(set(21).await.problem(), (409, "insufficient_stock"));
    assert_eq!(set(1_000).await.problem(), (422, "bad_value"));
    set(0).await.ok();
    assert_eq!(store.contents(&guest.id).await, []);
    assert_eq!(set(1).await.problem(), (404, "cart_line_not_found"));
    store.add(&guest, "HEART", 1).await.ok();
    store.add(&guest, "STAR", 1).await.ok();
    store.guests(&guest, "/clear").send().await.ok();
    assert_eq!(store.contents(&guest.id).await, []);
}

/// Case 3: of two requests at once, the second is decided with what is available and not with what the line held.
#[tokio::test]
async fn quantities_that_are_set_at_once_know_what_is_available() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let line_id = store.add(&guest, "HEART", 7).await.ok().json["line_id"].as_str().unwrap().to_owned();
    let set = |quantity: u32| {
        let path = format!("/lines/{line_id}/set-quantity");
        store.guests(&guest, &path).json(&json!({"quantity": quantity})).send()
    };
    let (two, three, four) = tokio::join!(set(2), set(3), set(4));
    for answer in [two, three, four] {
        answer.ok();
    }
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let store = Store::open().await;
    let guest = store.guest().await;
    store.add(&guest, "HEART", 1).await.ok();
    let stale = store.guests(&guest, "/clear").header("if-match", "\"0\"").send().await;
    assert_eq!(stale.problem(), (412, "precondition_failed"));
    // What a read answers begins with the revision and says more.
    store.guests(&guest, "/clear").header("if-match", "\"1.3f-v1\"").send().await.ok();
}

#[tokio::test]
async fn another_currency_needs_prices_in_it() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let change = || store.guests(&guest, "/change-currency").json(&json!({"currency": "USD"})).send();
    let refused = change().await;
    assert_eq!((refused.problem(), &refused.json["sku"]), ((409, "no_price"), &json!("STAR")));
    let star = store.cart(&guest.id).await.lines[1].line_id;
    store.guests(&guest, &format!("/lines/{star}/remove")).send().await.ok();
    change().await.ok();
    let cart = store.cart(&guest.id).await;
    assert_eq!((cart.currency.code(), cart.lines[0].unit_price.to_string()), ("USD", "12".to_owned()));
}

#[tokio::test]
async fn an_address_says_where_the_goods_go() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let to = |country: &str| store.guests(&guest, "/set-country").json(&json!({"country": country})).send();
    to("FR").await.ok();
    let body = json!({"kind": "shipping", "address": address("NO")});
    store.guests(&guest, "/set-address").json(&body).send().await.ok();
    assert_eq!(store.cart(&guest.id).await.country.as_str(), "NO");
    assert_eq!(to("FR").await.problem(), (409, "country_differs"));
}
