//! What happens around the shop by itself: the clock is set wrong and right again, goods arrive, the read models are copied.

use crate::{http::Network, reached::State, shop::Shop, world::World};
use chrono::TimeDelta;
use std::{sync::Arc, time::Duration};
use tillroll_faults::rng::Rng;
use tillroll_sagas::runtime::Sagas;
use tokio::time::sleep;

/// Takes a copy of the read models now and then, which a crash may leave.
pub async fn keep_read_models(world: Arc<World>) {
    loop {
        sleep(Duration::from_secs(900)).await;
        let mut read_models = world.read_models.lock();
        let copy = read_models.0.fork();
        read_models.1 = Some(copy);
    }
}

/// A source of chance for one life.
fn chance(world: &World, concern: u64) -> Rng {
    let life = *world.lives.lock();
    Rng::new(world.plan.seed ^ (life << 32), concern)
}

/// Sets the engine's clock wrong, in both directions, and right again.
pub async fn disturb_clock(world: Arc<World>, sagas: Arc<Sagas>) {
    let most = i64::try_from(world.faults.weather().clock_minutes).unwrap_or(0) * 60;
    if most == 0 {
        return;
    }
    let mut rng = chance(&world, 77);
    let seconds = |rng: &mut Rng, least: usize, most: usize| {
        Duration::from_secs(u64::try_from(rng.between(least, most)).unwrap_or(1))
    };
    loop {
        sleep(seconds(&mut rng, 60, 3_000)).await;
        let offset = i64::try_from(rng.below(usize::try_from(2 * most + 1).unwrap_or(1))).unwrap_or(0) - most;
        let offset = TimeDelta::seconds(offset);
        note_deadlines(&world, offset);
        world.time.set_offset(offset);
        sagas.look_at_the_clock();
        sleep(seconds(&mut rng, 1, 2_400)).await;
        world.time.set_offset(TimeDelta::zero());
        sagas.look_at_the_clock();
    }
}

fn note_deadlines(world: &World, offset: TimeDelta) {
    let now = world.clock.now();
    let books = world.books.lock();
    let mut due = books.processes.all().flat_map(|(_, _, instance)| instance.timers.values());
    if offset < TimeDelta::zero() {
        if due.next().is_some() {
            world.reached.at(State::ClockBack);
        }
    } else if due.any(|due| (now..now + offset).contains(due)) {
        world.reached.at(State::ClockForward);
    }
}

/// Notes when actions fail again and again.
pub async fn look_at_actions(world: Arc<World>, sagas: Arc<Sagas>) {
    loop {
        sleep(Duration::from_millis(1_500)).await;
        let statuses = sagas.statuses().get();
        let (failing, all) = statuses
            .iter()
            .fold((0, 0), |(failing, all), status| (failing + status.failing_actions, all + status.actions));
        if failing > 0 && all > failing {
            world.reached.at(State::ActionInBackOff);
        }
        if failing == 0 {
            sleep(Duration::from_secs(20)).await;
        }
    }
}

/// Brings a few units of something every now and then.
pub async fn restock(world: Arc<World>, network: Network) {
    let mut rng = chance(&world, 78);
    let life = *world.lives.lock();
    for number in 0..20 {
        sleep(Duration::from_secs(u64::try_from(rng.between(60, 3_600)).unwrap_or(60))).await;
        let (sku, location) = {
            let shop = world.shop.lock();
            let article = &shop.articles[rng.below(shop.articles.len())];
            (article.sku.clone(), article.stock[rng.below(article.stock.len())].0.clone())
        };
        network.send(&Shop::receive(&sku, &location, rng.between(1, 4), format!("restock-{life}-{number}"))).await;
    }
}
