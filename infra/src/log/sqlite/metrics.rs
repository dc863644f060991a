//! What the writer has done since the log was opened.

use super::group::Written;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts since the log was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogMetrics {
    /// Groups that were made durable, each with one sync of the write-ahead log. Groups that added nothing do not count.
    pub commits_total: u64,
    /// Appends that were answered with a receipt, replayed ones included.
    pub appends_total: u64,
    /// Appends that were refused, nearly always because of a conflict.
    pub refusals_total: u64,
    /// Events that were added.
    pub events_total: u64,
    /// True once the log takes no appends any more, because writing failed in a way that only opening it again can mend.
    pub has_failed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Metrics {
    commits: AtomicU64,
    appends: AtomicU64,
    refusals: AtomicU64,
    events: AtomicU64,
    has_failed: AtomicBool,
}

impl Metrics {
    pub(super) fn count(&self, written: &Written) {
        let refusals = written.answers.iter().filter(|answer| answer.is_err()).count();
        let add = |counter: &AtomicU64, by: usize| {
            counter.fetch_add(u64::try_from(by).unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        add(&self.commits, usize::from(written.events > 0));
        add(&self.appends, written.answers.len() - refusals);
        add(&self.refusals, refusals);
        self.events.fetch_add(written.events, Ordering::Relaxed);
    }

    pub(super) fn note_failure(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> LogMetrics {
        LogMetrics {
            commits_total: self.commits.load(Ordering::Relaxed),
            appends_total: self.appends.load(Ordering::Relaxed),
            refusals_total: self.refusals.load(Ordering::Relaxed),
            events_total: self.events.load(Ordering::Relaxed),
            has_failed: self.has_failed.load(Ordering::Relaxed),
        }
    }
}
