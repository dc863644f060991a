//! Customers.

use crate::shop::Shop;
use serde_json::json;

#[tokio::test]
async fn a_customer_is_registered_moved_turned_away_and_welcome_again() {
    let shop = Shop::open();
    let body = json!({"country": "GB", "external_reference": "12345"});
    let id = shop.post("/api/v1/customers").json(&body).send().await.ok().id();
    let at = |intent: &str| format!("/api/v1/customers/{id}/{intent}");
    shop.post(&at("change-country")).json(&json!({"country": "FR"})).send().await.ok();
    shop.post(&at("deactivate")).json(&json!({"reason": "asked to"})).send().await.ok();
    let last = shop.post(&at("reactivate")).send().await.ok();
    assert_eq!(last.json["revision"], 3);
}

#[tokio::test]
async fn an_unknown_customer_is_not_found() {
    let shop = Shop::open();
    let path = "/api/v1/customers/cus_01980000-0000-7000-8000-000000000000/reactivate";
    assert_eq!(shop.post(path).send().await.problem(), (404, "not_found"));
}
