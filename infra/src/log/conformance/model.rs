//! Random sequences of appends against a model: a list of ids per stream.

use super::{
    Append, AppendError, AppendReceipt, EventFilter, EventLog, ExpectedRevision, LogUnderTest, NewEvent, Position,
    ReadFrom, Revision, StreamId, Trial, exact, stream, whole_stream,
};
use crate::log::AppendTicket;
use proptest::{
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::runtime::Handle;
use uuid::Uuid;

/// Streams that a sequence writes to.
const STREAMS: usize = 3;

#[derive(Debug, Clone)]
struct Step {
    stream: usize,
    action: Action,
    /// Wait for its answer before the next step; otherwise they may share a group.
    waits: bool,
}

#[derive(Debug, Clone)]
enum Action {
    /// New events, expected so far away from the stream's true end.
    New { off_by: i8, count: usize },
    /// New events whatever the stream holds.
    NewAnywhere { count: usize },
    /// An append of this stream's past once more, as it was.
    Again { which: usize },
    /// The same with one event exchanged, dropped or added.
    AlmostAgain { which: usize, change: Change },
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Exchange(usize),
    DropFirst,
    DropLast,
    Add,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let count = 1..4_usize;
    let change = prop_oneof![
        any::<usize>().prop_map(Change::Exchange),
        Just(Change::DropFirst),
        Just(Change::DropLast),
        Just(Change::Add)
    ];
    let action = prop_oneof![
        6 => (prop_oneof![5 => Just(0_i8), 1 => -3..=3_i8], count.clone())
            .prop_map(|(off_by, count)| Action::New { off_by, count }),
        1 => count.prop_map(|count| Action::NewAnywhere { count }),
        3 => any::<usize>().prop_map(|which| Action::Again { which }),
        2 => (any::<usize>(), change).prop_map(|(which, change)| Action::AlmostAgain { which, change }),
    ];
    let step = (0..STREAMS, action, proptest::bool::weighted(0.3));
    proptest::collection::vec(step.prop_map(|(stream, action, waits)| Step { stream, action, waits }), 1..40)
}

/// What the log must hold: ids and positions per stream, in order.
#[derive(Debug, Default)]
struct Model {
    streams: BTreeMap<StreamId, Vec<(Uuid, Position)>>,
    head: Position,
}

impl Model {
    fn end(&self, stream: &StreamId) -> usize {
        self.streams.get(stream).map_or(0, Vec::len)
    }

    /// The contract in its plainest words.
    fn append(&mut self, append: &Append) -> Result<AppendReceipt, Option<Revision>> {
        let standing = self.streams.entry(append.stream.clone()).or_default();
        let start = match append.expected {
            ExpectedRevision::Any => standing.len(),
            ExpectedRevision::NoStream => 0,
            ExpectedRevision::Exact(revision) => number(revision.0) + 1,
            ExpectedRevision::After { revision, event_id } => {
                let start = number(revision.0) + 1;
                let follows_another = standing.get(start - 1).is_some_and(|(id, _)| *id != event_id);
                if start == standing.len() && follows_another {
                    return Err(Some(revision));
                }
                start
            }
        };
        let end = start + append.events.len();
        if start == standing.len() {
            for event in &append.events {
                self.head = self.head.next();
                standing.push((event.id, self.head));
            }
        } else if end > standing.len()
            || !standing[start..end].iter().map(|(id, _)| *id).eq(append.events.iter().map(|event| event.id))
        {
            return Err(standing.len().checked_sub(1).map(revision));
        }
        Ok(AppendReceipt {
            first_revision: revision(start),
            last_revision: revision(end - 1),
            last_position: standing[end - 1].1,
        })
    }
}

fn revision(index: usize) -> Revision {
    Revision(u64::try_from(index).expect("a small number"))
}

fn number(place: u64) -> usize {
    usize::try_from(place).expect("a small number")
}

/// Whatever is appended, in whatever groups, answers, streams and positions are those of the model.
pub async fn any_sequence_of_appends_does_what_the_model_does<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let round = AtomicU64::new(0);
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let result = tokio::task::block_in_place(|| {
        runner.run(&steps(), |steps| {
            // All rounds share a log; each has streams of its own.
            let round = round.fetch_add(1, Ordering::Relaxed);
            Handle::current().block_on(play(&trial, &log, round, &steps));
            Ok(())
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

async fn play<L: LogUnderTest>(trial: &Trial<L>, log: &Arc<dyn EventLog>, round: u64, steps: &[Step]) {
    let streams: Vec<_> = (0..STREAMS).map(|number| stream("order", format!("{round}-{number}"))).collect();
    let start = log.head().await.expect("the log can be read");
    let mut model = Model { head: start, ..Model::default() };
    let mut past: Vec<Vec<Append>> = vec![Vec::new(); STREAMS];
    let mut open: Vec<(AppendTicket, Result<AppendReceipt, Option<Revision>>)> = Vec::new();
    for step in steps {
        let stream = &streams[step.stream];
        let append = build(trial, &step.action, stream, model.end(stream), &past[step.stream]);
        let want = model.append(&append);
        past[step.stream].push(append.clone());
        open.push((log.submit(append).await.expect("there is room"), want));
        if step.waits {
            settle(&mut open).await;
        }
    }
    settle(&mut open).await;
    compare(log, &model, start).await;
}

fn build<L: LogUnderTest>(trial: &Trial<L>, action: &Action, stream: &StreamId, end: usize, past: &[Append]) -> Append {
    let new = |expected, count| trial.append(stream, expected, count);
    let pick = |which: usize| past.get(which % past.len().max(1)).cloned();
    let last = |end: usize| if end == 0 { ExpectedRevision::NoStream } else { exact(revision(end - 1).0) };
    match action {
        Action::New { off_by, count } => new(last(end.saturating_add_signed(isize::from(*off_by))), *count),
        Action::NewAnywhere { count } => new(ExpectedRevision::Any, *count),
        Action::Again { which } => pick(*which).unwrap_or_else(|| new(last(end), 1)),
        Action::AlmostAgain { which, change } => {
            let mut append = pick(*which).unwrap_or_else(|| new(last(end), 2));
            let other: NewEvent = trial.event("StockReceived");
            let count = append.events.len();
            match change {
                Change::Exchange(index) => append.events[index % count] = other,
                Change::DropFirst if count > 1 => drop(append.events.remove(0)),
                Change::DropLast if count > 1 => drop(append.events.pop()),
                Change::DropFirst | Change::DropLast | Change::Add => append.events.push(other),
            }
            append
        }
    }
}

async fn settle(open: &mut Vec<(AppendTicket, Result<AppendReceipt, Option<Revision>>)>) {
    for (ticket, want) in open.drain(..) {
        let got = match ticket.await {
            Ok(receipt) => Ok(receipt),
            Err(AppendError::Conflict { actual, .. }) => Err(actual),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(got, want);
    }
}

async fn compare(log: &Arc<dyn EventLog>, model: &Model, start: Position) {
    assert_eq!(log.head().await.expect("the log can be read"), model.head);
    let mut by_position = BTreeMap::new();
    for (stream, want) in &model.streams {
        let got: Vec<_> = whole_stream(log, stream, 5).await.iter().map(|event| (event.id, event.position)).collect();
        assert_eq!(&got, want);
        let mut backwards = log.read_stream(stream, ReadFrom::BackwardsFromEnd, 1_000).await.expect("it can be read");
        backwards.reverse();
        assert!(backwards.iter().map(|event| (event.id, event.position)).eq(want.iter().copied()));
        by_position.extend(want.iter().map(|(id, position)| (*position, *id)));
    }
    let page = log.read_all(start, &EventFilter::default(), 1_000).await.expect("the log can be read");
    assert!(page.at_end);
    assert!(page.events.iter().map(|event| (event.position, event.id)).eq(by_position));
}
