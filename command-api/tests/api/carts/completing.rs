//! Case 14: a cart of which an order is being made does not change.

use super::{Guest, Store};
use serde_json::json;
use tillroll_domain::{
    cart::{Cart, commands::CartCommand},
    ids::{CartId, CommandId, PaymentId},
};
use tillroll_infra::bus::CommandContext;
use uuid::Uuid;

async fn ask(store: &Store, guest: &Guest, command: CartCommand) {
    let id: CartId = guest.id.parse().unwrap();
    let command_id = CommandId::new(store.shop.bus.ambient().ids.next());
    let context = CommandContext::live(command_id, "test");
    store.shop.bus.execute::<Cart>(&id.uuid().to_string(), command, context).await.unwrap();
}

/// Case 14: what is being paid for is what was agreed to.
#[tokio::test]
async fn a_claimed_cart_is_not_changed_until_the_claim_lapses() {
    let store = Store::open().await;
    let guest = store.filled().await;
    store.quote(&guest).await.ok();
    let quote_hash = store.cart(&guest.id).await.quote.unwrap().hash;
    ask(&store, &guest, CartCommand::BeginCompletion { quote_hash, lease_seconds: 60 }).await;
    let refused = store.add(&guest, "HEART", 1).await;
    assert_eq!(refused.problem(), (409, "completion_in_progress"));
    assert_eq!(refused.json["until"], json!("2026-03-01T09:01:00Z"));
    store.shop.clock.advance(chrono::TimeDelta::seconds(60));
    store.add(&guest, "HEART", 1).await.ok();
    let names: Vec<String> = store.stored(&guest.id).await.into_iter().map(|(name, _, _)| name).collect();
    assert_eq!(names[names.len() - 2..], ["CartCompletionReleased", "CartLineQuantityChanged"]);
}

#[tokio::test]
async fn a_cart_with_money_neither_changes_nor_expires() {
    let store = Store::open().await;
    let guest = store.filled().await;
    ask(&store, &guest, CartCommand::AttachPayment { payment_id: PaymentId::new(Uuid::from_u128(7)) }).await;
    assert_eq!(store.add(&guest, "HEART", 1).await.problem(), (409, "payment_attached"));
    store.shop.clock.advance(chrono::TimeDelta::days(400));
    let expire = store.shop.post(&format!("/api/v1/carts/{}/expire", guest.id)).send().await;
    assert_eq!(expire.problem(), (409, "payment_attached"));
}
