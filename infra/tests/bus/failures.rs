//! What one failure costs: the command that it met, and not its neighbors.

use crate::{
    counter::{ADD_1, Counter, CounterCommand},
    support::{Shop, command},
};
use futures::future::join_all;
use tillroll_infra::{
    bus::ExecuteError,
    log::AppendError,
    stream::{Revision, StreamId},
};

#[tokio::test]
async fn a_full_disk_answers_everybody_at_once_and_costs_one_append_each() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.log.fail_next(&AppendError::Full, 150);
    let mut pending = Vec::new();
    for number in 2..102 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    for answer in join_all(pending).await {
        assert!(matches!(answer, Err(ExecuteError::Append(AppendError::Full))), "{answer:?}");
    }
    assert_eq!(shop.log.failures_left(), 50);
    shop.log.stop_failing();
    assert_eq!(shop.bus.execute::<Counter>("a", ADD_1, command(200)).await.unwrap().revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_failed_append_fails_its_command_alone_and_its_followers_are_decided_again() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 2 }, command(1)).await.unwrap();
    shop.log.fail_next(&AppendError::Full, 1);
    let mut pending = Vec::new();
    for number in 2..5 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    let answers = join_all(pending).await;
    assert!(matches!(answers[0], Err(ExecuteError::Append(AppendError::Full))), "{:?}", answers[0]);
    // The limit of two has room for both followers only because the first one's unit was not counted.
    assert_eq!(answers[1].as_ref().unwrap().revision, Some(Revision(1)));
    assert_eq!(answers[2].as_ref().unwrap().revision, Some(Revision(2)));
    assert_eq!(shop.sum("a").await, 2);
}

#[tokio::test]
async fn conflicts_without_end_are_given_up() {
    let shop = Shop::open();
    let stream = StreamId::new("counter", "a").unwrap();
    let conflict = AppendError::Conflict { stream, actual: Some(Revision(9)) };
    shop.log.fail_next(&conflict, 100);
    let error = shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Contended { .. }), "{error:?}");
    assert!(shop.log.failures_left() > 50);
}

#[tokio::test]
async fn a_panic_in_a_decision_ends_that_command_and_not_the_stream() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let error = shop.bus.execute::<Counter>("a", CounterCommand::Panic, command(2)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Append(AppendError::Unavailable(_))), "{error:?}");
    let answer = shop.bus.execute::<Counter>("a", ADD_1, command(3)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let shop = Shop::open();
    shop.log.hold_answers();
    let mut pending = Vec::new();
    let refused = loop {
        let number = u128::try_from(pending.len()).unwrap();
        match shop.bus.submit::<Counter>("a", ADD_1, command(number)).await {
            Ok(answer) => pending.push(answer),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, ExecuteError::Busy { .. }), "{refused:?}");
    shop.log.let_answers_go();
    let accepted = pending.len();
    assert!(join_all(pending).await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(shop.sum("a").await, i64::try_from(accepted).unwrap());
}
