//! Folding parked events after all.

use super::{
    Runtime,
    member::{Fall, Halt},
    scan::{ScanError, parked_event},
};
use crate::{
    projection::Incoming,
    store::{PageCommit, StoreError},
};
use thiserror::Error;
use tillroll_infra::{
    codec::CodecError,
    log::ReadError,
    stream::{Position, StreamId},
};

/// Why parked events stay parked.
#[derive(Debug, Clone, Error)]
pub enum RetryError {
    /// No projection has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// The projection does not run, or is being rebuilt, which folds them anyway.
    #[error("the projection {0} does not follow the log now")]
    NotLive(&'static str),
    /// One of them still cannot be folded.
    #[error("the event at position {position} of {stream} still cannot be folded: {error}")]
    Poison {
        /// The stream.
        stream: StreamId,
        /// Where in the log.
        position: Position,
        /// Why.
        error: String,
    },
    /// The fold does what no fold may do.
    #[error("the projection is broken: {0}")]
    Broken(String),
    /// The log does not hold an event that was parked.
    #[error("the event log does not hold the event that was parked at position {0}")]
    Missing(Position),
    /// The log failed.
    #[error("the event log could not be read")]
    Log(#[from] ReadError),
    /// The read-model database failed.
    #[error("the read models could not be written")]
    Store(#[from] StoreError),
    /// The key vault failed, or is not the log's.
    #[error("the personal data of an event could not be opened")]
    Codec(#[from] CodecError),
}

impl From<ScanError> for RetryError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Read(error) => Self::Log(error),
            ScanError::Store(error) => Self::Store(error),
            ScanError::Codec(error) => Self::Codec(error),
        }
    }
}

impl Runtime {
    /// Folds the parked events of a stream in order, in one transaction, and lets the stream go on. Answers how many.
    ///
    /// They are folded later than they happened: rows that they share with other streams see them out of order.
    ///
    /// # Errors
    /// See [`RetryError`]; nothing has changed then.
    pub async fn retry_parked(&self, projection: &str, stream: &StreamId) -> Result<usize, RetryError> {
        let unknown = || RetryError::Unknown(projection.to_owned());
        let handle = self.index(projection).and_then(|index| self.inner.handles.get(index)).ok_or_else(unknown)?;
        let name = handle.name;
        let context = &self.inner.context;
        let mut driver = self.inner.driver.lock().await;
        let scan = driver.scan_of(name).ok_or(RetryError::NotLive(name))?;
        scan.flush(context).await?;
        let parked = context.store.parked(Some(name), Some(stream), context.limits.parked_max).await?;
        let mut events = Vec::with_capacity(parked.len());
        for event in &parked {
            let found = parked_event(context.log.as_ref(), stream, event.position, event.event_id).await?;
            let found = found.ok_or(RetryError::Missing(event.position))?;
            events.push(Incoming::open(found, &context.codec).await?);
        }
        if events.is_empty() {
            return Ok(0);
        }
        // Should this be dropped or fail half way, the next step puts the caches right.
        scan.distrust();
        let committed = scan.committed;
        let member = scan.member(name).ok_or(RetryError::NotLive(name))?;
        match member.fold_parked(&events, context.store.as_ref()).await {
            Ok(()) => {}
            Err(Halt::Store(error)) => return Err(error.into()),
            Err(Halt::Fall(Fall::Broken(reason))) => return Err(RetryError::Broken(reason)),
            Err(Halt::Fall(Fall::Poison { stream, position, error })) => {
                return Err(RetryError::Poison { stream, position, error });
            }
        }
        let mut page = PageCommit { unpark: vec![(name, stream.clone())], ..PageCommit::default() };
        member.launch(&mut page, committed.position, committed);
        scan.commit_in_place(page, context).await?;
        if let Some(member) = scan.member(name) {
            member.unpark(stream, parked.len());
            member.announce(committed.position);
        }
        scan.trust();
        Ok(parked.len())
    }
}
