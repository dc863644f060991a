//! What a purchase would cost.

use crate::shop::{Answer, Shop, key};
use axum::http::Method;
use serde_json::{Value, json};
use tillroll_http::Role;

/// A shop that sells a mug for 9.99 and a cup for 20 euros; the jug has no price in euros, and the bowl is a draft.
async fn shop() -> Shop {
    let shop = Shop::open();
    let priced = |sku: &str, amount: &str, currency: &str| json!([{"sku": sku, "prices": [{"amount": amount, "currency": currency}]}]);
    for (name, variants) in [
        ("Mug", priced("MUG", "9.99", "EUR")),
        ("Cup", priced("CUP", "20", "EUR")),
        ("Jug", priced("JUG", "20", "CHF")),
    ] {
        let id = shop.product(name, variants).await;
        shop.post(&format!("/api/v1/products/{id}/publish")).send().await.ok();
    }
    shop.product("Bowl", priced("BOWL", "5", "EUR")).await;
    shop
}

fn purchase(lines: &[(&str, u32)]) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"currency": "EUR", "country": "DE", "lines": lines})
}

async fn preview(shop: &Shop, body: &Value) -> Answer {
    shop.post("/api/v1/quotes/preview").json(body).send().await
}

#[tokio::test]
async fn a_preview_says_what_a_purchase_costs_and_why() {
    let shop = shop().await;
    let answer = preview(&shop, &purchase(&[("MUG", 2), ("CUP", 1)])).await.ok();
    let quote = &answer.json["quote"];
    assert_eq!(quote["goods"], json!({"amount": "39.98", "minor": 3998, "currency": "EUR"}));
    assert_eq!(quote["shipping"]["amount"]["minor"], 599);
    assert_eq!(quote["shipping"]["reason"]["rule"], "below_threshold");
    assert_eq!(quote["shipping"]["reason"]["free_from"]["amount"], "50.00");
    assert_eq!((&quote["tax"]["amount"]["minor"], &quote["tax"]["rate"]), (&json!(320), &json!("8")));
    assert_eq!((&quote["tax"]["treatment"], &quote["tax"]["jurisdiction"]), (&json!("standard"), &json!("DE")));
    assert_eq!(quote["tax"]["policy"], json!({"name": "flat_tax", "version": 1}));
    assert_eq!(quote["total"]["amount"], "49.17");
    assert_eq!(quote["lines"][0]["description"], "Mug");
    assert_eq!(quote["rounding"], json!({"line": "half_up", "tax": "half_up"}));
    assert_eq!(
        (&quote["priced_at"], &quote["expires_at"]),
        (&json!("2026-03-01T09:00:00Z"), &json!("2026-03-01T09:15:00Z"))
    );
    let explanation = answer.json["explanation"].as_array().unwrap();
    let about: Vec<&Value> = explanation.iter().map(|made| &made["about"]).collect();
    assert_eq!(about, [&json!("line"), &json!("line"), &json!("shipping"), &json!("tax")]);
    assert_eq!(explanation[0]["text"], "19.98 EUR: 2 x MUG at 9.99 each (list price)");
    assert_eq!(explanation[0]["line_id"], quote["lines"][0]["line_id"]);
    assert!(explanation[2].get("line_id").is_none());
    let sum: i64 = explanation.iter().map(|made| made["amount"]["minor"].as_i64().unwrap()).sum();
    assert_eq!(sum, 4_917);
}

/// Case 15: the same purchase at the same prices is the same quote, whenever it is asked for.
#[tokio::test]
async fn the_same_purchase_has_the_same_hash_until_a_price_changes() {
    let shop = shop().await;
    let hash = async || preview(&shop, &purchase(&[("MUG", 1)])).await.ok().json["quote"]["hash"].clone();
    let before = hash().await;
    shop.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(hash().await, before);
    let sale = json!({"price": {"amount": "9.98", "currency": "EUR"}});
    shop.post("/api/v1/variants/MUG/prices").json(&sale).send().await.ok();
    assert_ne!(hash().await, before);
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let shop = shop().await;
    let before = shop.bus.log().head().await.unwrap();
    preview(&shop, &purchase(&[("MUG", 1)])).await.ok();
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
}

#[tokio::test]
async fn whoever_reads_the_catalog_can_ask_what_it_costs() {
    let shop = shop().await;
    for role in Role::KEYED {
        let call = shop.anonymous(Method::POST, "/api/v1/quotes/preview");
        let call = call.header("authorization", &format!("Bearer {}", key(role)));
        call.json(&purchase(&[("MUG", 1)])).send().await.ok();
    }
    let nobody = shop.anonymous(Method::POST, "/api/v1/quotes/preview").json(&purchase(&[("MUG", 1)])).send().await;
    assert_eq!(nobody.problem(), (401, "unauthorized"));
}

#[tokio::test]
async fn what_cannot_be_bought_is_refused_with_its_line() {
    let shop = shop().await;
    for (sku, refusal) in
        [("NONE", (422, "line_sku_unknown")), ("BOWL", (409, "sku_not_offered")), ("JUG", (409, "no_price"))]
    {
        let answer = preview(&shop, &purchase(&[("MUG", 1), (sku, 1)])).await;
        assert_eq!((answer.problem(), &answer.json["line"]), (refusal, &json!(2)), "{sku}");
        assert_eq!(answer.json["sku"], sku);
    }
}

/// Case 37: shoppers do not learn what there is besides what they see.
#[tokio::test]
async fn shoppers_are_not_told_an_unpublished_sku_from_one_that_nobody_has() {
    let shop = shop().await;
    for sku in ["NONE", "BOWL"] {
        let call = shop.anonymous(Method::POST, "/api/v1/quotes/preview");
        let call = call.header("authorization", &format!("Bearer {}", key(Role::Storefront)));
        let answer = call.json(&purchase(&[("MUG", 1), (sku, 1)])).send().await;
        assert_eq!((answer.problem(), &answer.json["line"]), ((409, "sku_not_offered"), &json!(2)), "{sku}");
        assert_eq!((&answer.json["detail"], &answer.json["sku"]), (&json!("the SKU is not offered"), &json!(sku)));
    }
}

#[tokio::test]
async fn a_currency_without_shipping_prices_is_refused_and_never_converted() {
    let shop = shop().await;
    let mut body = purchase(&[("JUG", 1)]);
    body["currency"] = json!("CHF");
    let answer = preview(&shop, &body).await;
    assert_eq!((answer.problem(), &answer.json["currency"]), ((409, "currency_not_configured"), &json!("CHF")));
}

#[tokio::test]
async fn a_purchase_has_lines_and_not_too_many_and_a_way_to_travel() {
    let shop = shop().await;
    assert_eq!(preview(&shop, &purchase(&[])).await.problem(), (422, "no_lines"));
    preview(&shop, &purchase(&[("MUG", 1); 200])).await.ok();
    assert_eq!(preview(&shop, &purchase(&[("MUG", 1); 201])).await.problem(), (422, "too_many_lines"));
    let mut body = purchase(&[("MUG", 1)]);
    body["shipping_method"] = json!("drone");
    let answer = preview(&shop, &body).await;
    assert_eq!((answer.problem(), &answer.json["method"]), ((422, "shipping_method_unknown"), &json!("drone")));
    body["shipping_method"] = json!("standard");
    preview(&shop, &body).await.ok();
}

/// Case 20: three thirds of a cent are one rounding, on the line.
#[tokio::test]
async fn amounts_are_whole_minor_units_and_rounding_is_told() {
    let shop = shop().await;
    let third = json!({"price": {"amount": "0.333333", "currency": "EUR"}});
    shop.post("/api/v1/variants/MUG/prices").json(&third).send().await.ok();
    let answer = preview(&shop, &purchase(&[("MUG", 3)])).await.ok();
    let line = &answer.json["quote"]["lines"][0];
    assert_eq!((&line["amount"]["minor"], &line["rounding_micros"]), (&json!(100), &json!(1)));
}

#[tokio::test]
async fn a_body_that_is_no_purchase_is_refused() {
    let shop = shop().await;
    let ask = |body: &str| shop.post("/api/v1/quotes/preview").text(body).send();
    for body in ["", "{}", r#"{"currency":"EUR","country":"DE","lines":[],"coupon":"X"}"#] {
        assert_eq!(ask(body).await.problem(), (400, "malformed"), "{body}");
    }
    for body in [r#"{"currency":"XXX","country":"DE","lines":[]}"#, r#"{"currency":"EUR","country":" ","lines":[]}"#] {
        assert_eq!(ask(body).await.problem(), (422, "bad_value"), "{body}");
    }
}
