//! Properties of price schedules under random commands as time goes by.

use super::{
    PriceSchedule, PriceScheduleState,
    commands::{NewPrice, PriceScheduleCommand as Command},
    samples::{day, end, key, new, on, withdraw},
};
use crate::{
    aggregate::Aggregate,
    pricing::select::{PriceQuery, SelectedPrice, select},
    quantity::Quantity,
    testing::assert_survives_storage,
};
use proptest::{collection::vec, option, prelude::*, sample};

/// Days are few, so that prices meet; -1 stands for the day before the schedule.
fn command() -> impl Strategy<Value = Command> {
    let id = || 1..8_u128;
    prop_oneof![
        3 => (id(), option::of(0..20_i64), option::of(0..25_i64), 0..3_i32, sample::select(vec![None, Some("DE")]), 1..3_i64, 1..4_i64)
            .prop_map(|(id, from, until, priority, country, min_quantity, amount)| Command::SetPrice(NewPrice {
                priority,
                key: key(country, min_quantity),
                amount: amount.to_string().parse().unwrap(),
                ..new(id, from, until)
            })),
        1 => (id(), option::of(0..25_i64)).prop_map(|(id, at)| end(id, at)),
        1 => id().prop_map(withdraw),
    ]
}

/// What applies to German buyers of two units on each of the days.
fn applied(state: &PriceScheduleState, days: std::ops::Range<i64>) -> Vec<Option<SelectedPrice>> {
    let country = Some("DE".parse().unwrap());
    let query = PriceQuery { currency: "EUR".parse().unwrap(), country, quantity: Quantity::new(2).unwrap() };
    days.map(|at| select(state.rows(), None, &query, day(at))).collect()
}

proptest! {
    #[test]
    fn prices_of_a_key_never_overlap_and_the_past_never_changes(steps in vec((0..3_i64, command()), 1..40)) {
        let (mut state, mut history, mut now) = (PriceSchedule::initial(), vec![], 0);
        for (passed, command) in steps {
            now += passed;
            let before = applied(&state, 0..now);
            let Ok(events) = PriceSchedule::decide(&state, &command, &on(now)) else { continue };
            state = events.iter().fold(state, PriceSchedule::evolve);
            prop_assert_eq!(PriceSchedule::decide(&state, &command, &on(now)), Ok(vec![]), "again: {:?}", command);
            prop_assert_eq!(&before, &applied(&state, 0..now), "{:?} changed the past of day {}", command, now);
            let rows: Vec<_> = state.rows().collect();
            for (index, row) in rows.iter().enumerate() {
                prop_assert!(row.valid_until.is_none_or(|until| row.valid_from < until));
                for other in &rows[index + 1..] {
                    let apart = row.key != other.key
                        || row.valid_until.is_some_and(|until| until <= other.valid_from)
                        || other.valid_until.is_some_and(|until| until <= row.valid_from);
                    prop_assert!(apart, "{:?} and {:?}", row, other);
                }
            }
            history.extend(events);
        }
        prop_assert_eq!(&PriceSchedule::fold(&history), &state);
        assert_survives_storage::<PriceSchedule>(&state);
    }
}
