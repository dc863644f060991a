//! Concurrent histories are recorded and checked: every call must seem to happen at one moment between its beginning and
//! its end, in one order for everybody.
//!
//! Two checkers that share nothing but the words of the contract ([`calls`]): [`search`] tries all orders of a small history and
//! knows nothing of positions; [`sweep`] follows the positions through a history of any length.

use super::{LogUnderTest, StreamId, Trial, stream};
use calls::{AppendAnswer, LogCall, LogModel};
use workload::{History, Plan, record};

pub mod calls;
pub mod history;
pub mod search;
pub mod sweep;
mod truth;
pub mod workload;

#[cfg(test)]
mod tests;

/// Histories of about two dozen calls, many of them: some order of the calls explains every answer.
pub async fn small_histories_have_an_order_that_explains_every_answer<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let mut seen = Seen::default();
    for round in 0..200 {
        let history = record(&log, &trial.ambient.ids, small_plan(round), round).await;
        assert_linearizable(&history);
        seen.note(&history);
    }
    seen.assert_everything_happened();
}

/// 64 tasks on one stream: receipts, conflicts and reads follow the one order of the log and real time.
pub async fn a_large_history_of_one_stream_has_an_order_that_explains_every_answer<L: LogUnderTest>(trial: Trial<L>) {
    let streams = vec![stream("stock_item", "hot")];
    large_history(&trial, Plan { tasks: 64, steps: 50, streams, hot_percent: 30, is_small: false }).await;
}

/// 64 tasks on many streams, one of them hot.
pub async fn a_large_history_of_many_streams_has_an_order_that_explains_every_answer<L: LogUnderTest>(trial: Trial<L>) {
    let others = (0..32).map(|number| stream("order", number));
    let streams = std::iter::once(stream("stock_item", "hot")).chain(others).collect();
    large_history(&trial, Plan { tasks: 64, steps: 50, streams, hot_percent: 30, is_small: false }).await;
}

async fn large_history<L: LogUnderTest>(trial: &Trial<L>, plan: Plan) {
    let log = trial.open().await;
    let history = record(&log, &trial.ambient.ids, plan, 1).await;
    if let Err(violation) = sweep::check(&history.events, &history.calls) {
        panic!("{violation}");
    }
    let mut seen = Seen::default();
    seen.note(&history);
    seen.assert_everything_happened();
}

/// One stream or two, with streams of their own for each round.
fn small_plan(round: u64) -> Plan {
    let names = ["order", "stock_item"];
    let count = if round.is_multiple_of(2) { 1 } else { 2 };
    let streams: Vec<StreamId> = names[..count].iter().map(|name| stream(name, format!("round-{round}"))).collect();
    Plan { tasks: 4, steps: 5, streams, hot_percent: 0, is_small: true }
}

#[track_caller]
fn assert_linearizable(history: &History) {
    if let Err(stuck) = search::linearize(&LogModel, &history.calls) {
        panic!("{stuck}: {:#?}", history.calls);
    }
    if let Err(violation) = sweep::check(&history.events, &history.calls) {
        panic!("{violation}: {:#?}", history.calls);
    }
}

/// What happened in some histories, so that a check of nothing does not count.
#[derive(Debug, Default)]
struct Seen {
    receipts: usize,
    conflicts: usize,
    repetitions: usize,
    pages: usize,
    overlapping: usize,
}

impl Seen {
    fn note(&mut self, history: &History) {
        let mut before = std::collections::HashSet::new();
        let mut latest = 0;
        for call in &history.calls {
            self.overlapping += usize::from(call.invoked < latest);
            latest = latest.max(call.answered.unwrap_or(0));
            match &call.what {
                LogCall::Append { ids, answer: AppendAnswer::Receipt(_), .. } => {
                    self.receipts += 1;
                    self.repetitions += usize::from(!before.insert(ids));
                }
                LogCall::Append { answer: AppendAnswer::Conflict(_), .. } => self.conflicts += 1,
                LogCall::Append { answer: AppendAnswer::Unheard, .. } | LogCall::Head(_) => {}
                LogCall::ReadStream { .. } | LogCall::ReadAll { .. } => self.pages += 1,
            }
        }
    }

    fn assert_everything_happened(&self) {
        let Self { receipts, conflicts, repetitions, pages, overlapping } = *self;
        assert!([receipts, conflicts, repetitions, pages, overlapping].iter().all(|&count| count >= 10), "{self:?}");
    }
}
