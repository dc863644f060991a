//! Asking to send goods back, within the window.

use super::{
    commands::{ReturnWindow, WINDOW_DAYS_MAX},
    error::ReturnError,
    events::{ReturnEvent, ReturnLine, ReturnRequested},
    lines::in_order,
    state::ReturnState,
};
use crate::{aggregate::Moment, ids::OrderId};
use chrono::{Days, NaiveDate};

/// Asks under an id that no return has.
pub(super) fn request(
    state: &ReturnState,
    order_id: OrderId,
    lines: &[ReturnLine],
    window: ReturnWindow,
    moment: &Moment,
) -> Result<Vec<ReturnEvent>, ReturnError> {
    let lines = in_order(lines, 1, |line| line.line, |line| line.line)?;
    if let ReturnState::Known(known) = state {
        // The window is not compared: whoever repeats a request may do so when the window is over.
        let same_lines = known.lines.len() == lines.len()
            && lines.iter().all(|line| {
                let recorded = known.lines.get(&line.line);
                recorded.is_some_and(|recorded| {
                    recorded.sku == line.sku && recorded.requested == line.quantity && recorded.reason == line.reason
                })
            });
        let same = known.order_id == order_id && same_lines;
        return if same { Ok(vec![]) } else { Err(ReturnError::RequestedDifferently) };
    }
    let window_ends_on = last_day(window)?;
    if let Some(ended_on) = window_ends_on.filter(|&last| moment.business_date > last) {
        return Err(ReturnError::WindowClosed { ended_on });
    }
    let requested = ReturnRequested {
        order_id,
        lines,
        delivered_on: window.delivered_on,
        window_days: window.days,
        window_ends_on,
        business_date: moment.business_date,
    };
    Ok(vec![requested.into()])
}

/// The last day on which a return can be requested; `None` while the window has not begun to close, or if it ends beyond
/// the last date there is.
fn last_day(window: ReturnWindow) -> Result<Option<NaiveDate>, ReturnError> {
    if window.days > WINDOW_DAYS_MAX {
        return Err(ReturnError::WindowTooLong { given: window.days, max: WINDOW_DAYS_MAX });
    }
    Ok(window.delivered_on.and_then(|date| date.checked_add_days(Days::new(window.days.into()))))
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ReturnCommand,
        fixtures::{asking, day, nobody, order_id, requested, return_line, window},
        status::ReturnReason,
    };
    use super::*;
    use crate::testing::moment;

    fn on(date: &str) -> Moment {
        Moment { business_date: day(date), ..moment() }
    }

    #[test]
    fn a_return_is_requested_with_its_lines_in_order_and_its_window_pinned() {
        let event = ReturnRequested {
            order_id: order_id(1),
            lines: vec![return_line(1, "A", 2), return_line(2, "B", 1)],
            delivered_on: Some(day("2024-02-20")),
            window_days: 30,
            window_ends_on: Some(day("2024-03-21")),
            business_date: day("2024-03-01"),
        };
        let asked = asking(&[(2, "B", 1), (1, "A", 2)], window(Some("2024-02-20"), 30));
        nobody().when(asked).then([event.into()]);
    }

    #[test]
    fn a_return_is_refused_after_the_last_day_of_the_window() {
        let asked = || asking(&[(1, "A", 2)], window(Some("2024-02-20"), 14));
        assert!(nobody().at(on("2024-03-05")).when(asked()).then_state().known().is_ok());
        let ended_on = day("2024-03-05");
        nobody().at(on("2024-03-06")).when(asked()).then_refused(ReturnError::WindowClosed { ended_on });
        let no_window = || asking(&[(1, "A", 2)], window(Some("2024-02-20"), 0));
        assert!(nobody().at(on("2024-02-20")).when(no_window()).then_state().known().is_ok());
        let ended_on = day("2024-02-20");
        nobody().at(on("2024-02-21")).when(no_window()).then_refused(ReturnError::WindowClosed { ended_on });
    }

    #[test]
    fn the_window_of_what_was_not_delivered_has_not_begun_to_close() {
        let asked = asking(&[(1, "A", 2)], window(None, 0));
        assert!(nobody().at(on("2050-01-01")).when(asked).then_state().known().is_ok());
    }

    #[test]
    fn a_window_is_bounded() {
        let refusal = ReturnError::WindowTooLong { given: 3_651, max: 3_650 };
        nobody().when(asking(&[(1, "A", 1)], window(None, 3_651))).then_refused(refusal);
    }

    #[test]
    fn asking_the_same_again_is_silent_even_after_the_window() {
        let again = asking(&[(2, "B", 1), (1, "A", 3)], window(Some("2024-01-01"), 0));
        requested().when(again).then_nothing();
        let again = asking(&[(1, "A", 3), (2, "B", 1)], window(None, 30));
        requested().and(ReturnCommand::Approve).when(again).then_nothing();
    }

    #[test]
    fn an_id_stands_for_one_request() {
        let other = || window(None, 30);
        for lines in
            [&[(1, "A", 3)][..], &[(1, "A", 2), (2, "B", 1)], &[(1, "C", 3), (2, "B", 1)], &[(1, "A", 3), (3, "B", 1)]]
        {
            requested().when(asking(lines, other())).then_refused(ReturnError::RequestedDifferently);
        }
        let lines = vec![return_line(1, "A", 3), return_line(2, "B", 1)];
        let other_order = ReturnCommand::Request { order_id: order_id(2), lines: lines.clone(), window: other() };
        requested().when(other_order).then_refused(ReturnError::RequestedDifferently);
        let reasons = lines.into_iter().map(|line| ReturnLine { reason: ReturnReason::Other, ..line }).collect();
        let other_reason = ReturnCommand::Request { order_id: order_id(1), lines: reasons, window: other() };
        requested().when(other_reason).then_refused(ReturnError::RequestedDifferently);
    }

    #[test]
    fn lines_are_named_once_and_bounded() {
        let ask = |lines: &[(u32, &str, i64)]| asking(lines, window(None, 30));
        nobody().when(ask(&[])).then_refused(ReturnError::NoLines);
        nobody().when(ask(&[(1, "A", 1), (1, "A", 2)])).then_refused(ReturnError::LineRepeated { line: 1 });
        let many: Vec<_> = (1..=2_001).map(|line| (line, "A", 1)).collect();
        nobody().when(ask(&many)).then_refused(ReturnError::TooManyLines { given: 2_001, max: 2_000 });
    }
}
