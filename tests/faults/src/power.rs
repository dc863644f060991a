//! Power cuts: records what a log does to its disk, and opens what the disk may hold if the power goes at some point.

use crate::{
    campaign,
    disk::{Disk, Image, Lie, Operation},
    log_file,
    oracle::{self, Violation},
    rng::Rng,
    vfs::{self, WatchOptions, Watching},
    workload::{Acknowledged, Workload},
};
use anyhow::Result;
use parking_lot::Mutex;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tillroll_infra::{
    ambient::Ambient,
    log::{
        SqliteLog,
        sqlite::{Sabotage, SqliteLogOptions},
    },
};
use tokio::runtime::{Builder, Runtime};

/// Everything that a log did to its disk, and what it acknowledged.
#[derive(Debug)]
pub struct Recording {
    /// The files when the recording began, all durable.
    pub base: Image,
    /// What was done to them, in order.
    pub operations: Vec<Operation>,
    /// Each acknowledgment with the number of operations that had been done when it was received; ascending.
    pub acknowledged: Vec<(usize, Acknowledged)>,
}

/// A disk on which something is missing or wrong.
#[derive(Debug)]
pub struct Finding {
    /// After how many operations the power went.
    pub point: usize,
    /// What chose the unsynced writes that survived.
    pub seed: u64,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// Where the image was kept.
    pub kept: Option<PathBuf>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "power cut after operation {} (seed {}): {:?}", self.point, self.seed, self.violations)?;
        match &self.kept {
            Some(kept) => write!(f, "\n  to look at this image again: TILLROLL_IMAGE={}", kept.display()),
            None => Ok(()),
        }
    }
}

/// The file beside a kept image that holds what must be in it, one acknowledgment per line.
const ACKNOWLEDGED: &str = "acknowledged";
/// A campaign that found this many stops.
const FINDINGS_MAX: usize = 5;

/// The files of a folder, but for those that say nothing after a power cut: the writer's lock and the shared index.
///
/// # Errors
/// A folder that cannot be read.
pub fn image_of(folder: &Path) -> Result<Image> {
    let mut image = Image::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("log.db") && !name.ends_with("-shm") {
            image.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(image)
}

/// Puts an image into a folder, in the place of whatever is there.
///
/// # Errors
/// A folder that cannot be written.
pub fn put(image: &Image, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    for (name, content) in image {
        fs::write(folder.join(name), content)?;
    }
    Ok(())
}

/// A runtime on this thread alone.
///
/// # Errors
/// A system without room for one.
pub fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Lets many tasks append to a new log, closes it and opens it again in between, and records all of it.
///
/// # Errors
/// A log that fails although nothing was done to it.
pub fn record(seed: u64, sabotage: Option<Sabotage>) -> Result<Recording> {
    let mut rng = Rng::new(seed, 1);
    let folder = campaign::folder();
    let mut options = SqliteLogOptions::new(log_file(folder.path()));
    options.readers = 1;
    // The new file itself is not part of the recording: it is made, synced and renamed by plain file operations.
    SqliteLog::open(&options, Ambient::system().clock)?.close();
    let base = image_of(folder.path())?;
    let watching = Arc::new(vfs::watch(
        folder.path(),
        WatchOptions { records: true, skips_syncs: true, ..WatchOptions::default() },
    )?);
    // So small that the log is copied into the file, and begins anew, every few groups.
    options.checkpoint_pages = u32::try_from(rng.between(20, 200))?;
    options.sabotage = sabotage;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for run in 0..2 {
        let log = Arc::new(SqliteLog::open(&options, Ambient::system().clock)?);
        let tasks = u32::try_from(rng.between(1, 24))?;
        let workload = Workload { run, tasks, appends_per_task: Some(200 / tasks + 1) };
        let tell = tell(&watching, &acknowledged);
        runtime.block_on(workload.run(log.clone(), tell))?;
        log.close();
    }
    let mut acknowledged = std::mem::take(&mut *acknowledged.lock());
    acknowledged.sort_by_key(|(point, _)| *point);
    Ok(Recording { base, operations: watching.take(), acknowledged })
}

type Acknowledgments = Mutex<Vec<(usize, Acknowledged)>>;

fn tell(
    watching: &Arc<Watching>,
    acknowledged: &Arc<Acknowledgments>,
) -> impl Fn(Acknowledged) -> Result<()> + Clone + Send + 'static {
    let (watching, acknowledged) = (watching.clone(), acknowledged.clone());
    move |one| {
        // After the answer: everything that the answer rests upon was done before.
        let point = watching.recorded();
        acknowledged.lock().push((point, one));
        Ok(())
    }
}

impl Recording {
    /// What had been acknowledged at a point.
    #[must_use]
    pub fn acknowledged_at(&self, point: usize) -> Vec<Acknowledged> {
        let count = self.acknowledged.partition_point(|(at, _)| *at <= point);
        self.acknowledged[..count].iter().map(|(_, one)| one.clone()).collect()
    }

    /// Half of the points are those at which an acknowledgment was received, where an answer that came too early shows; the
    /// others are anywhere.
    fn point(&self, rng: &mut Rng) -> usize {
        let anywhere = rng.between(0, self.operations.len());
        let one = self.acknowledged.get(rng.below(self.acknowledged.len()));
        one.filter(|_| rng.is_within(50)).map_or(anywhere, |(point, _)| *point)
    }

    /// Cuts the power so many times, opens what is left and checks it, on as many threads. Images with something wrong are
    /// kept if that is asked for.
    ///
    /// # Errors
    /// A machine that refuses files or threads.
    pub fn cut_power(
        &self,
        seed: u64,
        images: usize,
        threads: usize,
        lie: Option<Lie>,
        keeps: bool,
    ) -> Result<Vec<Finding>> {
        let mut cuts: Vec<(usize, u64)> = (0..images)
            .map(|number| {
                let mut rng = Rng::new(seed, u64::try_from(number).unwrap_or(u64::MAX));
                (self.point(&mut rng), rng.draw())
            })
            .collect();
        cuts.sort_unstable();
        let findings = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let (findings, cuts) = (&findings, &cuts);
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let own = cuts.iter().copied().skip(thread).step_by(threads);
                    scope.spawn(move || self.open_images(own, lie, keeps, findings))
                })
                .collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })?;
        Ok(findings.into_inner())
    }

    fn open_images(
        &self,
        cuts: impl Iterator<Item = (usize, u64)>,
        lie: Option<Lie>,
        keeps: bool,
        findings: &Mutex<Vec<Finding>>,
    ) -> Result<()> {
        let folder = campaign::folder();
        let _watching = vfs::watch(folder.path(), WatchOptions { skips_syncs: true, ..WatchOptions::default() })?;
        let runtime = runtime()?;
        let mut disk = Disk::new(&self.base, lie);
        let mut done = 0;
        for (point, seed) in cuts {
            self.operations[done..point].iter().for_each(|operation| disk.advance(operation));
            done = point;
            let image = disk.lose_power(&mut Rng::new(seed, 2));
            put(&image, folder.path())?;
            let acknowledged = self.acknowledged_at(point);
            let violations = runtime.block_on(oracle::examine(folder.path(), &acknowledged));
            if !violations.is_empty() {
                let kept = if keeps { Some(keep(&image, &acknowledged)?) } else { None };
                findings.lock().push(Finding { point, seed, violations, kept });
            }
            if findings.lock().len() >= FINDINGS_MAX {
                break;
            }
        }
        Ok(())
    }
}

fn keep(image: &Image, acknowledged: &[Acknowledged]) -> Result<PathBuf> {
    let folder = campaign::folder();
    put(image, folder.path())?;
    let lines: String = acknowledged.iter().map(|one| format!("{one}\n")).collect();
    fs::write(folder.path().join(ACKNOWLEDGED), lines)?;
    Ok(folder.keep())
}

/// Opens a copy of an image that was kept, and checks it.
///
/// # Errors
/// A folder without such an image.
pub fn look_again(kept: &Path) -> Result<Vec<Violation>> {
    let lines = fs::read_to_string(kept.join(ACKNOWLEDGED))?;
    let acknowledged = lines.lines().map(str::parse).collect::<Result<Vec<Acknowledged>>>()?;
    let folder = campaign::folder();
    put(&image_of(kept)?, folder.path())?;
    Ok(runtime()?.block_on(oracle::examine(folder.path(), &acknowledged)))
}
