//! A customer is forgotten, completely and once and for all.

use super::*;
use tillroll_domain::{
    customer::{Customer, commands::CustomerCommand},
    ids::{CommandId, CustomerId, SubjectId},
};
use tillroll_infra::{bus::CommandContext, stream::DEFAULT_TENANT, vault::KeyState};
use uuid::Uuid;

fn subject(customer: &str) -> SubjectId {
    SubjectId::new(customer.parse::<CustomerId>().unwrap().uuid())
}

async fn key_state(shop: &Shop, customer: &str) -> KeyState {
    shop.bus.codec().vault().key(DEFAULT_TENANT, subject(customer)).await.unwrap()
}

#[tokio::test]
async fn erasing_destroys_the_key_and_asking_again_is_answered() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    add_address(&shop, &anna, "Torggata 1").await;
    assert!(matches!(key_state(&shop, &anna).await, KeyState::Known(_)));
    let path = format!("/api/v1/customers/{anna}/erase");
    let first = acting(&shop, &anna, &path).key("k1").send().await.ok();
    assert!(matches!(key_state(&shop, &anna).await, KeyState::Erased));
    let again = acting(&shop, &anna, &path).key("k1").send().await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    let another = shop.post(&path).send().await.ok();
    assert_eq!(another.json["revision"], first.json["revision"]);
}

#[tokio::test]
async fn asking_again_destroys_the_key_that_a_crash_left() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    add_address(&shop, &anna, "Torggata 1").await;
    // The engine stopped after the event and before the key.
    let id = anna.parse::<CustomerId>().unwrap().uuid().to_string();
    let context = CommandContext::live(CommandId::new(Uuid::from_u128(1)), "admin");
    let erase = CustomerCommand::Erase { subject: subject(&anna) };
    shop.bus.execute::<Customer>(&id, erase, context).await.unwrap();
    assert!(matches!(key_state(&shop, &anna).await, KeyState::Known(_)));
    acting(&shop, &anna, &format!("/api/v1/customers/{anna}/erase")).send().await.ok();
    assert!(matches!(key_state(&shop, &anna).await, KeyState::Erased));
}

#[tokio::test]
async fn nothing_is_stored_of_a_forgotten_customer_any_more() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    let address_id = add_address(&shop, &anna, "Torggata 1").await;
    acting(&shop, &anna, &format!("/api/v1/customers/{anna}/erase")).send().await.ok();
    for (intent, body) in [
        ("set-profile".to_owned(), json!({"first_name": "Anna", "last_name": "Berg"})),
        ("set-email".to_owned(), json!({"email": "anna@example.com"})),
        ("addresses".to_owned(), json!({"address": address("Torggata 1")})),
        (format!("addresses/{address_id}/change"), json!({"address": address("Torggata 1")})),
        ("set-consent".to_owned(), json!({"purpose": "newsletter", "granted": true, "source": "checkout"})),
        ("change-country".to_owned(), json!({"country": "SE"})),
    ] {
        let answer = acting(&shop, &anna, &format!("/api/v1/customers/{anna}/{intent}")).json(&body).send().await;
        assert_eq!(answer.problem(), (409, "person_erased"), "{intent}");
        assert_eq!(answer.json["subject_id"], subject(&anna).to_string());
    }
    let answer = shop.post(&format!("/api/v1/customers/{anna}/reactivate")).send().await;
    assert_eq!(answer.problem(), (409, "person_erased"));
}

#[tokio::test]
async fn no_orders_are_taken_of_a_forgotten_customer() {
    let shop = Shop::open();
    let anna = shop.customer().await;
    shop.product("Mug", json!([{"sku": "MUG", "prices": [{"amount": "2.55", "currency": "GBP"}]}])).await;
    shop.post(&format!("/api/v1/customers/{anna}/erase")).send().await.ok();
    let order =
        json!({"customer_id": anna, "country": "NO", "currency": "GBP", "lines": [{"sku": "MUG", "quantity": 1}]});
    let answer = shop.post("/api/v1/orders").key("k1").json(&order).send().await;
    assert_eq!(answer.problem(), (409, "customer_inactive"));
}

#[tokio::test]
async fn nobody_makes_keys_for_customers_who_are_not_there() {
    let shop = Shop::open();
    let nobody = "cus_01980000-0000-7000-8000-000000000000";
    let body = json!({"email": "anna@example.com"});
    let answer = acting(&shop, nobody, &format!("/api/v1/customers/{nobody}/set-email")).json(&body).send().await;
    assert_eq!(answer.problem(), (404, "not_found"));
    assert!(matches!(key_state(&shop, nobody).await, KeyState::Missing));
    let answer = acting(&shop, nobody, &format!("/api/v1/customers/{nobody}/erase")).send().await;
    assert_eq!(answer.problem(), (404, "not_found"));
    assert!(matches!(key_state(&shop, nobody).await, KeyState::Missing), "nobody is erased who was never there");
}
