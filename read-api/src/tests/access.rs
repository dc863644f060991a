//! Who may read what.

use super::{LISTS, Server, resources, shop};
use axum::http::StatusCode;

fn every_path() -> Vec<String> {
    let lists = LISTS.iter().map(|(path, _)| (*path).to_owned());
    lists.chain(resources().into_iter().map(|(path, ..)| path)).chain(["/projections".to_owned()]).collect()
}

#[tokio::test]
async fn without_a_key_nothing_is_read() {
    let server = Server::with_a_shop().await;
    for path in every_path() {
        let answer = server.send(&path, &[]).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "unauthorized"), "{path}");
    }
}

#[tokio::test]
async fn administrators_and_analysts_read_everything() {
    let server = Server::with_a_shop().await;
    for path in every_path() {
        for role in ["admin", "analyst"] {
            let answer = server.get_as(role, &path, &[]).await;
            assert_eq!(answer.status, StatusCode::OK, "{role} {path}");
        }
    }
}

#[tokio::test]
async fn auditors_read_everything_but_the_engine_itself() {
    let server = Server::with_a_shop().await;
    for path in every_path() {
        let expected = if path == "/projections" { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert_eq!(server.get_as("auditor", &path, &[]).await.status, expected, "{path}");
    }
}

#[tokio::test]
async fn storefronts_read_catalog_and_stock_alone() {
    let server = Server::with_a_shop().await;
    for path in every_path() {
        let answer = server.get_as("storefront", &path, &[]).await;
        if ["/products", "/categories", "/stock"].iter().any(|open| path.starts_with(open)) || path.contains("/offer") {
            assert_eq!(answer.status, StatusCode::OK, "{path}");
        } else if path.starts_with("/customers/cus_") {
            // For a storefront that does not act for them there is no such customer.
            assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "customer_not_found"), "{path}");
        } else if path.starts_with("/orders/ord_") {
            assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "order_not_found"), "{path}");
        } else {
            assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "forbidden"), "{path}");
        }
    }
}

#[tokio::test]
async fn storefronts_see_what_is_published_and_offered() {
    let server = Server::with_a_shop().await;
    let list = server.get_as("storefront", "/products", &[]).await;
    let products = Server::body(&list)["data"].as_array().unwrap().clone();
    assert_eq!(products.len(), 1, "{products:?}");
    assert_eq!(products[0]["id"], shop::PRODUCT_ID);
    let draft = server.get_as("storefront", "/products?status=draft", &[]).await;
    assert_eq!(Server::body(&draft)["data"], serde_json::json!([]));

    let one = server.get_as("storefront", &format!("/products/{}", shop::PRODUCT_ID), &[]).await;
    let offers = Server::body(&one)["offers"].as_array().unwrap().clone();
    assert_eq!(offers.len(), 1, "{offers:?}");
    let hidden = "/products/prd_00000000-0000-7000-8000-000000000a02";
    let answer = server.get_as("storefront", hidden, &[]).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "product_not_found"));
    assert_eq!(server.get(hidden).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_storefront_sees_has_another_tag() {
    let server = Server::with_a_shop().await;
    let path = format!("/products/{}", shop::PRODUCT_ID);
    let all = server.get(&path).await.header("etag").to_owned();
    let answer = server.get_as("storefront", &path, &[("if-none-match", &all)]).await;
    assert_eq!(answer.status, StatusCode::OK);
}
