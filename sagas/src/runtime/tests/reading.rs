//! What is read of the log, from where, and what is passed over.

use super::world::World;
use crate::{
    process::{Consumed, Process},
    registration::{ProcessRegistration, RegistrationCommand},
    testing::errand::{Errand, ErrandEvent},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};
use tillroll_infra::{
    log::AppendError,
    stream::{DEFAULT_TENANT, Position},
};

/// Far longer than anything takes here.
const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_process_that_is_enabled_begins_at_the_end_of_the_log() {
    let world = World::new();
    world.wanted("old", 1).await;
    let life = world.begin().await;
    assert_eq!(life.enabled().await, Position(1));
    world.wanted("new", 1).await;
    world.until_fetched("new", 1).await;
    assert_eq!(world.steps("old").await, []);
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_once_the_runtime_has_started_is_told() {
    let world = World::new();
    let life = world.begin().await;
    assert_eq!(life.enabled().await, Position::START);
    world.wanted("a", 1).await;
    world.until_fetched("a", 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_nothing_runs_is_told_afterwards() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    drop(life);
    world.wanted("a", 1).await;
    let _life = world.begin().await;
    world.until_fetched("a", 1).await;
}

#[tokio::test(start_paused = true)]
async fn imported_history_is_no_occasion_to_do_anything() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    world.happens_in("ErrandWanted", "imported", &json!({ "things": 1 }), "import:books").await;
    world.wanted("a", 1).await;
    world.until_fetched("a", 1).await;
    drop(life);
    // Also where it is read by a process that is behind.
    world.happens_in("ErrandWanted", "imported", &json!({ "things": 1 }), "import:books").await;
    world.wanted("b", 1).await;
    let _life = world.begin().await;
    world.until_fetched("b", 1).await;
    assert_eq!(world.steps("imported").await, []);
}

#[tokio::test(start_paused = true)]
async fn only_what_starts_an_instance_begins_one() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    world.happens("ErrandMentioned", "a", &json!({ "things": 1 })).await;
    world.wanted("a", 1).await;
    world.happens("ErrandMentioned", "a", &json!({ "things": 1 })).await;
    world.happens("ErrandMentioned", "a", &json!({})).await;
    world.until_fetched("a", 2).await;
    let told = world.steps("a").await.into_iter();
    let told = told.filter(|step| matches!(step.as_ref().input, Consumed::Told { .. })).count();
    assert_eq!(told, 2, "before it began, and what means nothing to it, left no trace");
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_told_everything_in_the_order_of_the_log() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    let mut expected: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for round in 0..40 {
        for instance in ["a", "b", "c"] {
            expected.entry(instance).or_default().push(world.wanted(instance, 1).await.0);
        }
        if round % 10 == 0 {
            // Some inputs fail on their way; those behind them must not overtake.
            life.log.fail_next(&AppendError::Full, 7);
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    for (instance, expected) in expected {
        world.until_fetched(instance, 40).await;
        let told = |step: &ErrandEvent| match step.as_ref().input {
            Consumed::Told { position, .. } => Some(position),
            Consumed::Answered { .. } | Consumed::Due { .. } => None,
        };
        let told: Vec<u64> = world.steps(instance).await.iter().filter_map(told).collect();
        assert_eq!(told, expected);
    }
    assert_eq!(life.log.failures_left(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_which_nobody_knows_whom_it_concerns_is_asked_about_again() {
    let world = World::new();
    world.shop.unroutable.store(5, Ordering::SeqCst);
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("a", 1).await;
    world.wanted("b", 1).await;
    world.until_fetched("a", 1).await;
    world.until_fetched("b", 1).await;
    assert_eq!(world.shop.unroutable.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn redelivery_from_an_old_checkpoint_appends_nothing() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    for number in 0..50 {
        world.wanted(&format!("i{}", number % 7), 2).await;
    }
    for number in 0..7 {
        world.until_fetched(&format!("i{number}"), if number == 0 { 16 } else { 14 }).await;
    }
    // It was never noted how far everything got.
    assert_eq!(world.all("ProcessCheckpointed").await.len(), 0);
    drop(life);
    let events = world.events().await;
    let life = world.begin().await;
    world.until("all is read again", async || life.sagas.as_ref().unwrap().statuses().get()[0].inputs == 50).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.events().await, events);
    assert!(world.shop.done.lock().values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn how_far_everything_is_handled_is_noted_now_and_then() {
    let mut world = World::new();
    world.options.checkpoint_events = 10;
    let life = world.begin().await;
    let enabled = life.enabled().await;
    for number in 0..9 {
        world.wanted(&format!("i{number}"), 1).await;
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(world.all("ProcessCheckpointed").await.len(), 0, "neither so many nor so long ago");
    let last = world.wanted("last", 1).await;
    world.until("it is noted", async || world.all("ProcessCheckpointed").await.len() == 1).await;
    let checkpoint = || async {
        let loaded = life.bus.load::<ProcessRegistration>(DEFAULT_TENANT, Errand::CATEGORY).await.unwrap();
        Position(loaded.state.position.unwrap())
    };
    let noted = checkpoint().await;
    assert!(noted > enabled && noted <= last, "{noted}");
    // And after some time, however few.
    let later = world.wanted("later", 1).await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(checkpoint().await >= later);
    let noted = world.all("ProcessCheckpointed").await.len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.all("ProcessCheckpointed").await.len(), noted, "where nothing happens, nothing is noted");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_never_stands_beyond_what_is_still_under_way() {
    let mut world = World::new();
    world.options.checkpoint_events = 1;
    let life = world.begin().await;
    let enabled = life.enabled().await;
    // What stands in its stream cannot be read, so that the instance can be told nothing.
    world.spoil("a").await;
    let first = world.wanted("a", 1).await;
    for number in 0..5 {
        world.wanted(&format!("b{number}"), 1).await;
        world.until_fetched(&format!("b{number}"), 1).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let status = life.sagas.as_ref().unwrap().statuses().get().remove(0);
    assert_eq!(status.waiting_events, 1);
    assert!(enabled.0 < status.checkpoint, "it goes up to there");
    assert_eq!(Position(status.checkpoint).next(), first, "and not beyond");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_another_node_is_not_taken_back() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    let ahead = RegistrationCommand::Checkpoint { position: 1_000_000 };
    life.execute::<ProcessRegistration>(Errand::CATEGORY, ahead, "ahead").await;
    world.wanted("a", 1).await;
    world.until_fetched("a", 1).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let loaded = life.bus.load::<ProcessRegistration>(DEFAULT_TENANT, Errand::CATEGORY).await.unwrap();
    assert_eq!(loaded.state.position, Some(1_000_000));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_far_behind_catches_up_by_itself() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    drop(life);
    for number in 0..3_000 {
        world.happens("ErrandMentioned", &format!("x{number}"), &json!({})).await;
    }
    world.wanted("a", 1).await;
    let _life = world.begin().await;
    world.until_fetched("a", 1).await;
    // From here on it is fed with the others.
    world.wanted("b", 1).await;
    world.until_fetched("b", 1).await;
}
