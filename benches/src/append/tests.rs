//! That both sides of the row do the same, which is what makes their times comparable.

use super::*;

/// All events of a file as text, with the names of their streams and types.
fn contents(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT concat_ws(' ', position, stream, revision, event_id, event_type, schema_version, recorded_at,
                              metadata, data)
             FROM event_log ORDER BY position",
        )
        .unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_baseline_ends_with_the_rows_of_the_engine() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 4, 96).unwrap();
    for arm in [Arm::Engine, Arm::Baseline, Arm::Engine, Arm::Engine, Arm::Baseline, Arm::Baseline] {
        assert_eq!(row.slice(arm).unwrap().events, 96);
    }
    let [engine, baseline] =
        ["engine", "baseline"].map(|name| contents(&row._folder.path().join(name).join("events.sqlite")));
    assert_eq!(engine.len(), 3 * 96);
    assert_eq!(engine, baseline);
}

#[test]
fn recorded_groups_are_the_logs_commits() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 16, 256).unwrap();
    row.slice(Arm::Engine).unwrap();
    let groups = &row.recordings[0].groups;
    assert_eq!(u64::try_from(groups.len()).unwrap(), row.log.metrics().commits_total);
    assert!(groups.iter().all(|group| group.len() <= 16), "no group holds more appends than there are callers");
    assert_eq!(row.commits_total, row.log.metrics().commits_total);
    assert_eq!(row.events_total, 256);
}

#[test]
fn work_is_rounded_up_to_whole_orders_of_all_callers() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 4, 1).unwrap();
    assert_eq!(row.slice(Arm::Engine).unwrap().events, 4 * 8);
}

#[test]
fn the_baseline_does_not_run_ahead() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 2, 16).unwrap();
    assert_eq!(row.slice(Arm::Baseline).unwrap_err().to_string(), "the engine has done nothing to repeat");
}

#[test]
fn recordings_that_nobody_repeats_are_dropped() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 2, 16).unwrap();
    for _ in 0..5 {
        row.slice(Arm::Engine).unwrap();
    }
    assert_eq!(row.recordings.len(), RECORDINGS_MAX);
    row.slice(Arm::Baseline).unwrap();
}
