//! One command, one effect, one answer: twins, repetitions, other content under the same id, and the window.

use crate::{
    counter::{ADD_1, Counter, CounterCommand},
    support::{Shop, command, execute_contended},
};
use futures::future::join_all;
use tillroll_domain::{
    ids::{ReceiptId, ReservationId},
    quantity::Quantity,
    stock_item::{ReservationEnding, StockItem, StockItemError, commands::StockItemCommand},
};
use tillroll_infra::{
    bus::{COMMANDS_REMEMBERED, ExecuteError, Executed, Outcome},
    stream::{Position, Revision},
};
use uuid::Uuid;

/// What of an answer is the same for the first and for every later one.
fn receipt(answer: &Executed) -> (Option<Revision>, Position, usize) {
    (answer.revision, answer.position, answer.events)
}

#[tokio::test]
async fn the_same_command_again_is_answered_with_the_first_receipt_also_by_another_node() {
    for shop in Shop::on_every_log() {
        let first = shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
        assert_eq!(first.outcome, Outcome::Appended);
        for bus in [shop.bus.clone(), shop.second_node()] {
            let again = bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
            assert_eq!(again.outcome, Outcome::AlreadyAnswered);
            assert_eq!(receipt(&again), receipt(&first));
        }
        assert_eq!(shop.sum("a").await, 2);
    }
}

#[tokio::test]
async fn twins_have_one_effect_and_one_answer() {
    for shop in Shop::on_every_log() {
        shop.log.hold_answers();
        let mut twins = Vec::new();
        for _ in 0..10 {
            twins.push(shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap());
        }
        shop.log.let_answers_go();
        let answers: Vec<_> = join_all(twins).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.outcome == Outcome::Appended).count(), 1);
        assert!(answers.iter().all(|answer| receipt(answer) == (Some(Revision(0)), Position(1), 1)), "{answers:?}");
        assert_eq!(shop.sum("a").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_that_race_on_two_nodes_have_one_effect_and_one_answer() {
    const COMMANDS: u128 = 200;
    for shop in Shop::on_every_log() {
        let nodes = [shop.bus.clone(), shop.second_node()];
        // Both have the stream in their cache, so that neither reads before it appends.
        for bus in &nodes {
            bus.execute::<Counter>("a", ADD_1, command(COMMANDS)).await.unwrap();
        }
        let answers = (0..COMMANDS).flat_map(|number| {
            nodes.clone().map(|bus| {
                tokio::spawn(
                    async move { execute_contended::<Counter>(&bus, "a", ADD_1, command(number)).await.unwrap() },
                )
            })
        });
        let answers: Vec<_> = join_all(answers).await.into_iter().map(Result::unwrap).collect();
        for twins in answers.chunks(2) {
            assert_eq!(receipt(&twins[0]), receipt(&twins[1]));
            assert_eq!(twins.iter().filter(|answer| answer.outcome == Outcome::Appended).count(), 1, "{twins:?}");
        }
        assert_eq!(shop.events("a").await.len(), usize::try_from(COMMANDS).unwrap() + 1);
    }
}

#[tokio::test]
async fn the_twin_that_lost_against_another_node_is_answered_with_the_winners_receipt() {
    let shop = Shop::open();
    let other = shop.second_node();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let winner = other.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    // This node's cache knows nothing of it: it decides, conflicts, reads, and finds the answer.
    let loser = shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    assert_eq!((loser.outcome, receipt(&loser)), (Outcome::AlreadyAnswered, receipt(&winner)));
    assert_eq!(shop.sum("a").await, 2);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_and_has_no_effect() {
    for shop in Shop::on_every_log() {
        shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        for bus in [shop.bus.clone(), shop.second_node()] {
            let other = CounterCommand::Add { amount: 2 };
            let error = bus.execute::<Counter>("a", other, command(1)).await.unwrap_err();
            assert!(matches!(error, ExecuteError::CommandIdReused { .. }), "{error:?}");
        }
        assert_eq!(shop.sum("a").await, 1);
    }
}

#[tokio::test]
async fn other_content_under_the_id_of_a_command_on_its_way_is_refused_too() {
    let shop = Shop::open();
    shop.log.hold_answers();
    let first = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let other = shop.bus.submit::<Counter>("a", CounterCommand::Add { amount: 2 }, command(1)).await.unwrap();
    shop.wait_for_events("a", 1).await;
    shop.log.let_answers_go();
    first.await.unwrap();
    let error = other.await.unwrap_err();
    assert!(matches!(error, ExecuteError::CommandIdReused { .. }), "{error:?}");
    assert_eq!(shop.sum("a").await, 1);
}

#[tokio::test]
async fn the_newest_commands_are_remembered_and_one_that_left_the_window_is_decided_afresh() {
    let shop = Shop::open();
    for number in 0..=u128::try_from(COMMANDS_REMEMBERED).unwrap() {
        shop.bus.execute::<Counter>("a", ADD_1, command(number)).await.unwrap();
    }
    for bus in [shop.bus.clone(), shop.second_node()] {
        let kept = bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        assert_eq!(kept.outcome, Outcome::AlreadyAnswered);
    }
    let gone = shop.bus.execute::<Counter>("a", ADD_1, command(0)).await.unwrap();
    assert_eq!(gone.outcome, Outcome::Appended);
}

#[tokio::test]
async fn a_repetition_that_waits_while_its_command_leaves_the_window_is_answered_all_the_same() {
    let shop = Shop::open();
    let filled = u128::try_from(COMMANDS_REMEMBERED).unwrap();
    let mut answers = Vec::new();
    for number in 0..filled {
        answers.push(shop.bus.execute::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    shop.log.hold_answers();
    let before = shop.bus.submit::<Counter>("a", ADD_1, command(filled)).await.unwrap();
    // Command 1 is the oldest that is remembered now, and the oldest no more with the command behind its repetition.
    let again = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let behind = shop.bus.submit::<Counter>("a", ADD_1, command(filled + 1)).await.unwrap();
    shop.wait_for_events("a", COMMANDS_REMEMBERED + 2).await;
    shop.log.let_answers_go();
    let again = again.await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
    assert_eq!(receipt(&again), receipt(&answers[1]));
    for answer in [before, behind] {
        assert_eq!(answer.await.unwrap().outcome, Outcome::Appended);
    }
    assert_eq!(shop.events("a").await.len(), COMMANDS_REMEMBERED + 2);
}

#[tokio::test]
async fn a_reserve_that_comes_after_its_release_loses() {
    for shop in Shop::on_every_log() {
        let quantity = Quantity::new(5).unwrap();
        let receipt_id = ReceiptId::new(Uuid::from_u128(1));
        let receive = StockItemCommand::Receive { receipt_id, quantity, reference: None };
        shop.bus.execute::<StockItem>("main.A", receive, command(1)).await.unwrap();
        let reservation_id = ReservationId::new(Uuid::from_u128(2));
        let release = StockItemCommand::ReleaseReservation { reservation_id };
        let released = shop.bus.execute::<StockItem>("main.A", release, command(2)).await.unwrap();
        assert_eq!((released.outcome, released.events), (Outcome::Appended, 1), "it is recorded");
        let expires_at = shop.ambient.clock.now() + chrono::TimeDelta::minutes(15);
        // On the node that knows of it, and on one that has to read it.
        for (bus, number) in [(shop.bus.clone(), 3), (shop.second_node(), 4)] {
            let reserve = StockItemCommand::Reserve { reservation_id, quantity, expires_at };
            let error = bus.execute::<StockItem>("main.A", reserve, command(number)).await.unwrap_err();
            let ExecuteError::Refused(refusal) = error else { panic!("{error:?}") };
            assert!(
                matches!(
                    refusal,
                    StockItemError::ReservationEnded { ending: ReservationEnding::ReleasedBeforehand, .. }
                ),
                "{refusal:?}"
            );
        }
        let stock = shop.second_node().load::<StockItem>("default", "main.A").await.unwrap().state;
        assert_eq!((stock.reserved(), stock.available()), (0, 5));
    }
}
