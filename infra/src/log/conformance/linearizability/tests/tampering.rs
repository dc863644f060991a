//! The two checkers against each other: histories of a right log that were tampered with.

use super::{
    super::{
        small_plan,
        workload::{Dice, History, record},
    },
    Ambient, AppendAnswer, Call, LogCall, verdicts,
};
use crate::{
    log::{EventLog, ExpectedRevision, MemoryLog},
    stream::Revision,
};
use chrono::DateTime;
use std::sync::Arc;

fn recorded(seed: u64) -> History {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, seed);
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
    runtime.block_on(record(&log, &ambient.ids, small_plan(seed), seed))
}

/// Moves a call in time, or changes a little of what it answered.
fn tamper(calls: &mut [Call<LogCall>], dice: &mut Dice) {
    let index = dice.roll(calls.len());
    let by = u64::try_from(1 + dice.roll(12)).unwrap();
    let call = &mut calls[index];
    match dice.roll(5) {
        0 => {
            // Later as a whole. What the queue promised moves with it.
            call.invoked += by;
            call.answered = call.answered.map(|answered| answered + by);
            call.taken = None;
        }
        1 => {
            call.invoked = call.invoked.saturating_sub(by);
            call.answered = call.answered.map(|answered| answered.saturating_sub(by).max(call.invoked));
            call.taken = None;
        }
        2 => {
            if let LogCall::Append { expected, .. } = &mut call.what {
                let event_id = uuid::Uuid::nil();
                *expected = match *expected {
                    ExpectedRevision::Exact(revision) => ExpectedRevision::After { revision, event_id },
                    ExpectedRevision::After { revision, .. } => ExpectedRevision::Exact(revision.next()),
                    _ => ExpectedRevision::Exact(Revision(0)),
                };
            }
        }
        _ => match &mut call.what {
            LogCall::Append { answer: AppendAnswer::Conflict(actual), .. } => {
                *actual = actual.map_or(Some(Revision(0)), |actual| actual.0.checked_sub(1).map(Revision));
            }
            LogCall::Append { answer, .. } => {
                *answer = AppendAnswer::Conflict(Some(Revision(dice.roll(4).try_into().unwrap())));
            }
            LogCall::ReadStream { events, .. } => drop(events.pop()),
            LogCall::ReadAll { page, .. } => drop(page.events.pop()),
            LogCall::Head(_) => {}
        },
    }
}

#[test]
fn whatever_the_search_finds_the_sweep_finds_too() {
    let mut dice = Dice(3);
    let (mut found, mut fine) = (0, 0);
    for seed in 0..60 {
        let history = recorded(seed);
        let (searched, swept) = verdicts(&history.events, &history.calls);
        assert!(searched.is_ok() && swept.is_ok(), "{searched:?} {swept:?}");
        for _ in 0..20 {
            let mut calls = history.calls.clone();
            tamper(&mut calls, &mut dice);
            match verdicts(&history.events, &calls) {
                (Err(stuck), Ok(())) => panic!("only the search found it: {stuck}: {calls:#?}"),
                (Err(_), Err(_)) => found += 1,
                // Without positions less is seen.
                (Ok(_), _) => fine += 1,
            }
        }
    }
    assert!(found > 100 && fine > 100, "{found} were found and {fine} were not");
}
