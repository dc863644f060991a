//! What the machine is, and how busy it is before and after a run. From Linux's `/proc`; elsewhere it says `unknown`.

use crate::Failure;
use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// How many writes are synced to find out what one costs.
const SYNCS: usize = 101;
/// Bytes of each of them: a page of the log's file.
const SYNC_BYTES: usize = 4_096;

/// A tick of `/proc`, which is the same on all processors that matter here whatever the kernel's own is.
const TICK_MS: u64 = 10;

/// Time that cores have worked, in ticks since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// All that passed, over all cores.
    all: u64,
    /// Of it, what anybody worked.
    busy: u64,
    /// Of it, what the hypervisor gave to others.
    steal: u64,
    /// What this process worked.
    own: u64,
}

impl Cores {
    /// Looks; `None` where the system does not tell.
    #[must_use]
    pub fn now() -> Option<Self> {
        let own = parse_own_ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
        parse_ticks(&fs::read_to_string("/proc/stat").ok()?, own)
    }

    /// The share of all cores' time since `before` that went to other processes and other machines, in percent.
    #[must_use]
    pub fn others_percent_since(&self, before: &Self) -> f64 {
        let all_busy = (self.busy + self.steal).saturating_sub(before.busy + before.steal);
        self.percent_since(before, all_busy.saturating_sub(self.own.saturating_sub(before.own)))
    }

    /// How long this process worked since `before`, on all cores together, to about 20 ms.
    #[must_use]
    pub fn own_time_since(&self, before: &Self) -> Duration {
        Duration::from_millis(self.own.saturating_sub(before.own).saturating_mul(TICK_MS))
    }

    #[expect(clippy::cast_precision_loss, reason = "ticks of one run, far fewer than 2^52")]
    fn percent_since(&self, before: &Self, ticks: u64) -> f64 {
        100.0 * ticks as f64 / self.all.saturating_sub(before.all).max(1) as f64
    }
}

/// The state of the machine at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The load averages of 1, 5 and 15 minutes.
    pub load: String,
    /// The median time of writing 4 KiB behind the end of a file and `fdatasync`.
    pub sync_p50: Duration,
    cores: Option<Cores>,
}

impl Snapshot {
    /// Looks. Writes a temporary file in `folder`, which should be on the disk that the rows use.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn take(folder: &Path) -> Result<Self, Failure> {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        Ok(Self { load: known(load), sync_p50: sync_p50(folder)?, cores: Cores::now() })
    }

    /// The share of time that the hypervisor gave to others since `before`, in percent.
    #[must_use]
    pub fn steal_percent_since(&self, before: &Self) -> Option<f64> {
        let (now, before) = self.cores.zip(before.cores)?;
        Some(now.percent_since(&before, now.steal.saturating_sub(before.steal)))
    }
}

/// Cores, processor and memory in one line; no names.
#[must_use]
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let line = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'));
        known(value.unwrap_or_default().trim().to_owned())
    };
    format!(
        "{cores} cores of {}, memory {}, system {}",
        line("/proc/cpuinfo", "model name"),
        line("/proc/meminfo", "MemTotal"),
        std::env::consts::OS
    )
}

fn known(text: String) -> String {
    if text.is_empty() { "unknown".to_owned() } else { text }
}

/// From the first line: `cpu user nice system idle iowait irq softirq steal guest guest_nice`, where the last two are
/// already in the first two.
fn parse_ticks(stat: &str, own: u64) -> Option<Cores> {
    let ticks: Vec<u64> = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().flat_map(str::parse).collect();
    let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = ticks[..] else { return None };
    let busy = user + nice + system + irq + softirq;
    Some(Cores { all: busy + idle + iowait + steal, busy, steal, own })
}

/// The 14th and 15th field: ticks in the program and in the system for it. The second field is a name in parentheses that
/// may hold anything.
fn parse_own_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

fn sync_p50(folder: &Path) -> Result<Duration, Failure> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[0x5a; SYNC_BYTES])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[SYNCS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_told_apart_and_guests_count_once() {
        let stat = "cpu  100 0 50 800 10 0 20 20 7 3\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(parse_ticks(stat, 60), Some(Cores { all: 1_000, busy: 170, steal: 20, own: 60 }));
        assert_eq!(parse_ticks("cpu  1 2 3", 0), None);
        assert_eq!(parse_ticks("", 0), None);
    }

    #[test]
    fn own_ticks_are_found_behind_any_name() {
        let stat = "42 (a) b (c) R 1 42 42 0 -1 4194304 100 0 0 0 70 30 5 6 20 0 1 0 12345 0 0";
        assert_eq!(parse_own_ticks(stat), Some(100));
        assert_eq!(parse_own_ticks("42 (cut"), None);
    }

    #[test]
    fn shares_are_of_the_time_between() {
        let before = Cores { all: 1_000, busy: 100, steal: 0, own: 50 };
        let after = Cores { all: 1_200, busy: 240, steal: 10, own: 150 };
        let others = after.others_percent_since(&before);
        assert!((others - 25.0).abs() < 1e-9, "140 busy and 10 stolen less 100 of our own, of 200: {others}");
        assert_eq!(after.own_time_since(&before), Duration::from_secs(1));
        let at = |cores| Snapshot { load: String::new(), sync_p50: Duration::ZERO, cores };
        let steal = at(Some(after)).steal_percent_since(&at(Some(before)));
        assert!(steal.is_some_and(|steal| (steal - 5.0).abs() < 1e-9), "{steal:?}");
        assert_eq!(at(None).steal_percent_since(&at(Some(before))), None);
    }

    #[test]
    fn a_snapshot_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Snapshot::take(folder.path()).unwrap().sync_p50 > Duration::ZERO);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
