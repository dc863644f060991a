//! Payments of a checkout: declined and tried again, with something for the buyer to do, cancelled before and after.

use super::at_rest;
use crate::support::{
    Api, Shop,
    buyers::{Buyer, eventually, open_shop, stock_becomes},
};
use serde_json::{Value, json};

/// What the simulated provider has of a payment.
async fn charge(api: &Api, payment: &Value) -> Value {
    let path = format!("/api/v1/simulator/charges/{}", payment["payment_id"].as_str().unwrap());
    api.get(&path, Some("admin")).await.json(200)
}

/// Case 6: a payment that is declined costs the buyer neither the order nor its stock, until its time is over.
#[tokio::test]
async fn a_declined_buyer_may_pay_otherwise() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    let buyer = Buyer::arrive(&api, "anna", 2).await;
    let declined = buyer.settled("buy", "tok_decline").await;
    assert_eq!(declined["status"], "payment_declined", "{declined}");
    let order = declined["id"].as_str().unwrap();
    stock_becomes(&api, [5, 0, 2, 3]).await;
    assert_eq!(buyer.order(order).await["status"], "pending");

    buyer.write(&format!("/orders/{order}/pay"), json!({ "instrument": "tok_approve" }), "pay").await;
    let paid = buyer.order_becomes(order, "/status", "confirmed").await;
    assert_eq!(paid["paid"]["authorized"], paid["totals"]["total"]);
    stock_becomes(&api, [5, 2, 0, 3]).await;
    // The first request tells how its order stands now.
    assert_eq!(buyer.settled("buy", "tok_decline").await["status"], "confirmed");
    at_rest(&api).await;
    assert_eq!(server.stop().code, Some(0));
}

/// What the provider asks of the buyer is done on its page, which knows nothing of our keys.
#[tokio::test]
async fn a_buyer_does_what_the_provider_asks_on_its_page() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    for (name, button, status) in [("anna", "approve", "confirmed"), ("berta", "decline", "payment_declined")] {
        let buyer = Buyer::arrive(&api, name, 1).await;
        let waits = buyer.settled("buy", "tok_action").await;
        assert_eq!(waits["status"], "action_required", "{waits}");
        let page = waits["payment"]["action_url"].as_str().unwrap();
        let shown = api.get(page, None).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, "text/html; charset=utf-8"), "{}", shown.body);
        let clicked = api.request("POST", &format!("{page}/{button}"), None).await;
        assert_eq!((clicked.status, clicked.header("location")), (303, page), "{}", clicked.body);
        // Nothing tells the buyer's request, so it is asked again.
        eventually(&format!("the checkout is {status}"), async || {
            let now = buyer.settled("buy", "tok_action").await;
            (now["status"] == status).then_some(())
        })
        .await;
    }
    stock_becomes(&api, [5, 1, 1, 3]).await;
    assert_eq!(server.stop().code, Some(0));
}

/// Case 27, before anything was promised: the stock is free, the cart is open, and what the buyer pays later is given back.
#[tokio::test]
async fn an_order_that_is_cancelled_before_it_is_paid_leaves_nothing_behind() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    let mut buyer = Buyer::arrive(&api, "anna", 2).await;
    let waits = buyer.settled("first", "tok_action").await;
    let (order, payment) = (waits["id"].as_str().unwrap(), &waits["payment"]);
    stock_becomes(&api, [5, 0, 2, 3]).await;
    buyer.write(&format!("/orders/{order}/cancel"), json!({ "reason": "changed my mind" }), "cancel").await;
    buyer.order_becomes(order, "/status", "cancelled").await;
    stock_becomes(&api, [5, 0, 0, 5]).await;
    buyer.cart_becomes("open").await;

    // The buyer had the provider's page open all the while.
    let page = payment["action_url"].as_str().unwrap();
    api.request("POST", &format!("{page}/approve"), None).await;
    eventually("nothing is left of the charge", async || {
        let charge = charge(&api, payment).await;
        let left = ["authorized", "captured"].map(|name| charge[name]["minor"].as_i64().unwrap());
        (left == [0, 0]).then_some(())
    })
    .await;
    at_rest(&api).await;

    // The same request tells what became of its order; another one, with a new quote, makes another.
    let told = buyer.settled("first", "tok_action").await;
    assert_eq!(
        (&told["id"], &told["status"], &told["cancelled"]),
        (&waits["id"], &json!("cancelled"), &json!("buyer"))
    );
    buyer.quote().await;
    assert_ne!(buyer.buys().await, order);
    stock_becomes(&api, [5, 2, 0, 3]).await;
    assert_eq!(server.stop().code, Some(0));
}

/// Case 27, after the promise: the money that was set aside is free again, and so is the stock.
#[tokio::test]
async fn an_order_that_is_cancelled_after_it_was_confirmed_gives_money_and_stock_back() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 5).await;
    for (number, capture) in [false, true].into_iter().enumerate() {
        let buyer = Buyer::arrive(&api, &format!("buyer-{number}"), 2).await;
        let settled = buyer.settled("buy", "tok_approve").await;
        assert_eq!(settled["status"], "confirmed", "{settled}");
        let (order, payment) = (settled["id"].as_str().unwrap(), settled["payment"]["payment_id"].as_str().unwrap());
        stock_becomes(&api, [5, 2, 0, 3]).await;
        let total = buyer.order_becomes(order, "/payment_status", "authorized").await["totals"]["total"].clone();
        if capture {
            let all = json!({ "amount": { "amount": total["amount"], "currency": "EUR" } });
            let key = [("Idempotency-Key", "\"capture\"")];
            let answer = api.post(&format!("/api/v1/payments/{payment}/capture"), &all, &key).await;
            assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.body);
            buyer.order_becomes(order, "/paid/captured", total.clone()).await;
        }
        buyer.write(&format!("/orders/{order}/cancel"), json!({ "reason": "" }), "cancel").await;
        stock_becomes(&api, [5, 0, 0, 5]).await;
        let refunded = if capture { total["minor"].as_i64().unwrap() } else { 0 };
        let given_back = buyer.order_becomes(order, "/paid/refunded/minor", refunded).await;
        buyer.order_becomes(order, "/paid/authorized/minor", 0).await;
        assert_eq!(given_back["lifecycle"] == "cancelled", !capture, "with all its money back, it is closed");
    }
    at_rest(&api).await;
    assert_eq!(server.stop().code, Some(0));
}
