//! Requests with personal data are told apart without anything that a guess could be confirmed with.

use super::*;
use tillroll_infra::{
    bus::Fingerprint,
    event::RecordedEvent,
    log::{PAGE_MAX, ReadFrom},
    stream::Revision,
};

/// The events of a customer, the newest last.
async fn events(shop: &Shop, customer: &str) -> Vec<RecordedEvent> {
    let stream = format!("customer-{}", customer.strip_prefix("cus_").unwrap()).parse().unwrap();
    shop.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), PAGE_MAX).await.unwrap()
}

/// What would be stored of a request without personal data: a digest of method, address and body.
fn digest_of_the_bytes(path: &str, body: &str) -> String {
    Fingerprint::of_bytes(format!("POST\0{path}\0{body}").as_bytes()).to_string()
}

#[tokio::test]
async fn no_digest_of_a_personal_body_is_stored() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    let address_id = add_address(&shop, &anna, "Torggata 1").await;
    let personal = [
        ("set-profile".to_owned(), json!({"first_name": "Anna", "last_name": "Berg"}).to_string()),
        ("set-email".to_owned(), json!({"email": "anna@example.com"}).to_string()),
        ("addresses".to_owned(), json!({"address": address("Kirkegata 3")}).to_string()),
        (format!("addresses/{address_id}/change"), json!({"address": address("Storgata 2")}).to_string()),
    ];
    for (intent, body) in personal {
        let path = format!("/api/v1/customers/{anna}/{intent}");
        acting(&shop, &anna, &path).text(&body).send().await.ok();
        let last = events(&shop, &anna).await.pop().unwrap();
        let stored = last.metadata().unwrap().command_fingerprint.unwrap();
        assert_ne!(stored, digest_of_the_bytes(&path, &body), "{intent}");
    }
    // The digest is made as this test makes it, or the lines above would prove nothing.
    let (path, body) = (format!("/api/v1/customers/{anna}/change-country"), r#"{"country":"SE"}"#);
    acting(&shop, &anna, &path).text(body).send().await.ok();
    let last = events(&shop, &anna).await.pop().unwrap();
    assert_eq!(last.metadata().unwrap().command_fingerprint, Some(digest_of_the_bytes(&path, body)));
}

#[tokio::test]
async fn the_digests_of_two_persons_with_one_address_differ() {
    let shop = Shop::open();
    let mut digests = Vec::new();
    for _ in 0..2 {
        let id = shop.customer().await;
        let body = json!({"email": "anna@example.com"});
        acting(&shop, &id, &format!("/api/v1/customers/{id}/set-email")).json(&body).send().await.ok();
        digests.push(events(&shop, &id).await.pop().unwrap().metadata().unwrap().command_fingerprint);
    }
    assert_ne!(digests[0], digests[1]);
}

#[tokio::test]
async fn a_key_with_the_same_address_is_answered_and_with_another_refused() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    let path = format!("/api/v1/customers/{anna}/addresses");
    let send = async |street: &str| {
        acting(&shop, &anna, &path).key("k1").json(&json!({"address": address(street)})).send().await
    };
    let first = send("Torggata 1").await.ok();
    add_address(&shop, &anna, "Kirkegata 3").await;
    let again = send("Torggata 1").await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header("tillroll-position"), first.header("tillroll-position"));
    assert_eq!(send("Torggata 2").await.problem(), (422, "idempotency_key_reused"));
    let other_intent = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/set-email")).key("k1");
    let answer = other_intent.json(&json!({"email": "anna@example.com"})).send().await;
    assert_eq!(answer.problem(), (422, "idempotency_key_reused"));
    let addresses =
        events(&shop, &anna).await.iter().filter(|event| &*event.event_type == "CustomerAddressAdded").count();
    assert_eq!(addresses, 2);
}

#[tokio::test]
async fn one_key_at_two_customers_is_two_requests() {
    let shop = Shop::open();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let id = shop.customer().await;
        let call = acting(&shop, &id, &format!("/api/v1/customers/{id}/addresses")).key("k1");
        let answer = call.json(&json!({"address": address("Torggata 1")})).send().await.ok();
        assert!(ids.insert(answer.json["address_id"].as_str().unwrap().to_owned()), "the addresses have one id");
    }
}
