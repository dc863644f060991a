//! A command whose answer was lost: sent again, it is answered as it would have been, and has one effect.

use crate::{
    counter::{ADD_1, Counter},
    support::{Shop, command},
};
use futures::FutureExt;
use tillroll_infra::{
    bus::{ExecuteError, Outcome},
    log::AppendError,
    stream::{Position, Revision},
};

/// The original answer to the second command of stream `a`.
async fn assert_answered_as_then(shop: &Shop) {
    for bus in [shop.bus.clone(), shop.second_node()] {
        let again = bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
        assert_eq!(again.outcome, Outcome::AlreadyAnswered);
        assert_eq!((again.revision, again.position, again.events), (Some(Revision(1)), Position(2), 1));
    }
    assert_eq!(shop.events("a").await.len(), 2);
}

#[tokio::test]
async fn a_crash_between_append_and_answer_does_not_change_the_answer() {
    let shop = Shop::on_disk();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.log.hold_answers();
    let mut unanswered = shop.bus.submit::<Counter>("a", ADD_1, command(2)).await.unwrap();
    shop.wait_for_events("a", 2).await;
    assert!((&mut unanswered).now_or_never().is_none());
    drop(unanswered);
    assert_answered_as_then(&shop.restarted()).await;
}

#[tokio::test]
async fn an_append_that_became_durable_and_was_never_answered_is_found_by_the_retry() {
    for shop in Shop::on_every_log() {
        shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        shop.log.lose_next_answers(1);
        let error = shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap_err();
        assert!(matches!(error, ExecuteError::Append(AppendError::Unavailable(_))), "{error:?}");
        assert_answered_as_then(&shop).await;
    }
}

#[tokio::test]
async fn an_append_that_became_durable_and_was_never_answered_is_found_after_a_restart() {
    let shop = Shop::on_disk();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.log.lose_next_answers(1);
    shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap_err();
    assert_answered_as_then(&shop.restarted()).await;
}

#[tokio::test]
async fn commands_decided_behind_a_lost_answer_have_one_effect_each() {
    for shop in Shop::on_every_log() {
        shop.log.lose_next_answers(1);
        let mut pending = Vec::new();
        for number in 0..20 {
            pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
        }
        let mut lost = 0;
        for (number, answer) in pending.into_iter().enumerate() {
            match answer.await {
                Ok(executed) => assert_eq!(executed.revision, Some(Revision(u64::try_from(number).unwrap()))),
                Err(error) => {
                    assert!(matches!(error, ExecuteError::Append(AppendError::Unavailable(_))), "{error:?}");
                    lost += 1;
                }
            }
        }
        assert_eq!(lost, 1);
        for number in 0..20 {
            let again = shop.bus.execute::<Counter>("a", ADD_1, command(number)).await.unwrap();
            assert_eq!(again.outcome, Outcome::AlreadyAnswered);
            assert_eq!(again.revision, Some(Revision(u64::try_from(number).unwrap())));
        }
        assert_eq!(shop.sum("a").await, 20);
    }
}

#[tokio::test]
async fn a_command_that_never_reached_the_log_is_carried_out_after_the_restart() {
    let shop = Shop::on_disk();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.log.die_after(0);
    shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap_err();
    let shop = shop.restarted();
    let executed = shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    assert_eq!((executed.outcome, executed.revision), (Outcome::Appended, Some(Revision(1))));
    assert_eq!(shop.sum("a").await, 2);
}
