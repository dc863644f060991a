//! Callers without a key: what they may start, what their idempotency keys are bound to, and what is kept of their secrets.

use crate::shop::{Answer, Shop};
use axum::http::{Method, StatusCode};
use serde_json::json;
use tillroll_infra::{log::EventFilter, stream::Position};

const ALICE: &str = "AAECAwQFBgcICQoLDA0ODw";
const BOB: &str = "AQECAwQFBgcICQoLDA0ODw";

/// Starts a cart without a key of the server, under the idempotency key `1`.
async fn start_cart(shop: &Shop, client_secret: Option<&str>) -> Answer {
    let call =
        shop.anonymous(Method::POST, "/api/v1/carts").key("1").json(&json!({"currency": "EUR", "country": "DE"}));
    match client_secret {
        Some(secret) => call.header("tillroll-client-secret", secret).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn the_same_key_of_two_clients_starts_two_carts_and_a_retry_finds_its_own() {
    let shop = Shop::open_to_anybody();
    let (alices, bobs) = (start_cart(&shop, Some(ALICE)).await, start_cart(&shop, Some(BOB)).await);
    assert_eq!((alices.status, bobs.status), (StatusCode::CREATED, StatusCode::CREATED), "{}", bobs.text);
    assert_ne!(alices.id(), bobs.id());
    let again = start_cart(&shop, Some(ALICE)).await;
    assert_eq!((again.id(), &again.json["secret"]), (alices.id(), &alices.json["secret"]));
    assert_ne!(alices.json["secret"], bobs.json["secret"]);
}

#[tokio::test]
async fn a_key_that_is_bound_to_nobody_is_not_honored() {
    let shop = Shop::open_to_anybody();
    let refused = start_cart(&shop, None).await;
    assert_eq!((refused.status, &refused.json["code"]), (StatusCode::BAD_REQUEST, &json!("malformed")));
    assert!(refused.text.contains("Tillroll-Client-Secret"), "{}", refused.text);
    assert_eq!(shop.bus.log().head().await.unwrap(), Position::START, "nothing is recorded");
}

#[tokio::test]
async fn nobody_starts_a_cart_without_a_key_unless_the_server_says_so() {
    let shop = Shop::open();
    assert_eq!(start_cart(&shop, Some(ALICE)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_cart_opens_with_its_own_secret_alone() {
    let shop = Shop::open_to_anybody();
    let (alices, bobs) = (start_cart(&shop, Some(ALICE)).await, start_cart(&shop, Some(BOB)).await);
    let move_to = async |cart: &Answer, secret: &Answer| {
        let path = format!("/api/v1/carts/{}/set-country", cart.id());
        let secret = secret.json["secret"].as_str().unwrap();
        let call = shop.anonymous(Method::POST, &path).header("tillroll-cart-secret", secret);
        call.json(&json!({"country": "FR"})).send().await.status
    };
    assert_eq!(move_to(&alices, &bobs).await, StatusCode::NOT_FOUND);
    assert_eq!(move_to(&alices, &alices).await, StatusCode::OK);
}

#[tokio::test]
async fn no_secret_is_recorded() {
    let shop = Shop::open_to_anybody();
    let cart = start_cart(&shop, Some(ALICE)).await;
    let page = shop.bus.log().read_all(Position::START, &EventFilter::default(), 100).await.unwrap();
    assert!(!page.events.is_empty());
    for event in page.events {
        assert_eq!(event.metadata().unwrap().actor, "guest");
        for secret in [ALICE, cart.json["secret"].as_str().unwrap()] {
            assert!(!event.metadata.contains(secret) && !event.data.contains(secret), "{event:?}");
        }
    }
}
