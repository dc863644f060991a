//! Price schedules.

use crate::shop::{Answer, Shop, key};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tillroll_domain::ids::OrderId;
use tillroll_http::Role;
use tillroll_infra::{
    log::ReadFrom,
    stream::{Revision, StreamId},
};

/// A shop that sells a mug for 12 euros.
async fn shop() -> Shop {
    let shop = Shop::open();
    let prices = json!([{"amount": "12", "currency": "EUR"}]);
    let id = shop.product("Mug", json!([{"sku": "MUG", "prices": prices}])).await;
    shop.post(&format!("/api/v1/products/{id}/publish")).send().await.ok();
    shop
}

fn euros(amount: &str) -> Value {
    json!({"price": {"amount": amount, "currency": "EUR"}})
}

async fn set(shop: &Shop, body: &Value) -> Answer {
    shop.post("/api/v1/variants/MUG/prices").json(body).send().await
}

/// What one mug costs in Germany now, and where the price comes from.
async fn offered(shop: &Shop) -> (String, Value) {
    let body = json!({"currency": "EUR", "country": "DE", "lines": [{"sku": "MUG", "quantity": 1}]});
    let answer = shop.post("/api/v1/quotes/preview").json(&body).send().await.ok();
    let line = &answer.json["quote"]["lines"][0];
    (line["unit_price"].as_str().unwrap().to_owned(), line["price_reason"].clone())
}

async fn end(shop: &Shop, row: &str, body: &Value) -> Answer {
    shop.post(&format!("/api/v1/variants/MUG/prices/{row}/end")).json(body).send().await
}

#[tokio::test]
async fn a_price_applies_while_it_is_valid_and_the_list_price_otherwise() {
    let shop = shop().await;
    assert_eq!(offered(&shop).await, ("12".to_owned(), json!({"source": "list_price"})));
    let mut sale = euros("9.50");
    sale["valid_from"] = json!("2026-03-01T10:00:00Z");
    sale["valid_until"] = json!("2026-03-01T11:00:00Z");
    let row = set(&shop, &sale).await.ok();
    assert_eq!((row.id().as_str(), row.header("etag")), ("MUG", "\"0\""));
    assert_eq!(offered(&shop).await.0, "12", "the sale has not begun");
    shop.clock.advance(TimeDelta::minutes(60));
    let reason = json!({"source": "row", "row_id": row.json["price_row_id"], "priority": 0});
    assert_eq!(offered(&shop).await, ("9.5".to_owned(), reason));
    shop.clock.advance(TimeDelta::minutes(60));
    assert_eq!(offered(&shop).await.0, "12", "the sale is over");
}

#[tokio::test]
async fn a_price_begins_now_where_nothing_else_is_asked_for_and_can_be_ended() {
    let shop = shop().await;
    let row = set(&shop, &euros("9")).await.ok().json["price_row_id"].as_str().unwrap().to_owned();
    shop.clock.advance(TimeDelta::minutes(1));
    assert_eq!(offered(&shop).await.0, "9");
    let ended = end(&shop, &row, &json!({})).await.ok();
    assert_eq!(ended.json["price_row_id"], json!(row));
    assert_eq!(offered(&shop).await.0, "12");
    shop.clock.advance(TimeDelta::minutes(1));
    assert_eq!(end(&shop, &row, &json!({})).await.ok().json["revision"], ended.json["revision"], "nothing happened");
}

#[tokio::test]
async fn priority_decides_between_prices_for_a_country_and_for_many_units() {
    let shop = shop().await;
    let mut german = euros("11");
    german["country"] = json!("DE");
    german["priority"] = json!(2);
    set(&shop, &german).await.ok();
    let mut dozen = euros("8");
    dozen["min_quantity"] = json!(12);
    dozen["priority"] = json!(1);
    set(&shop, &dozen).await.ok();
    let cost = async |country: &str, quantities: &[u32]| {
        let lines: Vec<Value> = quantities.iter().map(|quantity| json!({"sku": "MUG", "quantity": quantity})).collect();
        let body = json!({"currency": "EUR", "country": country, "lines": lines});
        let answer = shop.post("/api/v1/quotes/preview").json(&body).send().await.ok();
        answer.json["quote"]["lines"][0]["unit_price"].as_str().unwrap().to_owned()
    };
    assert_eq!(cost("DE", &[12]).await, "11");
    assert_eq!(cost("FR", &[12]).await, "8");
    assert_eq!(cost("FR", &[11]).await, "12");
    // Case 3: the units of one SKU are counted over all lines.
    assert_eq!(cost("FR", &[6, 6]).await, "8");
}

#[tokio::test]
async fn two_prices_of_one_key_do_not_overlap() {
    let shop = shop().await;
    let first = set(&shop, &euros("9")).await.ok();
    let refused = set(&shop, &euros("8")).await;
    assert_eq!(refused.problem(), (409, "prices_overlap"));
    assert_eq!((&refused.json["sku"], &refused.json["price_row_id"]), (&json!("MUG"), &first.json["price_row_id"]));
}

#[tokio::test]
async fn a_price_that_has_begun_only_ends_and_one_that_has_not_is_withdrawn() {
    let shop = shop().await;
    let mut later = euros("9");
    later["valid_from"] = json!("2026-03-02T00:00:00Z");
    let row = set(&shop, &later).await.ok().json["price_row_id"].as_str().unwrap().to_owned();
    let withdraw = format!("/api/v1/variants/MUG/prices/{row}/withdraw");
    assert_eq!(end(&shop, &row, &json!({})).await.problem(), (409, "price_not_begun"));
    shop.post(&withdraw).send().await.ok();
    shop.post(&withdraw).send().await.ok();
    assert_eq!(end(&shop, &row, &json!({})).await.problem(), (409, "price_row_withdrawn"));
    let row = set(&shop, &later).await.ok().json["price_row_id"].as_str().unwrap().to_owned();
    shop.clock.advance(TimeDelta::days(2));
    let withdraw = format!("/api/v1/variants/MUG/prices/{row}/withdraw");
    assert_eq!(shop.post(&withdraw).send().await.problem(), (409, "price_has_begun"));
    end(&shop, &row, &json!({"at": "2026-03-04T00:00:00Z"})).await.ok();
    let later = end(&shop, &row, &json!({"at": "2026-03-05T00:00:00Z"})).await;
    assert_eq!(
        (later.problem(), &later.json["ends_at"]),
        ((409, "price_ends_earlier"), &json!("2026-03-04T00:00:00Z"))
    );
}

#[tokio::test]
async fn what_applied_before_never_changes() {
    let shop = shop().await;
    let mut past = euros("9");
    past["valid_from"] = json!("2026-03-01T08:59:59Z");
    assert_eq!(set(&shop, &past).await.problem(), (422, "price_in_past"));
    let row = set(&shop, &euros("9")).await.ok().json["price_row_id"].as_str().unwrap().to_owned();
    shop.clock.advance(TimeDelta::hours(1));
    assert_eq!(end(&shop, &row, &json!({"at": "2026-03-01T09:30:00Z"})).await.problem(), (422, "price_in_past"));
}

#[tokio::test]
async fn values_that_no_price_has_are_refused() {
    let shop = shop().await;
    assert_eq!(set(&shop, &euros("-1")).await.problem(), (422, "negative_price"));
    let mut nothing = euros("1");
    nothing["valid_until"] = json!("2026-03-01T09:00:00Z");
    assert_eq!(set(&shop, &nothing).await.problem(), (422, "empty_validity"));
    for (field, value) in [
        ("min_quantity", json!(0)),
        ("valid_from", json!("tomorrow")),
        ("valid_until", json!("+12345-01-01T00:00:00Z")),
    ] {
        let mut body = euros("1");
        body[field] = value;
        let refused = set(&shop, &body).await;
        assert_eq!((refused.problem(), &refused.json["field"]), ((422, "bad_value"), &json!(field)));
    }
    let unknown = "prw_01980000-0000-7000-8000-000000000000";
    assert_eq!(end(&shop, unknown, &json!({})).await.problem(), (404, "price_row_not_found"));
}

#[tokio::test]
async fn only_variants_on_sale_get_prices_and_a_repeated_request_is_answered_all_the_same() {
    let shop = shop().await;
    let body = euros("9");
    let unknown = shop.post("/api/v1/variants/CUP/prices").json(&body).send().await;
    assert_eq!((unknown.problem(), &unknown.json["sku"]), ((404, "sku_unknown"), &json!("CUP")));
    let id = shop.product("Jug", json!([{"sku": "JUG"}])).await;
    let ask = || shop.post("/api/v1/variants/JUG/prices").key("jug").json(&body).send();
    let first = ask().await.ok();
    shop.post(&format!("/api/v1/products/{id}/variants/JUG/withdraw")).send().await.ok();
    let again = ask().await.ok();
    assert_eq!((&first.json, first.header("etag")), (&again.json, again.header("etag")));
    let refused = shop.post("/api/v1/variants/JUG/prices").json(&body).send().await;
    assert_eq!(refused.problem(), (409, "variant_withdrawn"));
    let other = shop.post("/api/v1/variants/JUG/prices").key("jug").json(&euros("8")).send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn only_who_manages_the_catalog_sets_prices() {
    let shop = shop().await;
    for role in [Role::Analyst, Role::Auditor, Role::Storefront] {
        let call = shop.anonymous(Method::POST, "/api/v1/variants/MUG/prices");
        let answer = call.header("authorization", &format!("Bearer {}", key(role))).json(&euros("1")).send().await;
        assert_eq!(answer.problem(), (403, "forbidden"), "{role:?}");
    }
}

#[tokio::test]
async fn a_price_is_set_only_at_the_revision_that_was_seen() {
    let shop = shop().await;
    set(&shop, &euros("9")).await.ok();
    let mut other = euros("8");
    other["country"] = json!("FR");
    let stale = shop.post("/api/v1/variants/MUG/prices").header("if-match", "\"7\"").json(&other).send().await;
    assert_eq!((stale.problem(), &stale.json["revision"]), ((412, "precondition_failed"), &json!(0)));
    shop.post("/api/v1/variants/MUG/prices").header("if-match", "\"0\"").json(&other).send().await.ok();
}

#[tokio::test]
async fn an_order_placed_directly_takes_the_prices_of_now() {
    let shop = shop().await;
    let mut dozen = euros("8");
    dozen["min_quantity"] = json!(12);
    dozen["country"] = json!("DE");
    set(&shop, &dozen).await.ok();
    let ordered = async |key: &str, country: &str, quantities: &[u32]| {
        let lines: Vec<Value> = quantities.iter().map(|quantity| json!({"sku": "MUG", "quantity": quantity})).collect();
        let body = json!({"country": country, "currency": "EUR", "lines": lines});
        let answer = shop.post("/api/v1/orders").key(key).json(&body).send().await.ok();
        let id: OrderId = answer.id().parse().unwrap();
        let (stream, from) = (StreamId::new("order", &id.uuid().to_string()).unwrap(), ReadFrom::Forwards(Revision(0)));
        let events = shop.bus.log().read_stream(&stream, from, 1).await.unwrap();
        events[0].data.to_string()
    };
    let (dear, cheap) = (r#""unit_price":"12""#, r#""unit_price":"8""#);
    assert!(ordered("one", "DE", &[11]).await.contains(dear) && ordered("two", "FR", &[12]).await.contains(dear));
    let many = ordered("three", "DE", &[6, 6]).await;
    assert!(many.contains(cheap) && !many.contains(dear), "{many}");
}
