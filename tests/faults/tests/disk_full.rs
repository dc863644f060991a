//! A full disk refuses appends, says so, and costs nothing else: reads go on, and so do appends once there is room.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};
use tillroll_faults::{caller::Caller, log_file, oracle, tmpfs::Tmpfs};
use tillroll_infra::{
    ambient::Ambient,
    log::{AppendError, EventLog, SqliteLog, sqlite::SqliteLogOptions},
    stream::StreamId,
};

const DISK_MIB: u32 = 16;
/// More than the log can take while this is there: when it is gone, there is room to copy the whole write-ahead log into the
/// file, which needs both for a while.
const BALLAST_BYTES: usize = 9 << 20;

fn stream(id: usize) -> StreamId {
    StreamId::new("order", &id.to_string()).unwrap()
}

fn open(folder: &Path, checkpoint_pages: u32) -> SqliteLog {
    let mut options = SqliteLogOptions::new(log_file(folder));
    options.checkpoint_pages = checkpoint_pages;
    SqliteLog::open(&options, Ambient::system().clock).unwrap()
}

/// A disk with something on it that can be deleted.
struct SmallDisk {
    disk: Tmpfs,
    ballast: PathBuf,
}

impl SmallDisk {
    fn new(test: &str) -> Option<Self> {
        let disk = Tmpfs::mount(DISK_MIB, test).unwrap()?;
        let ballast = disk.path().join("ballast");
        fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
        Some(Self { disk, ballast })
    }

    fn path(&self) -> &Path {
        self.disk.path()
    }

    fn make_room(&self) {
        fs::remove_file(&self.ballast).unwrap();
    }
}

/// Appends until the disk is full.
async fn fill(log: &dyn EventLog, caller: &mut Caller) -> AppendError {
    for number in 0..100_000 {
        if let Err(error) = caller.append(log, &stream(number % 50), 20).await {
            return error;
        }
    }
    panic!("the disk does not fill up");
}

/// The whole story, for one size of the write-ahead log: with a large one the disk is full when that grows, with a small one
/// when it is copied into the file.
async fn a_disk_fills_up_and_is_cleared(checkpoint_pages: u32) {
    let Some(disk) = SmallDisk::new("a full disk") else { return };
    let log = open(disk.path(), checkpoint_pages);
    let mut caller = Caller::default();
    let refused = fill(&log, &mut caller).await;
    assert!(matches!(refused, AppendError::Full), "{refused}");
    assert!(refused.to_string().contains("full"), "{refused}");
    assert!(caller.acknowledged().len() > 100, "the disk was full from the beginning");
    // It stays so, for large appends at least, and each is told.
    let mut is_refused = 0;
    for number in 0..50 {
        match caller.append(&log, &stream(number), 20).await {
            Ok(_) => {}
            Err(AppendError::Full) => is_refused += 1,
            Err(error) => panic!("append {number} on a full disk: {error}"),
        }
    }
    assert!(is_refused > 40, "{is_refused} of 50 appends to a full disk were refused");
    // Reads and the head go on, and show what was acknowledged, no more and no less.
    assert_eq!(oracle::examine_open(&log, caller.acknowledged()).await, []);
    assert_eq!(log.head().await.unwrap(), caller.acknowledged().last().unwrap().receipt.last_position);
    // Room again: the same log goes on, without anybody's help.
    disk.make_room();
    for number in 0..100 {
        caller.append(&log, &stream(number % 60), 5).await.unwrap();
    }
    assert_eq!(oracle::examine_open(&log, caller.acknowledged()).await, []);
    drop(log);
    assert_eq!(oracle::examine(disk.path(), caller.acknowledged()).await, []);
}

#[tokio::test]
async fn a_full_disk_is_met_while_the_write_ahead_log_grows() {
    a_disk_fills_up_and_is_cleared(4_000).await;
}

#[tokio::test]
async fn a_full_disk_is_met_while_the_write_ahead_log_is_copied_into_the_file() {
    a_disk_fills_up_and_is_cleared(50).await;
}

#[tokio::test]
async fn a_log_that_was_closed_on_a_full_disk_has_lost_nothing() {
    for checkpoint_pages in [50, 4_000] {
        let Some(disk) = SmallDisk::new("a log that is closed on a full disk") else { return };
        let log = open(disk.path(), checkpoint_pages);
        let mut caller = Caller::default();
        let refused = fill(&log, &mut caller).await;
        assert!(matches!(refused, AppendError::Full), "{refused}");
        // There is no room to copy the write-ahead log into the file.
        drop(log);
        disk.make_room();
        assert_eq!(oracle::examine(disk.path(), caller.acknowledged()).await, [], "{checkpoint_pages}");
    }
}

/// Takes all the room that is left, and gives so much back.
fn take_room(disk: &SmallDisk, left: u64) -> PathBuf {
    let path = disk.path().join("filler");
    let mut filler = fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
    let mut room = BALLAST_BYTES;
    while room > 0 {
        if filler.write_all(&vec![1; room]).is_err() {
            room /= 2;
        }
    }
    let ballast = fs::OpenOptions::new().write(true).open(&disk.ballast).unwrap();
    ballast.set_len(ballast.metadata().unwrap().len() - left).unwrap();
    path
}

/// SQLite needs a little for the shared index, without which nobody can read.
#[tokio::test]
async fn a_log_opens_and_is_read_where_there_is_no_room_for_appends() {
    for checkpoint_pages in [50, 4_000] {
        let Some(disk) = SmallDisk::new("a log that is opened on a full disk") else { return };
        let log = open(disk.path(), checkpoint_pages);
        let mut caller = Caller::default();
        fill(&log, &mut caller).await;
        drop(log);
        let filler = take_room(&disk, 80 << 10);
        let log = open(disk.path(), checkpoint_pages);
        assert_eq!(oracle::examine_open(&log, caller.acknowledged()).await, [], "{checkpoint_pages}");
        let refused = fill(&log, &mut caller).await;
        assert!(matches!(refused, AppendError::Full), "{refused}");
        assert_eq!(oracle::examine_open(&log, caller.acknowledged()).await, [], "{checkpoint_pages}");
        fs::remove_file(&filler).unwrap();
        disk.make_room();
        caller.append(&log, &stream(1), 20).await.unwrap();
        drop(log);
        assert_eq!(oracle::examine(disk.path(), caller.acknowledged()).await, [], "{checkpoint_pages}");
    }
}

#[tokio::test]
async fn a_log_that_does_not_open_for_want_of_room_says_so_and_opens_later() {
    for checkpoint_pages in [50, 4_000] {
        let Some(disk) = SmallDisk::new("a log that is opened where no byte is left") else { return };
        let log = open(disk.path(), checkpoint_pages);
        let mut caller = Caller::default();
        fill(&log, &mut caller).await;
        drop(log);
        let filler = take_room(&disk, 0);
        let options = SqliteLogOptions::new(log_file(disk.path()));
        if let Err(error) = SqliteLog::open(&options, Ambient::system().clock) {
            let error = format!("{:#}", anyhow::Error::from(error));
            assert!(error.contains("space") || error.contains("full"), "{error}");
        }
        fs::remove_file(&filler).unwrap();
        disk.make_room();
        assert_eq!(oracle::examine(disk.path(), caller.acknowledged()).await, [], "{checkpoint_pages}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_on_a_full_disk_are_all_answered() {
    let Some(disk) = SmallDisk::new("many callers on a full disk") else { return };
    let log = Arc::new(open(disk.path(), 1_000));
    let callers: Vec<_> = (0..16)
        .map(|caller_number: usize| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut caller = Caller::beginning_at(u64::try_from(caller_number).unwrap() << 32);
                let (mut refused, own) = (0, stream(caller_number));
                while refused < 20 {
                    match caller.append(log.as_ref(), &own, 20).await {
                        Ok(_) => {}
                        Err(AppendError::Full) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                (own, caller)
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    let mut ended = Vec::new();
    for caller in callers {
        let (own, caller) = caller.await.unwrap();
        acknowledged.extend_from_slice(caller.acknowledged());
        ended.push((own, caller));
    }
    assert_eq!(oracle::examine_open(log.as_ref(), &acknowledged).await, []);
    disk.make_room();
    for (own, mut caller) in ended {
        caller.append(log.as_ref(), &own, 1).await.unwrap();
        acknowledged.extend(caller.acknowledged().last().cloned());
    }
    drop(log);
    assert_eq!(oracle::examine(disk.path(), &acknowledged).await, []);
}
