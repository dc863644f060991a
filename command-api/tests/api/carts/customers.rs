//! A customer has one open cart.

use super::{Store, euros, line, owned};
use serde_json::json;

#[tokio::test]
async fn a_customer_has_one_open_cart_and_no_secret() {
    let store = Store::open().await;
    let (anna, bert) = (store.shop.customer().await, store.shop.customer().await);
    let begin = |customer: &str| store.customers(customer, "/carts").json(&euros());
    let first = begin(&anna).send().await.ok();
    assert_eq!(first.json.get("secret"), None);
    let refused = begin(&anna).send().await;
    assert_eq!((refused.problem(), &refused.json["cart_id"]), ((409, "cart_exists"), &json!(first.id())));
    begin(&bert).send().await.ok();
    let nobody = begin("cus_01980000-0000-7000-8000-000000000000").send().await;
    assert_eq!(nobody.problem(), (404, "not_found"));
    store.shop.post(&format!("/api/v1/customers/{anna}/deactivate")).json(&json!({"reason": ""})).send().await.ok();
    assert_eq!(begin(&anna).send().await.problem(), (409, "customer_inactive"));
    store.shop.post(&format!("/api/v1/customers/{anna}/erase")).send().await.ok();
    assert_eq!(begin(&anna).send().await.problem(), (409, "customer_inactive"), "as for an order");
}

#[tokio::test]
async fn a_repeated_request_is_answered_by_the_same_cart() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let begin = || store.customers(&anna, "/carts").key("begin").json(&euros()).send();
    let first = begin().await.ok();
    assert_eq!(begin().await.ok().text, first.text);
    store.shop.post(&format!("/api/v1/customers/{anna}/deactivate")).json(&json!({"reason": ""})).send().await.ok();
    assert_eq!(begin().await.ok().text, first.text, "whatever became of the customer");
}

#[tokio::test]
async fn of_many_requests_at_once_one_begins_the_cart() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let begin = || store.customers(&anna, "/carts").json(&euros()).send();
    let answers = <[_; 5]>::from(tokio::join!(begin(), begin(), begin(), begin(), begin()));
    let mut ids: Vec<String> = answers
        .iter()
        .map(|answer| match answer.status.as_u16() {
            201 => answer.id(),
            409 => answer.json["cart_id"].as_str().unwrap().to_owned(),
            other => panic!("{other} {}", answer.text),
        })
        .collect();
    assert!(answers.iter().any(|answer| answer.status == 201));
    ids.dedup();
    assert_eq!(ids.len(), 1, "all are told of the same cart: {ids:?}");
}

#[tokio::test]
async fn a_closed_cart_makes_room_for_the_next() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let begin = || store.customers(&anna, "/carts").key("begin").json(&euros()).send();
    let first = begin().await.ok();
    store.shop.clock.advance(chrono::TimeDelta::hours(48));
    store.shop.post(&format!("/api/v1/carts/{}/expire", first.id())).send().await.ok();
    let next = store.customers(&anna, "/carts").json(&euros()).send().await.ok();
    assert_ne!(first.id(), next.id());
    assert_eq!(begin().await.ok().text, first.text, "the first request is still answered as it was");
    let path = format!("/carts/{}/lines", next.id());
    store.customers(&anna, &path).json(&line("HEART", 1)).send().await.ok();
    assert_eq!(store.contents(&next.id()).await, owned(&[("HEART", 1)]));
}

/// A server that stopped between the claim and the cart leaves no customer without one.
#[tokio::test]
async fn a_claim_without_a_cart_is_completed_by_whoever_comes_next() {
    use tillroll_domain::claim::{Claim, commands::ClaimCommand, stream_id};
    use tillroll_domain::ids::{CommandId, CustomerId};
    use tillroll_infra::bus::CommandContext;
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let customer: CustomerId = anna.parse().unwrap();
    let begun = "crt_01980000-0000-7000-8000-0000000000aa";
    let context = CommandContext::live(CommandId::new(uuid::Uuid::from_u128(5)), "test");
    let claim = ClaimCommand::Claim { owner: begun.parse().unwrap() };
    let name = stream_id("customer_cart", &customer.uuid().to_string());
    store.shop.bus.execute::<Claim>(&name, claim, context).await.unwrap();
    let begin = || store.customers(&anna, "/carts").key("begin").json(&euros()).send();
    let first = begin().await.ok();
    assert_eq!(first.id(), begun);
    assert_eq!(begin().await.ok().text, first.text);
    store.shop.clock.advance(chrono::TimeDelta::hours(48));
    store.shop.post(&format!("/api/v1/carts/{begun}/expire")).send().await.ok();
    assert_eq!(begin().await.ok().text, first.text, "also when the cart is over");
}

#[tokio::test]
async fn a_cart_expires_when_it_is_due() {
    let store = Store::open().await;
    let guest = store.filled().await;
    let expire = || store.shop.post(&format!("/api/v1/carts/{}/expire", guest.id)).send();
    store.shop.clock.advance(chrono::TimeDelta::days(6));
    let early = expire().await;
    assert_eq!((early.problem(), &early.json["due_at"]), ((409, "cart_not_due"), &json!("2026-03-08T09:00:00Z")));
    store.shop.clock.advance(chrono::TimeDelta::days(1));
    expire().await.ok();
    expire().await.ok();
    let refused = store.add(&guest, "HEART", 1).await;
    assert_eq!((refused.problem(), &refused.json["ending"]), ((409, "cart_closed"), &json!("expired")));
}
