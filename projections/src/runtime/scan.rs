//! One reader of the log that fills all generations that stand at the same position.
//!
//! While a page is being folded, the next one is read and the one before is written: the three go on side by side.
//!
//! **Invariant:** every member's checkpoint is the scan's; a page moves all of them in one transaction.

use super::{
    Context,
    member::{Fall, Halt, Member},
};
use crate::{
    projection::Incoming,
    store::{Checkpoint, PageCommit, StoreError},
};
use futures::future::{BoxFuture, join};
use std::{collections::BTreeSet, fmt};
use thiserror::Error;
use tillroll_infra::{
    codec::CodecError,
    event::RecordedEvent,
    log::{EventFilter, EventLog, LogPage, PAGE_MAX, ReadError},
    stream::{Position, StreamId},
};
use uuid::Uuid;

/// After so many events, other tasks of the thread get their turn.
const EVENTS_PER_TURN: usize = 128;

/// Why a step failed; it may be tried again.
#[derive(Debug, Clone, Error)]
pub(crate) enum ScanError {
    #[error("the event log could not be read")]
    Read(#[from] ReadError),
    #[error("the read models could not be written")]
    Store(#[from] StoreError),
    #[error("the personal data of an event could not be opened")]
    Codec(#[from] CodecError),
}

impl ScanError {
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Read(ReadError::Unavailable(_)) => true,
            Self::Read(ReadError::Corrupt { .. }) => false,
            Self::Store(error) => error.is_retryable(),
            Self::Codec(error) => error.is_retryable(),
        }
    }

    /// The error with its cause, for operators.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Read(error) => format!("{self}: {error}"),
            Self::Store(error) => format!("{self}: {error}"),
            Self::Codec(error) => format!("{self}: {error}"),
        }
    }
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Something was folded or committed.
    pub(crate) moved: bool,
    /// Everything that the log held is folded and committed.
    pub(crate) at_end: bool,
}

/// A page on its way into the database.
struct Flight {
    work: BoxFuture<'static, Result<(), StoreError>>,
    to: Checkpoint,
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("to", &self.to).finish_non_exhaustive()
    }
}

/// One reader of the log and the generations it fills.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) members: Vec<Member>,
    /// Where the database stands.
    pub(crate) committed: Checkpoint,
    /// Generations that could not go on, with the reason; whoever steps takes them away.
    pub(crate) fallen: Vec<(Member, Fall)>,
    /// How many steps have failed since a page was last written.
    pub(crate) attempts: u32,
    /// Where the caches stand: `committed`, or the end of the page that is being written.
    folded: Checkpoint,
    filter: EventFilter,
    flight: Option<Flight>,
    ahead: Option<LogPage>,
    /// How many events the next page may hold.
    limit: usize,
    /// A step did not come to its end; the caches are not to be trusted.
    torn: bool,
}

impl Scan {
    /// Members whose checkpoints all stand at `at`.
    pub(crate) fn new(members: Vec<Member>, at: Checkpoint, context: &Context) -> Self {
        let mut scan = Self {
            members: Vec::new(),
            committed: at,
            fallen: Vec::new(),
            attempts: 0,
            folded: at,
            filter: EventFilter::default(),
            flight: None,
            ahead: None,
            limit: context.limits.page_events_min,
            // What is parked is loaded by the first step.
            torn: true,
        };
        scan.admit(members);
        scan
    }

    /// Takes in members that stand where this scan stands. Nothing may be under way.
    pub(crate) fn admit(&mut self, members: Vec<Member>) {
        for member in &members {
            member.announce(self.committed.position);
        }
        self.members.extend(members);
        self.refilter();
    }

    fn refilter(&mut self) {
        let types: BTreeSet<&str> = self.members.iter().flat_map(Member::wanted).collect();
        self.filter.event_types = types.into_iter().map(str::to_owned).collect();
        self.ahead = None;
    }

    /// Nothing is folded that is not committed, and nothing has failed.
    pub(crate) fn is_settled(&self) -> bool {
        self.flight.is_none() && !self.torn && self.folded.position == self.committed.position
    }

    /// Reads, folds and writes one page; not beyond `cap`. If the future is dropped, the next step begins by putting
    /// things right.
    pub(crate) async fn step(&mut self, cap: Option<Checkpoint>, context: &Context) -> Result<Step, ScanError> {
        self.mend(context).await?;
        self.torn = true;
        let step = self.advance(cap, context).await?;
        self.torn = false;
        Ok(step)
    }

    /// Waits until nothing is under way.
    pub(crate) async fn flush(&mut self, context: &Context) -> Result<(), ScanError> {
        self.mend(context).await?;
        self.torn = true;
        self.land().await?;
        self.torn = false;
        Ok(())
    }

    /// Marks the caches as not to be trusted until [`Self::trust`].
    pub(crate) fn distrust(&mut self) {
        self.torn = true;
    }

    /// The caches hold what is committed, or is being committed.
    pub(crate) fn trust(&mut self) {
        self.torn = false;
    }

    async fn mend(&mut self, context: &Context) -> Result<(), ScanError> {
        if !self.torn {
            return Ok(());
        }
        // What was under way may have been committed all the same; if it failed, its events are read again.
        if let Err(error) = self.land().await {
            if matches!(error, StoreError::Fenced { .. }) {
                return Err(error.into());
            }
            tracing::warn!(%error, "a page was not written and is folded again");
        }
        for member in &mut self.members {
            member.reset(context.store.as_ref()).await?;
        }
        self.ahead = None;
        self.folded = self.committed;
        self.torn = false;
        Ok(())
    }

    async fn advance(&mut self, cap: Option<Checkpoint>, context: &Context) -> Result<Step, ScanError> {
        let started = context.clock.now();
        let mut page = match self.ahead.take() {
            Some(page) => page,
            None => context.log.read_all(self.folded.position, &self.filter, self.limit).await?,
        };
        let mut capped = false;
        if let Some(cap) = cap
            && page.scanned_to >= cap.position
        {
            page.events.retain(|event| event.position <= cap.position);
            page.scanned_to = cap.position;
            capped = true;
        }
        if page.scanned_to <= self.folded.position {
            let moved = self.land().await?;
            return Ok(Step { moved, at_end: page.at_end && !capped });
        }
        let to = Checkpoint {
            position: page.scanned_to,
            event_id: event_id(&page, cap.filter(|_| capped), context.log.as_ref()).await?,
        };
        self.adapt(&page, context);
        let last = page.at_end || capped;
        if last {
            self.fold(page.events, context).await?;
        } else {
            let (log, filter, limit) = (context.log.clone(), self.filter.clone(), self.limit);
            let read = async move { log.read_all(to.position, &filter, limit).await };
            // The read is polled first, so that the log works while the fold does.
            let (ahead, folded) = join(read, self.fold(page.events, context)).await;
            folded?;
            // Members may have fallen while the page was read for them; one that failed is read again by the next step.
            self.ahead = ahead.ok();
        }
        self.folded = to;
        self.land().await?;
        self.launch(to, context);
        if last {
            // There is nothing to read meanwhile, and somebody may wait for this page.
            self.land().await?;
        }
        let took = context.clock.now().signed_duration_since(started).to_std().unwrap_or_default();
        if took > context.limits.page_time {
            self.limit = (self.limit / 2).max(context.limits.page_events_min.min(self.limit));
        }
        Ok(Step { moved: true, at_end: page.at_end && !capped })
    }

    async fn fold(&mut self, events: Vec<RecordedEvent>, context: &Context) -> Result<(), ScanError> {
        for (number, event) in events.into_iter().enumerate() {
            if number % EVENTS_PER_TURN == EVENTS_PER_TURN - 1 {
                tokio::task::yield_now().await;
            }
            let event = Incoming::open(event, &context.codec).await?;
            let mut index = 0;
            while let Some(member) = self.members.get_mut(index) {
                match member.fold(&event, context.store.as_ref()).await {
                    Ok(()) => index += 1,
                    Err(Halt::Store(error)) => return Err(error.into()),
                    Err(Halt::Fall(fall)) => {
                        let member = self.members.remove(index);
                        self.fallen.push((member, fall));
                    }
                }
            }
        }
        Ok(())
    }

    fn launch(&mut self, to: Checkpoint, context: &Context) {
        let mut page = PageCommit::default();
        for member in &mut self.members {
            member.launch(&mut page, self.committed.position, to);
        }
        if !page.checkpoints.is_empty() {
            self.flight = Some(Flight { work: context.store.commit(page), to });
        }
    }

    /// Commits a page that moves no checkpoint, and waits for it. Nothing else may be under way.
    pub(crate) async fn commit_in_place(&mut self, page: PageCommit, context: &Context) -> Result<(), ScanError> {
        self.flight = Some(Flight { work: context.store.commit(page), to: self.committed });
        self.land().await?;
        Ok(())
    }

    /// Waits for the page that is being written; false if there is none.
    async fn land(&mut self) -> Result<bool, StoreError> {
        let Some(flight) = &mut self.flight else { return Ok(false) };
        let written = (&mut flight.work).await;
        let to = flight.to;
        self.flight = None;
        written?;
        // Only now: a page that is folded again and again, but never written, is not progress.
        self.attempts = 0;
        self.committed = to;
        for member in &mut self.members {
            member.landed(to.position);
        }
        Ok(true)
    }

    /// Larger pages while there is much to do, smaller ones when events are large.
    fn adapt(&mut self, page: &LogPage, context: &Context) {
        let limits = &context.limits;
        let wanted = if page.at_end { limits.page_events_min } else { self.limit.saturating_mul(2) };
        let wanted = wanted.clamp(limits.page_events_min, limits.page_events_max);
        let bytes: usize = page.events.iter().map(|event| event.data.len() + event.metadata.len()).sum();
        let average = (bytes / page.events.len().max(1)).max(1);
        self.limit = wanted.min((limits.page_bytes_max / average).max(1)).min(PAGE_MAX);
    }

    /// The live member of a projection.
    pub(crate) fn member(&mut self, projection: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.spec.projection == projection)
    }

    /// Takes a projection's member away.
    pub(crate) fn remove(&mut self, projection: &str) {
        self.members.retain(|member| member.spec.projection != projection);
        self.refilter();
    }
}

/// The id of the event at the end of a page, which the filter may have passed over.
async fn event_id(page: &LogPage, cap: Option<Checkpoint>, log: &dyn EventLog) -> Result<Option<Uuid>, ReadError> {
    match (page.events.last(), cap) {
        (Some(event), _) if event.position == page.scanned_to => Ok(Some(event.id)),
        (_, Some(cap)) if cap.position == page.scanned_to => Ok(cap.event_id),
        _ => Ok(event_at(log, page.scanned_to).await?.map(|event| event.id)),
    }
}

/// The event at a position, if there is one.
pub(crate) async fn event_at(log: &dyn EventLog, position: Position) -> Result<Option<RecordedEvent>, ReadError> {
    let everything = EventFilter::default();
    let mut after = Position(position.0.saturating_sub(1));
    loop {
        let page = log.read_all(after, &everything, 1).await?;
        if let Some(event) = page.events.into_iter().next() {
            return Ok((event.position == position).then_some(event));
        }
        if page.at_end || page.scanned_to >= position || page.scanned_to <= after {
            return Ok(None);
        }
        after = page.scanned_to;
    }
}

/// Why a checkpoint does not belong to this log, if it does not.
pub(crate) async fn mismatch(log: &dyn EventLog, checkpoint: Checkpoint) -> Result<Option<String>, ReadError> {
    let Checkpoint { position, event_id } = checkpoint;
    if position == Position::START {
        return Ok(None);
    }
    let head = log.head().await?;
    if head < position {
        return Ok(Some(format!(
            "the event log ends at position {head}, before the checkpoint {position}; it is another log, or an older copy"
        )));
    }
    let Some(expected) = event_id else { return Ok(None) };
    match event_at(log, position).await? {
        Some(event) if event.id == expected => Ok(None),
        _ => Ok(Some(format!(
            "the event log holds another event at position {position} than the one that was folded; rebuild the read model"
        ))),
    }
}

/// A parked event as the log has it.
pub(crate) async fn parked_event(
    log: &dyn EventLog,
    stream: &StreamId,
    position: Position,
    id: Uuid,
) -> Result<Option<RecordedEvent>, ReadError> {
    Ok(event_at(log, position).await?.filter(|event| event.id == id && event.stream == *stream))
}
