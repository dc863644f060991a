//! `tillroll rebuild`: read models anew from the log.

use super::progress::bar;
use crate::engine::Engine;
use tillroll_infra::{config::Settings, log::EventLog};

pub(super) async fn run(settings: &Settings, projections: &[String]) -> anyhow::Result<()> {
    let engine = Engine::open(settings.clone()).await?;
    check_names(&engine, projections)?;
    let clock = engine.bus.ambient().clock.clone();
    let started = clock.now();
    let events = engine.log.head().await?;
    let shown = bar("rebuilding", "events", Some(events.0));
    let names: Vec<&str> = projections.iter().map(String::as_str).collect();
    let mut progress = |done: u64, total: u64| {
        shown.set_length(total);
        shown.set_position(done);
    };
    let rebuilt = engine.projections.rebuild(&names, &mut progress).await;
    shown.finish();
    rebuilt?;
    // What stands still since the last run is folded as well, so that all read models end at the same place.
    engine.projections.catch_up().await?;
    let what = if names.is_empty() { "all projections".to_owned() } else { names.join(", ") };
    let millis = clock.now().signed_duration_since(started).num_milliseconds();
    println!("rebuilt {what} from {events} events in {}.{:03} s", millis / 1_000, millis % 1_000);
    let follower = engine.projections.start();
    engine.close(follower).await;
    Ok(())
}

fn check_names(engine: &Engine, given: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = engine.projections.read_models().statuses().iter().map(|status| status.name).collect();
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => anyhow::bail!("there is no projection {name}; there are {}", known.join(", ")),
        None => Ok(()),
    }
}
