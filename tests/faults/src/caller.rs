//! A single caller that appends one thing after the other, for tests in which appends fail.

use crate::workload::{self, Acknowledged};
use std::collections::BTreeMap;
use tillroll_infra::{
    log::{AppendError, AppendReceipt, EventLog, ExpectedRevision},
    stream::StreamId,
};

/// Remembers what was acknowledged to it.
#[derive(Debug, Default)]
pub struct Caller {
    next: u64,
    ends: BTreeMap<StreamId, ExpectedRevision>,
    acknowledged: Vec<Acknowledged>,
}

impl Caller {
    /// A caller whose appends have other numbers than those of the callers beside it: from this one on.
    #[must_use]
    pub fn beginning_at(next: u64) -> Self {
        Self { next, ..Self::default() }
    }

    /// Appends `count` events to one stream. After a refusal that says that nothing was appended, the stream's end is
    /// expected where it was before.
    ///
    /// # Errors
    /// What the log says.
    pub async fn append(
        &mut self,
        log: &dyn EventLog,
        stream: &StreamId,
        count: usize,
    ) -> Result<AppendReceipt, AppendError> {
        self.next += 1;
        let expected = self.ends.get(stream).copied().unwrap_or(ExpectedRevision::NoStream);
        let append = workload::append(self.next, count, stream, expected);
        let last = append.events.last().map(|event| event.id);
        let receipt = tillroll_infra::log::append(log, append).await?;
        if let Some(event_id) = last {
            self.ends.insert(stream.clone(), ExpectedRevision::After { revision: receipt.last_revision, event_id });
        }
        self.acknowledged.push(Acknowledged { append: self.next, stream: stream.clone(), count, receipt });
        Ok(receipt)
    }

    /// All that was acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> &[Acknowledged] {
        &self.acknowledged
    }
}
