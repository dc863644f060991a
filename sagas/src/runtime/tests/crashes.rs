//! A crash between any two appends, and a start from what the log holds.

use super::world::World;
use crate::{
    process::{Consumed, Ending},
    testing::errand::ErrandAction,
};
use std::{collections::BTreeMap, time::Duration};

/// Every input is handled once, every action carried out at least once and answered once.
async fn assert_whole(world: &World, instance: &str, told: usize, things: u32) {
    let steps = world.steps(instance).await;
    let mut inputs = BTreeMap::new();
    for step in &steps {
        let name = match &step.as_ref().input {
            Consumed::Told { position, .. } => format!("told {position}"),
            Consumed::Answered { no, .. } => format!("answered {no}"),
            Consumed::Due { timer } => format!("due {timer}"),
        };
        *inputs.entry(name).or_insert(0) += 1;
    }
    assert!(inputs.values().all(|times| *times == 1), "{inputs:?}");
    assert_eq!(inputs.keys().filter(|name| name.starts_with("told")).count(), told);
    assert_eq!(inputs.keys().filter(|name| name.starts_with("answered")).count(), things as usize);
    let done = world.shop.done.lock();
    for thing in 1..=things {
        let what = serde_json::to_string(&ErrandAction::Fetch { thing }).unwrap();
        assert!(done.get(&(instance.to_owned(), what)).is_some_and(|times| *times >= 1), "{thing} was never fetched");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_any_two_appends_costs_nothing() {
    // Enabling, two things told, four answers, and the checkpoint; beyond that there is no crash.
    for crash_after in 0..10 {
        let world = World::new();
        let life = world.begin().await;
        if crash_after > 0 {
            life.enabled().await;
            life.log.die_after(crash_after - 1);
        } else {
            life.log.die_after(0);
        }
        if crash_after > 0 {
            world.wanted("a", 3).await;
            world.wanted("a", 1).await;
        }
        tokio::time::sleep(Duration::from_secs(15)).await;
        drop(life);
        let life = world.begin().await;
        life.enabled().await;
        if crash_after == 0 {
            world.wanted("a", 3).await;
            world.wanted("a", 1).await;
        }
        world.until_fetched("a", 4).await;
        assert_whole(&world, "a", 2, 4).await;
        assert_eq!(world.instance("a").await.ending, Some(Ending::Completed));
        world.until("nothing is left", async || life.open_instances().await.is_empty()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn crash_after_crash_it_gets_there() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    drop(life);
    for number in 0..6 {
        world.wanted(&format!("i{number}"), 3).await;
    }
    // Each life makes one append and is killed; there are as many lives as it takes.
    let mut lives = 0;
    loop {
        let life = world.begin().await;
        life.log.die_after(1);
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(life);
        lives += 1;
        assert!(lives < 100, "it never gets there");
        let mut left = false;
        for number in 0..6 {
            left |= world.instance(&format!("i{number}")).await.process.fetched.len() < 3;
        }
        if !left {
            break;
        }
    }
    for number in 0..6 {
        assert_whole(&world, &format!("i{number}"), 1, 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_on_its_way_is_not_given_twice() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    life.log.lose_next_answers(3);
    world.wanted("a", 2).await;
    world.until_fetched("a", 2).await;
    assert_whole(&world, "a", 1, 2).await;
}

#[tokio::test(start_paused = true)]
async fn two_nodes_on_one_log_do_everything_once() {
    let world = World::new();
    let (first, second) = (world.begin().await, world.begin().await);
    first.enabled().await;
    second.enabled().await;
    for number in 0..10 {
        world.wanted(&format!("i{number}"), 2).await;
    }
    for number in 0..10 {
        world.until_fetched(&format!("i{number}"), 2).await;
        assert_whole(&world, &format!("i{number}"), 1, 2).await;
    }
    assert_eq!(world.all("ProcessEnabled").await.len(), 1);
}
