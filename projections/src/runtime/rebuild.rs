//! Rebuilding on demand: new tables are filled from the first event beside the live ones, which go on meanwhile.

use super::{
    Context, Runtime,
    member::{Fall, Member, Mode, generation_spec},
    progress::Handle,
    scan::{Scan, ScanError, Step},
};
use crate::store::{Checkpoint, GenerationState, StoreError};
use std::sync::Arc;
use thiserror::Error;
use tillroll_infra::{
    codec::CodecError,
    log::ReadError,
    stream::{Position, StreamId},
};

/// Why a rebuild did not come to its end. The live tables are as they were.
#[derive(Debug, Clone, Error)]
pub enum RebuildError {
    /// No projection has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// It is being rebuilt already.
    #[error("the projection {0} is being rebuilt already")]
    Running(&'static str),
    /// An event cannot be folded.
    #[error("{projection}: the event at position {position} of {stream} cannot be folded: {error}")]
    Poison {
        /// The projection.
        projection: &'static str,
        /// The event's stream.
        stream: StreamId,
        /// Where in the log.
        position: Position,
        /// Why.
        error: String,
    },
    /// The fold does what no fold may do.
    #[error("the projection {projection} is broken: {reason}")]
    Broken {
        /// The projection.
        projection: &'static str,
        /// What it does.
        reason: String,
    },
    /// The log failed, more often than it is tried.
    #[error("the event log could not be read")]
    Log(#[from] ReadError),
    /// The read-model database failed, more often than it is tried.
    #[error("the read models could not be written")]
    Store(#[from] StoreError),
    /// The key vault failed more often than it is tried, or is not the log's.
    #[error("the personal data of an event could not be opened")]
    Codec(#[from] CodecError),
}

impl From<ScanError> for RebuildError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Read(error) => Self::Log(error),
            ScanError::Store(error) => Self::Store(error),
            ScanError::Codec(error) => Self::Codec(error),
        }
    }
}

/// The right to rebuild some projections; dropping it gives it back.
#[derive(Debug)]
struct Claim(Vec<Arc<Handle>>);

impl Drop for Claim {
    fn drop(&mut self) {
        for handle in &self.0 {
            handle.update(|progress| progress.building = None);
            handle.release_rebuild();
        }
    }
}

impl Runtime {
    /// Builds projections anew from the first event, beside the live tables, and switches to the new ones in one
    /// transaction. The live ones are read and followed meanwhile. `progress` is given how many positions are done, of how
    /// many. A projection that had stopped goes on with its new tables. No names means all projections.
    ///
    /// If the future is dropped, the live tables stay, and what was built is removed at the next rebuild or start.
    ///
    /// # Errors
    /// See [`RebuildError`]; the live tables are as they were.
    pub async fn rebuild(
        &self,
        names: &[&str],
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), RebuildError> {
        let mut chosen = Vec::new();
        for name in names {
            let index = self.index(name).ok_or_else(|| RebuildError::Unknown((*name).to_owned()))?;
            if !chosen.contains(&index) {
                chosen.push(index);
            }
        }
        if names.is_empty() {
            chosen = (0..self.inner.handles.len()).collect();
        }
        let claim = self.claim(&chosen)?;
        let context = &self.inner.context;
        let members = self.create(&chosen).await?;
        let made: Vec<(&'static str, u32)> =
            members.iter().map(|member| (member.spec.projection, member.generation)).collect();
        let built = self.build(Scan::new(members, Checkpoint::default(), context), progress).await;
        if built.is_err() {
            for (projection, generation) in made {
                // Should this fail too, the next rebuild or start removes it.
                if let Err(error) = context.store.discard(projection, generation).await {
                    tracing::warn!(projection, %error, "unfinished tables could not be removed");
                }
            }
        }
        drop(claim);
        self.inner.wake.notify_one();
        built
    }

    fn claim(&self, chosen: &[usize]) -> Result<Claim, RebuildError> {
        let mut claim = Claim(Vec::new());
        for handle in chosen.iter().filter_map(|&index| self.inner.handles.get(index)) {
            // New tables are also built when the version has changed; that is left to the one who follows.
            if handle.progress().building.is_some() || !handle.claim_rebuild() {
                return Err(RebuildError::Running(handle.name));
            }
            claim.0.push(handle.clone());
        }
        Ok(claim)
    }

    async fn create(&self, chosen: &[usize]) -> Result<Vec<Member>, StoreError> {
        let context = &self.inner.context;
        let registrations = context.store.registrations().await?;
        let mut members = Vec::with_capacity(chosen.len());
        for &index in chosen {
            let (Some(projection), Some(handle)) = (self.inner.projections.get(index), self.inner.handles.get(index))
            else {
                continue;
            };
            let own = registrations.iter().filter(|registration| registration.projection == handle.name);
            for left in own.filter(|registration| registration.state == GenerationState::Building) {
                context.store.discard(handle.name, left.generation).await?;
            }
            let generation =
                context.store.create(generation_spec(projection.as_ref()), GenerationState::Building).await?;
            members.push(Member::new(
                projection.clone(),
                handle.clone(),
                generation,
                Mode::Building,
                Position::START,
                &context.limits,
            ));
        }
        Ok(members)
    }

    async fn build(&self, mut scan: Scan, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<(), RebuildError> {
        let context = &self.inner.context;
        let head = context.log.head().await?;
        progress(0, head.0);
        while !step(&mut scan, context).await?.at_end {
            let done = scan.committed.position.0;
            progress(done, head.0.max(done));
        }
        for member in &mut scan.members {
            context.store.index(member.tables()).await?;
            member.indexed = true;
        }
        // Indexes take their time; what has happened meanwhile is folded before the live ones are held up.
        while !step(&mut scan, context).await?.at_end {}
        let mut driver = self.inner.driver.lock().await;
        driver.flush(context).await;
        let names: Vec<&'static str> = scan.members.iter().map(|member| member.spec.projection).collect();
        let shown: Vec<Position> = scan.members.iter().map(|member| member.handle.progress().position).collect();
        let floor = shown.into_iter().max().unwrap_or_default();
        let head = context.log.head().await?;
        // Readers never see a position go back, unless the live tables stood beyond the end of this log.
        while scan.committed.position < floor.min(head) {
            if step(&mut scan, context).await?.at_end {
                break;
            }
        }
        scan.flush(context).await?;
        let generations = scan.members.iter().map(|member| (member.spec.clone(), member.generation)).collect();
        context.store.switch(generations).await?;
        for name in names {
            if let Some(old) = driver.scan_of(name) {
                old.remove(name);
            }
        }
        let at = scan.committed.position;
        // What was tried again while it was built is nothing that the one who follows should count.
        scan.attempts = 0;
        for member in &mut scan.members {
            member.mode = Mode::Live;
            member.handle.update(|progress| {
                progress.stopped = None;
                progress.building = None;
            });
            member.announce(at);
        }
        driver.add(scan);
        progress(at.0, at.0);
        Ok(())
    }
}

/// One page, tried as often as the limits allow.
async fn step(scan: &mut Scan, context: &Context) -> Result<Step, RebuildError> {
    loop {
        let failed = match scan.step(None, context).await {
            Ok(step) => {
                let Some((member, fall)) = scan.fallen.pop() else { return Ok(step) };
                let projection = member.spec.projection;
                return Err(match fall {
                    Fall::Poison { stream, position, error } => {
                        RebuildError::Poison { projection, stream, position, error }
                    }
                    Fall::Broken(reason) => RebuildError::Broken { projection, reason },
                });
            }
            Err(error) => error,
        };
        scan.attempts += 1;
        if !failed.is_retryable() || scan.attempts >= context.limits.attempts_max {
            return Err(failed.into());
        }
        if matches!(failed, ScanError::Store(StoreError::Fenced { .. })) && !resume(scan, context).await? {
            return Err(failed.into());
        }
        tracing::warn!(attempts = scan.attempts, error = failed.reason(), "a page of a rebuild will be tried again");
        tokio::time::sleep(context.limits.backoff(scan.attempts)).await;
    }
}

/// Nobody else fills these tables, so that a checkpoint that has moved means a page whose answer was lost. False if the
/// tables are gone.
async fn resume(scan: &mut Scan, context: &Context) -> Result<bool, StoreError> {
    let registrations = context.store.registrations().await?;
    let mut at = None;
    for member in &scan.members {
        let found = registrations.iter().find(|found| {
            found.projection == member.spec.projection
                && found.generation == member.generation
                && found.state == GenerationState::Building
        });
        match (found, at) {
            (Some(found), None) => at = Some(found.checkpoint),
            (Some(found), Some(at)) if found.checkpoint == at => {}
            _ => return Ok(false),
        }
    }
    let Some(at) = at else { return Ok(false) };
    let attempts = scan.attempts;
    let mut members = std::mem::take(&mut scan.members);
    members.iter_mut().for_each(Member::distrust);
    *scan = Scan::new(members, at, context);
    scan.attempts = attempts;
    Ok(true)
}
