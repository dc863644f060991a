//! The category tree.

use crate::shop::Shop;
use serde_json::{Value, json};

async fn add(shop: &Shop, slug: &str, parent: Option<&str>) -> String {
    let body = json!({"name": slug.to_uppercase(), "slug": slug, "parent_id": parent});
    shop.post("/api/v1/categories").json(&body).send().await.ok().id()
}

fn at(id: &str, intent: &str) -> String {
    format!("/api/v1/categories/{id}/{intent}")
}

const NOBODY: &str = "cat_01980000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_category_is_added_changed_archived_and_restored() {
    let shop = Shop::open();
    let body = json!({"name": "Kitchen", "slug": "kitchen", "description": "All for cooks",
        "image": "https://cdn.example/k.jpg", "sort_order": -1});
    let added = shop.post("/api/v1/categories").key("k").json(&body).send().await.ok();
    let id = added.id();
    assert!(id.starts_with("cat_"), "{id}");
    assert_eq!(added.status.as_u16(), 201);
    assert_eq!(added.header("location"), format!("/api/v1/categories/{id}"));
    assert_eq!(added.header("etag"), "\"0\"");
    let again = shop.post("/api/v1/categories").key("k").json(&body).send().await.ok();
    assert_eq!(again.text, added.text);

    let home = add(&shop, "home", None).await;
    let changes = [
        ("rename", json!({"name": "Küche"})),
        ("change-slug", json!({"slug": "kueche"})),
        ("describe", json!({"description": "For cooks"})),
        ("move", json!({"parent_id": home})),
        ("reorder", json!({"sort_order": 3})),
    ];
    for (intent, body) in changes {
        let answer = shop.post(&at(&id, intent)).json(&body).send().await.ok();
        assert_eq!(answer.id(), id, "{intent}");
    }
    shop.post(&at(&id, "move")).json(&json!({})).send().await.ok();
    shop.post(&at(&id, "archive")).send().await.ok();
    // Ten events on the one stream of the tree.
    let restored = shop.post(&at(&id, "restore")).send().await.ok();
    assert_eq!(restored.json["revision"], json!(9));
}

#[tokio::test]
async fn what_would_break_the_tree_is_refused() {
    let shop = Shop::open();
    let root = add(&shop, "home", None).await;
    let below = add(&shop, "kitchen", Some(&root)).await;
    let other = add(&shop, "garden", None).await;
    let refused: [(&str, &str, Value, (u16, &str)); 9] = [
        (&root, "move", json!({"parent_id": below}), (409, "category_circle")),
        (&root, "move", json!({"parent_id": root}), (409, "category_circle")),
        (&root, "move", json!({"parent_id": NOBODY}), (422, "category_unknown")),
        (&root, "change-slug", json!({"slug": "garden"}), (409, "category_slug_taken")),
        (&root, "archive", json!({}), (409, "category_not_empty")),
        (NOBODY, "rename", json!({"name": "X"}), (404, "not_found")),
        (NOBODY, "archive", json!({}), (404, "not_found")),
        (&root, "change-slug", json!({"slug": "Not A Slug"}), (422, "bad_value")),
        (&root, "describe", json!({"image": "http://cdn.example/k.jpg"}), (422, "bad_value")),
    ];
    let before = shop.bus.log().head().await.unwrap();
    for (id, intent, body, problem) in refused {
        let answer = shop.post(&at(id, intent)).json(&body).send().await;
        assert_eq!(answer.problem(), problem, "{intent} {body}");
    }
    assert_eq!(shop.bus.log().head().await.unwrap(), before);
    shop.post(&at(&other, "archive")).send().await.ok();
    let under = json!({"name": "X", "slug": "x", "parent_id": other});
    let answer = shop.post("/api/v1/categories").json(&under).send().await;
    assert_eq!((answer.problem(), &answer.json["category_id"]), ((409, "category_archived"), &json!(other)));
    let taken = json!({"name": "X", "slug": "garden"});
    assert_eq!(shop.post("/api/v1/categories").json(&taken).send().await.problem(), (409, "category_slug_taken"));
}

#[tokio::test]
async fn the_tree_has_sixteen_levels() {
    let shop = Shop::open();
    let mut parent = None;
    for level in 1..=16 {
        parent = Some(add(&shop, &format!("level-{level}"), parent.as_deref()).await);
    }
    let body = json!({"name": "X", "slug": "x", "parent_id": parent});
    let answer = shop.post("/api/v1/categories").json(&body).send().await;
    assert_eq!((answer.problem(), &answer.json["max"]), ((409, "category_too_deep"), &json!(16)));
}

#[tokio::test]
async fn a_write_may_demand_the_revision_of_the_tree() {
    let shop = Shop::open();
    let id = add(&shop, "home", None).await;
    add(&shop, "garden", None).await;
    let rename = |tag: &'static str| {
        shop.post(&at(&id, "rename")).header("if-match", tag).json(&json!({"name": "House"})).send()
    };
    assert_eq!(rename("\"0\"").await.problem(), (412, "precondition_failed"));
    assert_eq!(rename("\"1.abc\"").await.ok().header("etag"), "\"2\"");
}
