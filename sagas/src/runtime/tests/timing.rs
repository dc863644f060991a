//! Timers fire at or after their time, once, whoever runs then.

use super::world::World;
use crate::{
    process::{Consumed, Ending},
    testing::errand::{ErrandAction, LATE},
};
use std::time::Duration;

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

async fn times_fired(world: &World, instance: &str) -> usize {
    let due = Consumed::Due { timer: LATE.into() };
    world.steps(instance).await.iter().filter(|step| step.as_ref().input == due).count()
}

#[tokio::test(start_paused = true)]
async fn a_timer_fires_at_its_time_and_not_before() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("s", 1).await;
    tokio::time::sleep(minutes(29)).await;
    assert_eq!(times_fired(&world, "s").await, 0);
    tokio::time::sleep(minutes(1) + Duration::from_secs(1)).await;
    assert_eq!(times_fired(&world, "s").await, 1, "without anybody looking now and then");
    let alarm = life.open_instances().await.into_iter().find_map(|row| row.alarm);
    assert_eq!(alarm.as_deref(), Some("takes_too_long"));
    tokio::time::sleep(minutes(120)).await;
    assert_eq!(times_fired(&world, "s").await, 1, "once");
    let found = world.instance("s").await;
    assert_eq!(found.ending, Some(Ending::Alarmed { reason: "takes_too_long".parse().unwrap() }));
    assert!(
        world.shop.tried.lock().iter().any(|(_, action)| *action == ErrandAction::Complain),
        "what follows is done"
    );
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_time_came_while_nothing_ran_fires_afterwards() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("s", 1).await;
    world.until("it is armed", async || !world.instance("s").await.outbox.timers.is_empty()).await;
    drop(life);
    tokio::time::sleep(minutes(300)).await;
    assert_eq!(times_fired(&world, "s").await, 0);
    let _life = world.begin().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(times_fired(&world, "s").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_was_armed_before_a_restart_fires_at_its_time() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("s", 1).await;
    world.until("it is armed", async || !world.instance("s").await.outbox.timers.is_empty()).await;
    drop(life);
    tokio::time::sleep(minutes(10)).await;
    let _life = world.begin().await;
    tokio::time::sleep(minutes(19)).await;
    assert_eq!(times_fired(&world, "s").await, 0);
    tokio::time::sleep(minutes(2)).await;
    assert_eq!(times_fired(&world, "s").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_disarmed_or_set_anew_does_not_fire() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("quick", 1).await;
    world.wanted("s", 1).await;
    tokio::time::sleep(minutes(20)).await;
    world.wanted("s", 1).await;
    tokio::time::sleep(minutes(20)).await;
    assert_eq!((times_fired(&world, "quick").await, times_fired(&world, "s").await), (0, 0));
    tokio::time::sleep(minutes(11)).await;
    assert_eq!((times_fired(&world, "quick").await, times_fired(&world, "s").await), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_earlier_timer_than_the_one_waited_for_is_heard_of() {
    let world = World::new();
    world.shop.stuck.lock().extend(["long".to_owned(), "short".to_owned()]);
    let life = world.begin().await;
    life.enabled().await;
    world.minutes.store(600, std::sync::atomic::Ordering::SeqCst);
    world.wanted("long", 1).await;
    tokio::time::sleep(minutes(1)).await;
    world.minutes.store(5, std::sync::atomic::Ordering::SeqCst);
    world.wanted("short", 1).await;
    tokio::time::sleep(minutes(6)).await;
    assert_eq!((times_fired(&world, "long").await, times_fired(&world, "short").await), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn more_timers_than_are_looked_at_together_all_fire() {
    let world = World::new();
    let life = world.begin().await;
    life.enabled().await;
    let names: Vec<String> = (0..700).map(|number| format!("s{number}")).collect();
    world.shop.stuck.lock().extend(names.iter().cloned());
    for name in &names {
        world.wanted(name, 1).await;
    }
    tokio::time::sleep(minutes(32)).await;
    let mut fired = 0;
    for name in &names {
        fired += times_fired(&world, name).await;
    }
    assert_eq!(fired, 700);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_cannot_fire_for_the_moment_fires_later() {
    let world = World::new();
    world.shop.stuck.lock().insert("s".to_owned());
    let life = world.begin().await;
    life.enabled().await;
    world.wanted("s", 1).await;
    tokio::time::sleep(minutes(29)).await;
    life.log.fail_next(&tillroll_infra::log::AppendError::Full, 3);
    tokio::time::sleep(minutes(3)).await;
    assert_eq!(life.log.failures_left(), 0);
    assert_eq!(times_fired(&world, "s").await, 1);
}
