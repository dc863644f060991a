//! A command path without queues: load, decide, append with the exact revision, and on a conflict all of it again.

use crate::Failure;
use parking_lot::Mutex;
use std::sync::Arc;
use tillroll_domain::{
    aggregate::{Aggregate, DomainEvent, Moment},
    stock_item::{StockItem, StockItemState, commands::StockItemCommand, events::StockItemEvent},
};
use tillroll_infra::{
    ambient::Ambient,
    bus::{CommandContext, Fingerprint},
    event::{Metadata, NewEvent},
    log::{Append, AppendError, EventLog, ExpectedRevision, ReadFrom, SqliteLog, append, is_last_page},
    stream::{Revision, StreamId},
};

/// Events of a page that is read.
const PAGE: usize = 1_000;

/// One stock item. The newest state that anybody folded is shared, so that only newer events are read and folded.
#[derive(Debug)]
pub(super) struct Optimistic {
    log: Arc<SqliteLog>,
    stream: StreamId,
    ambient: Ambient,
    shared: Mutex<Arc<Folded>>,
}

#[derive(Debug, Clone)]
struct Folded {
    state: StockItemState,
    revision: Option<Revision>,
}

impl Optimistic {
    pub(super) fn new(log: Arc<SqliteLog>, stream: StreamId, ambient: Ambient) -> Self {
        let nothing = Folded { state: StockItem::initial(), revision: None };
        Self { log, stream, ambient, shared: Mutex::new(Arc::new(nothing)) }
    }

    /// Carries a command out that decides one event, and answers how many tries it took. There is no bound: who gave up
    /// would have to be asked again.
    pub(super) async fn execute(&self, command: &StockItemCommand, context: &CommandContext) -> Result<u64, Failure> {
        let fingerprint = Fingerprint::of(command);
        for tries in 1.. {
            let folded = self.load().await?;
            let now = self.ambient.clock.now();
            let decided = StockItem::decide(&folded.state, command, &Moment { now, business_date: now.date_naive() })?;
            let [event] = &decided[..] else { return Err("a command decides one event here".into()) };
            let expected = folded.revision.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
            let events = vec![self.encode(event, context, fingerprint)?];
            match append(&*self.log, Append { stream: self.stream.clone(), expected, events }).await {
                Ok(receipt) => {
                    let state = StockItem::evolve(folded.state.clone(), event);
                    self.share(&Arc::new(Folded { state, revision: Some(receipt.last_revision) }));
                    return Ok(tries);
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err("nobody tries that often".into())
    }

    /// The item as its stream has it.
    pub(super) async fn newest(&self) -> Result<(StockItemState, Option<Revision>), Failure> {
        let folded = self.load().await?;
        Ok((folded.state.clone(), folded.revision))
    }

    async fn load(&self) -> Result<Arc<Folded>, Failure> {
        let mut folded = self.shared.lock().clone();
        loop {
            let from = ReadFrom::Forwards(folded.revision.map_or(Revision(0), Revision::next));
            let events = self.log.read_stream(&self.stream, from, PAGE).await?;
            if let Some(last) = events.last() {
                let mut state = folded.state.clone();
                for event in &events {
                    state = StockItem::evolve(state, &event.decode::<StockItemEvent>()?);
                }
                folded = Arc::new(Folded { state, revision: Some(last.revision) });
                self.share(&folded);
            }
            if is_last_page(&events, PAGE) {
                return Ok(folded);
            }
        }
    }

    fn share(&self, folded: &Arc<Folded>) {
        let mut shared = self.shared.lock();
        if folded.revision > shared.revision {
            *shared = folded.clone();
        }
    }

    /// As the bus would write it.
    fn encode(
        &self,
        event: &StockItemEvent,
        context: &CommandContext,
        fingerprint: Fingerprint,
    ) -> Result<NewEvent, Failure> {
        let metadata = Metadata {
            actor: context.actor.clone(),
            command_id: Some(context.command_id.to_string()),
            command_fingerprint: Some(fingerprint.to_string()),
            origin: context.origin.clone(),
            ..Metadata::default()
        };
        let kind = event.event_type();
        Ok(NewEvent {
            id: self.ambient.ids.next(),
            event_type: kind.name.into(),
            schema_version: kind.version,
            metadata: serde_json::to_string(&metadata)?.into(),
            data: serde_json::to_string(event)?.into(),
        })
    }
}
