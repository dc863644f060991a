//! What single resources show, and their entity tags.

use super::{Server, resources, shop};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

fn money(amount: &str, minor: i64) -> Value {
    json!({ "amount": amount, "minor": minor, "currency": "GBP" })
}

#[tokio::test]
async fn what_is_missing_has_a_code_of_its_own() {
    let server = Server::with_a_shop().await;
    for (_, missing, code) in resources() {
        let answer = server.get(&missing).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, code), "{missing}");
        assert_eq!(answer.body["parked"], false, "{missing}");
    }
    let timeline = server.get("/orders/ord_00000000-0000-7000-8000-00000000ffff/timeline").await;
    assert_eq!((timeline.status, timeline.code()), (StatusCode::NOT_FOUND, "order_not_found"));
}

#[tokio::test]
async fn an_id_of_another_kind_is_malformed() {
    let server = Server::with_a_shop().await;
    for path in ["/orders/prd_00000000-0000-7000-8000-000000000a01", "/orders/1", "/stock/main/mug", "/stock/MAIN/MUG"]
    {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_has_it_gets_no_body() {
    let server = Server::with_a_shop().await;
    let mut all: Vec<String> = resources().into_iter().map(|(path, ..)| path).collect();
    all.push(shop::TIMELINE.to_owned());
    for path in all {
        let answer = server.get(&path).await;
        let tag = answer.header(header::ETAG).to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: the tag {tag} is strong");
        let again = server.get_as("admin", &path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, &again.body), (StatusCode::NOT_MODIFIED, &Value::Null), "{path}");
        assert_eq!(again.header(header::ETAG), tag, "{path}");
        assert!(again.headers.contains_key("tillroll-position"), "{path}");
        let other = server.get_as("admin", &path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &answer.body), "{path}");
    }
}

#[tokio::test]
async fn the_tag_of_an_aggregate_is_its_revision() {
    let server = Server::with_a_shop().await;
    for path in [format!("/orders/{}", shop::ORDER_ID), "/stock/main/MUG-1".to_owned()] {
        let answer = server.get(&path).await;
        assert_eq!(answer.header(header::ETAG), format!("\"{}\"", answer.body["revision"]), "{path}");
    }
}

#[tokio::test]
async fn a_product_comes_with_variants_and_prices() {
    let server = Server::with_a_shop().await;
    let answer = server.get(&format!("/products/{}", shop::PRODUCT_ID)).await;
    let at = "1970-01-01T00:00:00Z";
    let attributes = json!([{ "name": "color", "value": "red" }]);
    let currencies = ["CHF", "EUR", "GBP", "USD"];
    let from = currencies.map(|currency| json!({ "amount": "2.555", "currency": currency }));
    let prices = currencies.map(|currency| json!({ "amount": "2.555", "currency": currency, "set_at": at }));
    let expected = json!({
        "id": shop::PRODUCT_ID,
        "name": "Mug",
        "status": "published",
        "slug": null,
        "brand": null,
        "featured": false,
        "short_description": "",
        "image": null,
        "variants": 1,
        "prices_from": from,
        "basis": "recorded",
        "created_at": at,
        "updated_at": at,
        "revision": 8,
        "description": "",
        "meta_title": null,
        "meta_description": null,
        "media": [],
        "categories": [],
        "offers": [
            { "sku": "MUG-1", "attributes": attributes, "withdrawn": false, "available": 6, "basis": "recorded", "added_at": at,
              "prices": prices },
            { "sku": "MUG-2", "attributes": attributes, "withdrawn": true, "available": 10, "basis": "recorded", "added_at": at,
              "prices": [] },
        ],
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn stock_comes_with_its_holds() {
    let server = Server::with_a_shop().await;
    let answer = server.get("/stock/main/MUG-1").await;
    let expected = json!({
        "location": "main", "sku": "MUG-1", "on_hand": 10, "allocated": 0, "reserved": 4, "available": 6, "damaged": 0,
        "opening": 0, "received": 10, "shipped": 0, "returned": 0, "adjusted": 0, "reorder_level": 10, "low": true,
        "updated_at": "1970-01-01T00:00:00Z", "revision": 1,
        "reservations": [{
            "id": "rsv_00000000-0000-7000-8000-000000000f02", "quantity": 4, "expires_at": "1970-01-01T01:00:00Z",
        }],
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn an_order_comes_with_lines_and_payments() {
    let server = Server::with_a_shop().await;
    let answer = server.get(&format!("/orders/{}", shop::ORDER_ID)).await;
    let nothing = || money("0.00", 0);
    let line = |line, kind, code, sku: Value, quantity, unit_price, amount, shipped| {
        json!({
            "line": line, "kind": kind, "code": code, "sku": sku, "description": "something", "quantity": quantity,
            "unit_price": unit_price, "amount": amount, "rounding_micros": 0, "tax": null, "options": [], "cancelled": 0,
            "planned": 0, "shipped": shipped, "return_requested": 0, "returned": 0, "credited": 0,
            "credited_amount": nothing(),
        })
    };
    let expected = json!({
        "id": shop::ORDER_ID,
        "status": "shipped",
        "lifecycle": "confirmed",
        "payment_status": "paid",
        "fulfillment_status": "shipped",
        "return_status": "none",
        "stock": "none",
        "cancellation": null,
        "customer_id": shop::CUSTOMER_ID,
        "cart_id": null,
        "country": "France",
        "totals": {
            "goods": money("20.00", 2_000), "carriage": money("3.50", 350), "discount": nothing(), "tax": null,
            "total": money("23.50", 2_350), "cancelled": nothing(), "credited": nothing(),
        },
        "paid": {
            "authorized": nothing(), "captured": money("23.50", 2_350), "refunded": nothing(), "disputed": nothing(),
        },
        "lines_count": 2,
        "quantity": 3,
        "business_date": "2010-12-01",
        "delivered_on": null,
        "placed_at": "1970-01-02T00:00:00Z",
        "recorded_at": "1970-01-01T00:00:00Z",
        "updated_at": "1970-01-01T00:00:00Z",
        "basis": "recorded",
        "source": { "system": "online-retail", "number": "536365", "local_time": "2010-12-01T08:26:00" },
        "revision": 3,
        "lines": [
            line(1, "goods", "MUG-1", json!("MUG-1"), 2, "10", money("20.00", 2_000), 2),
            line(2, "carriage", "POST", Value::Null, 1, "3", money("3.50", 350), 0),
        ],
        "payments": [{
            "payment_id": shop::PAYMENT_ID, "authorized": nothing(), "captured": money("23.50", 2_350),
            "refunded": nothing(), "disputed": nothing(), "basis": "inferred",
        }],
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn a_payment_comes_with_its_operations() {
    let server = Server::with_a_shop().await;
    let answer = server.get(&format!("/payments/{}", shop::PAYMENT_ID)).await;
    let (nothing, all) = (money("0.00", 0), money("23.50", 2_350));
    let at = "1970-01-02T00:00:00Z";
    let expected = json!({
        "id": shop::PAYMENT_ID, "order_id": shop::ORDER_ID, "status": "captured", "method": "assumed_settled",
        "amount": all, "authorized": nothing, "captured": all, "refunded": nothing, "released": nothing,
        "disputed": nothing, "attempts": 0, "provider": null, "pending_operations": 0, "unknown_operations": 0,
        "waiting_operations": 0, "has_disputes": false, "ignored_events": 0, "cancelled_because": null,
        "authorization_expires_at": null, "basis": "inferred",
        "source": { "system": "online-retail", "number": "536365" },
        "created_at": at, "updated_at": "1970-01-01T00:00:00Z", "revision": 1,
        "operations": [{
            "id": "opn_00000000-0000-7000-8000-000000000c01", "kind": "capture", "attempt": 0, "amount": all,
            "state": "succeeded", "observed": false, "reason": null, "provider_reference": null, "action_url": null,
            "failure_code": null, "requested_at": at, "updated_at": "1970-01-01T00:00:00Z",
        }],
        "attempt_list": [], "disputes": [], "ignored_event_list": [],
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn a_customer_comes_with_what_they_spent() {
    let server = Server::with_a_shop().await;
    let answer = server.get(&format!("/customers/{}", shop::CUSTOMER_ID)).await;
    let expected = json!({
        "id": shop::CUSTOMER_ID, "country": "France", "external_reference": "12341", "active": true,
        "erased": false, "consents": [], "basis": "recorded", "orders": 2, "credit_notes": 3, "first_order_date": "2010-12-01",
        "last_order_date": "2010-12-01",
        "spent": [{ "ordered": money("32.00", 3_200), "credited": money("6.00", 600), "net": money("26.00", 2_600) }],
        "registered_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z", "revision": 0,
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn a_credit_note_comes_with_its_matches() {
    let server = Server::with_a_shop().await;
    let answer = server.get(&format!("/credit-notes/{}", shop::CREDIT_NOTE_ID)).await;
    let at = "1970-01-01T00:00:00Z";
    let expected = json!({
        "id": shop::CREDIT_NOTE_ID, "customer_id": shop::CUSTOMER_ID, "country": "France", "tax": null,
        "total": money("2.00", 200), "lines_count": 1, "quantity": 2,
        "unmatched": { "lines": 1, "quantity": 1, "amount": money("1.00", 100) },
        "reason": "broken", "business_date": "2010-12-31", "issued_at": at, "recorded_at": at, "basis": "recorded",
        "source": { "system": "online-retail", "number": "C536371", "local_time": "2010-12-01T08:26:00" },
        "revision": 0,
        "lines": [{
            "line": 1, "kind": "goods", "code": "MUG-1", "sku": "MUG-1", "description": "", "quantity": 2,
            "unit_price": "1", "amount": money("2.00", 200), "rounding_micros": 0, "matched_quantity": 1,
            "unmatched_quantity": 1, "unmatched_amount": money("1.00", 100),
            "matches": [{ "order_id": shop::ORDER_ID, "line": 1, "quantity": 1, "same_price": true }],
        }],
    });
    assert_eq!(Server::body(&answer), &expected);
}

#[tokio::test]
async fn a_source_document_tells_where_it_went() {
    let server = Server::with_a_shop().await;
    let answer = server.get("/source-documents/online-retail/536365").await;
    let expected = json!({
        "system": "online-retail", "number": "536365", "form": "order", "class": "sales_order",
        "stream": "order-00000000-0000-7000-8000-000000000b01", "business_date": "2010-12-01",
        "local_time": "2010-12-01T08:26:00", "time_zone": "Europe/London", "country": "France",
        "customer_id": shop::CUSTOMER_ID, "lines": 2, "quantity": 3, "net": money("23.50", 2_350),
        "digest": "0a".repeat(32), "position": answer.body["position"],
    });
    assert_eq!(Server::body(&answer), &expected);
    let write_off = server.get("/source-documents/online-retail/536589").await;
    assert_eq!(Server::body(&write_off)["net"], money("0.00", 0));
}

#[tokio::test]
async fn projections_tell_how_they_are_doing() {
    let server = Server::with_a_shop().await;
    let answer = server.get("/projections").await;
    let projections = Server::body(&answer)["data"].as_array().unwrap().clone();
    let names: Vec<_> = projections.iter().map(|projection| projection["name"].as_str().unwrap()).collect();
    let expected = [
        "products",
        "categories",
        "stock",
        "carts",
        "orders",
        "shipments",
        "returns",
        "payments",
        "prices",
        "customers",
        "credit_notes",
        "sales",
        "source_documents",
    ];
    assert_eq!(names, expected);
    let position = super::position(&answer);
    for projection in projections {
        assert_eq!(projection["state"], "live");
        assert_eq!((&projection["parked"], &projection["rebuilt_to"]), (&json!(0), &Value::Null));
        assert!(projection["position"].as_u64().unwrap() >= position);
    }
}
