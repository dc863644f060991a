//! A folded stream: the aggregate's state, how far it has been read, and which commands it has answered.

use super::{ExecuteError, Fingerprint, window::CommandWindow};
use crate::{
    event::RecordedEvent,
    log::{EventLog, ReadFrom, is_last_page},
    stream::{Position, Revision, StreamId},
};
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
        }
    }
}

/// The two fields of the metadata that a fold needs, borrowed where nothing is escaped.
#[derive(Deserialize)]
struct CommandOfEvent<'a> {
    #[serde(borrow)]
    command_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    command_fingerprint: Option<Cow<'a, str>>,
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

    pub(crate) fn initial() -> Self {
        Self {
            state: A::initial(),
            revision: None,
            position: Position::START,
            last_event: Uuid::nil(),
            window: CommandWindow::default(),
            folded_bytes: 0,
        }
    }

    /// The revision that the stream's next event will have.
    pub(crate) fn next_revision(&self) -> Revision {
        self.revision.map_or(Revision(0), Revision::next)
    }

    /// Folds in everything that the stream has behind this state. Answers whether there was anything.
    pub(crate) async fn catch_up(
        mut self,
        log: &dyn EventLog,
        stream: &StreamId,
    ) -> Result<(Self, bool), ExecuteError<A::Error>> {
        let mut found = false;
        loop {
            let from = ReadFrom::Forwards(self.next_revision());
            let events = log.read_stream(stream, from, LOAD_PAGE).await.map_err(ExecuteError::Read)?;
            let last_page = is_last_page(&events, LOAD_PAGE);
            found |= !events.is_empty();
            for event in events {
                self = self.apply_recorded(&event)?;
            }
            if last_page {
                return Ok((self, found));
            }
        }
    }

    fn apply_recorded(mut self, recorded: &RecordedEvent) -> Result<Self, ExecuteError<A::Error>> {
        let undecodable = |source: serde_json::Error| ExecuteError::Undecodable {
            stream: recorded.stream.clone(),
            revision: recorded.revision,
            source: Arc::new(source),
        };
        let event = recorded.decode::<A::Event>().map_err(undecodable)?;
        let caused_by: CommandOfEvent<'_> = serde_json::from_str(&recorded.metadata).map_err(undecodable)?;
        if let Some(command_id) = caused_by.command_id.and_then(|id| id.parse::<CommandId>().ok()) {
            let fingerprint = caused_by.command_fingerprint.and_then(|text| text.parse::<Fingerprint>().ok());
            self.window.note(command_id.uuid(), fingerprint, recorded.revision, recorded.position);
        }
        self.state = A::evolve(self.state, &event);
        self.revision = Some(recorded.revision);
        self.position = recorded.position;
        self.last_event = recorded.id;
        self.folded_bytes += recorded.data.len();
        Ok(self)
    }
}
