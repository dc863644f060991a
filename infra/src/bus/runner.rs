//! The driver of one stream: takes its commands in order, decides each on what its predecessor left, and answers them in
//! the same order once what they rest on is durable.

use super::{
    COMMANDS_IN_FLIGHT_MAX, CommandContext, Core, ExecuteError, Executed, Fingerprint, Loaded, Outcome, QUEUE_MAX,
    judgment::{Judgment, judge},
    lane::{Lanes, Offer},
    snapshots::load_cold,
    window::Answered,
};
use crate::{
    codec::{self, Place},
    event::{Metadata, NewEvent, time_of_id},
    log::{Append, AppendError, AppendTicket, ExpectedRevision},
    stream::StreamId,
};
use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tillroll_domain::aggregate::{Aggregate, DomainEvent};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

/// How many commands of one stream may be decided and not yet durable.
const PIPELINE_MAX: usize = 256;
/// How often a command is decided again because other writers were faster.
const ATTEMPTS_MAX: u32 = 16;

type Answer<A> = Result<Executed, ExecuteError<<A as Aggregate>::Error>>;

/// The answer to a queued command; resolves once what it rests on is durable.
#[derive(Debug)]
pub struct Pending<A: Aggregate>(oneshot::Receiver<Answer<A>>);

impl<A: Aggregate> Future for Pending<A> {
    type Output = Answer<A>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| {
            answer.unwrap_or_else(|_| {
                let reason = "the command's handler ended before it answered".into();
                Err(ExecuteError::Append(AppendError::Unavailable(reason)))
            })
        })
    }
}

/// Runs the commands of one kind of aggregate.
#[derive(Debug)]
pub(crate) struct Runner<A: Aggregate>(Arc<Shared<A>>);

#[derive(Debug)]
struct Shared<A: Aggregate> {
    core: Arc<Core>,
    lanes: Lanes<Job<A>>,
    /// Numbers the commands as they come, so that a driver knows which of them came before it read the stream.
    arrivals: AtomicU64,
}

#[derive(Debug)]
struct Job<A: Aggregate> {
    command: A::Command,
    context: CommandContext,
    fingerprint: Fingerprint,
    arrival: u64,
    attempts: u32,
    reply: oneshot::Sender<Answer<A>>,
    _permit: OwnedSemaphorePermit,
}

impl<A: Aggregate> Job<A> {
    fn answer(self, answer: Answer<A>) {
        // Whoever asked may have gone; the command stands all the same.
        drop(self.reply.send(answer));
    }
}

/// What was decided about a job; answered in order, when all before it is durable.
#[derive(Debug)]
enum Verdict<A: Aggregate> {
    /// Its events are on their way. `sent_at` numbers the next arrival when they were sent.
    Appending { ticket: AppendTicket, events: usize, sent_at: u64 },
    /// It was answered before, or stands in the pipeline before this.
    Repeated(Answered),
    /// Nothing is to be appended.
    Settled(Answer<A>),
}

#[derive(Debug)]
struct Decided<A: Aggregate> {
    job: Job<A>,
    verdict: Verdict<A>,
}

impl<A: Aggregate> Runner<A> {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(Arc::new(Shared { core, lanes: Lanes::new(), arrivals: AtomicU64::new(0) }))
    }

    pub(crate) async fn submit(
        &self,
        stream: StreamId,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Pending<A>, ExecuteError<A::Error>> {
        let shared = &self.0;
        let permit = shared
            .core
            .in_flight
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| ExecuteError::Busy { stream: stream.clone() })?;
        let fingerprint = match context.fingerprint {
            Some(fingerprint) => fingerprint,
            None => {
                let digested = shared.core.codec.fingerprint(&context.tenant, &command).await;
                digested.map_err(|error| ExecuteError::personal_data(&stream, error))?
            }
        };
        let (reply, pending) = oneshot::channel();
        let job = Job {
            fingerprint,
            command,
            context,
            arrival: shared.arrivals.fetch_add(1, Ordering::SeqCst),
            attempts: 0,
            reply,
            _permit: permit,
        };
        match shared.lanes.offer(&stream, job, QUEUE_MAX) {
            Offer::Queued => {}
            Offer::StartDriver(arrival) => {
                let driver = Driver::new(shared.clone(), stream, arrival);
                tokio::spawn(driver.run());
            }
            Offer::Full(_) => return Err(ExecuteError::Busy { stream }),
        }
        Ok(Pending(pending))
    }

    pub(crate) async fn load(&self, stream: &StreamId) -> Result<Loaded<A>, ExecuteError<A::Error>> {
        let core = &self.0.core;
        match core.cache.copy::<A>(stream) {
            Some(loaded) => Ok(*loaded.catch_up(core, stream).await?.0),
            None => Ok(*load_cold(core, stream).await?),
        }
    }
}

const _: () = assert!(PIPELINE_MAX < super::COMMANDS_REMEMBERED && QUEUE_MAX < COMMANDS_IN_FLIGHT_MAX);

/// Empties one lane. If it dies, by a panic in a decision, the lane goes with it and the waiting callers are told.
struct Driver<A: Aggregate> {
    shared: Arc<Shared<A>>,
    stream: StreamId,
    arrival: Arc<Notify>,
    /// The state behind all that is in the pipeline; `None` until it is loaded, and after a failed append.
    tip: Option<Box<Loaded<A>>>,
    /// Commands with lower numbers came before the durable part of the tip was last known to be all there is.
    fresh_below: u64,
    pipeline: VecDeque<Decided<A>>,
    /// Jobs to be decided before anything that waits in the lane: again, or when the pipeline is empty.
    first: VecDeque<Job<A>>,
    /// The job at the front of `first` waits for the pipeline to empty.
    stalled: bool,
    /// An append failed. The rest of the pipeline is heard out, since each of its appends has an answer of its own, and
    /// what was decided on the failed one is gathered to be decided again.
    broken: bool,
    again: VecDeque<Job<A>>,
    finished: bool,
}

impl<A: Aggregate> Driver<A> {
    fn new(shared: Arc<Shared<A>>, stream: StreamId, arrival: Arc<Notify>) -> Self {
        Self {
            shared,
            stream,
            arrival,
            tip: None,
            fresh_below: 0,
            pipeline: VecDeque::new(),
            first: VecDeque::new(),
            stalled: false,
            broken: false,
            again: VecDeque::new(),
            finished: false,
        }
    }

    async fn run(mut self) {
        self.tip = self.shared.core.cache.take(&self.stream);
        loop {
            while let Some(job) = self.next_job() {
                self.decide(job).await;
            }
            match self.pipeline.pop_front() {
                Some(decided) => self.settle(decided).await,
                None if self.close() => return,
                None => {}
            }
        }
    }

    fn may_decide(&self) -> bool {
        if self.stalled || self.broken { self.pipeline.is_empty() } else { self.pipeline.len() < PIPELINE_MAX }
    }

    fn next_job(&mut self) -> Option<Job<A>> {
        if !self.may_decide() {
            return None;
        }
        self.stalled = false;
        if std::mem::take(&mut self.broken) {
            self.again.append(&mut self.first);
            std::mem::swap(&mut self.again, &mut self.first);
        }
        self.first.pop_front().or_else(|| self.shared.lanes.take(&self.stream))
    }

    /// Leaves the lane if nothing is left to do, and the state in the cache.
    fn close(&mut self) -> bool {
        let mut tip = self.tip.take();
        // All of the pipeline is durable or forgotten, and nobody waits.
        if let (Some(tip), Some(snapshots)) = (&mut tip, &self.shared.core.snapshots) {
            snapshots.take_if_due(&self.shared.core.codec, &self.stream, tip);
        }
        let closed = self.shared.lanes.close_if_idle(&self.stream, || {
            if let Some(tip) = tip.take() {
                self.shared.core.cache.put(&self.stream, tip);
            }
        });
        if !closed {
            self.tip = tip;
            return false;
        }
        self.finished = true;
        true
    }

    async fn decide(&mut self, job: Job<A>) {
        let known = match self.tip.take() {
            // It may hold data of somebody who was erased since. What is in the pipeline rests on it and comes first.
            Some(tip) if !self.shared.core.cache.is_current(&tip) => {
                if !self.pipeline.is_empty() {
                    self.tip = Some(tip);
                    self.stalled = true;
                    return self.first.push_front(job);
                }
                None
            }
            known => known,
        };
        let tip = match known {
            Some(tip) => tip,
            None => match self.read_cold().await {
                Ok(tip) => tip,
                Err(error) => return self.pipeline.push_back(Decided { job, verdict: Verdict::Settled(Err(error)) }),
            },
        };
        let judgment = judge(&self.shared.core, &self.stream, &tip, &job.command, &job.context, job.fingerprint);
        let verdict = match judgment {
            Judgment::Append(events) => return self.append(tip, job, events).await,
            Judgment::Repeated(answered) => Verdict::Repeated(answered),
            Judgment::Certain(error) => Verdict::Settled(Err(error)),
            Judgment::IfFresh(answer) if job.arrival < self.fresh_below => Verdict::Settled(answer),
            Judgment::IfFresh(_) if !self.pipeline.is_empty() => {
                self.tip = Some(tip);
                self.stalled = true;
                return self.first.push_front(job);
            }
            Judgment::IfFresh(answer) => match self.read(tip).await {
                // Read after the job came, so that it now is below `fresh_below`.
                Ok((tip, true)) => {
                    self.tip = Some(tip);
                    return self.first.push_front(job);
                }
                Ok((tip, false)) => {
                    self.tip = Some(tip);
                    return self.pipeline.push_back(Decided { job, verdict: Verdict::Settled(answer) });
                }
                Err(error) => return self.pipeline.push_back(Decided { job, verdict: Verdict::Settled(Err(error)) }),
            },
        };
        self.tip = Some(tip);
        self.pipeline.push_back(Decided { job, verdict });
    }

    async fn read(&mut self, tip: Box<Loaded<A>>) -> Result<(Box<Loaded<A>>, bool), ExecuteError<A::Error>> {
        let arrived = self.shared.arrivals.load(Ordering::SeqCst);
        let read = tip.catch_up(&self.shared.core, &self.stream).await?;
        self.fresh_below = arrived;
        Ok(read)
    }

    async fn read_cold(&mut self) -> Result<Box<Loaded<A>>, ExecuteError<A::Error>> {
        let arrived = self.shared.arrivals.load(Ordering::SeqCst);
        let tip = load_cold(&self.shared.core, &self.stream).await?;
        self.fresh_below = arrived;
        Ok(tip)
    }

    async fn append(&mut self, mut tip: Box<Loaded<A>>, job: Job<A>, events: Vec<A::Event>) {
        // Before anything is sealed: nothing can be any more for whom this counts as erased.
        let erasures = self.shared.core.cache.erasures();
        let encoded = match self.encode(&tip, &job, &events) {
            Ok(append) => self.seal(append).await,
            Err(error) => Err(error),
        };
        let (append, is_personal) = match encoded {
            Ok(sealed) => sealed,
            Err(error) => {
                self.tip = Some(tip);
                return self.pipeline.push_back(Decided { job, verdict: Verdict::Settled(Err(error)) });
            }
        };
        let bytes: usize = append.events.iter().map(|event| event.data.len()).sum();
        let last_event = append.events.last().map_or(tip.last_event, |event| event.id);
        // The ids are UUIDv7, so that the greatest is the newest.
        let newest = append.events.iter().map(|event| event.id).max();
        let decided_at = newest.and_then(time_of_id).unwrap_or_default();
        let sent_at = self.shared.arrivals.load(Ordering::SeqCst);
        let ticket = match self.shared.core.log.submit(append).await {
            Ok(ticket) => ticket,
            Err(error) => {
                self.tip = Some(tip);
                let answer = Err(ExecuteError::Append(error));
                return self.pipeline.push_back(Decided { job, verdict: Verdict::Settled(answer) });
            }
        };
        if is_personal {
            tip.note_personal(erasures);
        }
        tip.last_event = last_event;
        tip.folded_bytes += bytes;
        self.tip = Some(tip.apply_decided(&events, job.context.cause(job.fingerprint), decided_at));
        let verdict = Verdict::Appending { ticket, events: events.len(), sent_at };
        self.pipeline.push_back(Decided { job, verdict });
    }

    /// Seals personal data, and answers whether there is any. Keys of new subjects are durable before the events are on
    /// their way.
    async fn seal(&self, mut append: Append) -> Result<(Append, bool), ExecuteError<A::Error>> {
        let mut is_personal = false;
        for event in &mut append.events {
            if codec::is_plain(&event.data) {
                continue;
            }
            is_personal = true;
            let place = Place::Event { stream: &self.stream, id: event.id };
            let sealed = self.shared.core.codec.seal(place, std::mem::take(&mut event.data).into()).await;
            event.data = sealed.map_err(|error| ExecuteError::personal_data(&self.stream, error))?.into();
        }
        Ok((append, is_personal))
    }

    fn encode(&self, tip: &Loaded<A>, job: &Job<A>, events: &[A::Event]) -> Result<Append, ExecuteError<A::Error>> {
        let context = &job.context;
        let metadata = Metadata {
            actor: context.actor.clone(),
            command_id: Some(context.command_id.to_string()),
            command_fingerprint: Some(job.fingerprint.to_string()),
            correlation_id: context.correlation_id.clone(),
            causation_id: context.causation_id.clone(),
            origin: context.origin.clone(),
            effective_at: context.effective_at,
            not_after: context.not_after,
            traceparent: context.traceparent.clone(),
        };
        let malformed = |_| ExecuteError::Append(AppendError::Invalid("an event or its metadata is not JSON"));
        let metadata: Arc<str> = serde_json::to_string(&metadata).map_err(malformed)?.into();
        let encode = |event: &A::Event| {
            let event_type = event.event_type();
            Ok(NewEvent {
                id: self.shared.core.ambient.ids.next(),
                event_type: event_type.name.into(),
                schema_version: event_type.version,
                metadata: metadata.clone(),
                data: serde_json::to_string(event).map_err(malformed)?.into(),
            })
        };
        Ok(Append {
            stream: self.stream.clone(),
            expected: tip.revision.map_or(ExpectedRevision::NoStream, |revision| ExpectedRevision::After {
                revision,
                event_id: tip.last_event,
            }),
            events: events.iter().map(encode).collect::<Result<_, _>>()?,
        })
    }

    /// Answers the first job of the pipeline, or goes back to deciding if another job comes before that can be done.
    async fn settle(&mut self, decided: Decided<A>) {
        let Decided { job, verdict } = decided;
        match verdict {
            Verdict::Settled(_) | Verdict::Repeated(_) if self.broken => self.again.push_back(job),
            Verdict::Settled(mut answer) => {
                // Decided while appends before it were on their way; by now it is known where they stand.
                if let (Ok(executed), Some(tip)) = (&mut answer, &self.tip) {
                    executed.position = executed.position.max(tip.position);
                }
                job.answer(answer);
            }
            Verdict::Repeated(answered) => self.answer_repeated(job, answered),
            Verdict::Appending { mut ticket, events, sent_at } => {
                // The first of the pipeline is out of it while it is waited for.
                let room = !self.stalled && !self.broken && self.pipeline.len() + 1 < PIPELINE_MAX;
                tokio::select! {
                    biased;
                    answer = &mut ticket => match answer {
                        Ok(receipt) => {
                            self.fresh_below = self.fresh_below.max(sent_at);
                            if let Some(tip) = &mut self.tip {
                                tip.settle(job.context.command_id, receipt.last_position);
                            }
                            job.answer(Ok(Executed {
                                stream: self.stream.clone(),
                                outcome: Outcome::Appended,
                                events,
                                revision: Some(receipt.last_revision),
                                position: receipt.last_position,
                            }));
                        }
                        Err(error) => self.append_failed(job, error),
                    },
                    () = self.arrival.notified(), if room => {
                        let verdict = Verdict::Appending { ticket, events, sent_at };
                        self.pipeline.push_front(Decided { job, verdict });
                    }
                }
            }
        }
    }

    /// Answers a command as it was answered before. What stood in the pipeline then is durable by now and still among the
    /// newest commands, which are far more than the pipeline holds; what did not may have left the window meanwhile, so it
    /// brings its answer along.
    fn answer_repeated(&mut self, job: Job<A>, answered: Answered) {
        let newest = || self.tip.as_ref()?.window.get(job.context.command_id.uuid())?.position;
        match answered.position.or_else(newest) {
            Some(position) => {
                let executed = Executed {
                    stream: self.stream.clone(),
                    outcome: Outcome::AlreadyAnswered,
                    events: answered.events,
                    revision: Some(answered.last_revision),
                    position,
                };
                job.answer(Ok(executed));
            }
            // Its first append failed, so that it is decided like any other.
            None => self.first.push_back(job),
        }
    }

    /// The append of a job failed, so that all that was decided after it must be decided again.
    fn append_failed(&mut self, mut job: Job<A>, error: AppendError) {
        self.tip = None;
        if !matches!(error, AppendError::Conflict { .. }) {
            self.broken = true;
            return job.answer(Err(ExecuteError::Append(error)));
        }
        // The conflicts of its followers are the first one's doing.
        if !std::mem::replace(&mut self.broken, true) {
            job.attempts += 1;
        }
        if job.attempts < ATTEMPTS_MAX {
            self.again.push_back(job);
        } else {
            let stream = self.stream.clone();
            job.answer(Err(ExecuteError::Contended { stream }));
        }
    }
}

impl<A: Aggregate> Drop for Driver<A> {
    fn drop(&mut self) {
        if !self.finished {
            self.shared.lanes.abandon(&self.stream);
        }
    }
}
