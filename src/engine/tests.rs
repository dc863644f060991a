//! The engine over its folder: what it makes of the files beside the log.

mod erasure;

use super::*;
use serde_json::Value;
use tillroll_domain::{
    aggregate::Aggregate,
    ids::CommandId,
    stock_item::{StockItemState, commands::StockItemCommand},
};
use tillroll_infra::{
    bus::CommandContext,
    log::EventFilter,
    stream::{DEFAULT_TENANT, StreamId},
};

const SKU: &str = "main.85123A";

async fn open(folder: &tempfile::TempDir) -> Engine {
    Engine::open(Settings { data: folder.path().to_owned(), ..Settings::default() }).await.unwrap()
}

/// Sets the reorder level to these, one after the other.
async fn set_levels(engine: &Engine, levels: std::ops::Range<u32>) {
    for level in levels {
        let context = CommandContext::live(CommandId::new(engine.ambient.ids.next()), "tester");
        let set = StockItemCommand::SetReorderLevel { level };
        engine.bus.submit::<StockItem>(SKU, set, context).await.unwrap().await.unwrap();
    }
}

async fn state(engine: &Engine) -> StockItemState {
    engine.bus.load::<StockItem>(DEFAULT_TENANT, SKU).await.unwrap().state
}

/// Whoever is served after it is heard by every process.
#[tokio::test]
async fn once_the_processes_are_started_each_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder).await;
    let follower = engine.projections.start();
    let processes = engine.start_processes().await.unwrap();
    let events = engine.log.read_all(Position::START, &EventFilter::default(), 100).await.unwrap().events;
    let enabled = events.iter().filter(|event| &*event.event_type == "ProcessEnabled").count();
    assert_eq!((enabled, events.len()), (processes.statuses().get().len(), enabled));
    processes.shutdown().await;
    engine.close(Some(follower)).await;
}

#[tokio::test]
async fn a_long_stream_has_a_snapshot_that_the_next_process_finds() {
    let folder = tempfile::tempdir().unwrap();
    let stream = StreamId::new(StockItem::CATEGORY, SKU).unwrap();
    let engine = open(&folder).await;
    set_levels(&engine, 1..300).await;
    while engine.snapshots.as_ref().unwrap().load(&stream).await.is_none() {
        tokio::task::yield_now().await;
    }
    let before = state(&engine).await;
    engine.close(None).await;
    let engine = open(&folder).await;
    assert!(engine.snapshots.as_ref().unwrap().load(&stream).await.is_some());
    assert_eq!((state(&engine).await.reorder_level(), state(&engine).await), (299, before));
    engine.close(None).await;
}

#[tokio::test]
async fn a_lost_key_vault_is_not_replaced_by_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.close(None).await;
    let vault = folder.path().join("vault.db");
    fs::rename(&vault, folder.path().join("elsewhere")).unwrap();
    let settings = Settings { data: folder.path().to_owned(), ..Settings::default() };
    let refused = Engine::open(settings).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("vault.db is missing; restore it"), "{refused}");
    assert!(!vault.exists());
    fs::rename(folder.path().join("elsewhere"), &vault).unwrap();
    open(&folder).await.close(None).await;
}

#[tokio::test]
async fn a_file_that_does_not_hold_snapshots_is_left_alone_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots.db");
    fs::write(&path, "a letter to a friend").unwrap();
    let engine = open(&folder).await;
    set_levels(&engine, 1..3).await;
    assert_eq!(state(&engine).await.reorder_level(), 2);
    engine.close(None).await;
    assert_eq!(fs::read(&path).unwrap(), b"a letter to a friend");
}
