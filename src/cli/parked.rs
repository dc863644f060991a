//! `tillroll parked`: events that a projection could not fold, and trying them again.

use super::{print, rebuild::warn_of_stopped};
use crate::engine::Engine;
use std::collections::BTreeSet;
use tillroll_infra::config::Settings;

pub(super) async fn run(settings: &Settings, retry: Option<&str>) -> anyhow::Result<()> {
    let engine = Engine::open_existing(settings.clone()).await?;
    warn_of_stopped(&engine).await;
    let outcome = match retry {
        Some(projection) => try_again(&engine, projection).await,
        None => list(&engine).await,
    };
    engine.close(None).await;
    outcome
}

async fn list(engine: &Engine) -> anyhow::Result<()> {
    let parked = engine.projections.parked(None).await?;
    for event in &parked {
        let position = event.position;
        print(&format!("{}  {}  {position}  {}  {}", event.projection, event.stream, event.event_type, event.error))?;
    }
    print(&format!("{} events are parked", parked.len()))
}

/// Tries every stream, also after one that still cannot be folded.
async fn try_again(engine: &Engine, projection: &str) -> anyhow::Result<()> {
    let parked = engine.projections.parked(Some(projection)).await?;
    let streams: BTreeSet<_> = parked.into_iter().map(|event| event.stream).collect();
    let (mut folded, mut failed) = (0, 0);
    for stream in &streams {
        match engine.projections.retry_parked(projection, stream).await {
            Ok(events) => folded += events,
            Err(error) => {
                failed += 1;
                eprintln!("tillroll: {error}");
            }
        }
    }
    print(&format!("{folded} parked events were folded into {projection}"))?;
    anyhow::ensure!(failed == 0, "{failed} of {} streams stay parked in {projection}", streams.len());
    Ok(())
}
