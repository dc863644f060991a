//! Merges that stopped in the middle, were repeated, or came too late: nothing is lost, nothing is there twice.

use super::{Guest, Store, contact::is_erased, euros, line, owned};
use crate::shop::Answer;
use serde_json::json;
use tillroll_domain::{
    cart::{Cart, CartOwner, commands::CartCommand},
    claim::{Claim, commands::ClaimCommand, stream_id},
    ids::{CartId, CommandId, CustomerId, PaymentId},
};
use tillroll_infra::{
    bus::{CommandContext, Fingerprint},
    log::ReadFrom,
    stream::{Revision, StreamId},
};
use uuid::Uuid;

/// A customer with a cart that holds three hearts.
async fn anna(store: &Store) -> (String, String) {
    let anna = store.shop.customer().await;
    let id = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    store.customers(&anna, &format!("/carts/{id}/lines")).json(&line("HEART", 3)).send().await.ok();
    (anna, id)
}

async fn merge(store: &Store, customer: &str, guest: &Guest, key: &str) -> Answer {
    let call = store.guests(guest, "/merge").header("tillroll-customer", customer);
    call.key(key).json(&json!({"strategy": "sum"})).send().await
}

fn context(store: &Store) -> CommandContext {
    CommandContext::live(CommandId::new(store.shop.bus.ambient().ids.next()), "test")
}

/// Does a step by itself, as a request does that then stops.
async fn step(store: &Store, cart: &str, command: CartCommand) {
    let id: CartId = cart.parse().unwrap();
    store.shop.bus.execute::<Cart>(&id.uuid().to_string(), command, context(store)).await.unwrap();
}

/// Claims a customer for a cart, as a request does that then stops.
async fn claim(store: &Store, customer: &str, cart: &str) {
    let id: CustomerId = customer.parse().unwrap();
    let claim = ClaimCommand::Claim { owner: cart.parse().unwrap() };
    let name = stream_id("customer_cart", &id.uuid().to_string());
    store.shop.bus.execute::<Claim>(&name, claim, context(store)).await.unwrap();
}

/// Lets all carts be given up that have been there for so long.
async fn expire(store: &Store, cart: &str) {
    store.shop.clock.advance(chrono::TimeDelta::days(30));
    store.shop.post(&format!("/api/v1/carts/{cart}/expire")).send().await.ok();
}

/// Case 37: whoever lost the race for a guest's cart has nothing to do with what it became.
#[tokio::test]
async fn a_claim_on_a_cart_that_became_another_customers_is_over() {
    let store = Store::open().await;
    let (anna, bert) = (store.shop.customer().await, store.shop.customer().await);
    let (guest, other) = (store.filled().await, store.filled().await);
    merge(&store, &bert, &guest, "bert").await.ok();
    claim(&store, &anna, &guest.id).await;
    let merged = merge(&store, &anna, &other, "anna").await.ok();
    assert_eq!(merged.id(), other.id, "nothing goes into the cart of somebody else");
    assert_eq!(store.contents(&guest.id).await, owned(&[("HEART", 2), ("STAR", 1)]));
    assert_eq!(store.cart(&guest.id).await.owner, CartOwner::Customer(bert.parse().unwrap()));
}

/// Case 37: a cart does not change hands long after the request for it was given up.
#[tokio::test]
async fn a_guest_who_went_on_alone_keeps_the_cart() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    claim(&store, &anna, &guest.id).await;
    store.add(&guest, "HEART", 1).await.ok();
    let own = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    assert_ne!(own, guest.id);
    assert_eq!(store.cart(&guest.id).await.owner, CartOwner::Guest);
    // Asked for again, it goes where the customer's things are.
    assert_eq!(merge(&store, &anna, &guest, "again").await.ok().id(), own);
    assert_eq!(store.contents(&own).await, owned(&[("HEART", 3), ("STAR", 1)]));
}

#[tokio::test]
async fn the_own_cart_of_a_merge_that_stopped_may_have_changed_when_it_is_asked_for_again() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    claim(&store, &anna, &guest.id).await;
    store.add(&guest, "HEART", 1).await.ok();
    assert_eq!(merge(&store, &anna, &guest, "again").await.ok().id(), guest.id);
    assert_eq!(store.cart(&guest.id).await.owner, CartOwner::Customer(anna.parse().unwrap()));
}

#[tokio::test]
async fn a_merge_that_names_another_revision_has_no_effect() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    let merge = |revision: &str| {
        let call = store.guests(&guest, "/merge").header("tillroll-customer", &anna);
        call.header("if-match", revision).json(&json!({})).send()
    };
    assert_eq!(merge("\"0\"").await.problem(), (412, "precondition_failed"));
    let own = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    assert_ne!(own, guest.id, "the customer was not claimed for the guest's cart");
    assert_eq!(store.cart(&guest.id).await.owner, CartOwner::Guest);
    assert_eq!(merge("\"3\"").await.ok().id(), own);
}

/// The revision that a merge names is that of the guest's cart.
#[tokio::test]
async fn a_merge_with_a_revision_begins_the_cart_that_was_claimed() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    let begun = "crt_01980000-0000-7000-8000-0000000000aa";
    claim(&store, &anna, begun).await;
    let call = store.guests(&guest, "/merge").header("tillroll-customer", &anna).header("if-match", "\"3\"");
    assert_eq!(call.json(&json!({})).send().await.ok().id(), begun);
    assert_eq!(store.contents(begun).await, owned(&[("HEART", 2), ("STAR", 1)]));
}

/// Case 33: the customer's cart ends between the two steps of a merge; the lines go into the next one, and only there.
#[tokio::test]
async fn lines_whose_new_cart_ended_go_into_the_next() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.filled().await;
    step(&store, &guest.id, CartCommand::BeginMerge { into: id.parse().unwrap() }).await;
    expire(&store, &id).await;
    let first = merge(&store, &anna, &guest, "merge").await.ok();
    let next = first.id();
    assert!(next != id && next != guest.id);
    let cart = store.cart(&next).await;
    assert_eq!((cart.owner, cart.country.as_str()), (CartOwner::Customer(anna.parse().unwrap()), "DE"));
    assert_eq!(store.contents(&next).await, owned(&[("HEART", 2), ("STAR", 1)]));
    assert_eq!(merge(&store, &anna, &guest, "merge").await.ok().text, first.text);
    // They were taken in, so that they do not come again when that one ends as well.
    expire(&store, &next).await;
    assert_eq!(merge(&store, &anna, &guest, "merge").await.ok().text, first.text);
    assert_eq!(merge(&store, &anna, &guest, "another").await.ok().id(), next);
    let third = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    assert_eq!(store.contents(&third).await, []);
}

#[tokio::test]
async fn lines_whose_new_cart_ended_go_into_the_one_that_the_customer_began_since() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.filled().await;
    step(&store, &guest.id, CartCommand::BeginMerge { into: id.parse().unwrap() }).await;
    expire(&store, &id).await;
    let next = store.customers(&anna, "/carts").json(&euros()).send().await.ok().id();
    let (one, other) = tokio::join!(merge(&store, &anna, &guest, "one"), merge(&store, &anna, &guest, "other"));
    assert_eq!((one.ok().id(), other.ok().id()), (next.clone(), next.clone()));
    assert_eq!(store.contents(&next).await, owned(&[("HEART", 2), ("STAR", 1)]));
}

/// Case 19: what was answered once is answered so again, whatever became of cart and customer since.
#[tokio::test]
async fn a_repeated_merge_is_answered_after_the_cart_has_ended() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let bert = store.shop.customer().await;
    let (annas, berts) = (store.filled().await, store.filled().await);
    let absorbed = merge(&store, &anna, &annas, "merge").await.ok();
    let assigned = merge(&store, &bert, &berts, "merge").await.ok();
    expire(&store, &id).await;
    store.shop.post(&format!("/api/v1/carts/{}/expire", berts.id)).send().await.ok();
    for customer in [&anna, &bert] {
        let path = format!("/api/v1/customers/{customer}/deactivate");
        store.shop.post(&path).json(&json!({"reason": ""})).send().await.ok();
    }
    assert_eq!(merge(&store, &anna, &annas, "merge").await.ok().text, absorbed.text);
    assert_eq!(merge(&store, &bert, &berts, "merge").await.ok().text, assigned.text);
    assert_eq!(merge(&store, &bert, &berts, "another").await.problem(), (409, "cart_closed"));
    let other = store.guests(&berts, "/merge").header("tillroll-customer", &bert).key("merge");
    assert_eq!(other.json(&json!({"strategy": "larger"})).send().await.problem(), (422, "idempotency_key_reused"));
}

/// The event says that the contact is erased; so the key goes, whatever the second step comes to.
#[tokio::test]
async fn a_guest_is_forgotten_also_if_the_customers_cart_takes_nothing_in() {
    let store = Store::open().await;
    let (anna, id) = anna(&store).await;
    let guest = store.filled().await;
    store.guests(&guest, "/set-email").json(&json!({"email": "anna@example.com"})).send().await.ok();
    step(&store, &guest.id, CartCommand::BeginMerge { into: id.parse().unwrap() }).await;
    let payment_id = PaymentId::new(Uuid::from_u128(9));
    step(&store, &id, CartCommand::AttachPayment { payment_id }).await;
    assert!(!is_erased(&store, &guest.id).await);
    assert_eq!(merge(&store, &anna, &guest, "merge").await.problem(), (409, "payment_attached"));
    assert!(is_erased(&store, &guest.id).await);
    // Nothing is lost by that.
    step(&store, &id, CartCommand::DetachPayment { payment_id }).await;
    merge(&store, &anna, &guest, "merge").await.ok();
    assert_eq!(store.contents(&id).await, owned(&[("HEART", 5), ("STAR", 1)]));
}

/// Case 37: the secret can be in the body, whose digest would confirm a guess at it.
#[tokio::test]
async fn no_digest_of_the_secret_is_stored() {
    let store = Store::open().await;
    let anna = store.shop.customer().await;
    let guest = store.filled().await;
    let body = json!({"guest_secret": guest.secret}).to_string();
    let path = format!("/carts/{}/merge", guest.id);
    store.customers(&anna, &path).key("merge").text(&body).send().await.ok();
    let digest = Fingerprint::of_bytes(format!("POST\0/api/v1{path}\0{body}").as_bytes()).to_string();
    let customer: CustomerId = anna.parse().unwrap();
    let claim = StreamId::new("claim", &stream_id("customer_cart", &customer.uuid().to_string())).unwrap();
    let claimed = store.shop.bus.log().read_stream(&claim, ReadFrom::Forwards(Revision(0)), 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let cart = store.stored(&guest.id).await.into_iter().map(|(_, metadata, _)| metadata);
    for metadata in cart.chain(claimed.iter().map(|event| event.metadata.to_string())) {
        assert!(metadata.contains("command_fingerprint") && !metadata.contains(&digest), "{metadata}");
    }
}
