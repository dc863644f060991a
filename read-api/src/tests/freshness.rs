//! How fresh answers are, and what they say about it.

use super::{LISTS, Server, parked, position, resources, shop::Shop};
use axum::http::{StatusCode, header};
use tillroll_domain::{
    common::Basis,
    product::events::{ProductCreated, ProductEvent, ProductRenamed},
};
use tillroll_infra::stream::Position;

const STREAM: &str = "product-00000000-0000-7000-8000-000000000a01";
const PATH: &str = "/products/prd_00000000-0000-7000-8000-000000000a01";

fn renamed(name: &str) -> ProductRenamed {
    ProductRenamed { name: name.parse().unwrap() }
}

#[tokio::test]
async fn every_answer_says_what_position_it_shows() {
    let server = Server::with_a_shop().await;
    let head = server.log.head().await.unwrap();
    let lists = LISTS.iter().map(|(path, _)| (*path).to_owned());
    let all = lists.chain(resources().into_iter().flat_map(|(path, missing, _)| [path, missing]));
    for path in all {
        let answer = server.get(&path).await;
        assert_eq!(Position(position(&answer)), head, "{path}");
        assert!(!parked(&answer), "{path}");
    }
}

#[tokio::test]
async fn a_read_after_a_write_waits_until_it_is_shown() {
    let server = Server::empty().await;
    let mut shop = Shop::of(&*server.log);
    shop.products().await;
    server.catch_up().await;
    let written = shop.tell::<ProductEvent>(STREAM, renamed("Beaker")).await;

    let follower = server.runtime.start();
    // The bound of waiting is short here, and a slow machine may need several tries; none may answer the old name.
    let answer = loop {
        let answer = server.get_as("admin", PATH, &[("tillroll-after", &written.to_string())]).await;
        if answer.status == StatusCode::OK {
            break answer;
        }
        assert_eq!(answer.code(), "read_model_behind");
    };
    assert_eq!(answer.body["name"], "Beaker");
    assert!(Position(position(&answer)) >= written);
    follower.shutdown().await;
}

#[tokio::test]
async fn a_read_that_waits_too_long_is_to_be_tried_again() {
    let server = Server::empty().await;
    let mut shop = Shop::of(&*server.log);
    shop.products().await;
    server.catch_up().await;
    let shown = server.log.head().await.unwrap();
    let written = shop.tell::<ProductEvent>(STREAM, renamed("Beaker")).await;

    let answer = server.get_as("admin", PATH, &[("tillroll-after", &written.to_string())]).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "read_model_behind"));
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert_eq!((&answer.body["after"], &answer.body["position"]), (&written.0.into(), &shown.0.into()));

    let older = server.get_as("admin", PATH, &[("tillroll-after", &shown.to_string())]).await;
    assert_eq!((older.status, &older.body["name"]), (StatusCode::OK, &"Mug".into()));
}

#[tokio::test]
async fn a_position_beyond_the_log_is_refused() {
    let server = Server::with_a_shop().await;
    let head = server.log.head().await.unwrap();
    for path in [PATH, "/orders", "/sales/by-day"] {
        let after = head.next().to_string();
        let answer = server.get_as("admin", path, &[("tillroll-after", &after)]).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "position_beyond_log"), "{path}");
        assert_eq!(answer.body["head"], head.0, "{path}");
        let answer = server.get_as("admin", path, &[("tillroll-after", "soon")]).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
    }
}

#[tokio::test]
async fn what_waits_for_an_operator_is_said() {
    let server = Server::empty().await;
    let mut shop = Shop::of(&*server.log);
    shop.products().await;
    shop.tell_raw(STREAM, "ProductRenamed", r#"{"name":7}"#).await;
    let lost = "product-00000000-0000-7000-8000-000000000a09";
    shop.tell_raw(lost, "ProductCreated", "{}").await;
    shop.tell::<ProductEvent>(lost, ProductCreated { name: "Late".parse().unwrap(), basis: Basis::Recorded }).await;
    server.catch_up().await;

    let broken = server.get(PATH).await;
    assert_eq!((broken.status, &broken.body["name"]), (StatusCode::OK, &"Mug".into()));
    assert!(parked(&broken), "{broken:?}");
    let tag = broken.header(header::ETAG).to_owned();
    assert!(parked(&server.get_as("admin", PATH, &[("if-none-match", &tag)]).await));
    let sound = server.get("/products/prd_00000000-0000-7000-8000-000000000a02").await;
    assert!(!parked(&sound), "{sound:?}");
    assert!(parked(&server.get("/products").await));
    assert!(!parked(&server.get("/orders").await));

    let missing = server.get("/products/prd_00000000-0000-7000-8000-000000000a09").await;
    assert_eq!((missing.status, &missing.body["parked"]), (StatusCode::NOT_FOUND, &true.into()));
    let projections = server.get("/projections").await;
    assert_eq!(projections.body["data"][0]["parked"], 3);
}
