//! Kills in the middle of checkouts: after the restart all of them come to their end, each once.

use super::{at_rest, buyers};
use crate::support::{
    Api, Server, Shop,
    buyers::{Buyer, PRICE_MINOR, eventually, open_shop, stock_becomes},
};
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::{sync::mpsc, task::JoinSet};

const BUYERS: usize = 40;
/// How many confirmed orders to wait for before each kill.
const CONFIRMED_MIN: [usize; 3] = [0, 6, 16];

/// What each buyer pays with: all these are good in the end.
fn instrument(number: usize) -> &'static str {
    ["tok_approve", "tok_approve", "tok_timeout_after", "tok_timeout_before"][number % 4]
}

/// Lets all buyers check out, again with the same keys, and kills the server once somebody was answered and so many orders are
/// confirmed; the orders of those that were answered.
async fn kill_in_the_middle(server: Server, api: &Api, buyers: &[Buyer], confirmed_min: usize) -> BTreeSet<String> {
    let (sender, mut answered) = mpsc::unbounded_channel();
    let mut asking = JoinSet::new();
    for (number, buyer) in buyers.iter().enumerate() {
        let (buyer, sender) = (buyer.at(api), sender.clone());
        asking.spawn(async move {
            // The kill ends it.
            let Ok(answer) = buyer.try_check_out("buy", instrument(number)).await else { return };
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            sender.send(body["id"].as_str().unwrap().to_owned()).unwrap();
        });
    }
    drop(sender);
    let mut known = BTreeSet::from([answered.recv().await.unwrap()]);
    eventually("some orders are confirmed", async || {
        let confirmed = api.list("/api/v1/orders?status=confirmed").await.len();
        (confirmed >= confirmed_min).then_some(())
    })
    .await;
    server.kill();
    asking.join_all().await;
    while let Some(order) = answered.recv().await {
        known.insert(order);
    }
    known
}

async fn settle(buyers: &[Buyer], api: &Api) -> Vec<Value> {
    let mut asking = JoinSet::new();
    for (number, buyer) in buyers.iter().enumerate() {
        let buyer = buyer.at(api);
        asking.spawn(async move { buyer.settled("buy", instrument(number)).await });
    }
    asking.join_all().await
}

#[tokio::test]
async fn checkouts_that_kills_cut_short_come_to_their_end_after_the_restart() {
    let shop = Shop::new();
    let mut server = shop.serve(&[]);
    let mut api = server.ready().await;
    open_shop(&api, 100).await;
    let buyers = buyers(&api, BUYERS, 1).await;
    let (mut known, mut cut_short) = (BTreeSet::new(), 0);
    for confirmed_min in CONFIRMED_MIN {
        known.extend(kill_in_the_middle(server, &api, &buyers, confirmed_min).await);
        let (begun, ended) =
            ["CartCheckoutBegan", "CartConverted"].map(|name| shop.events(&["--type", name]).len()).into();
        println!("killed when {begun} had begun and {ended} were over");
        cut_short += usize::from(begun > 0 && ended < BUYERS);
        server = shop.serve(&[]);
        api = server.ready().await;
    }
    assert!(cut_short > 0, "every kill came when everything was over");
    let settled = settle(&buyers, &api).await;
    let orders: BTreeSet<String> = settled.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(orders.len(), BUYERS, "everybody has one order");
    assert!(known.is_subset(&orders), "an order that was answered is another one now");
    assert!(settled.iter().all(|one| one["status"] == "confirmed"), "{settled:?}");
    let units = i64::try_from(BUYERS).unwrap();
    stock_becomes(&api, [100, units, 0, 100 - units]).await;
    at_rest(&api).await;
    // The provider was asked more than once, and yet every buyer is charged once.
    let charges = api.list("/api/v1/simulator/charges").await;
    assert_eq!(charges.len(), BUYERS);
    let total = PRICE_MINOR + 100 + 599;
    for charge in &charges {
        assert_eq!(charge["authorized"]["minor"], total, "{charge}");
    }
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), BUYERS);
    assert_eq!(shop.events(&["--type", "OrderConfirmed"]).len(), BUYERS);
    assert_eq!(server.stop().code, Some(0));
}
