//! `tillroll rebuild`: read models built anew from the log answer as the ones before.

use crate::support::{Api, CsvFile, HISTORY, Shop};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

const LISTS: [&str; 12] = [
    "/api/v1/products",
    "/api/v1/stock",
    "/api/v1/orders",
    "/api/v1/payments",
    "/api/v1/customers",
    "/api/v1/credit-notes",
    "/api/v1/source-documents",
    "/api/v1/sales/by-day",
    "/api/v1/sales/by-month",
    "/api/v1/sales/by-country",
    "/api/v1/sales/by-product",
    "/api/v1/sales/by-customer",
];

/// Everything that the lists answer, and some orders with their timelines.
async fn answers(api: &Api) -> BTreeMap<String, Value> {
    let mut answers: BTreeMap<String, Value> = BTreeMap::new();
    for path in LISTS {
        let items = api.list(path).await;
        assert!(!items.is_empty(), "{path} is empty");
        answers.insert(path.to_owned(), items.into());
    }
    let orders = answers["/api/v1/orders"].as_array().unwrap().clone();
    for order in orders.iter().step_by(10) {
        for rest in ["", "/timeline"] {
            let path = format!("/api/v1/orders/{}{rest}", order["id"].as_str().unwrap());
            let answer = api.get(&path, Some("analyst")).await.json(200);
            answers.insert(path, answer);
        }
    }
    answers
}

async fn served(shop: &Shop) -> BTreeMap<String, Value> {
    let server = shop.serve(&[]);
    let answers = answers(&server.ready().await).await;
    assert_eq!(server.stop().code, Some(0));
    answers
}

#[track_caller]
fn assert_same_answers(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, answer) in expected {
        assert_eq!(&found[path], answer, "{path}");
    }
}

#[tokio::test]
async fn rebuilt_read_models_answer_as_the_ones_before() {
    let shop = Shop::with_made_up_history();
    let before = served(&shop).await;
    let events = shop.events(&[]).len();

    let all = shop.run(&["rebuild"]).succeeded().stdout;
    assert!(all.starts_with(&format!("rebuilt all projections from {events} events in ")), "{all}");
    assert_same_answers(&served(&shop).await, &before);

    let some = shop.run(&["rebuild", "sales", "orders"]).succeeded().stdout;
    assert!(some.starts_with("rebuilt sales, orders from"), "{some}");
    assert_same_answers(&served(&shop).await, &before);
    assert_eq!(shop.events(&[]).len(), events, "a rebuild wrote to the log");
}

#[tokio::test]
async fn lost_read_models_are_built_anew_from_the_log() {
    let shop = Shop::with_made_up_history();
    let before = served(&shop).await;
    let lost: Vec<_> = fs::read_dir(shop.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("read.db"))
        .collect();
    assert!(!lost.is_empty());
    for path in lost {
        fs::remove_file(path).unwrap();
    }
    assert_same_answers(&served(&shop).await, &before);
}

#[test]
fn an_unknown_projection_is_refused_and_the_known_ones_are_named() {
    let shop = Shop::with(&CsvFile::of(HISTORY).path());
    shop.run(&["rebuild", "nonsense"]).failed(1, &["no projection nonsense", "orders", "sales"]);
}

#[test]
fn nothing_is_parked_after_an_import() {
    let shop = Shop::with_made_up_history();
    assert_eq!(shop.run(&["parked"]).succeeded().stdout, "0 events are parked\n");
}
