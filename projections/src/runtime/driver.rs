//! All scans of a process: who reads next, who joins whom, and what happens when one fails.

use super::{
    Context,
    member::{Member, Mode},
    scan::{Scan, ScanError, Step},
};
use crate::store::{Checkpoint, GenerationState, Registration, StoreError};
use std::{cmp::Reverse, time::Duration};
use tillroll_infra::stream::Position;

/// How many pages a scan that is nearly there may take in one turn to catch up with the one before it.
const CATCH_UP_PAGES_MAX: usize = 64;

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something was done; there may be more.
    Moved,
    /// Everything that the log held is folded.
    Idle,
    /// Something failed; take a pause.
    Failed(Duration),
}

/// All scans of a process.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Farthest first, each at another position, once [`Self::arrange`] has run.
    scans: Vec<Scan>,
}

impl Driver {
    pub(crate) fn new(scans: Vec<Scan>) -> Self {
        Self { scans }
    }

    pub(crate) fn add(&mut self, scan: Scan) {
        self.scans.push(scan);
    }

    /// The scan that fills a projection.
    pub(crate) fn scan_of(&mut self, projection: &str) -> Option<&mut Scan> {
        self.scans.iter_mut().find(|scan| scan.members.iter().any(|member| member.spec.projection == projection))
    }

    /// Gives every scan one page. The farthest one reads what is new; the others do not go beyond the one before them, so
    /// that they meet.
    pub(crate) async fn turn(&mut self, context: &Context) -> Turn {
        let mut moved = self.arrange();
        let mut pause = None;
        // A failure may put further scans behind these; their turn is the next one.
        for index in 0..self.scans.len() {
            match self.advance(index, context).await {
                Ok(step) => moved |= step.moved,
                Err((failed, error)) => {
                    moved = true;
                    pause = Some(self.fail(failed, &error, context).await.max(pause.unwrap_or_default()));
                }
            }
        }
        self.scans.retain(|scan| !scan.members.is_empty());
        match pause {
            Some(pause) => Turn::Failed(pause),
            None if moved => Turn::Moved,
            None => Turn::Idle,
        }
    }

    /// Waits until nothing is under way; what fails is folded again another time.
    pub(crate) async fn flush(&mut self, context: &Context) {
        for scan in &mut self.scans {
            if let Err(error) = scan.flush(context).await {
                tracing::warn!(error = error.reason(), "the last page was not written and will be folded again");
            }
        }
    }

    /// Puts the farthest scan first and joins those that stand at one position. True if some did.
    fn arrange(&mut self) -> bool {
        self.scans.retain(|scan| !scan.members.is_empty());
        self.scans.sort_by_key(|scan| Reverse(scan.committed.position));
        let mut joined = false;
        let mut arranged: Vec<Scan> = Vec::with_capacity(self.scans.len());
        for mut scan in self.scans.drain(..) {
            match arranged.last_mut() {
                Some(before)
                    if before.committed.position == scan.committed.position
                        && before.is_settled()
                        && scan.is_settled() =>
                {
                    before.admit(std::mem::take(&mut scan.members));
                    joined = true;
                }
                _ => arranged.push(scan),
            }
        }
        self.scans = arranged;
        joined
    }

    /// One page for one scan. An error comes with the number of the scan that it befell.
    async fn advance(&mut self, index: usize, context: &Context) -> Result<Step, (usize, ScanError)> {
        let (before, rest) = self.scans.split_at_mut(index);
        let Some(scan) = rest.first_mut().filter(|scan| !scan.members.is_empty()) else {
            return Ok(Step { moved: false, at_end: true });
        };
        let own = |error| (index, error);
        // One that has just stopped altogether is nobody to wait for.
        let next = before.iter_mut().enumerate().rev().find(|(_, scan)| !scan.members.is_empty());
        let Some((next_index, next)) = next else {
            let step = scan.step(None, context).await;
            bury(scan);
            let step = step.map_err(own)?;
            let settled = step.at_end && settle(scan, context).await.map_err(own)?;
            if step.at_end {
                scan.attempts = 0;
            }
            return Ok(Step { moved: step.moved || settled, ..step });
        };
        let distance = next.committed.position.0.saturating_sub(scan.committed.position.0);
        let near = usize::try_from(distance).is_ok_and(|distance| distance <= context.limits.page_events_max);
        if near {
            // They meet while the one before stands still.
            next.flush(context).await.map_err(|error| (next_index, error))?;
        }
        let pages = if near { CATCH_UP_PAGES_MAX } else { 1 };
        let mut moved = false;
        for _ in 0..pages {
            let step = scan.step(Some(next.committed), context).await;
            bury(scan);
            moved |= step.map_err(own)?.moved;
            if scan.members.is_empty() || scan.committed.position >= next.committed.position {
                break;
            }
        }
        Ok(Step { moved, at_end: false })
    }

    /// After a failure: try again after a pause, or stop.
    async fn fail(&mut self, index: usize, error: &ScanError, context: &Context) -> Duration {
        let Some(scan) = self.scans.get_mut(index) else { return Duration::ZERO };
        bury(scan);
        scan.attempts += 1;
        let attempts = scan.attempts;
        if !error.is_retryable() || attempts >= context.limits.attempts_max {
            for member in scan.members.drain(..) {
                member.handle.stop(&error.reason());
            }
            return Duration::ZERO;
        }
        tracing::warn!(attempts, error = error.reason(), "projections could not go on and will try again");
        if let ScanError::Store(StoreError::Fenced { .. }) = error {
            self.reload(index, context).await;
        }
        context.limits.backoff(attempts)
    }

    /// Another writer has moved a checkpoint: takes up from where the database stands.
    async fn reload(&mut self, index: usize, context: &Context) {
        let Ok(registrations) = context.store.registrations().await else { return };
        let Some(scan) = self.scans.get_mut(index) else { return };
        let attempts = scan.attempts;
        let mut moved: Vec<(Checkpoint, Vec<Member>)> = Vec::new();
        for mut member in scan.members.drain(..) {
            let place = |wanted: &dyn Fn(&Registration) -> bool| {
                registrations.iter().find(|found| found.projection == member.spec.projection && wanted(found))
            };
            let same = place(&|found| found.generation == member.generation);
            // Another process may have rebuilt it meanwhile; its tables are as good as ours were.
            let found = same.or_else(|| {
                place(&|found| found.state == GenerationState::Live && found.version == member.spec.version)
            });
            let Some(found) = found else {
                member.handle.stop("its tables were replaced by another process; start this one again");
                continue;
            };
            if found.generation != member.generation || found.state == GenerationState::Live {
                member.adopt(found.generation, &context.limits);
            }
            member.distrust();
            match moved.iter_mut().find(|(checkpoint, _)| *checkpoint == found.checkpoint) {
                Some((_, members)) => members.push(member),
                None => moved.push((found.checkpoint, vec![member])),
            }
        }
        for (checkpoint, members) in moved {
            let mut scan = Scan::new(members, checkpoint, context);
            scan.attempts = attempts;
            self.scans.push(scan);
        }
    }
}

/// Stops the members that fell.
fn bury(scan: &mut Scan) {
    for (member, fall) in scan.fallen.drain(..) {
        member.handle.stop(&fall.to_string());
    }
}

/// At the end of the log: makes missing indexes, and makes live what was being built. True if something was done.
async fn settle(scan: &mut Scan, context: &Context) -> Result<bool, ScanError> {
    let at = scan.committed.position;
    let mut done = false;
    for member in &mut scan.members {
        done |= settle_member(member, at, context).await?;
    }
    Ok(done)
}

async fn settle_member(member: &mut Member, at: Position, context: &Context) -> Result<bool, StoreError> {
    let mut done = false;
    if !member.indexed {
        context.store.index(member.tables()).await?;
        member.indexed = true;
        done = true;
    }
    if member.mode == Mode::Building {
        context.store.switch(vec![(member.spec.clone(), member.generation)]).await?;
        member.mode = Mode::Live;
        member.handle.update(|progress| {
            progress.stopped = None;
            progress.building = None;
        });
        member.announce(at);
        done = true;
    }
    Ok(done)
}
