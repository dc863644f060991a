//! Tasks that use a log all at once, at random but from a seed, and record what they did.

use super::{
    super::{
        Append, AppendError, EventFilter, EventLog, ExpectedRevision, NewEvent, Position, ReadFrom, RecordedEvent,
        StreamId, whole_log, whole_stream,
    },
    calls::{AppendAnswer, LogCall, number, revision},
    history::{Call, Moments, Taken},
    truth,
};
use crate::{
    ambient::IdSource,
    log::{AppendReceipt, AppendTicket, PAGE_MAX},
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The log takes appends in as one queue.
const QUEUE: usize = 0;

/// What the tasks do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many tasks.
    pub tasks: usize,
    /// How many steps each takes; a step is one call, or two or three appends in a row.
    pub steps: usize,
    /// The streams that they use. They must be empty.
    pub streams: Vec<StreamId>,
    /// How many calls of a hundred are sure to go to the first stream.
    pub hot_percent: usize,
    /// Appends that repeat another one in part are among the calls, and reads of the whole log begin where the history
    /// does.
    pub is_small: bool,
}

/// What they did, and what the log held in the end.
#[derive(Debug)]
pub struct History {
    /// All calls.
    pub calls: Vec<Call<LogCall>>,
    /// The events that they left behind, as the whole log shows them.
    pub events: Vec<RecordedEvent>,
}

/// Draws numbers that follow from a seed (SplitMix64, Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`, which is above 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The upper half of the bits, so that every platform's usize holds it.
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(0) % sides
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.roll(100) < share
    }
}

struct Task {
    log: Arc<dyn EventLog>,
    ids: Arc<dyn IdSource>,
    plan: Arc<Plan>,
    moments: Arc<Moments>,
    /// Appends of all tasks, so that they repeat each other's.
    past: Arc<Mutex<Vec<Append>>>,
    dice: Dice,
    start: Position,
    /// The last position that this task has seen.
    seen: Position,
    /// The last event of each stream as this task knows it; the id is not known after a conflict.
    known: HashMap<StreamId, (usize, Option<Uuid>)>,
    calls: Vec<Call<LogCall>>,
}

/// Runs the plan and returns when nothing is on its way any more.
pub async fn record(log: &Arc<dyn EventLog>, ids: &Arc<dyn IdSource>, plan: Plan, seed: u64) -> History {
    let start = log.head().await.expect("the log can be read");
    let plan = Arc::new(plan);
    let (moments, past) = (Arc::new(Moments::default()), Arc::default());
    let mut tasks = JoinSet::new();
    let mut seeds = Dice(seed);
    for _ in 0..plan.tasks {
        let seed = u64::try_from(seeds.roll(1 << 31)).unwrap_or(0);
        let mut task = Task {
            log: log.clone(),
            ids: ids.clone(),
            plan: plan.clone(),
            moments: moments.clone(),
            past: Arc::clone(&past),
            dice: Dice(seed),
            start,
            seen: start,
            known: HashMap::new(),
            calls: Vec::new(),
        };
        tasks.spawn(async move {
            for _ in 0..task.plan.steps {
                task.step().await;
            }
            task.calls
        });
    }
    let mut calls = Vec::new();
    while let Some(done) = tasks.join_next().await {
        calls.extend(done.expect("the task ends"));
    }
    calls.sort_unstable_by_key(|call: &Call<LogCall>| call.invoked);
    // Appends enter the log in order, so when this one is answered, those that nobody waited for have happened as well.
    let nobody = StreamId::new("barrier", &ids.next().to_string()).expect("a valid name");
    let barrier = Append { stream: nobody.clone(), expected: ExpectedRevision::NoStream, events: vec![event(&**ids)] };
    super::super::append(log, barrier).await;
    let mut events = whole_log(log, &EventFilter::default(), PAGE_MAX).await;
    events.retain(|event| event.position > start && event.stream != nobody);
    let mut by_stream = Vec::new();
    for stream in &plan.streams {
        by_stream.push(whole_stream(log, stream, PAGE_MAX).await);
    }
    assert!(truth::agrees(&events, &by_stream), "the streams and the whole log show different events");
    History { calls, events }
}

fn event(ids: &dyn IdSource) -> NewEvent {
    NewEvent {
        id: ids.next(),
        event_type: "StockReceived".into(),
        schema_version: 1,
        metadata: "{}".into(),
        data: "1".into(),
    }
}

impl Task {
    async fn step(&mut self) {
        let is_hot = self.dice.percent(self.plan.hot_percent);
        let chosen = if is_hot { 0 } else { self.dice.roll(self.plan.streams.len()) };
        let stream = self.plan.streams[chosen].clone();
        match self.dice.roll(100) {
            0..45 => self.append_new(&stream).await,
            45..60 => self.append_again().await,
            60..85 => self.read_stream(&stream).await,
            85..95 => self.read_all().await,
            _ => self.read_head().await,
        }
    }

    /// Lets others run now and then, so that calls overlap in many ways.
    async fn linger(&mut self) {
        if self.dice.percent(30) {
            tokio::task::yield_now().await;
        }
    }

    /// One to three appends, each on what the one before will have left, sent before any is answered.
    async fn append_new(&mut self, stream: &StreamId) {
        let (mut length, mut last) = self.known.get(stream).copied().unwrap_or_default();
        if self.dice.percent(15) {
            // As one who looked long ago, or who guesses.
            (length, last) = (if self.dice.percent(50) { length.saturating_sub(1) } else { length + 1 }, None);
        }
        let mut chain = Vec::new();
        for _ in 0..1 + self.dice.roll(3) * usize::from(self.dice.percent(25)) {
            let events: Vec<_> = (0..1 + self.dice.roll(3)).map(|_| event(&*self.ids)).collect();
            let expected = match (length.checked_sub(1).map(revision), last) {
                (None, _) => ExpectedRevision::NoStream,
                (Some(revision), Some(event_id)) if self.dice.percent(60) => {
                    ExpectedRevision::After { revision, event_id }
                }
                (Some(revision), _) => ExpectedRevision::Exact(revision),
            };
            length += events.len();
            last = events.last().map(|event| event.id);
            chain.push(Append { stream: stream.clone(), expected, events });
        }
        self.past.lock().extend(chain.iter().cloned());
        let is_heard = !self.dice.percent(5);
        self.send(chain, is_heard).await;
    }

    /// An append of the past once more, as it was or nearly so.
    async fn append_again(&mut self) {
        let chosen = {
            let past = self.past.lock();
            // Mostly the newest, which may be on their way still.
            let back = if self.dice.percent(70) { past.len().min(4) } else { past.len() };
            if back == 0 { None } else { past.get(past.len() - 1 - self.dice.roll(back)).cloned() }
        };
        let Some(mut append) = chosen else { return };
        if self.plan.is_small && self.dice.percent(40) {
            let at = self.dice.roll(append.events.len());
            if at > 0 && self.dice.percent(50) {
                append.events.truncate(at);
            } else {
                append.events[at] = event(&*self.ids);
            }
            self.past.lock().push(append.clone());
        }
        self.send(vec![append], true).await;
    }

    async fn send(&mut self, chain: Vec<Append>, is_heard: bool) {
        let mut open: Vec<(usize, Append, AppendTicket)> = Vec::new();
        for append in chain {
            let invoked = self.moments.next();
            self.linger().await;
            let ticket = self.log.submit(append.clone()).await.expect("the append is well formed");
            let taken = Some(Taken { queue: QUEUE, at: self.moments.next() });
            let what = LogCall::Append {
                stream: append.stream.clone(),
                expected: append.expected,
                ids: append.events.iter().map(|event| event.id).collect(),
                answer: AppendAnswer::Unheard,
            };
            open.push((self.calls.len(), append, ticket));
            self.calls.push(Call { invoked, taken, answered: None, what });
        }
        if !is_heard {
            return;
        }
        for (call, append, ticket) in open {
            let heard = match ticket.await {
                Ok(receipt) => {
                    self.learn_receipt(&append, receipt);
                    AppendAnswer::Receipt(receipt)
                }
                Err(AppendError::Conflict { actual, .. }) => {
                    self.known.insert(append.stream, (actual.map_or(0, |actual| number(actual.0) + 1), None));
                    AppendAnswer::Conflict(actual)
                }
                Err(error) => panic!("{error}"),
            };
            self.linger().await;
            let call = &mut self.calls[call];
            call.answered = Some(self.moments.next());
            if let LogCall::Append { answer, .. } = &mut call.what {
                *answer = heard;
            }
        }
    }

    fn learn_receipt(&mut self, append: &Append, receipt: AppendReceipt) {
        let length = number(receipt.last_revision.0) + 1;
        self.seen = self.seen.max(receipt.last_position);
        // A repeated append says where the stream stood long ago; that knowledge is out of date, which is as well.
        self.known.insert(append.stream.clone(), (length, append.events.last().map(|event| event.id)));
    }

    async fn read_stream(&mut self, stream: &StreamId) {
        let length = self.known.get(stream).map_or(0, |(length, _)| *length);
        let from = match self.dice.roll(10) {
            0..5 => ReadFrom::BackwardsFromEnd,
            5..8 => ReadFrom::Forwards(revision(self.dice.roll(length + 1))),
            _ => ReadFrom::Backwards(revision(self.dice.roll(length + 2))),
        };
        let limit = [1, 2, 5, 50][self.dice.roll(4)];
        let (invoked, log) = (self.moments.next(), self.log.clone());
        self.linger().await;
        let events = log.read_stream(stream, from, limit).await.expect("the stream can be read");
        self.linger().await;
        let answered = Some(self.moments.next());
        if let (ReadFrom::BackwardsFromEnd, Some(last)) = (from, events.first()) {
            self.known.insert(stream.clone(), (number(last.revision.0) + 1, Some(last.id)));
        }
        let what = LogCall::ReadStream { stream: stream.clone(), from, limit, events };
        self.calls.push(Call { invoked, taken: None, answered, what });
    }

    async fn read_all(&mut self) {
        let mut filter = EventFilter::default();
        if self.dice.percent(30) {
            let stream = &self.plan.streams[self.dice.roll(self.plan.streams.len())];
            filter.categories.push(stream.category().to_owned());
        }
        let (after, limit) =
            if self.plan.is_small { (self.start, PAGE_MAX) } else { (self.seen, [3, 30, 300][self.dice.roll(3)]) };
        let (invoked, log) = (self.moments.next(), self.log.clone());
        self.linger().await;
        let page = log.read_all(after, &filter, limit).await.expect("the log can be read");
        self.linger().await;
        let answered = Some(self.moments.next());
        self.seen = self.seen.max(page.scanned_to);
        self.calls.push(Call { invoked, taken: None, answered, what: LogCall::ReadAll { after, filter, page } });
    }

    async fn read_head(&mut self) {
        let invoked = self.moments.next();
        let head = self.log.head().await.expect("the log can be read");
        let answered = Some(self.moments.next());
        self.seen = self.seen.max(head);
        self.calls.push(Call { invoked, taken: None, answered, what: LogCall::Head(head) });
    }
}
