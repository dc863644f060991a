//! Every single operation on the disk fails once: each write for want of room and for a broken disk, each sync, each change
//! of size, each new part of the shared index. Whatever the log answers then, what it acknowledges is there afterwards, also
//! if the power goes.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use std::{path::Path, sync::LazyLock, time::Instant};
use tempfile::TempDir;
use tillroll_faults::{
    caller::Caller,
    campaign,
    disk::{self, Disk, Image},
    log_file,
    oracle::{self, Violation},
    power,
    rng::Rng,
    vfs::{self, Failure, Kind, WatchOptions, Watching},
    workload::Acknowledged,
};
use tillroll_infra::{
    ambient::Ambient,
    log::{
        AppendError, SqliteLog,
        sqlite::{OpenError, SqliteLogOptions},
    },
    stream::StreamId,
};

// SQLite's extended result codes, as its unix layer gives them.
const FULL: i32 = 13;
const IOERR_WRITE: i32 = 10 | (3 << 8);
const IOERR_FSYNC: i32 = 10 | (4 << 8);
const IOERR_TRUNCATE: i32 = 10 | (6 << 8);
const IOERR_SHMSIZE: i32 = 10 | (19 << 8);

const APPENDS: usize = 14;

/// What came of one run.
#[derive(Debug)]
struct Run {
    /// Whether the operation that was to fail was reached.
    has_failed: bool,
    opened: Result<(), OpenError>,
    refused: Vec<(usize, AppendError)>,
    /// Whether the operation had failed before the last append was made.
    had_failed_before_last: bool,
    /// How many operations of the kind a run has.
    count: u64,
}

struct Scene {
    folder: TempDir,
    watching: Watching,
    caller: Caller,
}

fn options(folder: &Path) -> SqliteLogOptions {
    let mut options = SqliteLogOptions::new(log_file(folder));
    options.readers = 1;
    // Several checkpoints, and new beginnings of the write-ahead log, within a few appends.
    options.checkpoint_pages = 12;
    options
}

/// A new, empty log.
static BASE: LazyLock<Image> = LazyLock::new(|| {
    let folder = campaign::folder();
    SqliteLog::open(&options(folder.path()), Ambient::system().clock).unwrap().close();
    power::image_of(folder.path()).unwrap()
});

/// A watched folder that begins with these files.
fn watched(image: &Image) -> (TempDir, Watching) {
    let folder = campaign::folder();
    power::put(image, folder.path()).unwrap();
    let watch = WatchOptions { records: true, skips_syncs: true, ..WatchOptions::default() };
    let watching = vfs::watch(folder.path(), watch).unwrap();
    (folder, watching)
}

/// Opens what several power cuts would have left.
async fn cut_power(disk: &Disk<'_>, cuts: u64, acknowledged: &[Acknowledged]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for seed in 0..cuts {
        let (folder, _watching) = watched(&disk.lose_power(&mut Rng::new(seed, 4)));
        violations.extend(oracle::examine(folder.path(), acknowledged).await);
    }
    violations
}

impl Scene {
    fn new() -> Self {
        let (folder, watching) = watched(&BASE);
        Self { folder, watching, caller: Caller::default() }
    }

    /// Opens the log, appends some, and closes it, while one operation fails.
    async fn run(&mut self, failure: Failure) -> Run {
        self.watching.fail(Some(failure));
        let mut refused = Vec::new();
        let mut had_failed_before_last = false;
        let opened = match SqliteLog::open(&options(self.folder.path()), Ambient::system().clock) {
            Ok(log) => {
                for number in 0..APPENDS {
                    let stream = StreamId::new("order", &(number % 3).to_string()).unwrap();
                    had_failed_before_last = self.watching.has_failed();
                    if let Err(error) = self.caller.append(&log, &stream, [1, 3, 12][number % 3]).await {
                        refused.push((number, error));
                        // Reads go on, whatever happened.
                        let violations = oracle::examine_open(&log, self.caller.acknowledged()).await;
                        assert!(violations.is_empty(), "{failure:?}, after append {number} failed: {violations:?}");
                    }
                }
                log.close();
                Ok(())
            }
            Err(error) => Err(error),
        };
        let has_failed = self.watching.has_failed();
        let run = Run { has_failed, opened, refused, had_failed_before_last, count: self.watching.count(failure.kind) };
        self.watching.fail(None);
        run
    }

    /// The log is opened as it was left, and as several power cuts would have left it.
    async fn check(&self, failure: Failure, run: &Run) {
        let acknowledged = self.caller.acknowledged();
        let operations = self.watching.take();
        let mut disk = Disk::new(&BASE, None);
        operations.iter().for_each(|operation| disk.advance(operation));
        let violations = oracle::examine(self.folder.path(), acknowledged).await;
        assert!(violations.is_empty(), "{failure:?}: {run:#?}\n{violations:#?}");
        let violations = cut_power(&disk, 3, acknowledged).await;
        assert!(violations.is_empty(), "{failure:?}, then a power cut: {run:#?}\n{violations:#?}");
    }
}

/// Lets the first, the second, … the last operation of a kind fail, and looks at what each run came to.
async fn fail_each(kind: Kind, code: i32, judge: impl Fn(&Failure, &Run)) {
    let begun = Instant::now();
    let (mut after, mut refused) = (0, 0);
    loop {
        let mut scene = Scene::new();
        let failure = Failure { kind, after, code };
        let run = scene.run(failure).await;
        scene.check(failure, &run).await;
        if !run.has_failed {
            assert_eq!(run.refused.len(), 0, "without a failure nothing is refused");
            assert_eq!(after, run.count, "operations were left out");
            break;
        }
        judge(&failure, &run);
        refused += run.refused.len();
        after += 1;
    }
    assert!(after > 0, "a run has no {kind:?}");
    eprintln!(
        "{kind:?} with code {code}: {after} runs, {refused} appends refused, 0 violations, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

/// At most one group is refused, as full, and the log goes on.
fn passes(failure: &Failure, run: &Run) {
    if run.opened.is_ok() {
        assert!(run.refused.len() <= 1, "{failure:?}: it does not go on: {run:#?}");
        assert!(run.refused.iter().all(|(_, error)| matches!(error, AppendError::Full)), "{failure:?}: {run:#?}");
    }
}

/// Whatever failed, in a commit or in a checkpoint: nothing is appended from then on, and the log is to be opened again.
fn stops(failure: &Failure, run: &Run) {
    if run.had_failed_before_last {
        assert!(run.refused.iter().any(|(number, _)| *number == APPENDS - 1), "{failure:?}: it went on: {run:#?}");
    }
    stops_once_refused(failure, run);
}

/// After the first refusal there is nothing but refusals.
fn stops_once_refused(failure: &Failure, run: &Run) {
    if let Some((first, _)) = run.refused.first() {
        assert_eq!(run.refused.len(), APPENDS - first, "{failure:?}: it went on: {run:#?}");
        let all = run.refused.iter().all(|(_, error)| matches!(error, AppendError::Unavailable(_)));
        assert!(all, "{failure:?}: {run:#?}");
    }
}

#[tokio::test]
async fn a_write_without_room_costs_one_group() {
    fail_each(Kind::Write, FULL, passes).await;
}

#[tokio::test]
async fn a_change_of_size_without_room_costs_one_group_at_most() {
    fail_each(Kind::Truncate, FULL, passes).await;
}

#[tokio::test]
async fn a_write_that_fails_stops_the_log() {
    fail_each(Kind::Write, IOERR_WRITE, stops).await;
}

#[tokio::test]
async fn a_sync_that_fails_stops_the_log() {
    fail_each(Kind::Sync, IOERR_FSYNC, stops).await;
}

#[tokio::test]
async fn a_change_of_size_that_fails_loses_nothing() {
    fail_each(Kind::Truncate, IOERR_TRUNCATE, stops_once_refused).await;
}

#[tokio::test]
async fn an_index_that_cannot_grow_loses_nothing() {
    fail_each(Kind::Index, IOERR_SHMSIZE, stops_once_refused).await;
}

#[tokio::test]
async fn an_index_that_cannot_grow_in_a_commit_loses_nothing() {
    let mut scene = Scene::new();
    let mut options = options(scene.folder.path());
    // The first part of the index covers 4,062 pages of the write-ahead log; a checkpoint would begin with it again.
    options.checkpoint_pages = 100_000;
    let failure = Failure { kind: Kind::Index, after: 1, code: IOERR_SHMSIZE };
    scene.watching.fail(Some(failure));
    let log = SqliteLog::open(&options, Ambient::system().clock).unwrap();
    let mut refused = None;
    for number in 0..5_000 {
        let stream = StreamId::new("order", &(number % 7).to_string()).unwrap();
        if let Err(error) = scene.caller.append(&log, &stream, 20).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.unwrap();
    // The commit stands in the write-ahead log and not in its index: whether it happened shows when it is opened again.
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused}");
    assert_eq!(oracle::examine_open(&log, scene.caller.acknowledged()).await, []);
    log.close();
    let refused = vec![(0, refused)];
    let run = Run { has_failed: true, opened: Ok(()), refused, had_failed_before_last: true, count: 2 };
    scene.check(failure, &run).await;
}

/// The way to lose data that Rebello et al. found in most databases: a sync fails, the process dies and is started again,
/// and finds in the system's cache what will never reach the disk. Whatever it acknowledges behind that must not rest upon
/// it.
#[tokio::test]
async fn what_is_acknowledged_after_a_failed_sync_and_a_restart_survives_a_power_cut() {
    let mut after = 0;
    loop {
        let mut scene = Scene::new();
        scene.watching.fail(Some(Failure { kind: Kind::Sync, after, code: IOERR_FSYNC }));
        let Ok(log) = SqliteLog::open(&options(scene.folder.path()), Ambient::system().clock) else {
            after += 1;
            continue;
        };
        let mut is_refused = false;
        for number in 0..APPENDS {
            let stream = StreamId::new("order", &(number % 3).to_string()).unwrap();
            is_refused |= scene.caller.append(&log, &stream, 3).await.is_err();
        }
        if !scene.watching.has_failed() {
            break;
        }
        // The process dies; the next one finds what the cache holds.
        let mut operations = scene.watching.take();
        let (restarted, watching) = watched(&disk::seen(&BASE, &operations));
        watching.continues(&scene.watching);
        log.close();
        let mut restart = options(restarted.path());
        // No checkpoint comes to the rescue: the commits alone must hold.
        restart.checkpoint_pages = 100_000;
        let log = SqliteLog::open(&restart, Ambient::system().clock).unwrap();
        for number in 0..3 {
            let stream = StreamId::new("order", &format!("restarted-{number}")).unwrap();
            scene.caller.append(&log, &stream, 3).await.unwrap();
        }
        operations.extend(watching.take());
        log.close();
        let mut disk = Disk::new(&BASE, None);
        operations.iter().for_each(|operation| disk.advance(operation));
        let violations = cut_power(&disk, 5, scene.caller.acknowledged()).await;
        let story = format!("sync {after} failed (an append was refused: {is_refused}), restart, power cut");
        assert!(violations.is_empty(), "{story}: {violations:#?}");
        after += 1;
    }
    assert!(after > APPENDS.try_into().unwrap(), "only {after} syncs");
}
