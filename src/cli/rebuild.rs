//! `tillroll rebuild`: read models anew from the log.

use super::{print, progress::bar};
use crate::engine::Engine;
use tillroll_infra::{config::Settings, log::EventLog};

pub(super) async fn run(settings: &Settings, projections: &[String]) -> anyhow::Result<()> {
    let engine = Engine::open_existing(settings.clone()).await?;
    let rebuilt = rebuild(&engine, projections).await;
    engine.close(None).await;
    print(&rebuilt?)
}

async fn rebuild(engine: &Engine, projections: &[String]) -> anyhow::Result<String> {
    check_names(engine, projections)?;
    let clock = engine.bus.ambient().clock.clone();
    let started = clock.now();
    let events = engine.log.head().await?;
    // Whatever was being built before, because it is new or its version has changed, is finished first. A projection
    // that has stopped does not keep the others from being rebuilt, and is healed by its own rebuild.
    warn_of_stopped(engine).await;
    let shown = bar("rebuilding", "events", Some(events.0));
    let names: Vec<&str> = projections.iter().map(String::as_str).collect();
    let mut progress = |done: u64, total: u64| {
        shown.set_length(total);
        shown.set_position(done);
    };
    let rebuilt = engine.projections.rebuild(&names, &mut progress).await;
    shown.finish();
    rebuilt?;
    warn_of_stopped(engine).await;
    let what = if names.is_empty() { "all projections".to_owned() } else { names.join(", ") };
    let millis = clock.now().signed_duration_since(started).num_milliseconds();
    Ok(format!("rebuilt {what} from {events} events in {}.{:03} s", millis / 1_000, millis % 1_000))
}

/// Folds what the log has, and says which projection does not follow it.
pub(super) async fn warn_of_stopped(engine: &Engine) {
    if let Err(error) = engine.projections.catch_up().await {
        eprintln!("tillroll: {error}; `tillroll rebuild` builds it anew");
    }
}

fn check_names(engine: &Engine, given: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = engine.projections.read_models().statuses().iter().map(|status| status.name).collect();
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => anyhow::bail!("there is no projection {name}; there are {}", known.join(", ")),
        None => Ok(()),
    }
}
