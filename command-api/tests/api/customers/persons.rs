//! What is written of a person, and by whom.

use super::*;
use std::collections::BTreeSet;

const NOBODY: &str = "cus_01980000-0000-7000-8000-000000000000";

/// Every request by which a customer can change what is known, with a good body.
fn own_writes(address_id: &str) -> Vec<(String, Option<Value>)> {
    vec![
        (
            "set-profile".to_owned(),
            Some(json!({"first_name": "Anna", "last_name": "Berg", "phone": "+47 22 33 44 55"})),
        ),
        ("set-email".to_owned(), Some(json!({"email": "Anna@Example.com"}))),
        ("change-country".to_owned(), Some(json!({"country": "SE"}))),
        ("addresses".to_owned(), Some(json!({"address": address("Kirkegata 3"), "default_for": ["billing"]}))),
        (format!("addresses/{address_id}/change"), Some(json!({"address": address("Storgata 2")}))),
        (format!("addresses/{address_id}/set-default"), Some(json!({"kind": "billing"}))),
        ("set-consent".to_owned(), Some(json!({"purpose": "newsletter", "granted": true, "source": "checkout"}))),
        (format!("addresses/{address_id}/remove"), None),
        ("erase".to_owned(), None),
    ]
}

fn with_body<'a>(call: Call<'a>, body: Option<&Value>) -> Call<'a> {
    match body {
        Some(body) => call.json(body),
        None => call,
    }
}

#[tokio::test]
async fn the_storefront_registers_whoever_signs_up_and_acts_for_them() {
    let shop = Shop::open();
    let sign_up = shop.anonymous(Method::POST, "/api/v1/customers").json(&json!({"country": "NO"}));
    let id = sign_up.header("authorization", &format!("Bearer {}", key(Role::Storefront))).send().await.ok().id();
    let address_id = add_address(&shop, &id, "Torggata 1").await;
    let mut revision = 3;
    // What becomes a default, and what takes the place of one, are events of their own.
    let events = [1, 1, 1, 2, 1, 1, 1, 3, 1];
    for ((intent, body), events) in own_writes(&address_id).into_iter().zip(events) {
        let call = acting(&shop, &id, &format!("/api/v1/customers/{id}/{intent}"));
        let answer = with_body(call, body.as_ref()).send().await.ok();
        revision += events;
        assert_eq!(answer.json["revision"], revision, "{intent}");
    }
}

/// Case 37: whoever knows an id learns nothing by it, not even that there is somebody.
#[tokio::test]
async fn another_customer_is_answered_as_if_there_were_nobody() {
    let shop = Shop::open();
    let (anna, berta) = (shop.customer().await, shop.customer().await);
    let address_id = add_address(&shop, &anna, "Torggata 1").await;
    for (intent, body) in own_writes(&address_id) {
        let mut answers = BTreeSet::new();
        for (caller, target) in [(&*berta, &*anna), (&*berta, NOBODY), (NOBODY, NOBODY)] {
            let call = acting(&shop, caller, &format!("/api/v1/customers/{target}/{intent}"));
            let answer = with_body(call, body.as_ref()).send().await;
            assert_eq!(answer.problem(), (404, "not_found"), "{intent}");
            answers.insert(answer.text);
        }
        assert_eq!(answers.len(), 1, "{intent} tells customers from nobody: {answers:?}");
        // Before the body is read: what is wrong with it is none of their business.
        let call = acting(&shop, &berta, &format!("/api/v1/customers/{anna}/{intent}"));
        assert_eq!(call.text("{").send().await.problem(), (404, "not_found"), "{intent}");
    }
}

#[tokio::test]
async fn only_who_manages_customers_turns_them_away() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    for intent in ["deactivate", "reactivate"] {
        let answer = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/{intent}")).send().await;
        assert_eq!(answer.problem(), (403, "forbidden"), "{intent}");
    }
    for role in [Role::Analyst, Role::Auditor] {
        let call = shop.anonymous(Method::POST, &format!("/api/v1/customers/{anna}/set-email"));
        let answer = call.header("authorization", &format!("Bearer {}", key(role))).send().await;
        assert_eq!(answer.problem(), (403, "forbidden"), "{role:?}");
    }
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    let address_id = add_address(&shop, &anna, "Torggata 1").await;
    for (intent, body) in [
        ("set-profile".to_owned(), json!({"first_name": "Anna", "last_name": "Berg"})),
        ("set-email".to_owned(), json!({"email": "anna@example.com"})),
        (format!("addresses/{address_id}/change"), json!({"address": address("Storgata 2")})),
    ] {
        let path = format!("/api/v1/customers/{anna}/{intent}");
        let first = acting(&shop, &anna, &path).json(&body).send().await.ok();
        let again = acting(&shop, &anna, &path).json(&body).send().await.ok();
        assert_eq!(again.json["revision"], first.json["revision"], "{intent}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_there_is_not_found() {
    let shop = Shop::open();
    let (anna, berta) = (shop.customer().await, shop.customer().await);
    let bertas = add_address(&shop, &berta, "Torggata 1").await;
    let remove = format!("/api/v1/customers/{anna}/addresses/{bertas}/remove");
    let answer = acting(&shop, &anna, &remove).send().await;
    assert_eq!(answer.problem(), (404, "address_not_found"));
    assert_eq!(answer.json["address_id"], bertas.as_str());
}

#[tokio::test]
async fn values_that_nobody_can_use_are_named_and_not_repeated() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    for (intent, body, field) in [
        ("set-email", json!({"email": "anna.example.com"}), "email"),
        ("set-profile", json!({"first_name": " ", "last_name": "Berg"}), "first_name"),
        ("set-profile", json!({"first_name": "Anna", "last_name": "Berg", "phone": "call me"}), "phone"),
        ("set-consent", json!({"purpose": "News Letter", "granted": true, "source": "checkout"}), "purpose"),
        (
            "addresses",
            json!({"address": {"recipient": "A", "line1": "", "city": "Oslo", "country": "NO"}}),
            "address.line1",
        ),
    ] {
        let answer = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/{intent}")).json(&body).send().await;
        assert_eq!(answer.problem(), (422, "bad_value"), "{intent}");
        assert_eq!(answer.json["field"], field);
        assert!(!answer.text.contains("anna.example") && !answer.text.contains("call me"), "{}", answer.text);
    }
    let three = json!({"address": address("Torggata 1"), "default_for": ["billing", "shipping", "billing"]});
    let answer = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/addresses")).json(&three).send().await;
    assert_eq!(answer.problem(), (422, "bad_value"));
}

#[tokio::test]
async fn an_address_book_has_an_end() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    for number in 1..=50 {
        add_address(&shop, &anna, &format!("Torggata {number}")).await;
    }
    let body = json!({"address": address("Torggata 51")});
    let answer = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/addresses")).json(&body).send().await;
    assert_eq!(answer.problem(), (409, "too_many_addresses"));
    assert_eq!(answer.json["max"], 50);
}
