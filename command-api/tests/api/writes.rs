//! What all writes have in common: authorization, idempotency, preconditions, bodies.

use crate::shop::{Shop, key};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;
use tillroll_domain::product::Product;
use tillroll_http::Role;

#[tokio::test]
async fn a_write_without_a_key_of_ours_is_unauthorized() {
    let shop = Shop::open();
    let body = json!({"country": "DE"});
    let anonymous = || shop.anonymous(Method::POST, "/api/v1/customers").json(&body);
    assert_eq!(anonymous().send().await.problem(), (401, "unauthorized"));
    for value in ["", "Bearer", "Bearer x", "Basic eDp5", &key(Role::Admin)] {
        let answer = anonymous().header("authorization", value).send().await;
        assert_eq!(answer.problem(), (401, "unauthorized"), "{value}");
    }
    let twice = format!("Bearer {}", key(Role::Admin));
    let answer = anonymous().header("authorization", &twice).header("authorization", &twice).send().await;
    assert_eq!(answer.problem(), (401, "unauthorized"));
}

#[tokio::test]
async fn a_write_is_forbidden_to_all_but_administrators() {
    let shop = Shop::open();
    for role in [Role::Analyst, Role::Auditor, Role::Storefront] {
        let call = shop.anonymous(Method::POST, "/api/v1/products").json(&json!({"nonsense": 1}));
        let answer = call.header("authorization", &format!("Bearer {}", key(role))).send().await;
        assert_eq!(answer.problem(), (403, "forbidden"), "{role:?}");
        assert_eq!(answer.json["permission"], "manage_catalog");
    }
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_same_bytes() {
    let shop = Shop::open();
    let body = json!({"name": "Mug", "variants": [{"sku": "MUG", "prices": [{"amount": "2.55", "currency": "GBP"}]}]});
    let first = shop.post("/api/v1/products").key("k1").json(&body).send().await.ok();
    let discontinue = format!("/api/v1/products/{}/discontinue", first.id());
    shop.post(&discontinue).json(&json!({"reason": "old"})).send().await.ok();

    let again = shop.post("/api/v1/products").key("k1").json(&body).send().await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for name in ["etag", "tillroll-position", "location"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
}

#[tokio::test]
async fn a_key_with_another_body_or_operation_is_refused() {
    let shop = Shop::open();
    let created = shop.post("/api/v1/customers").key("k1").json(&json!({"country": "DE"})).send().await.ok();
    let other_body = shop.post("/api/v1/customers").key("k1").json(&json!({"country": "FR"})).send().await;
    assert_eq!(other_body.problem(), (422, "idempotency_key_reused"));
    let deactivate = format!("/api/v1/customers/{}/deactivate", created.id());
    let other_operation = shop.post(&deactivate).key("k1").json(&json!({"reason": ""})).send().await;
    assert_eq!(other_operation.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_key_of_another_role_is_another_key() {
    // Only administrators write today, so the derivation itself is what can be seen: ids differ from request to request
    // without a key, and never with one.
    let shop = Shop::open();
    let body = json!({"country": "DE"});
    let send = |key: Option<&'static str>| {
        let call = shop.post("/api/v1/customers").json(&body);
        match key {
            Some(key) => call.key(key),
            None => call,
        }
        .send()
    };
    assert_eq!(send(Some("k")).await.id(), send(Some("k")).await.id());
    assert_ne!(send(Some("k")).await.id(), send(Some("l")).await.id());
    assert_ne!(send(None).await.id(), send(None).await.id());
}

#[tokio::test]
async fn a_key_that_comes_to_two_resources_makes_two_things() {
    let shop = Shop::open();
    let price = json!([{"amount": "1", "currency": "GBP"}]);
    shop.product("Mug", json!([{"sku": "MUG", "prices": price}, {"sku": "CUP", "prices": price}])).await;

    let lines = json!([{"sku": "MUG", "quantity": 2}]);
    let order = json!({"country": "GB", "currency": "GBP", "lines": lines});
    let units = json!({"lines": [{"line": 1, "quantity": 1}]});
    let mut made = Vec::new();
    for key in ["left", "right"] {
        let id = shop.post("/api/v1/orders").key(key).json(&order).send().await.ok().id();
        let at = |intent: &str| format!("/api/v1/orders/{id}/{intent}");
        shop.post(&at("confirm")).send().await.ok();
        for (intent, member) in [("ship", "shipment_id"), ("return", "return_id")] {
            let first = shop.post(&at(intent)).key(intent).json(&units).send().await.ok();
            let again = shop.post(&at(intent)).key(intent).json(&units).send().await.ok();
            assert_eq!(again.text, first.text);
            made.push(first.json[member].as_str().unwrap().to_owned());
        }
    }
    for sku in ["MUG", "CUP"] {
        for (intent, member) in [("receive", "receipt_id"), ("reserve", "reservation_id")] {
            let path = format!("/api/v1/stock/main/{sku}/{intent}");
            let answer = shop.post(&path).key(intent).json(&json!({"quantity": 1})).send().await.ok();
            made.push(answer.json[member].as_str().unwrap().to_owned());
        }
    }
    let distinct: BTreeSet<&String> = made.iter().collect();
    assert_eq!(distinct.len(), made.len(), "{made:?}");
}

#[tokio::test]
async fn a_stale_precondition_is_refused_and_a_good_one_is_not() {
    let shop = Shop::open();
    let created = shop.post("/api/v1/customers").json(&json!({"country": "DE"})).send().await.ok();
    assert_eq!(created.header("etag"), "\"0\"");
    let path = format!("/api/v1/customers/{}/change-country", created.id());
    let good = shop.post(&path).header("if-match", "\"0\"").json(&json!({"country": "FR"})).send().await.ok();
    assert_eq!((good.header("etag"), &good.json["revision"]), ("\"1\"", &json!(1)));
    let stale = shop.post(&path).header("if-match", "\"0\"").json(&json!({"country": "IT"})).send().await;
    assert_eq!(stale.problem(), (412, "precondition_failed"));
    assert_eq!(stale.json["revision"], 1);
}

#[tokio::test]
async fn a_repeated_request_is_answered_although_its_precondition_is_stale_by_now() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let path = format!("/api/v1/customers/{customer}/change-country");
    let send = || shop.post(&path).key("k").header("if-match", "\"0\"").json(&json!({"country": "FR"})).send();
    let first = send().await.ok();
    let again = send().await.ok();
    assert_eq!(again.text, first.text);
}

#[tokio::test]
async fn every_success_tells_position_and_revision() {
    let shop = Shop::open();
    let answer = shop.post("/api/v1/customers").json(&json!({"country": "DE"})).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("tillroll-position"), answer.json["position"].to_string());
    assert_eq!(answer.header("etag"), format!("\"{}\"", answer.json["revision"]));
    assert_eq!(answer.header("location"), format!("/api/v1/customers/{}", answer.id()));
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_malformed() {
    let shop = Shop::open();
    for body in [r#"{"country":"DE","name":"Ann"}"#, r#"{}"#, r#"{"country":1}"#, "{", "", "[]"] {
        assert_eq!(shop.post("/api/v1/customers").text(body).send().await.problem(), (400, "malformed"), "{body}");
    }
    let empty = shop.post("/api/v1/customers").json(&json!({"country": " "})).send().await;
    assert_eq!((empty.problem(), &empty.json["field"]), ((422, "bad_value"), &json!("country")));
    let plain =
        shop.post("/api/v1/customers").json(&json!({"country": "DE"})).header("idempotency-key", "k").send().await;
    assert_eq!(plain.problem(), (400, "malformed"));
}

#[tokio::test]
async fn a_body_that_is_not_sent_as_json_is_refused() {
    let shop = Shop::open();
    let answer = shop.post("/api/v1/customers").header("content-type", "text/plain").send().await;
    assert_eq!(answer.problem(), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn an_intent_without_content_takes_no_body() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let path = format!("/api/v1/customers/{customer}/reactivate");
    assert_eq!(shop.post(&path).json(&json!({"force": true})).send().await.problem(), (400, "malformed"));
    shop.post(&path).json(&json!({})).send().await.ok();
    shop.post(&path).send().await.ok();
}

#[tokio::test]
async fn addresses_of_unknown_and_impossible_resources_are_told_apart() {
    let shop = Shop::open();
    let unknown = "/api/v1/orders/ord_01980000-0000-7000-8000-000000000000/confirm";
    assert_eq!(shop.post(unknown).send().await.problem(), (404, "not_found"));
    assert_eq!(shop.post("/api/v1/orders/cus_1/confirm").send().await.problem(), (400, "malformed"));
}

#[tokio::test]
async fn events_name_role_request_and_trace_and_no_key() {
    let shop = Shop::open();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = shop.post("/api/v1/products").json(&json!({"name": "Mug"})).key("client-key-123");
    let answer = call.header("traceparent", trace).send().await.ok();
    let id = answer.id();
    let stream = format!("product-{}", id.strip_prefix("prd_").unwrap()).parse().unwrap();
    let from = tillroll_infra::log::ReadFrom::Forwards(tillroll_infra::stream::Revision(0));
    let events = shop.bus.log().read_stream(&stream, from, 10).await.unwrap();
    let metadata = events[0].metadata().unwrap();
    assert_eq!(metadata.actor, "admin");
    assert_eq!(metadata.traceparent.as_deref(), Some(trace));
    assert_eq!(metadata.correlation_id.as_deref(), Some(answer.header("x-request-id")));
    assert!(!events[0].metadata.contains("client-key-123"), "{}", events[0].metadata);
    assert_eq!(shop.bus.load::<Product>("default", stream.id()).await.unwrap().revision.map(|r| r.0), Some(0));
}
