//! What instances want done is done, each beside the others.

use super::world::World;
use crate::{process::Ending, testing::errand::ErrandAction};
use std::{sync::atomic::Ordering, time::Duration};

#[tokio::test(start_paused = true)]
async fn what_is_wanted_is_fetched_and_answered_once() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("a", 3).await;
    world.wanted("b", 1).await;
    world.until_fetched("a", 3).await;
    world.until_fetched("b", 1).await;
    assert_eq!(world.steps("a").await.len(), 4, "one step for each input");
    assert_eq!(world.instance("a").await.ending, Some(Ending::Completed));
    assert!(world.shop.done.lock().values().all(|times| *times == 1), "{:?}", world.shop.done);
    world.until("the index shows nothing any more", async || life.open_instances().await.is_empty()).await;
    let status = &life.sagas.as_ref().unwrap().statuses().get()[0];
    assert_eq!((status.name, status.inputs, status.actions, status.waiting_events), ("errand", 6, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_action_does_not_hold_back_others() {
    let mut world = World::new();
    world.options.actions_max = 2;
    world.shop.stuck.lock().extend(["s".to_owned(), "t".to_owned(), "u".to_owned()]);
    let life = world.begin().await;
    life.enabled().await;
    for stuck in ["s", "t", "u"] {
        world.wanted(stuck, 2).await;
    }
    // By then each waits half a minute to be tried again, and takes nobody's place meanwhile.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(world.shop.tries_of("s") > 6);
    world.wanted("a", 5).await;
    let fetched = world.until_fetched("a", 5);
    tokio::time::timeout(Duration::from_secs(1), fetched).await.expect("nothing is waited for");
    assert_eq!(world.shop.busiest.load(Ordering::SeqCst), 2, "not more than may be carried out at a time");
    let status = life.sagas.as_ref().unwrap().statuses().get().remove(0);
    assert_eq!((status.actions, status.failing_actions), (6, 6));
    // It goes on by itself once that is possible.
    world.shop.stuck.lock().clear();
    world.until_fetched("s", 2).await;
    let status = life.sagas.as_ref().unwrap().statuses().get().remove(0);
    assert_eq!(status.failing_actions, status.actions, "what succeeded counts no more");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_tried_later_and_later() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("s", 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    // 50, 100, 200 … ms: the sum of ten such pauses is a minute with the last one cut at 30 s.
    let tries = world.shop.tries_of("s");
    assert!((10..=12).contains(&tries), "{tries}");
    tokio::time::sleep(Duration::from_secs(300)).await;
    let later = world.shop.tries_of("s") - tries;
    assert!((9..=11).contains(&later), "then every 30 s, not {later} times in 5 minutes");
}

#[tokio::test(start_paused = true)]
async fn what_was_left_to_do_is_taken_up_without_reading_again_what_led_to_it() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    let wanted = world.wanted("s", 2).await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let checkpoint = life.sagas.as_ref().unwrap().statuses().get()[0].checkpoint;
    assert!(checkpoint >= wanted.0, "it will not be told again");
    drop(life);
    world.shop.stuck.lock().clear();
    let _life = world.begin().await;
    world.until_fetched("s", 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_action_that_its_doer_dropped_is_taken_up_when_the_index_is_looked_through() {
    let mut world = World::new();
    world.options.poll_max = Duration::from_secs(30);
    world.shop.clumsy.lock().insert("c".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("c", 1).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.shop.tries_of("c"), 1);
    assert_eq!(life.sagas.as_ref().unwrap().statuses().get()[0].actions, 0, "nobody is at it");
    world.shop.clumsy.lock().clear();
    world.until_fetched("c", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_is_being_done_and_begins_nothing_new() {
    let world = World::new();
    let mut life = world.begin().await;
    life.enabled().await;
    world.wanted("a", 2).await;
    world.until("it is being fetched", async || world.shop.tries_of("a") == 2).await;
    life.sagas.take().unwrap().shutdown().await;
    let found = world.instance("a").await;
    assert_eq!((found.process.fetched.len(), found.outbox.open.len()), (2, 0), "the answers are kept");
    let events = world.events().await;
    world.wanted("b", 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.events().await, events + 1, "nobody follows the log any more");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_ever() {
    let world = World::new();
    world.shop.endless.lock().insert("e".to_owned());
    world.shop.stuck.lock().insert("s".to_owned());
    let mut life = world.begin().await;
    life.enabled().await;
    world.wanted("e", 1).await;
    world.wanted("s", 1).await;
    world.until("both are tried", async || world.shop.tried.lock().len() >= 2).await;
    life.sagas.take().unwrap().shutdown().await;
    let open = world.instance("e").await.outbox.open;
    assert_eq!(open.values().collect::<Vec<_>>(), [&ErrandAction::Fetch { thing: 1 }], "it is done the next time");
    drop(life);
    world.shop.endless.lock().clear();
    world.shop.stuck.lock().clear();
    let _life = world.begin().await;
    world.until_fetched("e", 1).await;
    world.until_fetched("s", 1).await;
}
