//! What shoppers read about a product, what they see of it, and where they come across it.

use crate::shop::Shop;
use serde_json::{Value, json};

async fn category(shop: &Shop, slug: &str) -> String {
    let body = json!({"name": slug, "slug": slug});
    shop.post("/api/v1/categories").json(&body).send().await.ok().id()
}

fn at(id: &str, intent: &str) -> String {
    format!("/api/v1/products/{id}/{intent}")
}

fn complete(slug: &str, category: &str) -> Value {
    json!({
        "name": "Mug",
        "variants": [{"sku": "MUG", "prices": [{"amount": "1", "currency": "EUR"}]}],
        "slug": slug,
        "details": {"short_description": "Blue", "description": "Blue.\nFor tea.", "brand": "Lumen", "meta_title": "A mug"},
        "category_ids": [category],
        "media": [{"url": "https://cdn.example/1.jpg", "alt": "A mug"}, {"url": "https://cdn.example/2.jpg"}],
        "featured": true,
    })
}

#[tokio::test]
async fn a_product_can_be_created_with_all_its_details() {
    let shop = Shop::open();
    let kitchen = category(&shop, "kitchen").await;
    let body = complete("mug", &kitchen);
    let created = shop.post("/api/v1/products").key("k").json(&body).send().await.ok();
    // Created, variant, price, described, categorized, media, featured, slug.
    assert_eq!(created.json["revision"], json!(7));
    let head = shop.bus.log().head().await.unwrap();

    // The same request again is answered the same, whatever has become of what it names.
    shop.post(&format!("/api/v1/categories/{kitchen}/archive")).send().await.ok();
    let again = shop.post("/api/v1/products").key("k").json(&body).send().await.ok();
    assert_eq!(again.text, created.text);
    assert_eq!(shop.bus.log().head().await.unwrap().0, head.0 + 1, "nothing but the archived category");
}

#[tokio::test]
async fn a_product_whose_details_cannot_be_is_not_created_at_all() {
    let shop = Shop::open();
    let kitchen = category(&shop, "kitchen").await;
    shop.post("/api/v1/products").key("first").json(&complete("taken", &kitchen)).send().await.ok();
    let before = shop.bus.log().head().await.unwrap();
    let with = |field: &str, value: Value| {
        let mut body = json!({"name": "Cup"});
        body[field] = value;
        body
    };
    let medium = json!({"url": "https://cdn.example/1.jpg", "primary": true});
    let other = json!({"url": "https://cdn.example/2.jpg", "primary": true});
    let refused = [
        (with("slug", json!("taken")), (409, "slug_taken")),
        (with("slug", json!("no slug")), (422, "bad_value")),
        (with("category_ids", json!(["cat_01980000-0000-7000-8000-000000000000"])), (422, "category_unknown")),
        (with("category_ids", json!([kitchen, kitchen])), (422, "duplicate_category")),
        (with("media", json!([medium, medium])), (422, "duplicate_media")),
        (with("media", json!([medium, other])), (422, "several_primary_media")),
        (with("media", json!([{"url": "ftp://a"}])), (422, "bad_value")),
        (with("details", json!({"short_description": "x".repeat(501)})), (422, "bad_value")),
        (with("details", json!({"colour": "blue"})), (400, "malformed")),
    ];
    for (number, (body, problem)) in refused.into_iter().enumerate() {
        let answer = shop.post("/api/v1/products").key(&number.to_string()).json(&body).send().await;
        assert_eq!(answer.problem(), problem, "{body}");
    }
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
}

#[tokio::test]
async fn details_are_set_and_replaced() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let described = shop.post(&at(&id, "describe")).json(&json!({"description": "Blue"})).send().await.ok();
    assert_eq!(described.json["revision"], json!(1));
    let same = shop.post(&at(&id, "describe")).json(&json!({"description": "Blue"})).send().await.ok();
    assert_eq!(same.json["revision"], json!(1), "there was nothing to do");
    shop.post(&at(&id, "describe")).json(&json!({})).send().await.ok();
    shop.post(&at(&id, "set-media")).json(&json!({"media": [{"url": "https://a/1"}]})).send().await.ok();
    let first_is_primary = json!({"media": [{"url": "https://a/1", "alt": "", "primary": true}]});
    let same = shop.post(&at(&id, "set-media")).json(&first_is_primary).send().await.ok();
    assert_eq!(same.json["revision"], json!(3), "the first was primary already");
    shop.post(&at(&id, "feature")).send().await.ok();
    shop.post(&at(&id, "feature")).send().await.ok();
    let last = shop.post(&at(&id, "unfeature")).send().await.ok();
    assert_eq!(last.json["revision"], json!(5));
}

#[tokio::test]
async fn a_description_of_twenty_thousand_characters_is_taken_however_many_bytes_they_are() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let most = json!({"description": "🫖".repeat(20_000)});
    shop.post(&at(&id, "describe")).json(&most).send().await.ok();
    let more = json!({"description": "x".repeat(20_001)});
    assert_eq!(shop.post(&at(&id, "describe")).json(&more).send().await.problem(), (422, "bad_value"));
    let escaped = format!(r#"{{"description":"{}"}}"#, "\\ud83e\\uded6".repeat(20_000));
    shop.post(&at(&id, "describe")).text(&escaped).send().await.ok();
}

#[tokio::test]
async fn a_product_goes_into_active_categories_only() {
    let shop = Shop::open();
    let id = shop.product("Mug", json!([])).await;
    let (kitchen, attic) = (category(&shop, "kitchen").await, category(&shop, "attic").await);
    shop.post(&format!("/api/v1/categories/{attic}/archive")).send().await.ok();
    let put = |key: &'static str, ids: Value| {
        let body = json!({"category_ids": ids});
        let (shop, path) = (&shop, at(&id, "categorize"));
        async move { shop.post(&path).key(key).json(&body).send().await }
    };
    assert_eq!(put("a", json!([attic])).await.problem(), (409, "category_archived"));
    assert_eq!(
        put("b", json!(["cat_01980000-0000-7000-8000-000000000000"])).await.problem(),
        (422, "category_unknown")
    );
    let first = put("c", json!([kitchen])).await.ok();
    shop.post(&format!("/api/v1/categories/{kitchen}/archive")).send().await.ok();
    assert_eq!(put("c", json!([kitchen])).await.ok().text, first.text, "a repeated request is answered as before");
    assert_eq!(put("c", json!([])).await.problem(), (422, "idempotency_key_reused"));
    assert_eq!(put("d", json!([kitchen])).await.problem(), (409, "category_archived"));
    let too_many: Vec<&str> = vec![&kitchen; 21];
    shop.post(&format!("/api/v1/categories/{kitchen}/restore")).send().await.ok();
    assert_eq!(put("e", json!(too_many)).await.problem(), (422, "too_many_product_categories"));
}
