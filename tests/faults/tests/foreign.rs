//! A file that is not a log, or is damaged, is refused with a clear message and left as it was; what a damaged log still
//! shows is what was appended.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use tempfile::TempDir;
use tillroll_faults::{
    campaign,
    disk::Image,
    log_file, power,
    rng::Rng,
    tmpfs::Tmpfs,
    vfs::{self, WatchOptions},
    workload::{self, Workload},
};
use tillroll_infra::{
    ambient::Ambient,
    event::RecordedEvent,
    log::{
        EventFilter, EventLog, ExpectedRevision, PAGE_MAX, ReadError, ReadFrom, SqliteLog, append,
        lock::LOCK_FILE,
        sqlite::{OpenError, SqliteLogOptions},
    },
    stream::{Position, Revision, StreamId},
};

/// Every file below a folder but the writer's lock; folders have no content.
fn contents(folder: &Path) -> BTreeMap<OsString, Option<Vec<u8>>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let entries = entries.filter(|entry| entry.file_name() != LOCK_FILE);
    entries.map(|entry| (entry.file_name(), fs::read(entry.path()).ok())).collect()
}

fn open(folder: &Path) -> Result<SqliteLog, OpenError> {
    SqliteLog::open(&SqliteLogOptions::new(log_file(folder)), Ambient::system().clock)
}

/// The message of a refusal with its causes; it names the file.
#[track_caller]
fn refusal(opened: Result<SqliteLog, OpenError>, way: &str) -> String {
    let error = opened.err().unwrap_or_else(|| panic!("it was opened {way}"));
    let message = format!("{:#}", anyhow::Error::from(error));
    assert!(message.contains("log.db"), "{way}: {message}");
    message
}

/// Opening for writing and for reading is refused, says why, and leaves the folder as it was.
#[track_caller]
fn assert_refused(folder: &Path, says: &str) {
    let before = contents(folder);
    for way in ["for writing", "for reading"] {
        let opened = if way == "for writing" { open(folder) } else { open_read_only(folder) };
        let message = refusal(opened, way);
        assert!(message.contains(says), "{way}: {message}");
        let after = contents(folder);
        assert!(after.keys().eq(before.keys()), "{way}: there are other files: {:?}", after.keys());
        assert!(after == before, "{way}: a file was changed");
    }
}

/// The same for damage that only SQLite can find: for reading it needs the shared index and an empty write-ahead log beside
/// the file, and only one who writes may remove them; and it may open, but not give an event.
async fn assert_refused_by_sqlite(folder: &Path, says: &str) {
    let before = contents(folder);
    let message = refusal(open(folder), "for writing");
    assert!(message.contains(says), "for writing: {message}");
    let after = contents(folder);
    assert!(after.keys().eq(before.keys()), "for writing: there are other files: {:?}", after.keys());
    assert!(after == before, "for writing: a file was changed");
    match open_read_only(folder) {
        Ok(log) => {
            let read = log.read_all(Position::START, &EventFilter::default(), 10).await;
            assert!(read.is_err(), "for reading: {read:?}");
        }
        refused => drop(refusal(refused, "for reading")),
    }
    for (name, content) in contents(folder) {
        match name.to_str() {
            Some("log.db-shm") => {}
            Some("log.db-wal") => assert_eq!(content.as_deref(), Some(&[][..])),
            _ => assert!(before.get(&name) == Some(&content), "for reading: {name:?} was changed"),
        }
    }
}

fn open_read_only(folder: &Path) -> Result<SqliteLog, OpenError> {
    SqliteLog::open_read_only(&SqliteLogOptions::new(log_file(folder)))
}

/// A log with some hundred events, closed.
async fn log_with_events() -> TempDir {
    let folder = campaign::folder();
    let log = std::sync::Arc::new(open(folder.path()).unwrap());
    Workload { run: 1, tasks: 3, appends_per_task: Some(30) }.run(log.clone(), |_| Ok(())).await.unwrap();
    log.close();
    folder
}

#[test]
fn a_file_of_another_kind_is_refused() {
    for content in [&b""[..], b"Dear diary\n", &[0; 4_096], b"SQLite format 3\0", &[0xff; 50_000]] {
        let folder = campaign::folder();
        fs::write(log_file(folder.path()), content).unwrap();
        assert_refused(folder.path(), "is not an event log");
    }
}

#[test]
fn a_foreign_database_is_refused_whatever_its_journal_mode() {
    for mode in ["wal", "delete"] {
        let folder = campaign::folder();
        let foreign = Connection::open(log_file(folder.path())).unwrap();
        foreign.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(())).unwrap();
        foreign.execute_batch("CREATE TABLE events (position INTEGER PRIMARY KEY, data TEXT)").unwrap();
        foreign.execute("INSERT INTO events (data) VALUES (?1)", ["theirs"]).unwrap();
        // Still open, so that its write-ahead log is there, too.
        assert_refused(folder.path(), "is not an event log");
        foreign.close().unwrap();
        assert_refused(folder.path(), "is not an event log");
    }
}

#[test]
fn a_folder_in_the_place_of_the_log_is_refused() {
    let folder = campaign::folder();
    fs::create_dir(log_file(folder.path())).unwrap();
    assert_refused(folder.path(), "directory");
}

#[test]
fn a_write_ahead_log_without_its_file_is_not_taken_for_nothing() {
    let folder = campaign::folder();
    fs::write(folder.path().join("log.db-wal"), "the newest events").unwrap();
    let before = contents(folder.path());
    let message = open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("log.db-wal"), "{message}");
    assert!(open_read_only(folder.path()).is_err());
    assert!(contents(folder.path()) == before, "the folder was changed");
}

#[tokio::test]
async fn a_log_that_was_cut_off_is_refused() {
    let whole = power::image_of(log_with_events().await.path()).unwrap()["log.db"].clone();
    for length in [100, 4_096, whole.len() / 2, whole.len() - 4_096] {
        let folder = campaign::folder();
        fs::write(log_file(folder.path()), &whole[..length]).unwrap();
        assert_refused_by_sqlite(folder.path(), "").await;
    }
}

/// The write-ahead log that a dead writer left beside it is what is needed most then.
#[tokio::test]
async fn a_damaged_log_keeps_the_write_ahead_log_beside_it() {
    let living = log_with_events().await;
    let log = open(living.path()).unwrap();
    let stream = StreamId::new("order", "left-behind").unwrap();
    append(&log, workload::append(1, 1, &stream, ExpectedRevision::NoStream)).await.unwrap();
    let left: Vec<_> = ["log.db", "log.db-wal"].map(|name| fs::read(living.path().join(name)).unwrap()).into();
    drop(log);
    assert!(!left[1].is_empty());
    for length in [100, 4_096, left[0].len() / 2] {
        let folder = campaign::folder();
        fs::write(log_file(folder.path()), &left[0][..length]).unwrap();
        fs::write(folder.path().join("log.db-wal"), &left[1]).unwrap();
        drop(open(folder.path()).unwrap_err());
        let now = ["log.db", "log.db-wal"].map(|name| fs::read(folder.path().join(name)).unwrap());
        assert!(now[0] == left[0][..length] && now[1] == left[1], "a log cut off after {length} bytes was changed");
    }
}

#[tokio::test]
async fn a_log_with_a_smashed_header_is_refused() {
    let whole = power::image_of(log_with_events().await.path()).unwrap()["log.db"].clone();
    for (smashed, says) in [(0..100, "is not an event log"), (0..16, "is not an event log"), (100..4_096, "malformed")]
    {
        let folder = campaign::folder();
        let mut content = whole.clone();
        content[smashed].fill(0x5a);
        fs::write(log_file(folder.path()), content).unwrap();
        assert_refused_by_sqlite(folder.path(), says).await;
    }
}

#[tokio::test]
async fn a_log_whose_schema_is_damaged_is_refused() {
    for (damage, says) in [
        ("DROP TABLE events", "no such table: events"),
        ("DROP VIEW event_log; DROP TABLE streams", "no such table: streams"),
        ("DROP VIEW event_log; ALTER TABLE streams RENAME TO rivers", "streams"),
        ("ALTER TABLE events RENAME COLUMN event_id TO other", "event_id"),
    ] {
        let folder = log_with_events().await;
        let tool = Connection::open(log_file(folder.path())).unwrap();
        tool.execute_batch(damage).unwrap();
        tool.close().unwrap();
        assert_refused_by_sqlite(folder.path(), says).await;
    }
}

#[tokio::test]
async fn a_log_on_a_file_system_that_cannot_be_written_is_refused_for_writing() {
    let Some(disk) = Tmpfs::mount(16, "a log on a read-only file system").unwrap() else { return };
    fs::copy(log_file(log_with_events().await.path()), log_file(disk.path())).unwrap();
    disk.make_read_only().unwrap();
    let before = contents(disk.path());
    let message = format!("{:#}", anyhow::Error::from(open(disk.path()).unwrap_err()));
    assert!(message.contains("Read-only file system"), "{message}");
    assert!(contents(disk.path()) == before, "the folder was changed");
}

/// What reading a whole log gives, and each of its streams.
async fn read(log: &dyn EventLog, streams: &[StreamId]) -> Vec<Result<Vec<RecordedEvent>, ReadError>> {
    let mut all = Vec::new();
    let mut after = Position::START;
    let whole = loop {
        match log.read_all(after, &EventFilter::default(), 100).await {
            Ok(page) => {
                all.extend(page.events);
                after = page.scanned_to;
                if page.at_end {
                    break Ok(all);
                }
            }
            Err(error) => break Err(error),
        }
    };
    let mut answers = vec![whole];
    for stream in streams {
        answers.push(log.read_stream(stream, ReadFrom::Forwards(Revision(0)), PAGE_MAX).await);
    }
    answers
}

/// How many panics there were in the log's threads: a reader that panics closes the log, which would look like an error.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name().is_some_and(|name| name.starts_with("event-log")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        before(panic);
    }));
}

/// One page of a B-tree says how many rows it has, and no row says that it is the last; so if the damage hides the last
/// rows, what is left is a shorter log.
fn is_cut_short(found: &[RecordedEvent], original: &[RecordedEvent]) -> bool {
    found.len() < original.len() && original.starts_with(found)
}

#[derive(Debug, Default)]
struct Damaged {
    refused: usize,
    errors: usize,
    whole: usize,
    cut_short: usize,
    wrong: Vec<String>,
}

impl Damaged {
    /// Opens a damaged log and compares what it shows with the original.
    async fn look(&mut self, folder: &Path, image: &Image, original: &[Vec<RecordedEvent>], damage: &str) {
        power::put(image, folder).unwrap();
        let mut options = SqliteLogOptions::new(log_file(folder));
        options.readers = 1;
        let Ok(log) = SqliteLog::open(&options, Ambient::system().clock) else {
            self.refused += 1;
            return;
        };
        let streams: Vec<_> = original[1..].iter().map(|events| events[0].stream.clone()).collect();
        for (found, original) in read(&log, &streams).await.iter().zip(original) {
            match found {
                Err(_) => self.errors += 1,
                Ok(found) if found == original => self.whole += 1,
                Ok(found) if is_cut_short(found, original) => self.cut_short += 1,
                Ok(found) => {
                    let at = found.iter().zip(original).position(|(found, original)| found != original);
                    let both = at.map(|at| (&found[at], &original[at]));
                    self.wrong.push(format!("{damage}: {} of {} events, {both:?}", found.len(), original.len()));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_log_with_flipped_bits_shows_what_was_appended_or_an_error() {
    count_panics();
    let (flips, seed, begun) = (campaign::number("TILLROLL_FLIPS", 400), campaign::seed(), Instant::now());
    let whole = log_with_events().await;
    let log = open(whole.path()).unwrap();
    let streams: Vec<StreamId> = {
        let page = log.read_all(Position::START, &EventFilter::default(), PAGE_MAX).await.unwrap();
        let mut streams: Vec<_> = page.events.into_iter().map(|event| event.stream).collect();
        streams.sort();
        streams.dedup();
        streams
    };
    let original: Vec<_> = read(&log, &streams).await.into_iter().map(Result::unwrap).collect();
    log.close();
    let image = power::image_of(whole.path()).unwrap();
    let folder = campaign::folder();
    let _watching = vfs::watch(folder.path(), WatchOptions { skips_syncs: true, ..WatchOptions::default() }).unwrap();
    let mut damaged = Damaged::default();
    for number in 0..flips {
        let mut rng = Rng::new(seed, u64::try_from(number).unwrap());
        let mut image = image.clone();
        let content = image.get_mut("log.db").unwrap();
        let flipped: Vec<_> = (0..rng.between(1, 4))
            .map(|_| {
                let (at, bit) = (rng.between(100, content.len() - 1), rng.below(8));
                content[at] ^= 1 << bit;
                (at, bit)
            })
            .collect();
        damaged.look(folder.path(), &image, &original, &format!("bits {flipped:?}")).await;
    }
    let Damaged { refused, errors, whole, cut_short, wrong } = &damaged;
    eprintln!(
        "flipped bits: {flips} logs, {refused} refused; of the reads {whole} gave all, {errors} an error, {cut_short} a log \
         without its last events, {} something else; seed {seed}, {:.1} s",
        wrong.len(),
        begun.elapsed().as_secs_f64()
    );
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "seed {seed}: something panicked");
    assert!(wrong.is_empty(), "seed {seed}: {:#?}", &wrong[..wrong.len().min(3)]);
    assert!(*errors > 0, "seed {seed}: no damage was noticed, so nothing was damaged");
    // Rare enough that one cannot hide in it what should be noticed.
    assert!(*cut_short * 20 <= *whole + *errors, "seed {seed}: {damaged:?}");
}

#[tokio::test]
async fn a_refused_file_does_not_stand_in_the_way_of_a_log_beside_it() {
    let folder = campaign::folder();
    fs::write(log_file(folder.path()), "Dear diary\n").unwrap();
    assert!(open(folder.path()).is_err());
    let options = SqliteLogOptions::new(folder.path().join("other.db"));
    let log = SqliteLog::open(&options, Ambient::system().clock).unwrap();
    let stream = StreamId::new("order", "1").unwrap();
    let receipt = append(&log, workload::append(1, 2, &stream, ExpectedRevision::NoStream)).await.unwrap();
    assert_eq!(receipt.last_position, Position(2));
}
