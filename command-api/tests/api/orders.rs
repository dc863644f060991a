//! Direct orders.

use crate::shop::Shop;
use serde_json::{Value, json};
use tillroll_domain::{
    order::{Order, OrderState},
    product::Product,
};

async fn open() -> Shop {
    let shop = Shop::open();
    let prices = json!([{"amount": "2.55", "currency": "GBP"}, {"amount": "0.333", "currency": "EUR"}]);
    shop.product("Mug", json!([{"sku": "MUG", "prices": prices}, {"sku": "CUP"}])).await;
    shop
}

fn order(lines: &Value) -> Value {
    json!({"country": "GB", "currency": "GBP", "lines": lines})
}

async fn placed(shop: &Shop, id: &str) -> Value {
    let uuid = id.strip_prefix("ord_").unwrap();
    let stream = format!("order-{uuid}").parse().unwrap();
    let from = tillroll_infra::log::ReadFrom::Forwards(tillroll_infra::stream::Revision(0));
    let events = shop.bus.log().read_stream(&stream, from, 1).await.unwrap();
    serde_json::from_str(&events[0].data).unwrap()
}

#[tokio::test]
async fn an_order_takes_list_prices_and_adds_up() {
    let shop = open().await;
    let customer = shop.customer().await;
    let amount = |text: &str| json!({"amount": text, "currency": "GBP"});
    let body = json!({
        "customer_id": customer, "country": "GB", "currency": "GBP",
        "lines": [{"sku": "MUG", "quantity": 6}, {"sku": "CUP", "quantity": 2, "unit_price": amount("1.005")}],
        "carriage": amount("4.95"), "discount": amount("1"), "tax": amount("3.20"),
    });
    let answer = shop.post("/api/v1/orders").key("o1").json(&body).send().await.ok();
    let event = placed(&shop, &answer.id()).await;
    let line_amounts: Vec<&Value> =
        event["lines"].as_array().unwrap().iter().map(|line| &line["amount_minor"]).collect();
    assert_eq!(line_amounts, [&json!(1530), &json!(201), &json!(495), &json!(100)]);
    assert_eq!(event["lines"][0]["description"], "Mug");
    assert_eq!(event["totals"]["total_minor"], 1530 + 201 + 495 - 100 + 320);
    assert_eq!(event["customer_id"], customer);
    assert_eq!(event["business_date"], "2026-03-01");
}

#[tokio::test]
async fn rounding_is_recorded() {
    let shop = open().await;
    let body = json!({"country": "DE", "currency": "EUR", "lines": [{"sku": "MUG", "quantity": 5}]});
    let id = shop.post("/api/v1/orders").key("o1").json(&body).send().await.ok().id();
    let line = placed(&shop, &id).await["lines"][0].clone();
    assert_eq!((&line["amount_minor"], &line["rounding_micros"]), (&json!(167), &json!(5_000)));
}

#[tokio::test]
async fn an_order_goes_from_placed_to_closed() {
    let shop = open().await;
    let id = shop
        .post("/api/v1/orders")
        .key("o")
        .json(&order(&json!([{"sku": "MUG", "quantity": 3}])))
        .send()
        .await
        .ok()
        .id();
    let at = |intent: &str| format!("/api/v1/orders/{id}/{intent}");
    let ship = json!({"lines": [{"line": 1, "quantity": 2}]});
    assert_eq!(shop.post(&at("ship")).json(&ship).send().await.problem(), (409, "order_not_confirmed"));
    shop.post(&at("confirm")).send().await.ok();
    shop.post(&at("start-fulfillment")).send().await.ok();
    shop.post(&at("ship")).json(&ship).send().await.ok();
    let early = shop.post(&at("deliver")).send().await;
    assert_eq!((early.problem(), &early.json["outstanding"]), ((409, "not_fully_shipped"), &json!(1)));
    let much = shop.post(&at("ship")).json(&ship).send().await;
    assert_eq!((much.problem(), &much.json["available"]), ((409, "quantity_exceeded"), &json!(1)));
    let cancel = json!({"lines": [{"line": 1, "quantity": 1}], "reason": "none left"});
    shop.post(&at("cancel-lines")).json(&cancel).send().await.ok();
    shop.post(&at("deliver")).send().await.ok();
    let back = json!({"lines": [{"line": 1, "quantity": 1}]});
    shop.post(&at("return")).json(&back).send().await.ok();
    shop.post(&at("close")).send().await.ok();
    let reason = json!({"reason": "too late"});
    let late = shop.post(&at("cancel")).json(&reason).send().await;
    assert_eq!(late.status.as_u16(), 409, "{}", late.text);
}

#[tokio::test]
async fn an_order_is_cancelled_once() {
    let shop = open().await;
    let id = shop
        .post("/api/v1/orders")
        .key("o")
        .json(&order(&json!([{"sku": "MUG", "quantity": 3}])))
        .send()
        .await
        .ok()
        .id();
    let cancel = format!("/api/v1/orders/{id}/cancel");
    let first = shop.post(&cancel).json(&json!({"reason": "mistake"})).send().await.ok();
    let again = shop.post(&cancel).json(&json!({"reason": "mistake"})).send().await.ok();
    assert_eq!(again.json["revision"], first.json["revision"]);
    let confirm = shop.post(&format!("/api/v1/orders/{id}/confirm")).send().await;
    assert_eq!(confirm.problem(), (409, "order_cancelled"));
}

#[tokio::test]
async fn a_repeated_order_keeps_its_price_and_place() {
    let shop = open().await;
    let customer = shop.customer().await;
    let mut body = order(&json!([{"sku": "MUG", "quantity": 1}]));
    body["customer_id"] = json!(customer);
    let first = shop.post("/api/v1/orders").key("o1").json(&body).send().await.ok();
    // Everything that the order was decided on changes.
    let deactivate = format!("/api/v1/customers/{customer}/deactivate");
    shop.post(&deactivate).json(&json!({"reason": ""})).send().await.ok();
    let fresh = shop.post("/api/v1/orders").key("o2").json(&body).send().await;
    assert_eq!((fresh.problem(), &fresh.json["customer_id"]), ((409, "customer_inactive"), &json!(customer)));

    let again = shop.post("/api/v1/orders").key("o1").json(&body).send().await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    body["lines"][0]["quantity"] = json!(2);
    let other = shop.post("/api/v1/orders").key("o1").json(&body).send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn two_equal_requests_at_once_place_one_order() {
    let shop = open().await;
    let body = order(&json!([{"sku": "MUG", "quantity": 1}]));
    let send = || shop.post("/api/v1/orders").key("o1").json(&body).send();
    let (left, right) = tokio::join!(send(), send());
    assert_eq!(left.ok().text, right.ok().text);
}

#[tokio::test]
async fn an_order_needs_an_idempotency_key() {
    let shop = open().await;
    let answer = shop.post("/api/v1/orders").json(&order(&json!([{"sku": "MUG", "quantity": 1}]))).send().await;
    assert_eq!(answer.problem(), (400, "malformed"));
}

#[tokio::test]
async fn orders_that_cannot_be_are_refused_with_details() {
    let shop = open().await;
    let pound = |text: &str| json!({"amount": text, "currency": "GBP"});
    let good = json!([{"sku": "MUG", "quantity": 1}]);
    let with = |field: &str, value: Value| {
        let mut body = order(&good);
        body[field] = value;
        body
    };
    let cases = [
        (with("customer_id", json!("cus_01980000-0000-7000-8000-000000000000")), 422, "customer_unknown"),
        (with("lines", json!([])), 422, "no_lines"),
        (with("lines", json!([{"sku": "NONE", "quantity": 1}])), 422, "line_sku_unknown"),
        (with("lines", json!([{"sku": "CUP", "quantity": 1}])), 409, "no_list_price"),
        (with("lines", json!([{"sku": "CUP", "quantity": 1, "unit_price": pound("-1")}])), 422, "negative_price"),
        (
            with("lines", json!([{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "1", "currency": "EUR"}}])),
            422,
            "currency_mismatch",
        ),
        (with("lines", json!([{"sku": "MUG", "quantity": 0}])), 422, "bad_value"),
        (with("lines", json!([{"sku": "MUG", "quantity": 1.5}])), 400, "malformed"),
        (with("carriage", pound("1.005")), 422, "amount_too_fine"),
        (with("tax", pound("-1")), 422, "negative_price"),
        (with("discount", pound("2.56")), 422, "discount_too_high"),
        (with("total", pound("1")), 400, "malformed"),
    ];
    for (number, (body, status, code)) in cases.into_iter().enumerate() {
        let answer = shop.post("/api/v1/orders").key(&format!("o{number}")).json(&body).send().await;
        assert_eq!(answer.problem(), (status, code), "{body}");
    }
}

#[tokio::test]
async fn a_withdrawn_variant_is_not_sold() {
    let shop = open().await;
    let id = shop.product("Plate", json!([{"sku": "PLATE", "prices": [{"amount": "1", "currency": "GBP"}]}])).await;
    shop.post(&format!("/api/v1/products/{id}/variants/PLATE/withdraw")).send().await.ok();
    let body = order(&json!([{"sku": "PLATE", "quantity": 1}]));
    let answer = shop.post("/api/v1/orders").key("o").json(&body).send().await;
    assert_eq!((answer.problem(), &answer.json["line"]), ((409, "sku_not_offered"), &json!(1)));
    assert!(shop.bus.load::<Product>("default", id.strip_prefix("prd_").unwrap()).await.unwrap().revision.is_some());
}

#[tokio::test]
async fn an_order_of_a_thousand_lines_fits() {
    let shop = open().await;
    let lines: Vec<Value> = (0..1_000)
        .map(|_| json!({"sku": "MUG", "quantity": 1, "unit_price": {"amount": "1.23", "currency": "GBP"}}))
        .collect();
    let id = shop.post("/api/v1/orders").key("o").json(&order(&json!(lines))).send().await.ok().id();
    let state = shop.bus.load::<Order>("default", id.strip_prefix("ord_").unwrap()).await.unwrap().state;
    assert!(matches!(state, OrderState::Placed(_)), "{state:?}");
}

#[tokio::test]
async fn an_order_that_the_log_cannot_hold_is_refused_with_a_reason() {
    let shop = open().await;
    let price = json!([{"amount": "1", "currency": "GBP"}]);
    shop.product(&"\u{1f3fa}".repeat(200), json!([{"sku": "VASE", "prices": price}])).await;
    let lines = |count: usize| vec![json!({"sku": "VASE", "quantity": 1}); count];
    let place =
        async |key: &str, count| shop.post("/api/v1/orders").key(key).json(&order(&json!(lines(count)))).send().await;
    let before = shop.bus.log().head().await.unwrap();
    assert_eq!(place("whole", 2_000).await.problem(), (422, "order_too_large"));
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
    place("part", 500).await.ok();
}
