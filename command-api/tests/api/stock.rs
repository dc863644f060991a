//! Stock.

use crate::shop::Shop;
use chrono::TimeDelta;
use serde_json::json;

const ORDER: &str = "ord_01980000-0000-7000-8000-000000000001";

async fn stocked(units: u32) -> Shop {
    let shop = Shop::open();
    shop.product("Mug", json!([{"sku": "MUG"}])).await;
    shop.post("/api/v1/stock/main/MUG/receive").json(&json!({"quantity": units})).send().await.ok();
    shop
}

#[tokio::test]
async fn goods_arrive_are_held_promised_shipped_and_come_back() {
    let shop = stocked(10).await;
    let at = |intent: &str| format!("/api/v1/stock/main/MUG/{intent}");
    let held = shop.post(&at("reserve")).json(&json!({"quantity": 4})).send().await.ok();
    assert_eq!(held.id(), "main/MUG");
    let reservation = held.json["reservation_id"].clone();
    let extend = json!({"reservation_id": reservation, "expires_in_seconds": 3_600});
    shop.post(&at("extend-reservation")).json(&extend).send().await.ok();
    let allocate = json!({"reservation_id": reservation, "order_id": ORDER});
    shop.post(&at("allocate")).json(&allocate).send().await.ok();
    let ship = json!({"order_id": ORDER, "quantity": 3});
    let shipped = shop.post(&at("ship")).json(&ship).send().await.ok();
    assert!(shipped.json["shipment_id"].as_str().unwrap().starts_with("shp_"));
    shop.post(&at("release-allocation")).json(&json!({"order_id": ORDER})).send().await.ok();
    let back = json!({"order_id": ORDER, "quantity": 1, "condition": "resellable"});
    let returned = shop.post(&at("return")).json(&back).send().await.ok();
    assert!(returned.json["return_id"].as_str().unwrap().starts_with("ret_"));
    shop.post(&at("adjust")).json(&json!({"delta": -1, "reason": "damaged"})).send().await.ok();
    shop.post(&at("set-reorder-level")).json(&json!({"level": 2})).send().await.ok();
    // 10 - 3 + 1 - 1 are left.
    let rest = shop.post(&at("reserve")).json(&json!({"quantity": 8})).send().await;
    assert_eq!((rest.problem(), &rest.json["available"]), ((409, "insufficient_stock"), &json!(7)));
}

#[tokio::test]
async fn more_than_there_is_cannot_be_held() {
    let shop = stocked(3).await;
    let answer = shop.post("/api/v1/stock/main/MUG/reserve").json(&json!({"quantity": 5})).send().await;
    assert_eq!(answer.problem(), (409, "insufficient_stock"));
    let details = ["location", "sku", "requested", "available"].map(|name| answer.json[name].clone());
    assert_eq!(details, [json!("main"), json!("MUG"), json!(5), json!(3)]);
}

#[tokio::test]
async fn stock_of_a_sku_that_nobody_sells_is_refused() {
    let shop = Shop::open();
    let answer = shop.post("/api/v1/stock/main/MUG/receive").json(&json!({"quantity": 5})).send().await;
    assert_eq!((answer.problem(), &answer.json["sku"]), ((404, "sku_unknown"), &json!("MUG")));
}

#[tokio::test]
async fn a_hold_ends_when_its_time_is_over_and_not_before() {
    let shop = stocked(3).await;
    let reserve = json!({"quantity": 3, "expires_in_seconds": 60});
    let held = shop.post("/api/v1/stock/main/MUG/reserve").json(&reserve).send().await.ok();
    let which = json!({"reservation_id": held.json["reservation_id"]});
    let early = shop.post("/api/v1/stock/main/MUG/expire-reservation").json(&which).send().await.ok();
    assert_eq!(early.json["revision"], held.json["revision"], "nothing happened");
    shop.clock.advance(TimeDelta::seconds(61));
    let late = shop.post("/api/v1/stock/main/MUG/expire-reservation").json(&which).send().await.ok();
    assert_ne!(late.json["revision"], held.json["revision"]);
    shop.post("/api/v1/stock/main/MUG/reserve").json(&json!({"quantity": 3})).send().await.ok();
}

#[tokio::test]
async fn a_released_hold_is_never_made() {
    let shop = stocked(3).await;
    let reservation = "rsv_01980000-0000-7000-8000-000000000002";
    let which = json!({"reservation_id": reservation});
    shop.post("/api/v1/stock/main/MUG/release-reservation").json(&which).send().await.ok();
    let reserve = json!({"reservation_id": reservation, "quantity": 1});
    let late = shop.post("/api/v1/stock/main/MUG/reserve").json(&reserve).send().await;
    assert_eq!((late.problem(), &late.json["ending"]), ((409, "reservation_ended"), &json!("released_beforehand")));
}

#[tokio::test]
async fn a_hold_lasts_a_bounded_time() {
    let shop = stocked(3).await;
    for seconds in [0, 2_592_001] {
        let body = json!({"quantity": 1, "expires_in_seconds": seconds});
        let answer = shop.post("/api/v1/stock/main/MUG/reserve").json(&body).send().await;
        assert_eq!((answer.problem(), &answer.json["field"]), ((422, "bad_value"), &json!("expires_in_seconds")));
    }
}

#[tokio::test]
async fn a_repeated_receipt_counts_once() {
    let shop = stocked(1).await;
    let receive = || shop.post("/api/v1/stock/main/MUG/receive").key("delivery-7").json(&json!({"quantity": 5})).send();
    let (first, again) = (receive().await.ok(), receive().await.ok());
    assert_eq!(again.text, first.text);
    let all = shop.post("/api/v1/stock/main/MUG/reserve").json(&json!({"quantity": 7})).send().await;
    assert_eq!((all.problem(), &all.json["available"]), ((409, "insufficient_stock"), &json!(6)));
}

#[tokio::test]
async fn goods_leave_only_out_of_what_was_promised() {
    let shop = stocked(3).await;
    let body = json!({"order_id": ORDER, "quantity": 1});
    let answer = shop.post("/api/v1/stock/main/MUG/ship").json(&body).send().await;
    assert_eq!((answer.problem(), &answer.json["allocated"]), ((409, "insufficient_allocation"), &json!(0)));
}

#[tokio::test]
async fn impossible_adjustments_are_refused() {
    let shop = stocked(3).await;
    let adjust = |body| shop.post("/api/v1/stock/main/MUG/adjust").json(&body).send();
    assert_eq!(adjust(json!({"delta": 0, "reason": "other"})).await.problem(), (422, "zero_adjustment"));
    assert_eq!(adjust(json!({"delta": 1, "reason": "lost"})).await.problem(), (422, "adjustment_sign"));
    assert_eq!(adjust(json!({"delta": -4, "reason": "lost"})).await.problem(), (409, "insufficient_stock"));
}
