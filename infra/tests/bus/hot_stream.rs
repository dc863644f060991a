//! Many callers on one stock item: every command counts once, first come is first served, and nobody starves.

use crate::support::{Shop, command, execute_contended};
use futures::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tillroll_domain::{
    ids::{ReceiptId, ReservationId},
    quantity::Quantity,
    stock_item::{StockItem, commands::StockItemCommand},
};
use tillroll_infra::bus::Outcome;
use uuid::Uuid;

const CALLERS: u128 = 100;
const ROUNDS: u128 = 24;

/// What a caller saw of one of its commands.
#[derive(Debug)]
struct Served {
    /// The command's number in the order in which the submissions of all callers returned.
    submitted: u64,
    /// The highest revision that any caller had been answered with by then.
    answered_before: u64,
    revision: u64,
}

#[tokio::test]
async fn a_hundred_callers_on_one_stock_item_are_served_in_their_order_and_every_unit_counts() {
    let shop = Shop::on_disk();
    let stocked = i64::try_from(CALLERS * ROUNDS).unwrap();
    let (receipt_id, quantity) = (ReceiptId::new(Uuid::from_u128(1)), Quantity::new(stocked).unwrap());
    let receive = StockItemCommand::Receive { receipt_id, quantity, reference: None };
    shop.bus.execute::<StockItem>("main.A", receive, command(0)).await.unwrap();

    let (submissions, highest) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let expires_at = shop.ambient.clock.now() + chrono::TimeDelta::minutes(15);
    let callers = (1..=CALLERS).map(|caller| {
        let (bus, submissions, highest) = (shop.bus.clone(), submissions.clone(), highest.clone());
        tokio::spawn(async move {
            let mut served = Vec::new();
            for round in 0..ROUNDS {
                // Two units are held, then the first hold ends, and so on: of three commands, one unit stays.
                let id = |round: u128| ReservationId::new(Uuid::from_u128(caller * 1_000 + round));
                let order = if round % 3 == 2 {
                    StockItemCommand::ReleaseReservation { reservation_id: id(round - 2) }
                } else {
                    let quantity = Quantity::new(1).unwrap();
                    StockItemCommand::Reserve { reservation_id: id(round), quantity, expires_at }
                };
                let number = caller * 1_000 + round;
                let pending = bus.submit::<StockItem>("main.A", order, command(number)).await.unwrap();
                // The test has one thread and nothing waits in between: this is the order of the queue.
                let submitted = submissions.fetch_add(1, Ordering::SeqCst);
                let answered_before = highest.load(Ordering::SeqCst);
                let answer = pending.await.unwrap();
                assert_eq!((answer.outcome, answer.events), (Outcome::Appended, 1));
                let revision = answer.revision.unwrap().0;
                highest.fetch_max(revision, Ordering::SeqCst);
                served.push(Served { submitted, answered_before, revision });
            }
            served
        })
    });
    let mut served: Vec<Served> = join_all(callers).await.into_iter().flat_map(Result::unwrap).collect();

    served.sort_by_key(|served| served.submitted);
    for pair in served.windows(2) {
        assert_eq!(pair[1].revision, pair[0].revision + 1, "first come, first served: {pair:?}");
    }
    // A caller has one command under way at a time, so that who waits lets each of the others go first once at most.
    for served in &served {
        assert!(u128::from(served.revision - served.answered_before) <= CALLERS, "overtaken: {served:?}");
    }
    let stock = shop.second_node().load::<StockItem>("default", "main.A").await.unwrap();
    let held = i64::try_from(CALLERS * ROUNDS / 3).unwrap();
    assert_eq!((stock.state.on_hand(), stock.state.reserved()), (stocked, held));
    assert_eq!(stock.state.available(), stocked - held);
    assert_eq!(u128::from(stock.revision.unwrap().0), CALLERS * ROUNDS, "one event a command, and the first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_on_two_nodes_never_reserve_more_than_there_is() {
    for shop in Shop::on_every_log() {
        let (receipt_id, quantity) = (ReceiptId::new(Uuid::from_u128(1)), Quantity::new(50).unwrap());
        let receive = StockItemCommand::Receive { receipt_id, quantity, reference: None };
        shop.bus.execute::<StockItem>("main.A", receive, command(0)).await.unwrap();
        let nodes = [shop.bus.clone(), shop.second_node()];
        let expires_at = shop.ambient.clock.now() + chrono::TimeDelta::minutes(15);
        let callers = (1..=80_u128).map(|caller| {
            let bus = nodes[usize::from(caller % 2 == 0)].clone();
            tokio::spawn(async move {
                let reservation_id = ReservationId::new(Uuid::from_u128(caller));
                let quantity = Quantity::new(1).unwrap();
                let reserve = StockItemCommand::Reserve { reservation_id, quantity, expires_at };
                execute_contended::<StockItem>(&bus, "main.A", reserve, command(caller)).await.is_ok()
            })
        });
        let answers: Vec<bool> = join_all(callers).await.into_iter().map(Result::unwrap).collect();
        let stock = shop.second_node().load::<StockItem>("default", "main.A").await.unwrap().state;
        assert_eq!(answers.iter().filter(|answered| **answered).count(), 50);
        assert_eq!((stock.on_hand(), stock.reserved(), stock.available()), (50, 50, 0));
    }
}
