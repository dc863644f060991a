//! Case 37: a cart is nobody else's business.

use super::{Store, address, euros};
use crate::shop::{Answer, key};
use axum::http::Method;
use serde_json::{Value, json};
use tillroll_http::Role;

/// Every intent on one cart, with a good body.
fn intents() -> Vec<(&'static str, Value)> {
    vec![
        ("/lines", json!({"sku": "HEART", "quantity": 1})),
        ("/lines/lin_01980000-0000-7000-8000-000000000000/set-quantity", json!({"quantity": 1})),
        ("/lines/lin_01980000-0000-7000-8000-000000000000/remove", json!({})),
        ("/clear", json!({})),
        ("/set-address", json!({"kind": "shipping", "address": address("NO")})),
        ("/set-email", json!({"email": "a@b.no"})),
        ("/erase-contact", json!({})),
        ("/set-country", json!({"country": "FR"})),
        ("/select-shipping", json!({"method": "standard"})),
        ("/change-currency", json!({"currency": "EUR"})),
        ("/quote", json!({})),
        ("/merge", json!({})),
    ]
}

fn without_request(answer: &Answer) -> Value {
    let mut json = answer.json.clone();
    json.as_object_mut().unwrap().remove("request_id");
    json
}

/// Case 37: to another customer and to another guest, a cart is not there.
#[tokio::test]
async fn somebody_elses_cart_answers_like_no_cart() {
    let store = Store::open().await;
    let (anna, bert) = (store.shop.customer().await, store.shop.customer().await);
    let annas = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    let (guest, other) = (store.guest().await, store.guest().await);
    let nothing = "crt_01980000-0000-7000-8000-000000000000";
    for (intent, body) in intents() {
        let ask = |id: &str| store.front(&format!("/carts/{id}{intent}")).json(&body);
        let missing = ask(nothing).header("tillroll-customer", &bert).send().await;
        assert_eq!(missing.problem(), (404, "not_found"), "{intent}");
        for strange in [
            ask(&annas).header("tillroll-customer", &bert),
            ask(&guest.id).header("tillroll-customer", &bert),
            ask(&guest.id).header("tillroll-cart-secret", &other.secret),
            ask(&annas).header("tillroll-cart-secret", &other.secret),
            ask(&guest.id),
            ask(&annas),
        ] {
            let answer = strange.send().await;
            assert_eq!(answer.status, 404, "{intent}: {}", answer.text);
            assert_eq!(without_request(&answer), without_request(&missing), "{intent}");
        }
    }
    assert_eq!(store.stored(&annas).await.len(), 1, "nothing happened to the cart");
    assert_eq!(store.stored(&guest.id).await.len(), 1);
}

#[tokio::test]
async fn roles_that_write_nothing_are_turned_away() {
    let store = Store::open().await;
    let guest = store.guest().await;
    for role in [Role::Analyst, Role::Auditor] {
        for (intent, body) in intents().into_iter().chain([("/expire", json!({}))]) {
            let path = format!("/api/v1/carts/{}{intent}", guest.id);
            let call = store.shop.anonymous(Method::POST, &path);
            let answer = call.header("authorization", &format!("Bearer {}", key(role))).json(&body).send().await;
            assert_eq!(answer.problem(), (403, "forbidden"), "{intent} {role:?}");
        }
    }
    let expire = store.guests(&guest, "/expire").send().await;
    assert_eq!(expire.problem(), (403, "forbidden"), "only the shop gives carts up");
}

#[tokio::test]
async fn who_manages_carts_may_change_any() {
    let store = Store::open().await;
    let guest = store.filled().await;
    store.shop.post(&format!("/api/v1/carts/{}/clear", guest.id)).send().await.ok();
    assert!(store.cart(&guest.id).await.lines.is_empty());
}

#[tokio::test]
async fn a_guest_needs_nothing_but_the_secret() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let path = format!("/api/v1/carts/{}/clear", guest.id);
    let call = || store.shop.anonymous(Method::POST, &path);
    assert_eq!(call().send().await.problem(), (401, "unauthorized"));
    call().header("tillroll-cart-secret", &guest.secret).send().await.ok();
    assert!(store.cart(&guest.id).await.lines.is_empty());
}
