//! Drives mapped documents over the bus: bounded, in order, and so that it can be killed at any moment.
//!
//! At most [`DOCUMENTS_IN_FLIGHT_MAX`] documents are under way. The commands of stage one are sent in the order of the
//! documents; those of stage two too, each document's once its stage one is durable. So the streams of every SKU and every
//! order see the documents in their order, and nothing follows from a head that may be lost.
//!
//! The cursor moves only over documents whose every command is durable. What a killed run has sent beyond it is sent again
//! with the same ids and changes nothing: the bus remembers at least 1,024 commands of a stream, and no document sends
//! more than two to one stream, so twice [`DOCUMENTS_IN_FLIGHT_MAX`] documents are well within its memory.
//!
//! **Invariant:** no command of stage two is sent before the first stage of its document is durable.
//! **Invariant:** the cursor never stands behind a document with a command that is not durable.

use super::{
    ImportError, cursor,
    document::{ContentDigest, RollingDigest},
    mapping::{Inferred, MappedDocument, Mapper},
    progress::{Phase, Progress, Progressed},
    source::HistorySource,
    survey::Survey,
};
use chrono::NaiveDate;
use std::{collections::VecDeque, sync::Arc};
use tillroll_infra::bus::Bus;
use tokio::sync::mpsc;

mod send;
#[cfg(test)]
mod tests;

use send::{Answer, Sent, send};

/// The most documents between their first command and their last answer.
pub const DOCUMENTS_IN_FLIGHT_MAX: usize = 256;
/// How many documents the cursor moves at a time.
const DOCUMENTS_PER_ADVANCE: usize = 256;
/// How many mapped documents may wait for the driver.
const MAPPED_AHEAD_MAX: usize = 32;
/// How many commands for opening stock are under way at a time.
const OPENING_IN_FLIGHT_MAX: usize = 1_024;
/// How many documents are passed over or done between two reports of progress.
const DOCUMENTS_PER_REPORT: u64 = 64;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driven {
    /// How many documents of the source have entered, now and before.
    pub documents: usize,
    /// What was inferred for them.
    pub inferred: Inferred,
    /// How many events this run appended.
    pub events: u64,
}

/// Lets the documents of a source enter that have not entered yet, up to a date.
///
/// If documents beyond the date had entered before, they stay and are counted; those that a killed run began are finished.
///
/// # Errors
/// A file that does not begin with the documents that have entered or that lacks or changes one that is recorded, before
/// anything is appended; commands that are refused, and everything that keeps source or log from working.
pub async fn drive(
    bus: &Bus,
    source: Arc<dyn HistorySource>,
    survey: Arc<Survey>,
    until: Option<NaiveDate>,
    progress: &mut dyn Progress,
) -> Result<Driven, ImportError> {
    let identity = source.identity().clone();
    let before = cursor::load(bus, &identity, &survey).await?;
    let documents = survey.documents_before(until).max(before.recorded);
    let mut events = 0;
    if !before.file_is_known {
        // First the stock, then the announcement: a file that is announced needs no second look at its opening stock.
        events += open_stock(bus, &Mapper::new(identity.clone(), survey.clone())).await?;
        events += cursor::start(bus, &identity, &survey).await?;
    }
    let mut done = Done::new(&survey, documents, progress);
    let (sender, receiver) = mpsc::channel(MAPPED_AHEAD_MAX);
    let reader = {
        let (survey, skip) = (survey.clone(), before.documents);
        let mapper = Mapper::new(identity.clone(), survey.clone());
        tokio::task::spawn_blocking(move || map_all(&*source, &survey, mapper, skip, documents, &sender))
    };
    let pipeline =
        Pipeline { bus, survey: &survey, identity: &identity, first: VecDeque::new(), second: VecDeque::new() };
    let driven = pipeline.run(receiver, before.documents, &mut done).await;
    // The reader ends when the pipeline no longer takes what it maps. Its own error comes first: it is the cause.
    let inferred = reader.await.map_err(|_| ImportError::ReaderLost)??;
    events += driven?;
    Ok(Driven { documents, inferred, events })
}

/// What comes from the thread that reads and maps.
enum FromReader {
    /// A document that had entered before.
    Passed { rows: u64 },
    /// A document that is to enter.
    Mapped(Box<MappedDocument>),
}

/// Maps the first `count` documents and hands over those behind the first `skip`.
fn map_all(
    source: &dyn HistorySource,
    survey: &Survey,
    mut mapper: Mapper,
    skip: usize,
    count: usize,
    sender: &mpsc::Sender<FromReader>,
) -> Result<Inferred, ImportError> {
    let changed = || ImportError::InputChanged { input: source.identity().name.to_string() };
    // Documents without parts were rejected whole; the survey does not count them.
    let whole =
        source.documents()?.filter(|document| document.as_ref().map_or(true, |document| !document.parts.is_empty()));
    let mut summaries = survey.documents().iter().take(count).enumerate();
    for document in whole.take(count) {
        let document = document?;
        let (index, summary) = summaries.next().ok_or_else(changed)?;
        if document.digest != summary.digest {
            return Err(changed());
        }
        let mapped = mapper.map(&document)?;
        let message =
            if index < skip { FromReader::Passed { rows: mapped.rows } } else { FromReader::Mapped(Box::new(mapped)) };
        if sender.blocking_send(message).is_err() {
            break;
        }
    }
    Ok(mapper.inferred().clone())
}

/// Books the opening stock, all of it before anything else.
async fn open_stock(bus: &Bus, mapper: &Mapper) -> Result<u64, ImportError> {
    let mut events = 0;
    let mut sent: VecDeque<Sent> = VecDeque::new();
    for command in mapper.opening_stock()? {
        if sent.len() == OPENING_IN_FLIGHT_MAX
            && let Some(oldest) = sent.pop_front()
        {
            events += oldest.answer().await?.events();
        }
        sent.push_back(send(bus, "the opening stock", command).await?);
    }
    for answer in sent {
        events += answer.answer().await?.events();
    }
    Ok(events)
}

/// Counts what is done and tells about it.
struct Done<'a> {
    progress: &'a mut dyn Progress,
    now: Progressed,
}

impl<'a> Done<'a> {
    fn new(survey: &Survey, documents: usize, progress: &'a mut dyn Progress) -> Self {
        let rows_total = survey.documents().iter().take(documents).map(|document| document.rows).sum();
        let now = Progressed {
            phase: Phase::Recording,
            rows: 0,
            rows_total: Some(rows_total),
            documents: 0,
            documents_total: Some(documents as u64),
        };
        progress.progressed(now);
        Self { progress, now }
    }

    fn document(&mut self, rows: u64) {
        self.now.rows += rows;
        self.now.documents += 1;
        if self.now.documents.is_multiple_of(DOCUMENTS_PER_REPORT)
            || Some(self.now.documents) == self.now.documents_total
        {
            self.progress.progressed(self.now);
        }
    }
}

/// The documents under way, oldest first.
struct Pipeline<'a> {
    bus: &'a Bus,
    survey: &'a Survey,
    identity: &'a super::source::SourceIdentity,
    /// Whose first stage was sent.
    first: VecDeque<InFlight>,
    /// Whose second stage was sent too.
    second: VecDeque<InFlight>,
}

struct InFlight {
    document: MappedDocument,
    sent: Vec<Sent>,
}

impl Pipeline<'_> {
    /// Answers how many events were appended.
    async fn run(
        mut self,
        mut mapped: mpsc::Receiver<FromReader>,
        before: usize,
        done: &mut Done<'_>,
    ) -> Result<u64, ImportError> {
        let mut events = 0;
        let mut durable = before;
        let mut digest = RollingDigest::default();
        self.survey.documents().iter().take(before).for_each(|document| digest.add(&document.digest));
        let mut next = mapped.recv().await;
        while next.is_some() || !self.first.is_empty() || !self.second.is_empty() {
            // Each stage fills its half of the window before its oldest document is waited for, so that what is waited
            // for was sent long ago and many documents share each group of the log.
            let half = DOCUMENTS_IN_FLIGHT_MAX / 2;
            if self.second.len() >= half || (next.is_none() && self.first.is_empty()) {
                let Some(oldest) = self.second.pop_front() else { continue };
                let rows = oldest.document.rows;
                events += oldest.finish().await?;
                self.add_digest(&mut digest, durable);
                durable += 1;
                done.document(rows);
                if durable.is_multiple_of(DOCUMENTS_PER_ADVANCE) {
                    events += self.advance(durable, digest.value()).await?;
                }
            } else if self.first.len() >= half || next.is_none() {
                let Some(oldest) = self.first.pop_front() else { continue };
                let (followed, appended) = oldest.follow(self.bus).await?;
                events += appended;
                self.second.push_back(followed);
            } else {
                match next {
                    Some(FromReader::Mapped(document)) => {
                        self.first.push_back(InFlight::begin(self.bus, *document).await?);
                    }
                    Some(FromReader::Passed { rows }) => done.document(rows),
                    None => {}
                }
                next = mapped.recv().await;
            }
        }
        if durable > before && !durable.is_multiple_of(DOCUMENTS_PER_ADVANCE) {
            events += self.advance(durable, digest.value()).await?;
        }
        Ok(events)
    }

    fn add_digest(&self, digest: &mut RollingDigest, index: usize) {
        if let Some(document) = self.survey.documents().get(index) {
            digest.add(&document.digest);
        }
    }

    async fn advance(&self, documents: usize, digest: ContentDigest) -> Result<u64, ImportError> {
        cursor::advance(self.bus, self.identity, documents as u64, digest).await
    }
}

impl InFlight {
    /// Sends stage one.
    async fn begin(bus: &Bus, mut document: MappedDocument) -> Result<Self, ImportError> {
        let number = document.number.clone();
        let mut sent = Vec::with_capacity(document.products.len() + document.heads.len());
        // The claims come first, so that their answers tell which products to record.
        for product in &document.products {
            sent.push(send(bus, number.as_str(), product.claim.clone()).await?);
        }
        for command in std::mem::take(&mut document.heads) {
            sent.push(send(bus, number.as_str(), command).await?);
        }
        Ok(Self { document, sent })
    }

    /// Waits until stage one is durable and sends stage two. Also answers how many events stage one appended.
    async fn follow(mut self, bus: &Bus) -> Result<(Self, u64), ImportError> {
        let mut events = 0;
        let mut answers = Vec::with_capacity(self.sent.len());
        for sent in std::mem::take(&mut self.sent) {
            let answer = sent.answer().await?;
            events += answer.events();
            answers.push(answer);
        }
        let number = self.document.number.clone();
        for (product, claim) in std::mem::take(&mut self.document.products).into_iter().zip(answers) {
            // Somebody's own product has the SKU already; history goes to that SKU's stock all the same.
            if claim != Answer::ClaimLost {
                self.sent.push(send(bus, number.as_str(), product.product).await?);
            }
        }
        for command in std::mem::take(&mut self.document.followers) {
            self.sent.push(send(bus, number.as_str(), command).await?);
        }
        Ok((self, events))
    }

    /// Waits until stage two is durable. Answers how many events it appended.
    async fn finish(self) -> Result<u64, ImportError> {
        let mut events = 0;
        for sent in self.sent {
            events += sent.answer().await?.events();
        }
        Ok(events)
    }
}
