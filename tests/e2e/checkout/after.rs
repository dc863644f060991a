//! After the promise: shipped against payment, delivered, partly sent back, refunded; and disputed at the bank.

use super::at_rest;
use crate::support::{
    Shop,
    buyers::{Buyer, PRICE_MINOR, eventually, open_shop, staff, stock_becomes},
};
use serde_json::json;

/// Cases 23 and 28: nothing leaves unpaid, what comes back is paid back to the cent, and never more than was taken.
#[tokio::test]
async fn an_order_is_captured_shipped_delivered_partly_returned_and_refunded() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    let buyer = Buyer::arrive(&api, "anna", 3).await;
    let order = buyer.buys().await;
    let (goods, tax, transport) = (3 * PRICE_MINOR, 300, 599);
    stock_becomes(&api, [5, 3, 0, 2]).await;

    // Two of three first: their part is taken, and transport, which leaves with the first.
    let ship = async |units: u32, key: &str| {
        let plan = json!({ "location": "main", "lines": [{ "line": 1, "quantity": units }] });
        let planned = staff(&api, &format!("/orders/{order}/shipments"), plan, key).await;
        let shipment = format!("/shipments/{}", planned["id"].as_str().unwrap());
        staff(&api, &format!("{shipment}/pack"), json!({}), "pack").await;
        // As long as its money was not taken, it is refused.
        eventually("it may leave", async || {
            let left = api.post(&format!("/api/v1{shipment}/ship"), &json!({}), &[]).await;
            if left.status != 200 {
                left.problem(409, "payment_not_captured");
            }
            (left.status == 200).then_some(())
        })
        .await;
        staff(&api, &format!("{shipment}/deliver"), json!({}), "deliver").await;
    };
    ship(2, "first").await;
    let part = (goods + tax) * 2 / 3 + transport;
    buyer.order_becomes(&order, "/paid/captured/minor", part).await;
    stock_becomes(&api, [3, 1, 0, 2]).await;
    ship(1, "second").await;
    let total = goods + tax + transport;
    let delivered = buyer.order_becomes(&order, "/paid/captured/minor", total).await;
    assert_eq!(delivered["totals"]["total"]["minor"], total);
    stock_becomes(&api, [2, 0, 0, 2]).await;
    buyer.order_becomes(&order, "/status", "delivered").await;

    // Two come back, one of them broken; both are accepted.
    let asked = json!({ "lines": [{ "line": 1, "quantity": 2, "reason": "unwanted" }] });
    let asked = buyer.write(&format!("/orders/{order}/returns"), asked, "return").await;
    let back = format!("/returns/{}", asked["id"].as_str().unwrap());
    staff(&api, &format!("{back}/approve"), json!({}), "approve").await;
    let parcel = |condition: &str| json!({ "line": 1, "quantity": 1, "condition": condition });
    let parcel = json!({ "location": "main", "lines": [parcel("resellable"), parcel("damaged")] });
    staff(&api, &format!("{back}/receive"), parcel, "receive").await;
    let inspected = json!({ "lines": [{ "line": 1, "accepted": 2, "refused": 0 }] });
    staff(&api, &format!("{back}/inspect"), inspected, "inspect").await;
    staff(&api, &format!("{back}/resolve"), json!({ "outcome": "refund", "note": "" }), "resolve").await;
    let refund = (goods + tax) * 2 / 3;
    buyer.order_becomes(&order, "/paid/refunded/minor", refund).await;
    // The broken one is not for sale.
    stock_becomes(&api, [3, 0, 0, 3]).await;
    at_rest(&api).await;

    // More than was taken is never given back.
    let payment = buyer.order(&order).await["payments"][0]["payment_id"].as_str().unwrap().to_owned();
    let too_much = json!({ "amount": { "amount": "40.00", "currency": "EUR" }, "reason": "" });
    let path = format!("/api/v1/payments/{payment}/refund");
    let refused = api.post(&path, &too_much, &[("Idempotency-Key", "\"much\"")]).await;
    refused.problem(409, "refund_exceeds_captured");
    assert_eq!(server.stop().code, Some(0));
}

/// Case 29: a chargeback is recorded and counted, and what the bank took back is not refunded once more.
#[tokio::test]
async fn a_chargeback_counts_against_what_can_be_refunded() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    let buyer = Buyer::arrive(&api, "anna", 2).await;
    let settled = buyer.settled("buy", "tok_approve").await;
    let order = settled["id"].as_str().unwrap();
    let payment = settled["payment"]["payment_id"].as_str().unwrap();
    let euros = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    staff(&api, &format!("/payments/{payment}/capture"), json!({ "amount": euros("32.99") }), "capture").await;
    buyer.order_becomes(order, "/paid/captured/minor", 3_299).await;

    let charge = format!("/simulator/charges/{payment}");
    staff(&api, &format!("{charge}/dispute"), json!({ "minor": 1_000 }), "dispute").await;
    buyer.order_becomes(order, "/paid/disputed/minor", 1_000).await;
    assert_eq!(buyer.order(order).await["payment_status"], "disputed");
    let disputed = api.list("/api/v1/payments?disputed=true").await;
    assert_eq!(disputed.iter().map(|payment| &payment["id"]).collect::<Vec<_>>(), [payment]);
    let counted = api.get("/api/v1/payments/disputes", Some("auditor")).await.json(200);
    println!("{counted}");

    let refund = async |amount: &str, key: &str| {
        let body = json!({ "amount": euros(amount), "reason": "goodwill" });
        let key = format!("\"{key}\"");
        api.post(&format!("/api/v1/payments/{payment}/refund"), &body, &[("Idempotency-Key", &key)]).await
    };
    refund("23.00", "too much").await.problem(409, "refund_exceeds_captured");
    assert_eq!(refund("22.99", "the rest").await.status, 200);
    buyer.order_becomes(order, "/paid/refunded/minor", 2_299).await;
    refund("0.01", "more").await.problem(409, "refund_exceeds_captured");

    // What the shop wins back is there to be refunded.
    staff(&api, &format!("{charge}/close-dispute"), json!({ "won": true }), "won").await;
    buyer.order_becomes(order, "/paid/disputed/minor", 0).await;
    assert_eq!(refund("10.00", "won").await.status, 200);
    buyer.order_becomes(order, "/paid/refunded/minor", 3_299).await;
    at_rest(&api).await;
    assert_eq!(server.stop().code, Some(0));
}
