//! A price ends, or is taken back before it began.

use super::{
    Decision, PriceScheduleState,
    error::PriceScheduleError,
    events::{PriceEnded, PriceWithdrawn},
    row::PriceRow,
};
use crate::ids::PriceRowId;
use chrono::{DateTime, Utc};

pub(super) fn end(
    state: &PriceScheduleState,
    row_id: PriceRowId,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Decision {
    let row = known(state, row_id)?;
    // Whoever ends a price now wants it to be over, which it may be already.
    let over = at.is_none() && row.ended_by(now);
    if over || (at.is_some() && row.valid_until == at) {
        return Ok(vec![]);
    }
    let at = at.unwrap_or(now);
    if at < now {
        return Err(PriceScheduleError::InPast { at });
    }
    if at <= row.valid_from {
        return Err(PriceScheduleError::NotBegun { row_id });
    }
    match row.valid_until {
        Some(ends_at) if ends_at < at => Err(PriceScheduleError::EndsEarlier { row_id, ends_at }),
        Some(_) | None => Ok(vec![PriceEnded { row_id, at }.into()]),
    }
}

pub(super) fn withdraw(state: &PriceScheduleState, row_id: PriceRowId, now: DateTime<Utc>) -> Decision {
    if state.is_withdrawn(row_id) {
        return Ok(vec![]);
    }
    if known(state, row_id)?.valid_from <= now {
        return Err(PriceScheduleError::HasBegun { row_id });
    }
    Ok(vec![PriceWithdrawn { row_id }.into()])
}

fn known(state: &PriceScheduleState, row_id: PriceRowId) -> Result<&PriceRow, PriceScheduleError> {
    if state.is_withdrawn(row_id) {
        return Err(PriceScheduleError::RowWithdrawn { row_id });
    }
    state.row(row_id).ok_or(PriceScheduleError::RowNotFound { row_id })
}

#[cfg(test)]
mod tests {
    use super::super::{
        PriceSchedule,
        samples::{day, end as ask_end, ended, on, row_id, set, withdraw as ask_withdraw, withdrawn},
    };
    use super::*;
    use crate::testing::given;

    #[test]
    fn a_price_that_has_begun_ends_now_or_later() {
        given::<PriceSchedule>([set(1, 0, None)]).at(on(3)).when(ask_end(1, None)).then([ended(1, 3)]);
        given::<PriceSchedule>([set(1, 0, None)]).at(on(3)).when(ask_end(1, Some(3))).then([ended(1, 3)]);
        given::<PriceSchedule>([set(1, 0, Some(9))]).at(on(3)).when(ask_end(1, Some(7))).then([ended(1, 7)]);
        // The end of one that begins later can be planned as well.
        given::<PriceSchedule>([set(1, 5, None)]).when(ask_end(1, Some(7))).then([ended(1, 7)]);
    }

    #[test]
    fn no_price_ends_in_the_past() {
        let refusal = PriceScheduleError::InPast { at: day(2) };
        given::<PriceSchedule>([set(1, 0, None)]).at(on(3)).when(ask_end(1, Some(2))).then_refused(refusal);
    }

    #[test]
    fn an_end_is_never_put_off() {
        let refusal = || PriceScheduleError::EndsEarlier { row_id: row_id(1), ends_at: day(5) };
        given::<PriceSchedule>([set(1, 0, Some(5))]).at(on(3)).when(ask_end(1, Some(6))).then_refused(refusal());
        given::<PriceSchedule>([set(1, 0, Some(5))]).at(on(9)).when(ask_end(1, Some(9))).then_refused(refusal());
    }

    #[test]
    fn ending_again_is_silent() {
        let history = [set(1, 0, None), ended(1, 3)];
        for now in [1, 3, 30] {
            given::<PriceSchedule>(history.clone()).at(on(now)).when(ask_end(1, Some(3))).then_nothing();
        }
        for now in [3, 30] {
            given::<PriceSchedule>(history.clone()).at(on(now)).when(ask_end(1, None)).then_nothing();
        }
    }

    #[test]
    fn a_price_that_has_not_begun_is_withdrawn_and_not_ended() {
        given::<PriceSchedule>([set(1, 3, None)]).at(on(2)).when(ask_withdraw(1)).then([withdrawn(1)]);
        let refusal = || PriceScheduleError::NotBegun { row_id: row_id(1) };
        given::<PriceSchedule>([set(1, 3, None)]).at(on(2)).when(ask_end(1, None)).then_refused(refusal());
        given::<PriceSchedule>([set(1, 3, None)]).at(on(2)).when(ask_end(1, Some(3))).then_refused(refusal());
    }

    #[test]
    fn a_price_that_has_begun_cannot_be_withdrawn() {
        let refusal = || PriceScheduleError::HasBegun { row_id: row_id(1) };
        for now in [3, 4, 40] {
            given::<PriceSchedule>([set(1, 3, Some(9))]).at(on(now)).when(ask_withdraw(1)).then_refused(refusal());
        }
    }

    #[test]
    fn withdrawing_again_is_silent_and_a_withdrawn_price_does_not_end() {
        let history = [set(1, 3, None), withdrawn(1)];
        given::<PriceSchedule>(history.clone()).at(on(50)).when(ask_withdraw(1)).then_nothing();
        let refusal = PriceScheduleError::RowWithdrawn { row_id: row_id(1) };
        given::<PriceSchedule>(history).when(ask_end(1, Some(5))).then_refused(refusal);
    }

    #[test]
    fn a_price_that_was_never_set_neither_ends_nor_is_withdrawn() {
        let refusal = || PriceScheduleError::RowNotFound { row_id: row_id(2) };
        given::<PriceSchedule>([set(1, 3, None)]).when(ask_end(2, None)).then_refused(refusal());
        given::<PriceSchedule>([set(1, 3, None)]).when(ask_withdraw(2)).then_refused(refusal());
    }
}
