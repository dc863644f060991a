//! What a guest says of themselves: sealed, and erased for ever.

use super::{Store, address};
use serde_json::json;
use tillroll_domain::{cart::GuestContact, ids::SubjectId};
use tillroll_infra::{bus::Fingerprint, vault::KeyState};

#[tokio::test]
async fn addresses_and_email_are_stored_sealed() {
    let store = Store::open().await;
    let guest = store.guest().await;
    for kind in ["shipping", "billing"] {
        let body = json!({"kind": kind, "address": address("NO")});
        store.guests(&guest, "/set-address").json(&body).send().await.ok();
    }
    store.guests(&guest, "/set-email").json(&json!({"email": "Anna@Example.com"})).send().await.ok();
    let stored = store.stored(&guest.id).await;
    assert_eq!(stored.len(), 4);
    for (name, metadata, data) in &stored[1..] {
        for plain in ["Anna", "Torggata", "example"] {
            assert!(!data.contains(plain) && !metadata.contains(plain), "{name} shows {plain}");
        }
        assert!(data.contains("$sealed"), "{data}");
    }
    let cart = store.cart(&guest.id).await;
    assert_eq!(cart.email.unwrap().value().unwrap().as_str(), "anna@example.com");
    assert_eq!(cart.billing_address.unwrap().value().unwrap().city.as_str(), "Oslo");
}

/// Whoever can read the log cannot confirm a guess at an address by its digest.
#[tokio::test]
async fn no_digest_of_the_clear_text_is_stored() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let body = json!({"kind": "shipping", "address": address("NO")});
    let ask = |body: &serde_json::Value| store.guests(&guest, "/set-address").key("address").json(body).send();
    let first = ask(&body).await.ok();
    let path = format!("/api/v1/carts/{}/set-address", guest.id);
    let digest = Fingerprint::of_bytes(format!("POST\0{path}\0{body}").as_bytes()).to_string();
    let (_, metadata, _) = &store.stored(&guest.id).await[1];
    assert!(metadata.contains("command_fingerprint") && !metadata.contains(&digest), "{metadata}");
    assert_eq!(ask(&body).await.ok().text, first.text, "the same request is answered again");
    let other = json!({"kind": "shipping", "address": address("SE")});
    assert_eq!(ask(&other).await.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_guests_contact_is_erased_and_none_is_taken_any_more() {
    let store = Store::open().await;
    let guest = store.guest().await;
    let email = || store.guests(&guest, "/set-email").json(&json!({"email": "anna@example.com"})).send();
    // Nothing to erase yet: the guest may still say how they are reached.
    store.guests(&guest, "/erase-contact").send().await.ok();
    email().await.ok();
    store.guests(&guest, "/erase-contact").send().await.ok();
    store.guests(&guest, "/erase-contact").send().await.ok();
    assert_eq!(store.cart(&guest.id).await.guest_contact, GuestContact::Erased);
    assert_eq!(email().await.problem().0, 409);
    assert!(is_erased(&store, &guest.id).await, "the key is gone");
}

/// Case 19: what was said is answered again after an order was made of the cart; what is new is told how the cart ended.
#[tokio::test]
async fn what_was_said_is_answered_again_when_the_cart_has_ended() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let say =
        |key: &str, intent: &str, body: &serde_json::Value| store.guests(&guest, intent).key(key).json(body).send();
    let email = json!({"email": "anna@example.com"});
    let to = json!({"kind": "shipping", "address": address("DE")});
    let first = [say("1", "/set-email", &email).await.ok(), say("2", "/set-address", &to).await.ok()];
    let hash = store.quote(&guest).await.ok().json["quote"]["hash"].clone();
    let place = store.shop.post(&format!("/api/v1/carts/{}/place-order", guest.id)).key("place");
    place.json(&json!({"quote_hash": hash})).send().await.ok();
    assert_eq!(say("1", "/set-email", &email).await.ok().text, first[0].text);
    assert_eq!(say("2", "/set-address", &to).await.ok().text, first[1].text);
    assert_eq!(say("1", "/set-email", &json!({"email": "b@b.no"})).await.problem(), (422, "idempotency_key_reused"));
    assert_eq!(say("3", "/set-email", &email).await.problem(), (409, "cart_closed"));
}

/// The key that could tell is gone with the guest; so it is not called another request.
#[tokio::test]
async fn what_was_said_of_a_guest_cannot_be_compared_when_the_guest_is_a_customer() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    let say = |key: &str| {
        let call = store.shop.post(&format!("/api/v1/carts/{}/set-email", guest.id)).key(key);
        call.json(&json!({"email": "anna@example.com"})).send()
    };
    say("guest").await.ok();
    store.guests(&guest, "/merge").header("tillroll-customer", &anna).json(&json!({})).send().await.ok();
    assert_eq!(say("guest").await.problem(), (409, "person_erased"));
    let first = say("customer").await.ok();
    assert_eq!(say("customer").await.ok().text, first.text);
}

#[tokio::test]
async fn a_customers_data_goes_with_the_customer_only() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let id = store.customers(&anna, "/carts").json(&super::euros()).send().await.ok().id();
    let email = json!({"email": "anna@example.com"});
    store.customers(&anna, &format!("/carts/{id}/set-email")).json(&email).send().await.ok();
    let refused = store.customers(&anna, &format!("/carts/{id}/erase-contact")).send().await;
    assert_eq!(refused.problem(), (409, "not_a_guests_cart"));
    store.customers(&anna, &format!("/customers/{anna}/erase")).send().await.ok();
    assert!(store.cart(&id).await.email.unwrap().is_erased(), "the cart's contact was the customer's");
}

#[tokio::test]
async fn an_expired_cart_keeps_no_contact() {
    let store = Store::open().await;
    let guest = store.guest().await;
    store.guests(&guest, "/set-email").json(&json!({"email": "anna@example.com"})).send().await.ok();
    store.shop.clock.advance(chrono::TimeDelta::days(7));
    store.shop.post(&format!("/api/v1/carts/{}/expire", guest.id)).send().await.ok();
    assert!(is_erased(&store, &guest.id).await);
    let late = store.guests(&guest, "/set-email").json(&json!({"email": "anna@example.com"})).send().await;
    assert_eq!(late.problem(), (409, "cart_closed"));
}

/// Whether the key of a guest was destroyed: nothing can be sealed for them any more.
pub(super) async fn is_erased(store: &Store, cart: &str) -> bool {
    let id: tillroll_domain::ids::CartId = cart.parse().unwrap();
    let key = store.shop.bus.codec().vault().key("default", SubjectId::new(id.uuid())).await.unwrap();
    matches!(key, KeyState::Erased)
}
