//! A guest logs in.

use super::{Guest, Store, contact::is_erased, euros, line, owned};
use serde_json::{Value, json};
use tillroll_domain::cart::{CartEnding, CartOwner, CartState};

/// The storefront acts for a customer and presents the secret of the guest's cart.
async fn merge(store: &Store, customer: &str, guest: &Guest, body: Value) -> crate::shop::Answer {
    store.guests(guest, "/merge").header("tillroll-customer", customer).json(&body).send().await
}

/// A customer with a cart that holds three hearts.
async fn anna(store: &Store) -> (String, String) {
    let anna = store.shop.customer().await;
    let id = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    store.customers(&anna, &format!("/carts/{id}/lines")).json(&line("HEART", 3)).send().await.ok();
    (anna, id)
}

/// Case 33: without a cart of their own, the customer goes on with the guest's.
#[tokio::test]
async fn a_guests_cart_becomes_that_of_a_customer_who_has_none() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    store.guests(&guest, "/set-email").json(&json!({"email": "anna@example.com"})).send().await.ok();
    let merged = merge(&store, &anna, &guest, json!({})).await.ok();
    assert_eq!(merged.id(), guest.id);
    let cart = store.cart(&guest.id).await;
    assert_eq!(cart.owner, CartOwner::Customer(anna.parse().unwrap()));
    assert_eq!(cart.email, None);
    assert!(is_erased(&store, &guest.id).await, "the guest is forgotten");
    merge(&store, &anna, &guest, json!({})).await.ok();
    // It is the customer's one open cart, and the secret opens it no more.
    assert_eq!(store.add(&guest, "HEART", 1).await.problem(), (404, "not_found"));
    assert_eq!(store.customers(&anna, "/carts").json(&euros()).send().await.problem(), (409, "cart_exists"));
}

/// Case 33: what comes out of a merge, by strategy.
#[tokio::test]
async fn lines_come_together_by_the_named_strategy() {
    for (strategy, expected) in [
        (json!({"strategy": "sum"}), owned(&[("HEART", 5), ("STAR", 1)])),
        (json!({"strategy": "larger"}), owned(&[("HEART", 3), ("STAR", 1)])),
        (json!({}), owned(&[("HEART", 3), ("STAR", 1)])),
        (json!({"strategy": "guest_wins"}), owned(&[("HEART", 2), ("STAR", 1)])),
        (json!({"strategy": "customer_wins"}), owned(&[("HEART", 3)])),
    ] {
        let store = Store::open().await;
        let (anna, id) = anna(&store).await;
        let guest = store.filled().await;
        let merged = merge(&store, &anna, &guest, strategy.clone()).await.ok();
        assert_eq!(merged.id(), id);
        assert_eq!(store.contents(&id).await, expected, "{strategy}");
        let CartState::Closed(closed) = store.state(&guest.id).await else { panic!("the guest's cart is closed") };
        assert!(matches!(closed.ending, CartEnding::Merged { into, .. } if into == id.parse().unwrap()));
    }
}

/// Case 33: a merge that is repeated, with its key or without, happens once.
#[tokio::test]
async fn a_repeated_merge_happens_once() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.filled().await;
    let keyed = || {
        let call = store.guests(&guest, "/merge").header("tillroll-customer", &anna);
        call.key("merge").json(&json!({"strategy": "sum"})).send()
    };
    let first = keyed().await.ok();
    assert_eq!(keyed().await.ok().text, first.text);
    merge(&store, &anna, &guest, json!({"strategy": "sum"})).await.ok();
    assert_eq!(store.contents(&id).await, owned(&[("HEART", 5), ("STAR", 1)]));
}

/// Case 33: a server that stops between the two carts loses nothing: the request is completed when it is sent again.
#[tokio::test]
async fn a_merge_that_stopped_in_between_is_completed() {
    use tillroll_domain::{cart::Cart, cart::commands::CartCommand, ids::CommandId};
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.filled().await;
    let guest_id: tillroll_domain::ids::CartId = guest.id.parse().unwrap();
    let context = tillroll_infra::bus::CommandContext::live(CommandId::new(uuid::Uuid::from_u128(5)), "test");
    let begin = CartCommand::BeginMerge { into: id.parse().unwrap() };
    store.shop.bus.execute::<Cart>(&guest_id.uuid().to_string(), begin, context).await.unwrap();
    assert_eq!(store.contents(&id).await, owned(&[("HEART", 3)]), "it stopped before the second cart");
    merge(&store, &anna, &guest, json!({"strategy": "sum"})).await.ok();
    assert_eq!(store.contents(&id).await, owned(&[("HEART", 5), ("STAR", 1)]));
}

/// Case 3: a merge takes no more than is available.
#[tokio::test]
async fn a_merge_takes_no_more_than_is_available() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.guest().await;
    store.add(&guest, "HEART", 20).await.ok();
    merge(&store, &anna, &guest, json!({"strategy": "sum"})).await.ok();
    assert_eq!(store.contents(&id).await, owned(&[("HEART", 20)]));
}

/// A server that stopped between the claim and the cart leaves no customer without one.
#[tokio::test]
async fn a_cart_that_was_claimed_for_a_customer_becomes_theirs_with_the_next_request() {
    use tillroll_domain::{
        claim::{Claim, commands::ClaimCommand, stream_id},
        ids::{CommandId, CustomerId},
    };
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    let customer: CustomerId = anna.parse().unwrap();
    let context = tillroll_infra::bus::CommandContext::live(CommandId::new(uuid::Uuid::from_u128(5)), "test");
    let claim = ClaimCommand::Claim { owner: guest.id.parse().unwrap() };
    let name = stream_id("customer_cart", &customer.uuid().to_string());
    store.shop.bus.execute::<Claim>(&name, claim, context).await.unwrap();
    let refused = store.customers(&anna, "/carts").json(&euros()).send().await;
    assert_eq!((refused.problem(), &refused.json["cart_id"]), ((409, "cart_exists"), &json!(guest.id)));
    assert_eq!(store.cart(&guest.id).await.owner, CartOwner::Customer(customer));
}

#[tokio::test]
async fn lines_are_priced_in_the_currency_of_the_customers_cart() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let dollars = json!({"currency": "USD", "country": "US"});
    let id = store.customers(&anna, "/carts").json(&dollars).send().await.ok().id();
    let guest = store.filled().await;
    merge(&store, &anna, &guest, json!({})).await.ok();
    let cart = store.cart(&id).await;
    let lines: Vec<_> = cart.lines.iter().map(|line| (line.sku.to_string(), line.unit_price.to_string())).collect();
    assert_eq!(lines, [("HEART".to_owned(), "12".to_owned())], "stars have no price in dollars");
}

/// Case 37: who has no secret of the guest's cart cannot take it over, and the storefront must say for whom it acts.
#[tokio::test]
async fn a_merge_needs_the_secret_and_the_customer() {
    let store = Store::open().await;
    let (anna, _) = anna(&store).await;
    let (guest, other) = (store.filled().await, store.guest().await);
    let path = format!("/carts/{}/merge", guest.id);
    let without = store.customers(&anna, &path).json(&json!({})).send().await;
    assert_eq!(without.problem(), (404, "not_found"));
    let wrong =
        store.customers(&anna, &path).header("tillroll-cart-secret", &other.secret).json(&json!({})).send().await;
    assert_eq!((wrong.problem(), wrong.json["detail"].clone()), ((404, "not_found"), without.json["detail"].clone()));
    let nobody = store.guests(&guest, "/merge").json(&json!({})).send().await;
    assert_eq!(nobody.problem(), (409, "customer_needed"));
    // The secret may also come in the body.
    let secret = json!({"guest_secret": guest.secret});
    store.customers(&anna, &path).json(&secret).send().await.ok();
    for (_, metadata, data) in store.stored(&guest.id).await {
        assert!(!metadata.contains(&guest.secret) && !data.contains(&guest.secret));
    }
}

#[tokio::test]
async fn a_cart_that_was_merged_for_one_customer_is_not_merged_for_another() {
    let store = Store::open().await;
    let (anna, _) = anna(&store).await;
    let (bert, _) = super::merging::anna(&store).await;
    let guest = store.filled().await;
    merge(&store, &anna, &guest, json!({})).await.ok();
    assert_eq!(merge(&store, &bert, &guest, json!({})).await.problem(), (404, "not_found"));
}
