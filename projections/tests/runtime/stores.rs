//! What every store promises, checked on each of them.

use crate::support::{Accounts, MovementRow, TotalRow, World, memory, sqlite, stream};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tillroll_infra::stream::Position;
use tillroll_projections::{
    projection::Projection,
    store::{
        Checkpoint, CheckpointMove, Due, GenerationSpec, GenerationState, PageCommit, ParkedEvent, PhysicalTable,
        ReadModelStore, StoreError, TableWrite,
    },
    table::{ColumnSpec, ColumnType, Row, Value},
};
use uuid::Uuid;

fn spec() -> GenerationSpec {
    GenerationSpec { projection: "accounts", version: 1, tables: Accounts::new(1).tables() }
}

fn movement(account: &str, number: i64) -> MovementRow {
    MovementRow { account: account.to_owned(), number, amount: number * 10 }
}

fn page(rows: &[MovementRow], deletes: &[MovementRow], from: u64, to: u64) -> PageCommit {
    let table = PhysicalTable { spec: MovementRow::TABLE, generation: 1 };
    let key = |row: &MovementRow| row.to_values()[..2].to_vec();
    let write = TableWrite {
        table,
        upserts: rows.iter().map(|row| Arc::new(row.to_values())).collect(),
        deletes: deletes.iter().map(key).collect(),
    };
    let to = Checkpoint { position: Position(to), event_id: Some(Uuid::from_u128(u128::from(to))) };
    PageCommit {
        tables: vec![write],
        checkpoints: vec![CheckpointMove { projection: "accounts", generation: 1, from: Position(from), to }],
        ..PageCommit::default()
    }
}

async fn movements(store: &dyn ReadModelStore) -> Vec<MovementRow> {
    let rows = store.snapshot().await.unwrap().rows(MovementRow::TABLE).await.unwrap();
    rows.into_iter().map(|row| MovementRow::from_values(row).unwrap()).collect()
}

async fn position(store: &dyn ReadModelStore) -> Position {
    store.registrations().await.unwrap()[0].checkpoint.position
}

async fn contract(store: Arc<dyn ReadModelStore>) {
    let store = store.as_ref();
    assert_eq!(store.create(spec(), GenerationState::Live).await.unwrap(), 1);
    assert!(store.create(spec(), GenerationState::Live).await.is_err(), "there is one live generation");

    // Rows, more than fit one statement, and their checkpoint.
    let rows: Vec<MovementRow> = (0..151).map(|number| movement("a", number)).collect();
    store.commit(page(&rows, &[], 0, 5)).await.unwrap();
    assert_eq!(movements(store).await, rows);
    assert_eq!(position(store).await, Position(5));
    let table = PhysicalTable { spec: MovementRow::TABLE, generation: 1 };
    let key = |number| vec![Value::Text("a".to_owned()), Value::Int(number)];
    assert_eq!(store.load(table, key(150)).await.unwrap(), Some(movement("a", 150).to_values()));
    assert_eq!(store.load(table, key(151)).await.unwrap(), None);

    // Upserts replace, deletes delete, and an older snapshot does not see it.
    let mut before = store.snapshot().await.unwrap();
    let changed = MovementRow { amount: -1, ..movement("a", 0) };
    store.commit(page(std::slice::from_ref(&changed), &rows[1..], 5, 6)).await.unwrap();
    assert_eq!(movements(store).await, std::slice::from_ref(&changed));
    assert_eq!(before.rows(MovementRow::TABLE).await.unwrap().len(), 151);
    assert_eq!(before.live()[0].checkpoint.position, Position(5));
    drop(before);

    // A page from another position is refused whole.
    let fenced = store.commit(page(&rows, &[], 5, 7)).await;
    assert!(matches!(fenced, Err(StoreError::Fenced { projection }) if projection == "accounts"));
    // So is one that fails in the middle of its writes.
    let mut torn = page(&rows, &[], 6, 7);
    let nowhere = PhysicalTable { spec: TotalRow::TABLE, generation: 9 };
    let row = Arc::new(TotalRow { kind: "x".to_owned(), sum: 1 }.to_values());
    torn.tables.push(TableWrite { table: nowhere, upserts: vec![row], deletes: vec![] });
    assert!(matches!(store.commit(torn).await, Err(StoreError::Unavailable(_))));
    assert_eq!(movements(store).await, std::slice::from_ref(&changed));
    assert_eq!(position(store).await, Position(6));

    // Parking and unparking.
    let parked = |at: u64, account: &str| ParkedEvent {
        projection: "accounts".to_owned(),
        stream: stream(account),
        position: Position(at),
        event_id: Uuid::from_u128(u128::from(at)),
        event_type: "Moved".to_owned(),
        error: "thirteen".to_owned(),
    };
    let park = vec![parked(3, "b"), parked(2, "a"), parked(4, "a")];
    store.commit(PageCommit { park, ..PageCommit::default() }).await.unwrap();
    let all = store.parked(None, None, 10).await.unwrap();
    assert_eq!(all, [parked(2, "a"), parked(3, "b"), parked(4, "a")]);
    assert_eq!(store.parked(Some("accounts"), Some(&stream("a")), 1).await.unwrap(), [parked(2, "a")]);
    assert_eq!(store.parked(Some("others"), None, 10).await.unwrap(), []);
    assert!(store.snapshot().await.unwrap().is_parked("accounts", &stream("b")).await.unwrap());
    let unpark = vec![("accounts", stream("a"))];
    store.commit(PageCommit { unpark, ..PageCommit::default() }).await.unwrap();
    assert_eq!(store.parked(None, None, 10).await.unwrap(), [parked(3, "b")]);

    // A generation beside it, dropped; and one that takes over.
    assert_eq!(store.create(spec(), GenerationState::Building).await.unwrap(), 2);
    store.discard("accounts", 1).await.unwrap();
    store.discard("accounts", 2).await.unwrap();
    assert_eq!(store.registrations().await.unwrap().len(), 1, "only what is being built can be dropped");
    let generation = store.create(spec(), GenerationState::Building).await.unwrap();
    assert_eq!(movements(store).await, [changed]);
    let table = PhysicalTable { spec: MovementRow::TABLE, generation };
    store.index(vec![table]).await.unwrap();
    store.index(vec![table]).await.unwrap();
    store.switch(vec![(spec(), generation)]).await.unwrap();
    assert_eq!(movements(store).await, []);
    assert_eq!(store.parked(None, None, 10).await.unwrap(), []);
    let registrations = store.registrations().await.unwrap();
    assert_eq!(registrations.len(), 1);
    assert_eq!((registrations[0].generation, registrations[0].state), (generation, GenerationState::Live));
    let missing = store.switch(vec![(spec(), 77)]).await;
    assert!(matches!(missing, Err(StoreError::Fenced { .. })));
    assert_eq!(store.registrations().await.unwrap(), registrations, "a switch is all or nothing");
}

tillroll_projections::read_table! {
    pub struct ReminderRow in "reminders", key 2, indexes ["due_at", "kind, due_at"] {
        pub name: String,
        pub number: i64,
        pub kind: String,
        pub due_at: Option<DateTime<Utc>>,
    }
}

fn second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn reminder(name: &str, number: i64, kind: &str, due: Option<i64>) -> ReminderRow {
    ReminderRow { name: name.to_owned(), number, kind: kind.to_owned(), due_at: due.map(second) }
}

async fn due_names(store: &dyn ReadModelStore, due: Due<'_>) -> Vec<String> {
    let rows = store.snapshot().await.unwrap().due(due).await.unwrap();
    rows.into_iter()
        .map(|row| ReminderRow::from_values(row).unwrap())
        .map(|row| row.name + &row.number.to_string())
        .collect()
}

/// What is due comes by time and key, page by page, and what has no time never comes.
async fn due_contract(store: Arc<dyn ReadModelStore>) {
    let store = store.as_ref();
    let spec = GenerationSpec { projection: "reminders", version: 1, tables: vec![ReminderRow::TABLE] };
    let generation = store.create(spec, GenerationState::Live).await.unwrap();
    let table = PhysicalTable { spec: ReminderRow::TABLE, generation };
    store.index(vec![table]).await.unwrap();
    let rows = [
        reminder("a", 1, "x", Some(30)),
        reminder("a", 2, "y", Some(10)),
        reminder("b", 1, "x", Some(10)),
        reminder("b", 2, "x", None),
        reminder("c", 1, "x", Some(10)),
        reminder("c", 2, "y", Some(20)),
    ];
    let upserts = rows.iter().map(|row| Arc::new(row.to_values())).collect();
    let tables = vec![TableWrite { table, upserts, deletes: vec![] }];
    store.commit(PageCommit { tables, ..PageCommit::default() }).await.unwrap();

    let all = Due { table: ReminderRow::TABLE, scope: None, column: "due_at", up_to: None, after: None, limit: 10 };
    assert_eq!(due_names(store, all).await, ["a2", "b1", "c1", "c2", "a1"]);
    assert_eq!(due_names(store, Due { limit: 1, ..all }).await, ["a2"], "the earliest of all");
    let now = Due { up_to: Some(second(20)), ..all };
    assert_eq!(due_names(store, now).await, ["a2", "b1", "c1", "c2"], "the very instant is due");
    assert_eq!(due_names(store, Due { up_to: Some(second(9)), ..all }).await, [""; 0]);
    // The next page begins among rows of the same time.
    let last = rows[2].to_values();
    assert_eq!(due_names(store, Due { after: Some(&last), limit: 2, ..now }).await, ["c1", "c2"]);
    let kind = Value::Text("x".to_owned());
    let scoped = Due { scope: Some(("kind", &kind)), ..all };
    assert_eq!(due_names(store, scoped).await, ["b1", "c1", "a1"]);
    assert_eq!(due_names(store, Due { after: Some(&last), up_to: Some(second(20)), ..scoped }).await, ["c1"]);
    let unknown = store.snapshot().await.unwrap().due(Due { column: "due", ..all }).await;
    assert!(matches!(unknown, Err(StoreError::Query(text)) if text == "reminders has no column due"));
}

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    contract(memory()).await;
    due_contract(memory()).await;
}

#[tokio::test]
async fn the_sqlite_store_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract(sqlite(folder.path()).await).await;
    let folder = tempfile::tempdir().unwrap();
    due_contract(sqlite(folder.path()).await).await;
}

#[tokio::test]
async fn sqlite_finds_what_is_due_through_an_index_and_does_not_sort() {
    let folder = tempfile::tempdir().unwrap();
    due_contract(sqlite(folder.path()).await).await;
    let store = sqlite(folder.path()).await;
    let column = ColumnSpec { name: "detail", column_type: ColumnType::Text, nullable: false };
    let columns = [
        ColumnSpec { name: "id", column_type: ColumnType::Int, nullable: false },
        ColumnSpec { name: "parent", column_type: ColumnType::Int, nullable: false },
        ColumnSpec { name: "unused", column_type: ColumnType::Int, nullable: false },
        column,
    ];
    for (condition, index) in [("", "__i0"), (" AND kind = 'x'", "__i1")] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT name FROM reminders WHERE due_at IS NOT NULL{condition} AND due_at <= '2030' \
             AND (due_at, name, number) > ('2020', 'a', 1) ORDER BY due_at, name, number LIMIT 5"
        );
        let mut snapshot = store.snapshot().await.unwrap();
        let plan: Vec<String> = snapshot
            .query(&sql, &columns, &[])
            .await
            .unwrap()
            .into_iter()
            .filter_map(|row| if let Some(Value::Text(text)) = row.into_iter().nth(3) { Some(text) } else { None })
            .collect();
        let plan = plan.join("; ");
        assert!(plan.contains(index) && plan.contains("SEARCH") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn sqlite_rows_outlive_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    store.create(spec(), GenerationState::Live).await.unwrap();
    store.commit(page(&[movement("a", 1)], &[], 0, 1)).await.unwrap();
    drop(store);
    let store = sqlite(folder.path()).await;
    assert_eq!(movements(store.as_ref()).await, [movement("a", 1)]);
    assert_eq!(position(store.as_ref()).await, Position(1));
}

#[tokio::test]
async fn every_read_model_fits_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let runtime = world.open(sqlite(folder.path()).await, tillroll_projections::models::all()).await;
    // Indexes are made at the end of the log, so that wrong column names in them show only here.
    runtime.catch_up().await.unwrap();
    runtime.rebuild(&[], &mut |_, _| {}).await.unwrap();
}
