//! What holds for every fulfillment, whatever is asked of it in whatever order.

use super::{
    Fulfillment, FulfillmentState,
    commands::FulfillmentCommand as Command,
    fixtures::{cancellation, creation, loss, shipping, tracked, tracking},
    status::ShipmentStatus,
};
use crate::{
    aggregate::Aggregate,
    testing::{decide, moment},
};
use proptest::{collection::vec, prelude::*, sample::select};

fn command() -> impl Strategy<Value = Command> {
    let numbers = || vec(select(vec!["N1", "N2", "N3"]).prop_map(|number| tracking(number, None)), 0..3);
    prop_oneof![
        1 => select(vec![1, 2]).prop_map(|quantity| creation(&[(1, "A", quantity)])),
        3 => Just(Command::Pack),
        3 => (select(vec![None, Some("DHL")]), numbers()).prop_map(|(carrier, numbers)| shipping(carrier, &numbers)),
        2 => numbers().prop_map(|numbers| tracked(&numbers)),
        3 => Just(Command::Deliver),
        1 => Just(cancellation()),
        2 => Just(loss()),
    ]
}

proptest! {
    /// Case 10: whatever comes in whatever order, the status only moves forward and no number is lost.
    #[test]
    fn a_parcel_only_moves_forward(commands in vec(command(), 1..30)) {
        let (mut history, mut state) = (vec![], Fulfillment::initial());
        for command in std::iter::once(creation(&[(1, "A", 1)])).chain(commands) {
            let Ok(events) = decide::<Fulfillment>(&history, &command, &moment()) else { continue };
            for event in events {
                let before = state.known().ok().cloned();
                state = Fulfillment::evolve(state, &event);
                let after = state.known().unwrap();
                if let Some(before) = before {
                    prop_assert!(before.status == after.status || before.status.can_become(after.status));
                    prop_assert!(after.tracking.starts_with(&before.tracking));
                    prop_assert_eq!(&before.lines, &after.lines);
                }
                history.push(event);
            }
            prop_assert_eq!(decide::<Fulfillment>(&history, &command, &moment()), Ok(vec![]), "again: {:?}", command);
        }
        prop_assert_eq!(&Fulfillment::fold(&history), &state);
        let numbers = |state: &FulfillmentState| state.known().unwrap().tracking.clone();
        let mut unique = numbers(&state);
        unique.dedup_by(|left, right| left.number == right.number);
        prop_assert_eq!(unique, numbers(&state));
        prop_assert!(state.known().unwrap().status != ShipmentStatus::Cancelled || numbers(&state).len() <= 3);
    }
}
