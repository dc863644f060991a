//! Checkout over HTTP: who gets the last unit, what a repeated request is told, and what is left when it is over.

mod after;
mod pay;
mod restart;

use crate::support::{
    Api, Shop,
    buyers::{Buyer, PRICE_MINOR, eventually, open_shop, stock, stock_becomes},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// So many guests with a quoted cart of so many units each.
async fn buyers(api: &Api, number: usize, units: u32) -> Vec<Buyer> {
    let mut arriving = JoinSet::new();
    for buyer in 0..number {
        let api = api.clone();
        arriving.spawn(async move { Buyer::arrive(&api, &format!("buyer-{buyer}"), units).await });
    }
    arriving.join_all().await
}

/// Waits until no process has anything left to do and none has raised an alarm.
async fn at_rest(api: &Api) {
    let alarmed = api.get("/api/v1/processes?alarmed=true", Some("admin")).await.json(200);
    assert_eq!(alarmed["data"], json!([]), "{alarmed}");
    eventually("no process has open actions", async || {
        let open = api.get("/api/v1/processes", Some("admin")).await.json(200);
        let waits = |process: &Value| process["open_actions"].as_i64().unwrap() > 0;
        (!open["data"].as_array().unwrap().iter().any(waits)).then_some(())
    })
    .await;
}

/// Case 1: one unit and a hundred who want it at once. Nobody gets what is not there, and nothing is left over of those who
/// got nothing: no hold, no claim, no payment.
#[tokio::test]
async fn of_a_hundred_buyers_of_one_unit_exactly_one_gets_it() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 1).await;
    let mut asking = JoinSet::new();
    for buyer in buyers(&api, 100, 1).await {
        asking.spawn(async move {
            let answer = buyer.decided("buy", "tok_approve").await;
            (buyer, answer)
        });
    }
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for (buyer, answer) in asking.join_all().await {
        match answer.status {
            201 => {
                let won = answer.json(201);
                assert_eq!(answer.header("location"), format!("/api/v1/orders/{}", won["id"].as_str().unwrap()));
                winners.push((buyer, won));
            }
            _ => {
                let refused = answer.problem(409, "insufficient_stock");
                let figures = ["sku", "requested", "available"].map(|name| &refused[name]);
                assert_eq!(figures, [&json!("CUP-1"), &json!(1), &json!(0)], "{refused}");
                losers.push((buyer, refused));
            }
        }
    }
    assert_eq!((winners.len(), losers.len()), (1, 99));

    let (winner, won) = &winners[0];
    let order = won["id"].as_str().unwrap();
    let confirmed = winner.order_becomes(order, "/status", "confirmed").await;
    assert_eq!(confirmed["cart_id"], json!(winner.cart));
    stock_becomes(&api, [1, 1, 0, 0]).await;
    assert_eq!(winner.cart_becomes("converted").await["order_id"], json!(order));
    let orders: BTreeSet<&str> = losers.iter().map(|(_, refused)| refused["order_id"].as_str().unwrap()).collect();
    assert_eq!(orders.len(), 99, "every loser has an order of their own, which is cancelled");
    for (loser, refused) in &losers {
        let order = refused["order_id"].as_str().unwrap();
        assert_eq!(loser.order_becomes(order, "/status", "cancelled").await["paid"]["authorized"]["minor"], 0);
        loser.cart_becomes("open").await;
        // Nothing claims it any more.
        loser.write(&format!("/carts/{}/clear", loser.cart), json!({}), "clear").await;
    }
    at_rest(&api).await;
    assert_eq!(
        api.list("/api/v1/processes?process=checkout").await,
        [json!(null); 0],
        "no checkout waits for anything"
    );
    assert_eq!(stock(&api).await, [1, 1, 0, 0]);

    // The same request tells the same, also now that the one cart is closed and the others are open.
    let again = winner.decided("buy", "tok_approve").await.json(201);
    assert_eq!((&again["id"], &again["status"]), (&won["id"], &json!("confirmed")));
    let (loser, refused) = &losers[0];
    let again = loser.decided("buy", "tok_approve").await.problem(409, "insufficient_stock");
    assert_eq!(again["order_id"], refused["order_id"]);

    let charges = api.get("/api/v1/simulator/charges", Some("admin")).await.json(200);
    assert_eq!(charges["data"].as_array().unwrap().len(), 1, "nobody else was charged: {charges}");
    let counted = |event_type: &str| shop.events(&["--type", event_type]).len();
    assert_eq!(counted("OrderPlaced"), 100);
    assert_eq!((counted("OrderCancelled"), counted("OrderConfirmed"), counted("PaymentCreated")), (99, 1, 1));
    assert_eq!(counted("CartCheckoutBegan"), 100);
    assert_eq!(server.stop().code, Some(0));
}

/// Property 9: one key is one order, however often and how many at once it comes; with another body it is refused.
#[tokio::test]
async fn a_repeated_checkout_is_the_same_order() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 10).await;
    let buyer = Buyer::arrive(&api, "anna", 2).await;
    let mut asking = JoinSet::new();
    for _ in 0..8 {
        let buyer = buyer.clone();
        asking.spawn(async move { buyer.settled("buy", "tok_approve").await });
    }
    let answers = asking.join_all().await;
    let orders: BTreeSet<&str> = answers.iter().map(|answer| answer["id"].as_str().unwrap()).collect();
    assert_eq!(orders.len(), 1, "{answers:?}");
    buyer.cart_becomes("converted").await;
    assert_eq!(buyer.settled("buy", "tok_approve").await["id"], answers[0]["id"]);
    buyer.check_out("buy", "tok_decline", &[]).await.problem(422, "idempotency_key_reused");
    let closed = buyer.check_out("other", "tok_approve", &[]).await.problem(409, "cart_closed");
    assert_eq!(closed["order_id"], answers[0]["id"]);
    stock_becomes(&api, [10, 2, 0, 8]).await;
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), 1);
    assert_eq!(server.stop().code, Some(0));
}

/// Case 12: two tabs, each with a key of its own. One of them checks out; the other is told so, with the order.
#[tokio::test]
async fn of_two_tabs_one_checks_out_and_the_other_is_told() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 10).await;
    for round in 0..5 {
        let buyer = Buyer::arrive(&api, &format!("anna-{round}"), 1).await;
        let (one, two) =
            tokio::join!(buyer.check_out("one", "tok_approve", &[]), buyer.check_out("two", "tok_approve", &[]));
        let (placed, refused) = if one.status == 409 { (two, one) } else { (one, two) };
        assert!([201, 202].contains(&placed.status), "{} {}", placed.status, placed.body);
        let placed: Value = serde_json::from_str(&placed.body).unwrap();
        let refused = refused.json(409);
        assert!(["checkout_in_progress", "cart_closed"].contains(&refused["code"].as_str().unwrap()), "{refused}");
        assert_eq!(refused["order_id"], placed["id"]);
        buyer.order_becomes(placed["id"].as_str().unwrap(), "/status", "confirmed").await;
    }
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), 5);
    assert_eq!(server.stop().code, Some(0));
}

/// `Prefer: wait` on a checkout waits for more than the read models, and says whether it came.
#[tokio::test]
async fn who_prefers_to_wait_is_told_whether_that_was_in_vain() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 10).await;
    let prompt = Buyer::arrive(&api, "anna", 1).await.check_out("buy", "tok_approve", &[("Prefer", "wait=30")]).await;
    assert_eq!(prompt.json(201)["status"], "confirmed");
    assert_eq!(prompt.header("preference-applied"), "wait=10");
    // This one's bank takes a minute.
    let late = Buyer::arrive(&api, "berta", 1).await.check_out("buy", "tok_late", &[("Prefer", "wait=2")]).await;
    assert_eq!(late.json(201)["status"], "stock_reserved");
    assert!(!late.headers.contains_key("preference-applied"), "{late:?}");
    assert_eq!(server.stop().code, Some(0));
}

/// Cases 14 and 16: what is charged is what the buyer agreed to. A cart that changed since is not ordered, and while it is
/// checked out it does not change.
#[tokio::test]
async fn a_cart_is_ordered_as_it_was_quoted() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    open_shop(&api, 10).await;
    let mut buyer = Buyer::arrive(&api, "anna", 1).await;
    let lines = format!("/carts/{}/lines", buyer.cart);
    buyer.write(&lines, json!({ "sku": "CUP-1", "quantity": 2 }), "more").await;
    let changed = buyer.check_out("old", "tok_approve", &[]).await.problem(409, "cart_changed");
    assert_eq!(changed["current_hash"], Value::Null, "{changed}");
    buyer.quote().await;
    let waits = buyer.settled("new", "tok_action").await;
    assert_eq!(waits["status"], "action_required", "{waits}");
    let one_more = json!({ "sku": "CUP-1", "quantity": 1 });
    let frozen = buyer.send("POST", &lines, &[], Some(&one_more)).await.problem(409, "checkout_in_progress");
    assert_eq!(frozen["order_id"], waits["id"]);
    let order = buyer.order(waits["id"].as_str().unwrap()).await;
    // Three cups, their tax, and transport.
    assert_eq!(order["totals"]["total"]["minor"], 3 * PRICE_MINOR + 300 + 599);
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), 1);
    assert_eq!(server.stop().code, Some(0));
}
