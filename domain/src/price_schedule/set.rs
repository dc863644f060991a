//! A price is set.

use super::{
    Decision, PriceScheduleState,
    commands::{NewPrice, OPEN_ROWS_MAX},
    error::PriceScheduleError,
    events::PriceSet,
    row::PriceRow,
};
use chrono::{DateTime, Utc};

pub(super) fn set(state: &PriceScheduleState, new: &NewPrice, now: DateTime<Utc>) -> Decision {
    let row_id = new.row_id;
    if state.is_withdrawn(row_id) {
        return Err(PriceScheduleError::RowWithdrawn { row_id });
    }
    if let Some(row) = state.row(row_id) {
        return if same(row, new) { Ok(vec![]) } else { Err(PriceScheduleError::RowDiffers { row_id }) };
    }
    if new.amount.is_negative() {
        return Err(PriceScheduleError::NegativePrice { amount: new.amount });
    }
    let valid_from = new.valid_from.unwrap_or(now);
    if valid_from < now {
        return Err(PriceScheduleError::InPast { at: valid_from });
    }
    if new.valid_until.is_some_and(|until| until <= valid_from) {
        return Err(PriceScheduleError::EmptyValidity);
    }
    if let Some(other) = state.overlapping(&new.key, valid_from, new.valid_until) {
        return Err(PriceScheduleError::Overlap { row_id: other.row_id });
    }
    if state.open_rows(now) >= OPEN_ROWS_MAX {
        return Err(PriceScheduleError::TooManyRows { max: OPEN_ROWS_MAX });
    }
    let set = PriceSet {
        row_id,
        key: new.key.clone(),
        priority: new.priority,
        amount: new.amount,
        valid_from,
        valid_until: new.valid_until,
    };
    Ok(vec![set.into()])
}

/// Whether a row came of such a command. One that began when it was decided cannot be told from one that named that
/// instant, and an end that was brought forward since is no difference.
fn same(row: &PriceRow, new: &NewPrice) -> bool {
    row.key == new.key
        && row.priority == new.priority
        && row.amount == new.amount
        && new.valid_from.is_none_or(|from| from == row.valid_from)
        && (row.valid_until == new.valid_until || ended_earlier(row.valid_until, new.valid_until))
}

fn ended_earlier(ends: Option<DateTime<Utc>>, planned: Option<DateTime<Utc>>) -> bool {
    ends.is_some_and(|ends| planned.is_none_or(|planned| ends < planned))
}

#[cfg(test)]
mod tests {
    use super::super::{
        PriceSchedule,
        commands::PriceScheduleCommand,
        samples::{day, end, ended, key, new, on, row_id, set as event, withdrawn},
    };
    use super::*;
    use crate::testing::given;

    fn ask(new: NewPrice) -> PriceScheduleCommand {
        PriceScheduleCommand::SetPrice(new)
    }

    #[test]
    fn a_price_begins_now_or_later() {
        given::<PriceSchedule>([]).when(ask(new(1, None, None))).then([event(1, 0, None)]);
        given::<PriceSchedule>([]).when(ask(new(1, Some(0), Some(9)))).then([event(1, 0, Some(9))]);
        given::<PriceSchedule>([]).when(ask(new(1, Some(3), None))).then([event(1, 3, None)]);
    }

    #[test]
    fn a_price_does_not_begin_in_the_past() {
        let refusal = PriceScheduleError::InPast { at: day(-1) };
        given::<PriceSchedule>([]).when(ask(new(1, Some(-1), None))).then_refused(refusal);
    }

    #[test]
    fn a_price_ends_after_it_begins() {
        for until in [2, 3] {
            let asked = ask(new(1, Some(3), Some(until)));
            given::<PriceSchedule>([]).when(asked).then_refused(PriceScheduleError::EmptyValidity);
        }
        // Which is now where no beginning is named.
        given::<PriceSchedule>([]).when(ask(new(1, None, Some(0)))).then_refused(PriceScheduleError::EmptyValidity);
    }

    #[test]
    fn two_prices_of_one_key_do_not_overlap() {
        let history = [event(1, 10, Some(20))];
        let refusal = || PriceScheduleError::Overlap { row_id: row_id(1) };
        for (from, until) in [(10, Some(20)), (5, Some(11)), (19, None), (12, Some(13)), (5, Some(25)), (5, None)] {
            given::<PriceSchedule>(history.clone()).when(ask(new(2, Some(from), until))).then_refused(refusal());
        }
        for (from, until) in [(5, Some(10)), (20, None)] {
            given::<PriceSchedule>(history.clone()).when(ask(new(2, Some(from), until))).then([event(2, from, until)]);
        }
        let endless = PriceScheduleError::Overlap { row_id: row_id(3) };
        given::<PriceSchedule>([event(3, 5, None)]).when(ask(new(2, Some(500), None))).then_refused(endless);
    }

    #[test]
    fn prices_of_other_keys_may_overlap() {
        let other_currency = super::super::PriceKey { currency: "USD".parse().unwrap(), ..key(None, 1) };
        for key in [key(Some("DE"), 1), key(None, 12), other_currency] {
            let asked = NewPrice { key, ..new(2, Some(0), None) };
            let state = given::<PriceSchedule>([event(1, 0, None)]).when(ask(asked)).then_state();
            assert_eq!(state.open_rows(day(0)), 2);
        }
    }

    #[test]
    fn priority_is_no_part_of_the_key() {
        let asked = NewPrice { priority: 9, ..new(2, Some(0), None) };
        let refusal = PriceScheduleError::Overlap { row_id: row_id(1) };
        given::<PriceSchedule>([event(1, 0, None)]).when(ask(asked)).then_refused(refusal);
    }

    #[test]
    fn a_price_follows_one_that_has_ended() {
        given::<PriceSchedule>([event(1, 0, None), ended(1, 5)])
            .when(ask(new(2, Some(5), None)))
            .then([event(2, 5, None)]);
        given::<PriceSchedule>([event(1, 5, None), withdrawn(1)])
            .when(ask(new(2, Some(5), None)))
            .then([event(2, 5, None)]);
    }

    #[test]
    fn setting_the_same_price_again_is_silent_at_any_time() {
        let history = [event(1, 0, Some(9))];
        for asked in [new(1, Some(0), Some(9)), new(1, None, Some(9))] {
            given::<PriceSchedule>(history.clone()).when(ask(asked.clone())).then_nothing();
            given::<PriceSchedule>(history.clone()).at(on(50)).when(ask(asked)).then_nothing();
        }
        // Also after its end was brought forward.
        given::<PriceSchedule>([event(1, 0, None)])
            .and(end(1, Some(4)))
            .when(ask(new(1, Some(0), None)))
            .then_nothing();
    }

    #[test]
    fn one_row_has_one_content() {
        let history = [event(1, 0, Some(9))];
        let same = new(1, Some(0), Some(9));
        for other in [
            NewPrice { amount: "2.56".parse().unwrap(), ..same.clone() },
            NewPrice { priority: 1, ..same.clone() },
            NewPrice { key: key(Some("DE"), 1), ..same.clone() },
            NewPrice { valid_from: Some(day(1)), ..same.clone() },
            NewPrice { valid_until: Some(day(8)), ..same.clone() },
        ] {
            let refusal = PriceScheduleError::RowDiffers { row_id: row_id(1) };
            given::<PriceSchedule>(history.clone()).when(ask(other)).then_refused(refusal);
        }
        let refusal = PriceScheduleError::RowWithdrawn { row_id: row_id(1) };
        given::<PriceSchedule>([event(1, 3, None), withdrawn(1)])
            .when(ask(new(1, Some(3), None)))
            .then_refused(refusal);
    }

    #[test]
    fn a_price_is_not_negative() {
        let free = NewPrice { amount: "0".parse().unwrap(), ..new(1, None, None) };
        assert_eq!(given::<PriceSchedule>([]).when(ask(free)).then_state().open_rows(day(0)), 1);
        let amount = "-0.000001".parse().unwrap();
        let asked = NewPrice { amount, ..new(1, None, None) };
        given::<PriceSchedule>([]).when(ask(asked)).then_refused(PriceScheduleError::NegativePrice { amount });
    }

    #[test]
    fn prices_that_have_not_ended_are_bounded_and_others_make_room() {
        let day_long = |number: i64| event(u128::try_from(number).unwrap(), number, Some(number + 1));
        let full = || (1..=500).map(day_long);
        let asked = || ask(new(501, Some(501), None));
        given::<PriceSchedule>(full()).when(asked()).then_refused(PriceScheduleError::TooManyRows { max: 500 });
        given::<PriceSchedule>(full()).at(on(2)).when(asked()).then([event(501, 501, None)]);
    }

    #[test]
    fn of_more_prices_than_are_remembered_those_are_forgotten_that_ended_first() {
        let day_long = |number: i64| event(u128::try_from(number).unwrap(), number, Some(number + 1));
        let mut history: Vec<_> = (1..=1_000).map(day_long).collect();
        history.push(event(2_000, 1_001, None));
        let state = given::<PriceSchedule>(history).state();
        assert_eq!(state.rows().count(), 1_000);
        assert_eq!((state.row(row_id(1)), state.row(row_id(2)).is_some()), (None, true));
        assert!(state.row(row_id(2_000)).is_some());
    }
}
