//! What holds for every return, whatever is asked of it in whatever order.

use super::{
    Return,
    commands::ReturnCommand as Command,
    fixtures::{asking, cancellation, inspection, parcel, rejection, resolution, window},
    status::{GoodsCondition, ReturnOutcome, ReturnStatus},
};
use crate::{
    aggregate::Aggregate,
    testing::{decide, moment},
};
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeSet;

fn command() -> impl Strategy<Value = Command> {
    let conditions = || select(GoodsCondition::ALL.to_vec());
    prop_oneof![
        4 => Just(Command::Approve),
        1 => Just(rejection()),
        6 => (0_u128..4, vec((1_u32..4, 1_i64..3, conditions()), 1..3)).prop_map(|(id, lines)| parcel(id, &lines)),
        6 => vec((1_u32..3, 0_u32..4, 0_u32..3), 1..3).prop_map(|lines| inspection(&lines)),
        3 => select(ReturnOutcome::ALL.to_vec()).prop_map(resolution),
        1 => Just(cancellation()),
        1 => Just(asking(&[(1, "A", 3), (2, "B", 1)], window(None, 30))),
    ]
}

/// Runs the commands, checks every event, and answers the steps that the status took.
fn run(commands: Vec<Command>) -> BTreeSet<(ReturnStatus, ReturnStatus)> {
    let (mut history, mut state, mut steps) = (vec![], Return::initial(), BTreeSet::new());
    let request = asking(&[(1, "A", 3), (2, "B", 1)], window(None, 30));
    for command in std::iter::once(request).chain(commands) {
        let Ok(events) = decide::<Return>(&history, &command, &moment()) else { continue };
        for event in events {
            let before = state.known().ok().map(|known| known.status);
            state = Return::evolve(state, &event);
            let known = state.known().unwrap();
            for (number, line) in &known.lines {
                assert!(line.received() <= line.requested.get(), "line {number}: {line:?}");
                assert!(line.accepted + line.refused <= line.received(), "line {number}: {line:?}");
            }
            let parcels = known.parcels.values().flat_map(|parcel| parcel.lines.iter()).map(|line| line.quantity.get());
            let received = known.lines.values().map(super::state::ReturnLineProgress::received);
            assert_eq!(parcels.sum::<u32>(), received.sum::<u32>(), "what came is what the parcels held");
            if let Some(before) = before.filter(|&before| before != known.status) {
                assert!(before.can_become(known.status), "{before} became {}", known.status);
                steps.insert((before, known.status));
            }
            history.push(event);
        }
        assert_eq!(decide::<Return>(&history, &command, &moment()), Ok(vec![]), "again: {command:?}");
    }
    assert_eq!(Return::fold(&history), state);
    steps
}

proptest! {
    /// Case 26: whatever comes in whatever order, no more comes than was requested, and no more is inspected than came.
    #[test]
    fn a_return_keeps_its_counts_and_only_moves_forward(commands in vec(command(), 0..40)) {
        run(commands);
    }
}

/// The property above says little unless the histories go everywhere.
#[test]
fn the_tested_histories_take_every_step() {
    let mut runner = TestRunner::deterministic();
    let mut taken = BTreeSet::new();
    for _ in 0..500 {
        taken.extend(run(vec(command(), 0..40).new_tree(&mut runner).unwrap().current()));
    }
    let all = ReturnStatus::ALL.iter().flat_map(|&from| ReturnStatus::ALL.iter().map(move |&to| (from, to)));
    assert_eq!(taken, all.filter(|(from, to)| from.can_become(*to)).collect());
}
