//! Commands with a `not_after`: refused later, and remembered until then however many commands follow.

use crate::{
    counter::{ADD_1, Counter, CounterCommand},
    support::{Shop, command},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tillroll_infra::{
    bus::{
        Bus, COMMANDS_REMEMBERED, CommandContext, ExecuteError, Executed, NOT_AFTER_AHEAD_MAX, NOT_AFTER_GRACE,
        Outcome, TIMED_COMMANDS_MAX,
    },
    snapshots::MemorySnapshots,
};

fn timed(number: u128, not_after: DateTime<Utc>) -> CommandContext {
    CommandContext { not_after: Some(not_after), ..command(number) }
}

/// Sends commands of these numbers without a `not_after`, all at once.
async fn send_others(bus: &Bus, numbers: std::ops::Range<u128>) {
    let mut pending = Vec::new();
    for number in numbers {
        pending.push(bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    for answer in pending {
        answer.await.unwrap();
    }
}

fn assert_same_answer(again: &Executed, first: &Executed) {
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
    assert_eq!((again.revision, again.position, again.events), (first.revision, first.position, first.events));
}

const OTHERS: u128 = 1_000_000;

#[tokio::test]
async fn a_command_after_its_not_after_is_refused_unless_it_was_answered_in_time() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::seconds(10);
    shop.bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    shop.clock.advance(TimeDelta::seconds(11));
    let error = shop.bus.execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::TooLate { not_after } if not_after == deadline), "{error:?}");
    let again = shop.bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
    assert_eq!(shop.sum("a").await, 1);
}

/// The command could not be remembered as long as it says that it is valid.
#[tokio::test]
async fn after_a_clock_was_set_back_a_command_that_would_be_forgotten_too_early_is_refused() {
    let shop = Shop::open();
    shop.clock.advance(TimeDelta::hours(1));
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.clock.advance(-TimeDelta::hours(1));
    let deadline = shop.ambient.clock.now() + TimeDelta::seconds(10);
    let error = shop.bus.execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::TooLate { not_after } if not_after == deadline), "{error:?}");
    // One that is valid beyond the stream's time is not, and is remembered.
    let later = deadline + TimeDelta::hours(2);
    let first = shop.bus.execute::<Counter>("a", ADD_1, timed(3, later)).await.unwrap();
    send_others(&shop.bus, OTHERS..OTHERS + 1_100).await;
    assert_same_answer(&shop.bus.execute::<Counter>("a", ADD_1, timed(3, later)).await.unwrap(), &first);
}

/// Its own node's clock may be ahead, so that what is too far for one is not for the other.
#[tokio::test]
async fn a_repetition_whose_not_after_is_too_far_for_this_node_is_answered_if_another_one_carried_it_out() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let deadline = shop.ambient.clock.now() + NOT_AFTER_AHEAD_MAX + TimeDelta::minutes(1);
    shop.clock.advance(TimeDelta::minutes(2));
    shop.second_node().execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap();
    shop.clock.advance(-TimeDelta::minutes(2));
    let again = shop.bus.execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
}

#[tokio::test]
async fn a_late_repetition_is_answered_also_if_another_node_carried_the_command_out() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::seconds(10);
    shop.bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    // The first node has the stream in its cache, without what the second one appends.
    shop.second_node().execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap();
    shop.clock.advance(TimeDelta::seconds(11));
    let again = shop.bus.execute::<Counter>("a", ADD_1, timed(2, deadline)).await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
}

#[tokio::test]
async fn within_its_not_after_a_command_has_one_effect_and_one_answer_however_many_follow() {
    for shop in Shop::on_every_log() {
        let deadline = shop.ambient.clock.now() + TimeDelta::hours(1);
        let snapshots = Arc::new(MemorySnapshots::new());
        let bus = shop.node().snapshots(snapshots.clone(), 100).build();
        let first = bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
        send_others(&bus, OTHERS..OTHERS + 3_000).await;
        shop.clock.advance(TimeDelta::minutes(59));
        send_others(&bus, OTHERS + 3_000..OTHERS + 3_010).await;
        while snapshots.get(&crate::support::counter("a")).is_none() {
            tokio::task::yield_now().await;
        }
        let by_snapshot = shop.node().snapshots(snapshots.clone(), 1_000_000).build();
        // Warm; from a snapshot; and cold.
        for (bus, read) in [(&bus, 0..10), (&by_snapshot, 1..1_000), (&shop.second_node(), 3_011..3_012)] {
            shop.log.take_events_read();
            let again = bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
            assert_same_answer(&again, &first);
            let events_read = shop.log.take_events_read();
            assert!(read.contains(&events_read), "{events_read}");
            let error = bus.execute::<Counter>("a", CounterCommand::Add { amount: 2 }, timed(1, deadline)).await;
            assert!(matches!(error, Err(ExecuteError::CommandIdReused { .. })), "{error:?}");
        }
        assert_eq!(shop.sum("a").await, 3_011);
    }
}

#[tokio::test]
async fn without_a_not_after_as_many_commands_make_it_forgotten() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    send_others(&shop.bus, OTHERS..OTHERS + u128::try_from(COMMANDS_REMEMBERED).unwrap()).await;
    assert_eq!(shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap().outcome, Outcome::Appended);
}

#[tokio::test]
async fn once_it_is_forgotten_a_command_is_too_late_on_every_node() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::hours(1);
    let first = shop.bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    send_others(&shop.bus, OTHERS..OTHERS + 2_000).await;
    // To the last moment of the grace it is remembered, though a new one would be refused.
    shop.clock.advance(TimeDelta::hours(1) + NOT_AFTER_GRACE);
    send_others(&shop.bus, OTHERS + 2_000..OTHERS + 2_001).await;
    for bus in [shop.bus.clone(), shop.second_node()] {
        assert_same_answer(&bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap(), &first);
    }
    shop.clock.advance(TimeDelta::milliseconds(1));
    send_others(&shop.bus, OTHERS + 2_001..OTHERS + 2_002).await;
    for bus in [shop.bus.clone(), shop.second_node()] {
        let error = bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap_err();
        assert!(matches!(error, ExecuteError::TooLate { .. }), "{error:?}");
    }
    assert_eq!(shop.sum("a").await, 2_003);
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_by_less_than_the_grace_repeats_nothing() {
    let shop = Shop::open();
    let start = shop.ambient.clock.now();
    let deadline = start + TimeDelta::hours(1);
    let first = shop.bus.execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    send_others(&shop.bus, OTHERS..OTHERS + 2_000).await;
    // One node decides just after the end, and the other one's clock says that it is not over yet.
    shop.clock.set(deadline + TimeDelta::minutes(4));
    send_others(&shop.bus, OTHERS + 2_000..OTHERS + 2_001).await;
    shop.clock.set(deadline);
    let again = shop.second_node().execute::<Counter>("a", ADD_1, timed(1, deadline)).await.unwrap();
    assert_same_answer(&again, &first);
}

#[tokio::test]
async fn only_so_many_are_remembered_and_one_more_is_refused_until_there_is_room() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::hours(1);
    let mut pending = Vec::new();
    for number in 0..u128::try_from(TIMED_COMMANDS_MAX).unwrap() {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, timed(number, deadline)).await.unwrap());
        if pending.len() == 1_000 {
            for answer in pending.drain(..) {
                answer.await.unwrap();
            }
        }
    }
    for answer in pending {
        answer.await.unwrap();
    }
    for bus in [shop.bus.clone(), shop.second_node()] {
        let error = bus.execute::<Counter>("a", ADD_1, timed(OTHERS, deadline)).await.unwrap_err();
        assert!(matches!(error, ExecuteError::TooManyTimed { .. }), "{error:?}");
        let first = bus.execute::<Counter>("a", ADD_1, timed(0, deadline)).await.unwrap();
        assert_eq!(first.outcome, Outcome::AlreadyAnswered, "none of them was given up");
    }
    let nothing = CounterCommand::Add { amount: 0 };
    let idle = shop.bus.execute::<Counter>("a", nothing, timed(OTHERS, deadline)).await.unwrap();
    assert_eq!(idle.outcome, Outcome::NothingToDo, "what is not remembered needs no room");
    shop.bus.execute::<Counter>("a", ADD_1, command(OTHERS + 1)).await.unwrap();
    shop.clock.advance(TimeDelta::hours(1) + NOT_AFTER_GRACE + TimeDelta::milliseconds(1));
    let later = shop.ambient.clock.now() + TimeDelta::hours(1);
    let executed = shop.bus.execute::<Counter>("a", ADD_1, timed(OTHERS, later)).await.unwrap();
    assert_eq!(executed.outcome, Outcome::Appended);
}

#[tokio::test]
async fn a_not_after_further_ahead_than_is_remembered_is_refused() {
    let shop = Shop::open();
    let limit = shop.ambient.clock.now() + NOT_AFTER_AHEAD_MAX;
    let beyond = limit + TimeDelta::microseconds(1);
    let error = shop.bus.execute::<Counter>("a", ADD_1, timed(1, beyond)).await.unwrap_err();
    assert!(
        matches!(error, ExecuteError::NotAfterTooFar { not_after, latest } if (not_after, latest) == (beyond, limit)),
        "{error:?}"
    );
    shop.bus.execute::<Counter>("a", ADD_1, timed(1, limit)).await.unwrap();
    assert_eq!(shop.events("a").await[0].metadata().unwrap().not_after, Some(limit));
    assert_eq!(shop.sum("a").await, 1);
}
