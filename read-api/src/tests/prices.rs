//! What variants cost and cost before.

use super::{Server, shop, shop::Shop};
use axum::http::{StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tillroll_domain::{
    common::Basis,
    price::Price,
    price_schedule::{
        PriceKey,
        events::{PriceEnded, PriceScheduleEvent, PriceSet, PriceWithdrawn},
    },
    product::events::{
        ProductCreated, ProductEvent, ProductPublished, ProductUnpublished, VariantAdded, VariantPriceSet,
        VariantWithdrawn,
    },
    quantity::Quantity,
    stock_item::events::{StockAllocated, StockItemEvent, StockReceived},
};

const PRODUCT: &str = "product-00000000-0000-7000-8000-000000000a09";
const SCHEDULE: &str = "price_schedule-JUG";
const OFFER: &str = "/variants/JUG/offer?currency=EUR";

fn row_id(number: u32) -> String {
    format!("prw_00000000-0000-7000-8000-000000000f{number:02}")
}

fn day(days: i64) -> DateTime<Utc> {
    shop::TIME + TimeDelta::days(days)
}

fn set(number: u32, amount: &str, from: i64, until: Option<i64>) -> PriceSet {
    PriceSet {
        row_id: row_id(number).parse().unwrap(),
        key: PriceKey { currency: "EUR".parse().unwrap(), country: None, min_quantity: Quantity::ONE },
        priority: 0,
        amount: amount.parse().unwrap(),
        valid_from: day(from),
        valid_until: until.map(day),
    }
}

/// A published jug at 10 euros.
async fn server() -> Server {
    let server = Server::empty().await;
    let mut told = Shop::of(&*server.log);
    let created = ProductCreated { name: "Jug".parse().unwrap(), basis: Basis::Recorded };
    told.tell::<ProductEvent>(PRODUCT, created).await;
    let added = VariantAdded { sku: "JUG".parse().unwrap(), attributes: vec![], basis: Basis::Recorded };
    told.tell::<ProductEvent>(PRODUCT, added).await;
    let price = Price { amount: "10".parse().unwrap(), currency: "EUR".parse().unwrap() };
    told.tell::<ProductEvent>(PRODUCT, VariantPriceSet { sku: "JUG".parse().unwrap(), price }).await;
    told.tell::<ProductEvent>(PRODUCT, ProductPublished {}).await;
    server.catch_up().await;
    server
}

async fn tell(server: &Server, events: impl IntoIterator<Item = PriceScheduleEvent>) {
    // Events have ids of their own, so that one teller tells all.
    let mut told = Shop::of(&*server.log);
    told.skip_ids(100);
    for event in events {
        told.tell::<PriceScheduleEvent>(SCHEDULE, event).await;
    }
    server.catch_up().await;
}

async fn offer(server: &Server, path: &str) -> Value {
    let answer = server.get_as("storefront", path, &[]).await;
    Server::body(&answer).clone()
}

#[tokio::test]
async fn a_storefront_sees_the_price_of_now_with_its_reason() {
    let server = server().await;
    let expected = json!({
        "sku": "JUG",
        "product_id": "prd_00000000-0000-7000-8000-000000000a09",
        "name": "Jug",
        "currency": "EUR",
        "price": {"amount": "10", "reason": {"source": "list_price"}},
        "availability": {"available": 0, "in_stock": false},
    });
    assert_eq!(offer(&server, OFFER).await, expected);
    tell(&server, [set(1, "7.50", 1, Some(2)).into()]).await;
    assert_eq!(offer(&server, OFFER).await, expected, "it has not begun");
    server.clock.set(day(1));
    let sale = offer(&server, OFFER).await;
    let reason = json!({"source": "row", "row_id": row_id(1), "priority": 0});
    assert_eq!(sale["price"], json!({"amount": "7.5", "reason": reason, "valid_until": "1970-01-03T00:00:00Z"}));
    assert_eq!(sale["lowest_prior_price"], "10");
    server.clock.set(day(2));
    let after = offer(&server, OFFER).await;
    assert_eq!((&after["price"]["amount"], &after["lowest_prior_price"]), (&json!("10"), &json!("7.5")));
}

#[tokio::test]
async fn withdrawn_and_ended_prices_do_not_apply() {
    let server = server().await;
    let withdrawn = PriceWithdrawn { row_id: row_id(1).parse().unwrap() };
    let ended = PriceEnded { row_id: row_id(2).parse().unwrap(), at: day(4) };
    tell(&server, [set(1, "1", 1, None).into(), withdrawn.into(), set(2, "8", 3, None).into(), ended.into()]).await;
    for (days, amount) in [(2, "10"), (3, "8"), (4, "10")] {
        server.clock.set(day(days));
        assert_eq!(offer(&server, OFFER).await["price"]["amount"], amount, "day {days}");
    }
    assert_eq!(offer(&server, OFFER).await["lowest_prior_price"], "8", "what was withdrawn never applied");
}

#[tokio::test]
async fn country_and_quantity_decide_and_another_currency_has_no_price() {
    let server = server().await;
    let french = PriceSet {
        key: PriceKey {
            currency: "EUR".parse().unwrap(),
            country: Some("FR".parse().unwrap()),
            min_quantity: Quantity::new(3).unwrap(),
        },
        ..set(1, "9", 0, None)
    };
    tell(&server, [french.into()]).await;
    for (query, amount) in [
        ("&country=FR&quantity=3", "9"),
        ("&country=FR&quantity=2", "10"),
        ("&country=FR", "10"),
        ("&country=DE&quantity=3", "10"),
        ("&quantity=3", "10"),
    ] {
        assert_eq!(offer(&server, &format!("{OFFER}{query}")).await["price"]["amount"], amount, "{query}");
    }
    let elsewhere = offer(&server, "/variants/JUG/offer?currency=USD").await;
    assert!(elsewhere.get("price").is_none() && elsewhere.get("lowest_prior_price").is_none(), "{elsewhere}");
}

#[tokio::test]
async fn what_is_promised_to_others_is_not_available() {
    let server = server().await;
    let mut told = Shop::of(&*server.log);
    told.skip_ids(100);
    let received = StockReceived {
        receipt_id: "rcp_00000000-0000-7000-8000-000000000f01".parse().unwrap(),
        quantity: Quantity::new(5).unwrap(),
        reference: None,
        basis: Basis::Recorded,
    };
    told.tell::<StockItemEvent>("stock_item-main.JUG", received.clone()).await;
    // Where the shop does not sell from.
    told.tell::<StockItemEvent>("stock_item-attic.JUG", received).await;
    server.catch_up().await;
    assert_eq!(offer(&server, OFFER).await["availability"], json!({"available": 5, "in_stock": true}));
    let promised = StockAllocated {
        reservation_id: "rsv_00000000-0000-7000-8000-000000000f02".parse().unwrap(),
        order_id: shop::ORDER_ID.parse().unwrap(),
        quantity: Quantity::new(5).unwrap(),
    };
    let reserved = tillroll_domain::stock_item::events::StockReserved {
        reservation_id: promised.reservation_id,
        quantity: promised.quantity,
        expires_at: day(1),
    };
    told.tell::<StockItemEvent>("stock_item-main.JUG", reserved).await;
    told.tell::<StockItemEvent>("stock_item-main.JUG", promised).await;
    server.catch_up().await;
    assert_eq!(offer(&server, OFFER).await["availability"], json!({"available": 0, "in_stock": false}));
}

#[tokio::test]
async fn only_what_shoppers_can_buy_has_an_offer() {
    for hiding in [
        ProductEvent::from(ProductUnpublished {}),
        ProductEvent::from(VariantWithdrawn { sku: "JUG".parse().unwrap() }),
    ] {
        let server = server().await;
        let mut told = Shop::of(&*server.log);
        told.skip_ids(100);
        told.tell::<ProductEvent>(PRODUCT, hiding).await;
        server.catch_up().await;
        for role in ["storefront", "admin"] {
            let answer = server.get_as(role, OFFER, &[]).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "offer_not_found"), "{role}");
        }
    }
}

#[tokio::test]
async fn the_tag_of_an_offer_changes_with_the_clock_where_the_price_does() {
    let server = server().await;
    tell(&server, [set(1, "7", 1, None).into()]).await;
    let tag = async || server.get(OFFER).await.header(header::ETAG).to_owned();
    let before = tag().await;
    server.clock.set(day(1) - TimeDelta::microseconds(1));
    assert_eq!(tag().await, before);
    server.clock.set(day(1));
    assert_ne!(tag().await, before);
}

#[tokio::test]
async fn a_schedule_shows_past_and_future_prices_and_how_the_list_price_changed() {
    let server = server().await;
    let withdrawn = PriceWithdrawn { row_id: row_id(1).parse().unwrap() };
    tell(&server, [set(1, "1", 5, None).into(), withdrawn.into(), set(2, "8", 0, Some(3)).into()]).await;
    let answer = server.get("/variants/JUG/prices").await;
    let told = Server::body(&answer)["data"].as_array().unwrap().clone();
    let shown: Vec<_> =
        told.iter().map(|row| (row["id"].as_str().unwrap(), row["withdrawn"].as_bool().unwrap())).collect();
    assert_eq!(shown, [(row_id(1).as_str(), true), (row_id(2).as_str(), false)]);
    let expected = json!({
        "id": row_id(2), "amount": "8", "currency": "EUR", "min_quantity": 1, "priority": 0, "withdrawn": false,
        "valid_from": "1970-01-01T00:00:00Z", "valid_until": "1970-01-04T00:00:00Z", "set_at": "1970-01-01T00:00:00Z",
    });
    assert_eq!(told[1], expected);
    let other = server.get("/variants/JUG/prices?currency=USD").await;
    assert_eq!(Server::body(&other)["data"], json!([]));
    let listed = server.get("/variants/JUG/list-prices").await;
    let expected = json!([{"amount": "10", "currency": "EUR", "changed_at": "1970-01-01T00:00:00Z"}]);
    assert_eq!(Server::body(&listed)["data"], expected);
}

#[tokio::test]
async fn an_offer_needs_a_currency_and_nothing_that_it_does_not_know() {
    let server = server().await;
    for path in [
        "/variants/JUG/offer",
        "/variants/JUG/offer?currency=XXX",
        "/variants/JUG/offer?currency=EUR&quantity=0",
        "/variants/JUG/offer?currency=EUR&color=red",
        "/variants/jug/offer?currency=EUR",
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
    }
}
