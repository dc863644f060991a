//! `tillroll parked`: events that a projection could not fold, and trying them again.

use crate::engine::Engine;
use std::collections::BTreeSet;
use tillroll_infra::config::Settings;

pub(super) async fn run(settings: &Settings, retry: Option<&str>) -> anyhow::Result<()> {
    let engine = Engine::open(settings.clone()).await?;
    let projections = &engine.projections;
    projections.catch_up().await?;
    let outcome = match retry {
        Some(projection) => try_again(&engine, projection).await,
        None => list(&engine).await,
    };
    let follower = engine.projections.start();
    engine.close(follower).await;
    outcome
}

async fn list(engine: &Engine) -> anyhow::Result<()> {
    let parked = engine.projections.parked(None).await?;
    for event in &parked {
        let position = event.position;
        println!("{}  {}  {position}  {}  {}", event.projection, event.stream, event.event_type, event.error);
    }
    println!("{} events are parked", parked.len());
    Ok(())
}

async fn try_again(engine: &Engine, projection: &str) -> anyhow::Result<()> {
    let parked = engine.projections.parked(Some(projection)).await?;
    let streams: BTreeSet<_> = parked.into_iter().map(|event| event.stream).collect();
    let mut folded = 0;
    for stream in &streams {
        folded += engine.projections.retry_parked(projection, stream).await?;
    }
    println!("{folded} parked events of {} streams were folded into {projection}", streams.len());
    Ok(())
}
