//! Given events of the tree, these rows; and the questions that are asked of a tree.

use super::*;
use crate::{
    models::testing::{History, parse, recorded_at},
    runtime::{Runtime, RuntimeOptions},
};
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_domain::category_tree::events::{
    CategoryAdded, CategoryArchived, CategoryDescribed, CategoryMoved, CategoryRenamed, CategoryReordered,
    CategoryRestored, CategorySlugChanged,
};
use tillroll_infra::{
    ambient::Ambient,
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
    stream::StreamId,
};
use uuid::Uuid;

const STREAM: &str = "category_tree-main";

fn id(n: u128) -> CategoryId {
    CategoryId::new(Uuid::from_u128(n))
}

fn added(n: u128, parent: Option<u128>) -> CategoryAdded {
    CategoryAdded {
        category_id: id(n),
        name: parse(&format!("C{n}")),
        slug: parse(&format!("c{n}")),
        parent_id: parent.map(id),
        description: parse("All of it"),
        image: Some(parse("https://a/1")),
        sort_order: -3,
    }
}

#[test]
fn a_category_is_what_its_events_say() {
    let mut history = History::of(Categories);
    history.push::<CategoryTreeEvent>(STREAM, added(1, None));
    history.push::<CategoryTreeEvent>(STREAM, added(2, Some(1)));
    let expected = CategoryRow {
        category_id: id(2).to_string(),
        name: "C2".to_owned(),
        slug: "c2".to_owned(),
        parent_id: id(1).to_string(),
        description: "All of it".to_owned(),
        image_url: Some("https://a/1".to_owned()),
        sort_order: -3,
        archived: false,
        created_at: recorded_at(2),
        updated_at: recorded_at(2),
        revision: 1,
        position: 2,
    };
    assert_eq!(history.tables.all::<CategoryRow>()[1], expected);

    let category_id = id(2);
    history.push::<CategoryTreeEvent>(STREAM, CategoryRenamed { category_id, name: parse("Cups") });
    history.push::<CategoryTreeEvent>(STREAM, CategorySlugChanged { category_id, slug: parse("cups") });
    history.push::<CategoryTreeEvent>(STREAM, CategoryDescribed { category_id, description: parse(""), image: None });
    history.push::<CategoryTreeEvent>(STREAM, CategoryMoved { category_id, parent_id: None });
    history.push::<CategoryTreeEvent>(STREAM, CategoryReordered { category_id, sort_order: 7 });
    history.push::<CategoryTreeEvent>(STREAM, CategoryArchived { category_id });
    let changed = CategoryRow {
        name: "Cups".to_owned(),
        slug: "cups".to_owned(),
        parent_id: NO_PARENT.to_owned(),
        description: String::new(),
        image_url: None,
        sort_order: 7,
        archived: true,
        updated_at: recorded_at(8),
        revision: 7,
        position: 8,
        ..expected
    };
    assert_eq!(history.tables.all::<CategoryRow>()[1], changed);
    history.push::<CategoryTreeEvent>(STREAM, CategoryRestored { category_id });
    assert!(!history.tables.all::<CategoryRow>()[1].archived);
    assert_eq!(history.tables.all::<CategoryRow>()[0].revision, 0, "the other one is as it was");
}

#[test]
fn an_event_of_a_category_that_nobody_added_is_poison() {
    let mut history = History::of(Categories);
    let error = history.try_push::<CategoryTreeEvent>(STREAM, CategoryArchived { category_id: id(1) }).unwrap_err();
    assert!(matches!(error, ApplyError::Poison(_)), "{error:?}");
}

#[test]
fn trees_of_other_tenants_are_passed_over() {
    let mut history = History::of(Categories);
    history.push::<CategoryTreeEvent>("acme.category_tree-main", added(1, None));
    assert_eq!(history.tables.all::<CategoryRow>(), []);
}

async fn snapshot_of(events: Vec<CategoryTreeEvent>) -> (TempDir, Runtime, Snapshot) {
    let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
    for (number, event) in (1..).zip(events) {
        let event = NewEvent {
            id: Uuid::from_u128(number),
            event_type: event.event_type().name.into(),
            schema_version: event.event_type().version,
            metadata: serde_json::to_string(&Metadata::default()).unwrap().into(),
            data: serde_json::to_string(&event).unwrap().into(),
        };
        let stream: StreamId = parse(STREAM);
        append(&*log, Append { stream, expected: ExpectedRevision::Any, events: vec![event] }).await.unwrap();
    }
    let folder = TempDir::new().unwrap();
    let options = RuntimeOptions::new(folder.path().join("read.db"));
    let runtime = Runtime::open(log, ambient.clock, options, vec![Arc::new(Categories)]).await.unwrap();
    runtime.catch_up().await.unwrap();
    let snapshot = runtime.read_models().snapshot(&[NAME]).await.unwrap();
    (folder, runtime, snapshot)
}

/// 1 above 2 above 3 above 4, of which 4 is archived; 5 by itself.
fn tree() -> Vec<CategoryTreeEvent> {
    vec![
        added(1, None).into(),
        added(2, Some(1)).into(),
        added(3, Some(2)).into(),
        added(4, Some(3)).into(),
        added(5, None).into(),
        CategoryArchived { category_id: id(4) }.into(),
    ]
}

#[tokio::test]
async fn what_is_below_a_category_is_found_with_and_without_the_archived() {
    let (_folder, _runtime, mut snapshot) = snapshot_of(tree()).await;
    let ids = |numbers: &[u128]| numbers.iter().map(|&n| id(n).to_string()).collect::<Vec<_>>();
    let root = id(1).to_string();
    assert_eq!(with_all_below(&mut snapshot, &root, true).await.unwrap(), ids(&[1, 2, 3, 4]));
    assert_eq!(with_all_below(&mut snapshot, &root, false).await.unwrap(), ids(&[1, 2, 3]));
    assert_eq!(with_all_below(&mut snapshot, &id(4).to_string(), false).await.unwrap(), ids(&[]));
    assert_eq!(with_all_below(&mut snapshot, &id(5).to_string(), false).await.unwrap(), ids(&[5]));
    assert_eq!(with_all_below(&mut snapshot, &id(9).to_string(), true).await.unwrap(), ids(&[]));
}

#[tokio::test]
async fn the_way_to_a_category_begins_on_the_first_level() {
    let (_folder, _runtime, mut snapshot) = snapshot_of(tree()).await;
    let path = path(&mut snapshot, &id(3).to_string()).await.unwrap();
    assert_eq!(path.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["c1", "c2", "c3"]);
    assert_eq!(super::path(&mut snapshot, &id(9).to_string()).await.unwrap(), []);
}

#[tokio::test]
async fn the_tree_stands_at_the_revision_of_its_last_event() {
    let (_folder, _runtime, mut snapshot) = snapshot_of(tree()).await;
    assert_eq!(tree_revision(&mut snapshot).await.unwrap(), Some(5));
    let (_folder, _runtime, mut snapshot) = snapshot_of(vec![]).await;
    assert_eq!(tree_revision(&mut snapshot).await.unwrap(), None);
}

#[tokio::test]
async fn no_question_reads_or_sorts_the_whole_tree() {
    let (_folder, _runtime, mut snapshot) = snapshot_of(vec![]).await;
    let column = |name, column_type| ColumnSpec { name, column_type, nullable: true };
    let columns = [
        column("id", ColumnType::Int),
        column("parent", ColumnType::Int),
        column("notused", ColumnType::Int),
        column("detail", ColumnType::Text),
    ];
    let questions = [
        "SELECT * FROM categories WHERE parent_id = $1 ORDER BY sort_order, name, category_id LIMIT 21",
        "SELECT * FROM categories WHERE (sort_order, name, category_id) > ($1, $1, $1) ORDER BY sort_order, name, category_id LIMIT 21",
        "SELECT * FROM categories WHERE (name, category_id) < ($1, $1) ORDER BY name DESC, category_id DESC LIMIT 21",
        "SELECT * FROM categories WHERE slug = $1 LIMIT 1",
        "SELECT * FROM categories WHERE revision > $1 ORDER BY revision DESC LIMIT 1",
    ];
    for question in questions {
        let sql = format!("EXPLAIN QUERY PLAN {question}");
        for row in snapshot.query(&sql, &columns, &[text("1")]).await.unwrap() {
            let Some(Value::Text(step)) = row.last() else { panic!("{row:?}") };
            assert!(step.starts_with("SEARCH categories"), "{question}: {step}");
        }
    }
}
