//! A folded stream: the aggregate's state, how far it has been read, and which commands it has answered.

use super::{
    Core, ExecuteError, Fingerprint,
    snapshots::SnapshotAge,
    window::{Answered, Cause, CommandWindow},
};
use crate::{
    codec::{self, Place},
    event::RecordedEvent,
    log::{ReadFrom, is_last_page},
    stream::{Position, Revision, StreamId},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::{borrow::Cow, sync::Arc};
use tillroll_domain::{aggregate::Aggregate, ids::CommandId};
use uuid::Uuid;

/// How many events one read of a cold stream brings.
const LOAD_PAGE: usize = 1_000;

/// An aggregate as its stream stood when it was read.
#[derive(Debug)]
pub struct Loaded<A: Aggregate> {
    /// The state.
    pub state: A::State,
    /// The revision of the last event folded in; `None` if the stream does not exist.
    pub revision: Option<Revision>,
    /// The position of that event; 0 if the stream does not exist.
    pub position: Position,
    /// The id of that event.
    pub(crate) last_event: Uuid,
    pub(crate) window: CommandWindow,
    /// Bytes of the events folded in: a rough measure of the state's size.
    pub(crate) folded_bytes: usize,
    /// How far the stream has gone on since its last snapshot.
    pub(crate) since_snapshot: SnapshotAge,
    /// Whether a payload folded in held personal data, also of somebody who was erased by then.
    pub(crate) is_personal: bool,
    /// How many persons had been erased before its first personal data was read or sealed; after the next one it is not
    /// used any more. Without personal data it means nothing.
    pub(crate) erasures: u64,
}

// Derived, this would ask for a clonable aggregate instead of a clonable state.
impl<A: Aggregate> Clone for Loaded<A> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            revision: self.revision,
            position: self.position,
            last_event: self.last_event,
            window: self.window.clone(),
            folded_bytes: self.folded_bytes,
            since_snapshot: self.since_snapshot.clone(),
            is_personal: self.is_personal,
            erasures: self.erasures,
        }
    }
}

/// The fields of the metadata that a fold needs, borrowed where nothing is escaped.
#[derive(Deserialize)]
struct CommandOfEvent<'a> {
    #[serde(borrow)]
    command_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    command_fingerprint: Option<Cow<'a, str>>,
    #[serde(borrow)]
    not_after: Option<Cow<'a, str>>,
}

impl CommandOfEvent<'_> {
    /// The command; `None` if the event names none.
    fn cause(&self) -> Option<Cause> {
        let command_id = self.command_id.as_deref()?.parse::<CommandId>().ok()?.uuid();
        let fingerprint = self.command_fingerprint.as_deref().and_then(|text| text.parse().ok());
        let not_after = self.not_after.as_deref().and_then(|text| text.parse().ok());
        Some(Cause { command_id, fingerprint, not_after })
    }
}

/// What a stream answered to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastAnswer {
    /// The digest of the command's content; absent if its events name none.
    pub fingerprint: Option<Fingerprint>,
    /// The revision of its last event.
    pub revision: Revision,
    /// The position of that event.
    pub position: Position,
}

impl<A: Aggregate> Loaded<A> {
    /// What the stream answered to a command, if it remembers it; for handlers that would otherwise gather facts for a
    /// command that was answered long ago, and may not find them any more.
    #[must_use]
    pub fn answer_to(&self, command_id: CommandId) -> Option<PastAnswer> {
        let answered = self.window.get(command_id.uuid())?;
        let (fingerprint, revision) = (answered.fingerprint, answered.last_revision);
        Some(PastAnswer { fingerprint, revision, position: answered.position? })
    }

    pub(crate) fn initial() -> Box<Self> {
        Box::new(Self {
            state: A::initial(),
            revision: None,
            position: Position::START,
            last_event: Uuid::nil(),
            window: CommandWindow::default(),
            folded_bytes: 0,
            since_snapshot: SnapshotAge::default(),
            is_personal: false,
            erasures: 0,
        })
    }

    /// Takes note that personal data is folded in, of which nothing was read or sealed before `erasures` persons were
    /// erased.
    pub(crate) fn note_personal(&mut self, erasures: u64) {
        // What it holds already is as old as it was.
        if !self.is_personal {
            (self.is_personal, self.erasures) = (true, erasures);
        }
    }

    /// The revision that the stream's next event will have.
    pub(crate) fn next_revision(&self) -> Revision {
        self.revision.map_or(Revision(0), Revision::next)
    }

    /// Folds in everything that the stream has behind this state, which comes from a snapshot. The first event that is
    /// read is the snapshot's last one; `None` if it is not, so that the snapshot belongs to another log.
    pub(crate) async fn resume(
        mut self: Box<Self>,
        core: &Core,
        stream: &StreamId,
    ) -> Result<Option<Box<Self>>, ExecuteError<A::Error>> {
        let Some(revision) = self.revision else { return Ok(None) };
        let from = ReadFrom::Forwards(revision);
        let events = core.log.read_stream(stream, from, LOAD_PAGE).await.map_err(ExecuteError::Read)?;
        let last_page = is_last_page(&events, LOAD_PAGE);
        let mut events = events.into_iter();
        let is_ours = |first: &RecordedEvent| {
            (first.revision, first.position, first.id) == (revision, self.position, self.last_event)
        };
        if !events.next().is_some_and(|first| is_ours(&first)) {
            return Ok(None);
        }
        for event in events {
            self = self.open_and_apply(core, &event).await?;
        }
        Ok(Some(if last_page { self } else { self.catch_up(core, stream).await?.0 }))
    }

    /// Folds in everything that the stream has behind this state. Answers whether there was anything.
    pub(crate) async fn catch_up(
        mut self: Box<Self>,
        core: &Core,
        stream: &StreamId,
    ) -> Result<(Box<Self>, bool), ExecuteError<A::Error>> {
        let mut found = false;
        loop {
            let from = ReadFrom::Forwards(self.next_revision());
            let events = core.log.read_stream(stream, from, LOAD_PAGE).await.map_err(ExecuteError::Read)?;
            let last_page = is_last_page(&events, LOAD_PAGE);
            found |= !events.is_empty();
            for event in events {
                self = self.open_and_apply(core, &event).await?;
            }
            if last_page {
                return Ok((self, found));
            }
        }
    }

    /// Folds in what a command decided on this state, ahead of the log, and takes note of the command. `time` is that of
    /// the newest id of the events. Where it came to stand is told to [`Self::settle`] once it is durable.
    pub(crate) fn apply_decided(
        mut self: Box<Self>,
        events: &[A::Event],
        cause: Cause,
        time: DateTime<Utc>,
    ) -> Box<Self> {
        for event in events {
            self.state = A::evolve(self.state, event);
            self.revision = Some(self.next_revision());
        }
        self.since_snapshot.events += events.len();
        self.window.pass(time);
        self.window.push(Answered {
            command_id: cause.command_id,
            fingerprint: cause.fingerprint,
            events: events.len(),
            last_revision: self.revision.unwrap_or_default(),
            position: None,
            until: self.window.until(cause.not_after),
        });
        self
    }

    /// Takes note that a command's events are durable, the last of them at this position.
    pub(crate) fn settle(&mut self, command_id: CommandId, position: Position) {
        self.position = position;
        self.window.settle(command_id.uuid(), position);
    }

    async fn open_and_apply(
        mut self: Box<Self>,
        core: &Core,
        recorded: &RecordedEvent,
    ) -> Result<Box<Self>, ExecuteError<A::Error>> {
        if !self.is_personal && !codec::is_plain(&recorded.data) {
            self.note_personal(core.cache.erasures());
        }
        let opened = core.codec.open(Place::of(recorded), &recorded.data).await;
        let data = opened.map_err(|error| ExecuteError::personal_data(&recorded.stream, error))?;
        self.apply_recorded(recorded, &data)
    }

    fn apply_recorded(
        mut self: Box<Self>,
        recorded: &RecordedEvent,
        data: &str,
    ) -> Result<Box<Self>, ExecuteError<A::Error>> {
        let undecodable = |source: serde_json::Error| ExecuteError::Undecodable {
            stream: recorded.stream.clone(),
            revision: recorded.revision,
            source: Arc::new(source),
        };
        let event = recorded.decode_opened::<A::Event>(data).map_err(undecodable)?;
        let caused_by: CommandOfEvent<'_> = serde_json::from_str(&recorded.metadata).map_err(undecodable)?;
        self.window.pass(recorded.decided_at());
        if let Some(cause) = caused_by.cause() {
            self.window.note(cause, recorded.revision, recorded.position);
        }
        self.state = A::evolve(self.state, &event);
        self.revision = Some(recorded.revision);
        self.position = recorded.position;
        self.last_event = recorded.id;
        self.folded_bytes += recorded.data.len();
        self.since_snapshot.events += 1;
        Ok(self)
    }
}
