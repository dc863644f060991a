//! Slugs of products: one owner each, whoever races or crashes.

use crate::shop::{Answer, Shop};
use serde_json::json;
use tillroll_domain::{
    claim::{Claim, commands::ClaimCommand, stream_id},
    ids::{CommandId, ProductId},
    product::{Product, ProductError, ProductState, SlugClaim, commands::ProductCommand},
    text::Slug,
};
use tillroll_infra::{
    bus::{CommandContext, ExecuteError},
    stream::DEFAULT_TENANT,
};
use uuid::Uuid;

async fn set(shop: &Shop, id: &str, key: &str, slug: &str) -> Answer {
    let path = format!("/api/v1/products/{id}/set-slug");
    shop.post(&path).key(key).json(&json!({"slug": slug})).send().await
}

async fn slug_of(shop: &Shop, id: &str) -> Option<String> {
    let id: ProductId = id.parse().unwrap();
    let product = shop.bus.load::<Product>(DEFAULT_TENANT, &id.uuid().to_string()).await.unwrap();
    let ProductState::Existing(product) = product.state else { panic!("the product is there") };
    product.slug.map(|held| held.slug.to_string())
}

/// Claims a slug as a request would that then goes no further.
async fn claim_and_crash(shop: &Shop, id: &str, slug: &str, claim_round: u64) {
    let owner = SlugClaim { product_id: id.parse().unwrap(), claim_round }.owner();
    let context = CommandContext::live(CommandId::new(Uuid::from_u128(1)), "admin");
    let stream = stream_id("product_slug", slug);
    shop.bus.execute::<Claim>(&stream, ClaimCommand::Claim { owner }, context).await.unwrap();
}

#[tokio::test]
async fn a_slug_belongs_to_one_product() {
    let shop = Shop::open();
    let (mug, cup) = (shop.product("Mug", json!([])).await, shop.product("Cup", json!([])).await);
    set(&shop, &mug, "a", "mug").await.ok();
    let taken = set(&shop, &cup, "b", "mug").await;
    assert_eq!(taken.problem(), (409, "slug_taken"));
    assert_eq!((&taken.json["slug"], &taken.json["product_id"]), (&json!("mug"), &json!(mug)));
    assert_eq!(slug_of(&shop, &cup).await, None);
}

#[tokio::test]
async fn a_slug_that_its_product_gave_up_is_free_for_another() {
    let shop = Shop::open();
    let (mug, cup) = (shop.product("Mug", json!([])).await, shop.product("Cup", json!([])).await);
    set(&shop, &mug, "a", "mug").await.ok();
    set(&shop, &mug, "b", "big-mug").await.ok();
    set(&shop, &cup, "c", "mug").await.ok();
    assert_eq!(set(&shop, &mug, "d", "mug").await.problem(), (409, "slug_taken"));
    set(&shop, &cup, "e", "cup").await.ok();
    set(&shop, &mug, "f", "mug").await.ok();
    assert_eq!(
        (slug_of(&shop, &mug).await, slug_of(&shop, &cup).await),
        (Some("mug".to_owned()), Some("cup".to_owned()))
    );
    set(&shop, &cup, "g", "big-mug").await.ok();
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before() {
    let shop = Shop::open();
    let (mug, cup) = (shop.product("Mug", json!([])).await, shop.product("Cup", json!([])).await);
    let first = set(&shop, &mug, "a", "mug").await.ok();
    set(&shop, &mug, "b", "big-mug").await.ok();
    set(&shop, &cup, "c", "mug").await.ok();
    let head = shop.bus.log().head().await.unwrap();
    assert_eq!(set(&shop, &mug, "a", "mug").await.ok().text, first.text);
    assert_eq!(set(&shop, &mug, "a", "other").await.problem(), (422, "idempotency_key_reused"));
    assert_eq!(shop.bus.log().head().await.unwrap(), head, "nothing was claimed for an answered request");
    assert_eq!(slug_of(&shop, &cup).await.as_deref(), Some("mug"));
}

#[tokio::test]
async fn a_claim_that_led_to_nothing_is_taken_over_and_its_owner_is_refused_first() {
    let shop = Shop::open();
    let (mug, cup) = (shop.product("Mug", json!([])).await, shop.product("Cup", json!([])).await);
    claim_and_crash(&shop, &mug, "mug", 0).await;
    set(&shop, &cup, "a", "mug").await.ok();
    assert_eq!(slug_of(&shop, &cup).await.as_deref(), Some("mug"));
    // What the crashed request had yet to do comes too late, and says so.
    let late = ProductCommand::SetSlug { slug: "mug".parse::<Slug>().unwrap(), claim_round: 0 };
    let id: ProductId = mug.parse().unwrap();
    let context = CommandContext::live(CommandId::new(Uuid::from_u128(2)), "admin");
    let answer = shop.bus.execute::<Product>(&id.uuid().to_string(), late, context).await;
    assert!(
        matches!(answer, Err(ExecuteError::Refused(ProductError::SlugClaimEnded { claim_round: 0 }))),
        "{answer:?}"
    );
    // Another slug can still be set.
    set(&shop, &mug, "b", "big-mug").await.ok();
}

#[tokio::test]
async fn a_request_that_crashed_after_its_claim_is_completed_by_its_retry() {
    let shop = Shop::open();
    let mug = shop.product("Mug", json!([])).await;
    claim_and_crash(&shop, &mug, "mug", 0).await;
    set(&shop, &mug, "a", "mug").await.ok();
    assert_eq!(slug_of(&shop, &mug).await.as_deref(), Some("mug"));
}

#[tokio::test]
async fn nothing_is_claimed_for_a_product_that_would_refuse() {
    let shop = Shop::open();
    let mug = shop.product("Mug", json!([])).await;
    shop.post(&format!("/api/v1/products/{mug}/discontinue")).json(&json!({"reason": ""})).send().await.ok();
    let before = shop.bus.log().head().await.unwrap();
    assert_eq!(set(&shop, &mug, "a", "mug").await.problem(), (409, "product_discontinued"));
    let absent = "prd_01980000-0000-7000-8000-000000000000";
    assert_eq!(set(&shop, absent, "b", "mug").await.problem(), (404, "not_found"));
    let cup = shop.product("Cup", json!([])).await;
    let path = format!("/api/v1/products/{cup}/set-slug");
    let stale = shop.post(&path).key("c").header("if-match", "\"7\"").json(&json!({"slug": "mug"})).send().await;
    assert_eq!(stale.problem(), (412, "precondition_failed"));
    let keyless = shop.post(&path).json(&json!({"slug": "mug"})).send().await;
    assert_eq!(keyless.problem(), (400, "malformed"));
    assert_eq!(shop.bus.log().head().await.unwrap().0, before.0 + 1, "nothing but the cup");
}

#[tokio::test]
async fn two_products_that_want_one_slug_at_once_are_told_apart() {
    let shop = Shop::open();
    for round in 0..20 {
        let (mug, cup) = (shop.product("Mug", json!([])).await, shop.product("Cup", json!([])).await);
        let slug = format!("wanted-{round}");
        let (left, right) = tokio::join!(set(&shop, &mug, "l", &slug), set(&shop, &cup, "r", &slug));
        let mut statuses = [left.status.as_u16(), right.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", left.text, right.text);
        let held = [slug_of(&shop, &mug).await, slug_of(&shop, &cup).await];
        assert_eq!(held.iter().filter(|held| held.as_deref() == Some(slug.as_str())).count(), 1, "{held:?}");
    }
}

#[tokio::test]
async fn many_requests_at_once_leave_every_slug_with_one_product_at_most() {
    let shop = Shop::open();
    let products =
        [shop.product("A", json!([])).await, shop.product("B", json!([])).await, shop.product("C", json!([])).await];
    for round in 0..10 {
        let ask = |n: usize| {
            let (id, slug) = (products[n % 3].clone(), format!("slug-{}", (n * 7 + round) % 4));
            let shop = &shop;
            async move { set(shop, &id, &format!("{round}-{n}"), &slug).await }
        };
        let (a, b, c, d, e, f) = tokio::join!(ask(0), ask(1), ask(2), ask(3), ask(4), ask(5));
        let answers = [a, b, c, d, e, f];
        assert!(answers.iter().any(|answer| answer.status.is_success()), "somebody gets through");
        for answer in &answers {
            assert!([200, 409, 503].contains(&answer.status.as_u16()), "{}", answer.text);
        }
        let mut held = Vec::new();
        for id in &products {
            held.extend(slug_of(&shop, id).await);
        }
        let mut distinct = held.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), held.len(), "{held:?}");
    }
}
