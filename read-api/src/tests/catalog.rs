//! The catalog as a storefront reads it: the tree, lists with filters, and a product's page.

use super::{Answer, Server, shop::Shop};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::{fmt::Debug, str::FromStr};
use tillroll_domain::{
    category_tree::events::{CategoryAdded, CategoryArchived, CategoryRestored, CategoryTreeEvent},
    common::Basis,
    price::Price,
    product::events::{
        Media, ProductCategorized, ProductCreated, ProductDescribed, ProductEvent, ProductFeatured, ProductMediaSet,
        ProductPublished, ProductRenamed, ProductSlugSet, VariantAdded, VariantPriceSet,
    },
    stock_item::events::{ReorderLevelSet, StockItemEvent, StockReceived},
};

fn parse<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a good value")
}

fn category(n: u32) -> String {
    format!("cat_00000000-0000-7000-8000-0000000009{n:02}")
}

fn stream(n: u32) -> String {
    format!("product-00000000-0000-7000-8000-000000000a{n:02}")
}

fn product(n: u32) -> String {
    format!("prd_00000000-0000-7000-8000-000000000a{n:02}")
}

/// Home above kitchen above cups, garden by itself, and the attic, which is archived, below home. Of six products the
/// first five are published: two in cups, one in the kitchen, one in the garden, one in the attic.
async fn tell(shop: &mut Shop<'_>) {
    let tree =
        [(1, "home", None), (2, "kitchen", Some(1)), (3, "cups", Some(2)), (4, "garden", None), (5, "attic", Some(1))];
    for (n, slug, parent) in tree {
        let added = CategoryAdded {
            category_id: parse(&category(n)),
            name: parse(&slug.to_uppercase()),
            slug: parse(slug),
            parent_id: parent.map(|parent| parse(&category(parent))),
            description: parse(""),
            image: None,
            sort_order: -i32::try_from(n).expect("small"),
        };
        shop.tell::<CategoryTreeEvent>("category_tree-main", added).await;
    }
    shop.tell::<CategoryTreeEvent>("category_tree-main", CategoryArchived { category_id: parse(&category(5)) }).await;
    let products = [
        (1, "Blue mug", 3, "4"),
        (2, "Red MUG", 3, "2.5"),
        (3, "Kettle", 2, "30"),
        (4, "Rake", 4, "12"),
        (5, "Old mug", 5, "1"),
        (6, "Secret mug", 3, "3"),
    ];
    for (n, name, place, amount) in products {
        let (stream, sku) = (stream(n), format!("SKU-{n}"));
        shop.tell::<ProductEvent>(&stream, ProductCreated { name: parse(name), basis: Basis::Recorded }).await;
        shop.tell::<ProductEvent>(
            &stream,
            VariantAdded { sku: parse(&sku), attributes: vec![], basis: Basis::Recorded },
        )
        .await;
        let price = Price { amount: parse(amount), currency: parse("EUR") };
        shop.tell::<ProductEvent>(&stream, VariantPriceSet { sku: parse(&sku), price }).await;
        shop.tell::<ProductEvent>(&stream, ProductCategorized { category_ids: vec![parse(&category(place))] }).await;
        if n != 6 {
            shop.tell::<ProductEvent>(&stream, ProductPublished {}).await;
        }
    }
    let stream = stream(1);
    shop.tell::<ProductEvent>(&stream, ProductSlugSet { slug: parse("blue-mug"), claim_round: 0 }).await;
    let said = ProductDescribed {
        short_description: parse("Blue"),
        description: parse("Blue.\nFor tea."),
        brand: Some(parse("Lumen")),
        meta_title: Some(parse("A mug")),
        meta_description: None,
    };
    shop.tell::<ProductEvent>(&stream, said).await;
    let media = vec![
        Media { url: parse("https://cdn.example/1.jpg"), alt: parse("Front"), primary: false },
        Media { url: parse("https://cdn.example/2.jpg"), alt: parse("Side"), primary: true },
    ];
    shop.tell::<ProductEvent>(&stream, ProductMediaSet { media }).await;
    shop.tell::<ProductEvent>(&stream, ProductFeatured {}).await;
    for (n, quantity) in [(1, 30), (3, 5)] {
        receive(shop, n, quantity).await;
    }
}

async fn receive(shop: &mut Shop<'_>, n: u32, quantity: i64) {
    receive_at(shop, "main", n, quantity).await;
}

async fn receive_at(shop: &mut Shop<'_>, location: &str, n: u32, quantity: i64) {
    let received = StockReceived {
        receipt_id: parse(&format!("rcp_00000000-0000-7000-8000-000000000f{n:02}")),
        quantity: tillroll_domain::quantity::Quantity::new(quantity).expect("a good quantity"),
        reference: None,
        basis: Basis::Recorded,
    };
    shop.tell::<StockItemEvent>(&format!("stock_item-{location}.SKU-{n}"), received).await;
}

async fn server() -> Server {
    let server = Server::empty().await;
    tell(&mut Shop::of(&*server.log)).await;
    server.catch_up().await;
    server
}

fn members(answer: &Answer, member: &str) -> Vec<String> {
    let data = Server::body(answer)["data"].as_array().expect("a list has data");
    data.iter().map(|item| item[member].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn products_are_found_by_name_category_brand_price_and_stock() {
    let server = server().await;
    let cases: [(&str, &[&str]); 22] = [
        ("", &["Blue mug", "Kettle", "Old mug", "Rake", "Red MUG"]),
        ("?sort=-name", &["Red MUG", "Rake", "Old mug", "Kettle", "Blue mug"]),
        ("?sort=created_at", &["Blue mug", "Red MUG", "Kettle", "Rake", "Old mug"]),
        ("?sort=price&currency=EUR", &["Old mug", "Red MUG", "Blue mug", "Rake", "Kettle"]),
        ("?sort=-price&currency=EUR&limit=2", &["Kettle", "Rake"]),
        ("?sort=price&currency=GBP", &[]),
        ("?q=mug", &["Blue mug", "Old mug", "Red MUG"]),
        ("?q=UE%20m", &["Blue mug"]),
        ("?q=%25", &[]),
        ("?category=home", &["Blue mug", "Kettle", "Red MUG"]),
        ("?category=kitchen&sort=-name", &["Red MUG", "Kettle", "Blue mug"]),
        ("?category=cat_00000000-0000-7000-8000-000000000903", &["Blue mug", "Red MUG"]),
        ("?category=attic", &[]),
        ("?category=nowhere", &[]),
        ("?brand=Lumen", &["Blue mug"]),
        ("?featured=true", &["Blue mug"]),
        ("?featured=false&q=mug", &["Old mug", "Red MUG"]),
        ("?currency=EUR&price[gte]=2.5&price[lte]=12", &["Blue mug", "Rake", "Red MUG"]),
        ("?currency=EUR&price[gte]=2.51&sort=price&category=home", &["Blue mug", "Kettle"]),
        ("?in_stock=true", &["Blue mug", "Kettle"]),
        ("?in_stock=false&category=cups", &["Red MUG"]),
        ("?status=draft", &[]),
    ];
    for (query, expected) in cases {
        let answer = server.get_as("storefront", &format!("/products{query}"), &[]).await;
        assert_eq!(members(&answer, "name"), expected, "{query}");
    }
}

#[tokio::test]
async fn operators_see_drafts_and_archived_categories_as_well() {
    let server = server().await;
    let cases: [(&str, &[&str]); 4] = [
        ("/products?category=cups", &["Blue mug", "Red MUG", "Secret mug"]),
        ("/products?category=home", &["Blue mug", "Kettle", "Old mug", "Red MUG", "Secret mug"]),
        ("/products?status=draft", &["Secret mug"]),
        ("/categories/attic/products", &["Old mug"]),
    ];
    for (path, expected) in cases {
        assert_eq!(members(&server.get(path).await, "name"), expected, "{path}");
    }
}

#[tokio::test]
async fn a_list_counts_what_passes_its_filters_if_asked() {
    let server = server().await;
    let answer = server.get_as("storefront", "/products?q=mug&limit=1&count=true", &[]).await;
    assert_eq!(Server::body(&answer)["count"], json!({"value": 3, "exact": true}));
    let next = answer.body["next_cursor"].as_str().expect("there are more").to_owned();
    let next = server.get_as("storefront", &format!("/products?q=mug&limit=1&cursor={next}"), &[]).await;
    assert_eq!(members(&next, "name"), ["Old mug"]);
    assert_eq!(next.body.get("count"), None);
    let nothing = server.get_as("storefront", "/products?status=draft&count=true", &[]).await;
    assert_eq!(Server::body(&nothing)["count"], json!({"value": 0, "exact": true}));
}

#[tokio::test]
async fn a_cursor_of_a_category_works_there_alone() {
    let server = server().await;
    let first = server.get("/categories/home/products?limit=1").await;
    let cursor = Server::body(&first)["next_cursor"].as_str().expect("there are more").to_owned();
    let second = server.get(&format!("/categories/home/products?limit=1&cursor={cursor}")).await;
    assert_eq!(members(&second, "name"), ["Kettle"]);
    for path in ["/categories/kitchen/products?", "/products?", "/categories/home/products?sort=-name&"] {
        let answer = server.get(&format!("{path}limit=1&cursor={cursor}")).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let server = server().await;
    let long = "x".repeat(101);
    let queries = [
        "sort=price",
        "price[gte]=1",
        "price[lte]=1",
        "currency=EUR&price[gte]=1e3",
        "currency=XXX",
        "category=No%20Slug",
        "category=cat_1",
        "q=",
        &format!("q={long}"),
        "featured=maybe",
        "count=1",
    ];
    for query in queries {
        for path in ["/products", "/categories/home/products"] {
            let answer = server.get(&format!("{path}?{query}")).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}?{query}");
        }
    }
    let answer = server.get("/categories/home/products?category=cups").await;
    assert_eq!(answer.code(), "malformed", "the address says which category");
}

#[tokio::test]
async fn a_page_shows_what_shoppers_read_see_and_can_have() {
    let server = server().await;
    let answer = server.get_as("storefront", "/products/by-slug/blue-mug", &[]).await;
    let at = "1970-01-01T00:00:00Z";
    let step = |n, slug: &str| json!({"id": category(n), "name": slug.to_uppercase(), "slug": slug});
    let expected = json!({
        "id": product(1), "name": "Blue mug", "status": "published", "slug": "blue-mug", "brand": "Lumen",
        "featured": true, "short_description": "Blue",
        "image": {"url": "https://cdn.example/2.jpg", "alt": "Side"},
        "variants": 1, "prices_from": [{"amount": "4", "currency": "EUR"}], "basis": "recorded", "created_at": at,
        "updated_at": at, "revision": 8, "description": "Blue.\nFor tea.", "meta_title": "A mug", "meta_description": null,
        "media": [
            {"url": "https://cdn.example/1.jpg", "alt": "Front", "primary": false},
            {"url": "https://cdn.example/2.jpg", "alt": "Side", "primary": true},
        ],
        "categories": [{"id": category(3), "path": [step(1, "home"), step(2, "kitchen"), step(3, "cups")]}],
        "offers": [{"sku": "SKU-1", "attributes": [], "withdrawn": false, "available": 30, "basis": "recorded",
            "added_at": at, "prices": [{"amount": "4", "currency": "EUR", "set_at": at}]}],
    });
    assert_eq!(Server::body(&answer), &expected);
    let by_id = server.get_as("storefront", &format!("/products/{}", product(1)), &[]).await;
    assert_eq!((Server::body(&by_id), by_id.header("etag")), (&expected, answer.header("etag")));
}

#[tokio::test]
async fn a_page_has_another_tag_when_anything_on_it_changes() {
    let server = server().await;
    let mut shop = Shop::of(&*server.log);
    // Ids of events that were told before must not come again.
    shop.skip_ids(1_000);
    let path = format!("/products/{}", product(1));
    let read = async || {
        server.catch_up().await;
        server.get_as("storefront", &path, &[]).await.header("etag").to_owned()
    };
    let mut tags = vec![read().await];
    assert!(tags[0].starts_with("\"8."), "{} begins with the revision", tags[0]);
    receive(&mut shop, 1, 1).await;
    tags.push(read().await);
    let renamed = tillroll_domain::category_tree::events::CategoryRenamed {
        category_id: parse(&category(1)),
        name: parse("House"),
    };
    shop.tell::<CategoryTreeEvent>("category_tree-main", renamed).await;
    tags.push(read().await);
    shop.tell::<ProductEvent>(&stream(1), ProductRenamed { name: parse("Mug") }).await;
    tags.push(read().await);
    let mut distinct = tags.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    let last = tags.last().expect("some").clone();
    let same = server.get_as("storefront", &path, &[("if-none-match", &last)]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_product_that_is_not_published_has_no_page_for_shoppers() {
    let server = server().await;
    let mut shop = Shop::of(&*server.log);
    shop.skip_ids(1_000);
    shop.tell::<ProductEvent>(&stream(6), ProductSlugSet { slug: parse("secret"), claim_round: 0 }).await;
    server.catch_up().await;
    assert_eq!(Server::body(&server.get("/products/by-slug/secret").await)["name"], "Secret mug");
    let hidden = server.get_as("storefront", "/products/by-slug/secret", &[]).await;
    let absent = server.get_as("storefront", "/products/by-slug/absent", &[]).await;
    assert_eq!((hidden.status, hidden.code()), (StatusCode::NOT_FOUND, "product_not_found"));
    assert_eq!(hidden.body["detail"], absent.body["detail"]);
    // A category that is archived is not on a shopper's page.
    let page = format!("/products/{}", product(5));
    assert_eq!(Server::body(&server.get_as("storefront", &page, &[]).await)["categories"], json!([]));
    assert_eq!(Server::body(&server.get(&page).await)["categories"][0]["id"], json!(category(5)));
}

#[tokio::test]
async fn a_hidden_product_whose_event_is_parked_is_to_shoppers_as_one_that_nobody_has() {
    let server = server().await;
    let mut shop = Shop::of(&*server.log);
    shop.skip_ids(1_000);
    shop.tell::<ProductEvent>(&stream(6), ProductSlugSet { slug: parse("secret"), claim_round: 0 }).await;
    shop.tell_raw(&stream(6), "ProductRenamed", r#"{"name":7}"#).await;
    server.catch_up().await;
    let pairs = [
        (format!("/products/{}", product(6)), format!("/products/{}", product(99))),
        ("/products/by-slug/secret".to_owned(), "/products/by-slug/absent".to_owned()),
    ];
    for (hidden, absent) in pairs {
        let [hidden, absent] =
            [server.get_as("storefront", &hidden, &[]).await, server.get_as("storefront", &absent, &[]).await];
        assert_eq!((hidden.status, hidden.code()), (StatusCode::NOT_FOUND, "product_not_found"));
        assert_eq!((hidden.headers, hidden.body), (absent.headers, absent.body));
    }
}

#[tokio::test]
async fn stock_where_the_shop_does_not_sell_from_is_not_on_offer() {
    let server = server().await;
    let mut shop = Shop::of(&*server.log);
    shop.skip_ids(1_000);
    receive_at(&mut shop, "depot", 1, 7).await;
    receive_at(&mut shop, "depot", 2, 7).await;
    server.catch_up().await;
    let available = async |n| {
        let page = server.get_as("storefront", &format!("/products/{}", product(n)), &[]).await;
        Server::body(&page)["offers"][0]["available"].clone()
    };
    assert_eq!((available(1).await, available(2).await), (json!(30), json!(0)));
    let names =
        async |query: &str| members(&server.get_as("storefront", &format!("/products?{query}"), &[]).await, "name");
    assert_eq!(names("in_stock=true").await, ["Blue mug", "Kettle"]);
    assert_eq!(names("in_stock=false&category=cups").await, ["Red MUG"]);
    assert_eq!(names("in_stock=true&sort=price&currency=EUR").await, ["Blue mug", "Kettle"]);
}

#[tokio::test]
async fn the_tree_is_read_level_by_level() {
    let server = server().await;
    let cases: [(&str, &str, &[&str]); 7] = [
        ("storefront", "", &["garden", "cups", "kitchen", "home"]),
        ("storefront", "?sort=name", &["cups", "garden", "home", "kitchen"]),
        ("storefront", "?parent=root", &["garden", "home"]),
        ("storefront", "?parent=cat_00000000-0000-7000-8000-000000000901", &["kitchen"]),
        ("storefront", "?archived=true", &[]),
        ("admin", "?parent=cat_00000000-0000-7000-8000-000000000901", &["attic", "kitchen"]),
        ("admin", "?archived=true", &["attic"]),
    ];
    for (role, query, expected) in cases {
        let answer = server.get_as(role, &format!("/categories{query}"), &[]).await;
        assert_eq!(members(&answer, "slug"), expected, "{role} {query}");
    }
    assert_eq!(server.get("/categories?parent=home").await.code(), "malformed", "a parent is named by its id");
}

#[tokio::test]
async fn a_category_comes_with_the_way_to_it_and_the_revision_of_the_tree() {
    let server = server().await;
    let answer = server.get_as("storefront", "/categories/kitchen", &[]).await;
    let at = "1970-01-01T00:00:00Z";
    let expected = json!({
        "id": category(2), "name": "KITCHEN", "slug": "kitchen", "parent_id": category(1), "description": "",
        "image": null, "sort_order": -2, "archived": false, "created_at": at, "updated_at": at,
        "path": [
            {"id": category(1), "name": "HOME", "slug": "home"},
            {"id": category(2), "name": "KITCHEN", "slug": "kitchen"},
        ],
        "tree_revision": 5,
    });
    assert_eq!(Server::body(&answer), &expected);
    assert!(answer.header("etag").starts_with("\"5."), "{}", answer.header("etag"));
    let root = server.get(&format!("/categories/{}", category(1))).await;
    assert_eq!(Server::body(&root)["parent_id"], Value::Null);
}

#[tokio::test]
async fn an_archived_category_is_not_there_for_shoppers_until_it_is_restored() {
    let server = server().await;
    let (id, slug) = (format!("/categories/{}", category(5)), "/categories/attic".to_owned());
    for path in [id.clone(), slug.clone(), format!("{id}/products"), format!("{slug}/products")] {
        assert_eq!(server.get(&path).await.status, StatusCode::OK, "{path}");
        let hidden = server.get_as("storefront", &path, &[]).await;
        assert_eq!((hidden.status, hidden.code()), (StatusCode::NOT_FOUND, "category_not_found"), "{path}");
    }
    let mut shop = Shop::of(&*server.log);
    shop.skip_ids(1_000);
    shop.tell::<CategoryTreeEvent>("category_tree-main", CategoryRestored { category_id: parse(&category(5)) }).await;
    server.catch_up().await;
    let found = server.get_as("storefront", "/categories/home/products?q=old", &[]).await;
    assert_eq!(members(&found, "name"), ["Old mug"]);
}

#[tokio::test]
async fn stock_that_runs_low_is_listed() {
    let server = server().await;
    let mut shop = Shop::of(&*server.log);
    shop.skip_ids(1_000);
    shop.tell::<StockItemEvent>("stock_item-main.SKU-1", ReorderLevelSet { level: 30 }).await;
    receive(&mut shop, 2, 11).await;
    server.catch_up().await;
    // Ten is the level of what has none.
    assert_eq!(members(&server.get("/stock?low=true").await, "sku"), ["SKU-1", "SKU-3"]);
    assert_eq!(members(&server.get("/stock?low=true&sort=available").await, "sku"), ["SKU-3", "SKU-1"]);
    assert_eq!(members(&server.get("/stock?low=false").await, "sku"), ["SKU-2"]);
}
