//! What the server has acknowledged is there after it was killed, and what it has not can be sent again.

use crate::support::{Api, Shop};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};

const WRITERS: usize = 8;
const ORDERS_PER_WRITER: usize = 200;
/// How many acknowledged orders to wait for before the kill.
const ACKNOWLEDGED_MIN: usize = 60;

fn key(writer: usize, order: usize) -> String {
    format!("\"{writer}-{order}\"")
}

async fn place(api: &Api, key: &str) -> Result<String, reqwest::Error> {
    let order = json!({ "country": "DE", "currency": "EUR", "lines": [{ "sku": "CUP-1", "quantity": 1 }] });
    let answer = api.try_post("/api/v1/orders", &order, &[("Idempotency-Key", key)]).await?;
    Ok(answer.json(201)["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_acknowledged_order_survives_a_kill_and_a_lost_answer_can_be_asked_for_again() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = Arc::new(server.ready().await);
    let variant = json!({ "sku": "CUP-1", "prices": [{ "amount": "12.34", "currency": "EUR" }] });
    let product = json!({ "name": "Cup", "variants": [variant] });
    api.post("/api/v1/products", &product, &[("Idempotency-Key", "\"cup\"")]).await.json(201);

    let (sender, mut acknowledged) = mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (api, sender) = (api.clone(), sender.clone());
        writers.spawn(async move {
            for order in 0..ORDERS_PER_WRITER {
                let key = key(writer, order);
                // The kill ends it.
                let Ok(id) = place(&api, &key).await else { return order + 1 };
                sender.send((key, id)).unwrap();
            }
            ORDERS_PER_WRITER
        });
    }
    drop(sender);
    let mut known = BTreeMap::new();
    while known.len() < ACKNOWLEDGED_MIN {
        let (key, id) = acknowledged.recv().await.unwrap();
        known.insert(key, id);
    }
    server.kill();
    let begun: usize = writers.join_all().await.iter().sum();
    while let Some((key, id)) = acknowledged.recv().await {
        known.insert(key, id);
    }
    assert!(known.len() < begun, "the kill came after the last answer");

    let server = shop.serve(&[]);
    let api = server.ready().await;
    for (key, id) in &known {
        assert_eq!(api.get(&format!("/api/v1/orders/{id}"), Some("admin")).await.status, 200, "{key} is lost");
        assert_eq!(&place(&api, key).await.unwrap(), id, "{key} was answered otherwise");
    }
    let before = shop.events(&["--type", "OrderPlaced"]).len();
    assert!((known.len()..=begun).contains(&before), "{before} orders of {begun}, {} acknowledged", known.len());
    for (writer, order) in (0..WRITERS).flat_map(|writer| (0..ORDERS_PER_WRITER).map(move |order| (writer, order))) {
        place(&api, &key(writer, order)).await.unwrap();
    }
    // Each request counts once, whether its first answer arrived or not.
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), WRITERS * ORDERS_PER_WRITER);
    assert_eq!(server.stop().code, Some(0));
}
