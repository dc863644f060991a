//! That both sides of the row do the same, which is what makes their times comparable.

use super::*;

#[test]
fn the_baseline_ends_with_the_rows_of_the_engine() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 4, 96).unwrap();
    for arm in [Arm::Engine, Arm::Baseline, Arm::Engine, Arm::Engine, Arm::Baseline, Arm::Baseline] {
        assert_eq!(row.slice(arm).unwrap().events, 96);
    }
    let [engine, baseline] = row.durable.contents();
    assert_eq!(row.durable.events_there(), 3 * 96);
    assert_eq!(engine, baseline);
}

#[test]
fn recorded_groups_are_the_logs_commits() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 16, 256).unwrap();
    row.slice(Arm::Engine).unwrap();
    let commits = row.durable.log.metrics().commits_total;
    let recording = row.durable.bare.recordings().next().unwrap();
    assert_eq!(u64::try_from(recording.groups.len()).unwrap(), commits);
    assert!(
        recording.groups.iter().all(|group| group.len() <= 16),
        "no group holds more appends than there are callers"
    );
    assert_eq!(row.durable.totals(), (256, commits));
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
    assert_eq!(row.durable.bare.recordings().count(), 2);
    row.slice(Arm::Baseline).unwrap();
}

#[test]
fn the_ratio_to_plain_writes_stands_beside_each_repetition() {
    let parent = tempfile::tempdir().unwrap();
    let mut row = Appends::open(parent.path(), 2, 16).unwrap();
    assert_eq!(row.durable.bare.ratio_to_raw(), None);
    row.slice(Arm::Engine).unwrap();
    row.slice(Arm::Baseline).unwrap();
    assert!(row.durable.bare.ratio_to_raw().is_some_and(f64::is_finite));
}
