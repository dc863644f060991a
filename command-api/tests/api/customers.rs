//! Customers.

use crate::shop::{Answer, Call, Shop, key};
use axum::http::Method;
use serde_json::{Value, json};
use tillroll_http::Role;

mod erasure;
mod fingerprints;
mod persons;

/// A POST of the storefront that acts for a customer.
fn acting<'a>(shop: &'a Shop, customer: &str, path: &str) -> Call<'a> {
    let call = shop.anonymous(Method::POST, path).header("tillroll-customer", customer);
    call.header("authorization", &format!("Bearer {}", key(Role::Storefront)))
}

fn address(street: &str) -> Value {
    json!({"recipient": "Anna Berg", "line1": street, "city": "Oslo", "postal_code": "0181", "country": "NO"})
}

/// Adds an address; its id.
async fn add_address(shop: &Shop, customer: &str, street: &str) -> String {
    let body = json!({"address": address(street)});
    let answer: Answer =
        acting(shop, customer, &format!("/api/v1/customers/{customer}/addresses")).json(&body).send().await;
    answer.ok().json["address_id"].as_str().unwrap().to_owned()
}

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
