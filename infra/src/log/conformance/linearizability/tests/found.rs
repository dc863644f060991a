//! Histories that no right log can have.

use super::{
    AppendAnswer, Call, ExpectedRevision, LogCall, RecordedEvent, Violation, append, call, conflict, event, exact, id,
    order, read, read_all, receipt, taken, unheard, verdicts,
};
use crate::stream::{Position, Revision};

/// Both checkers find it.
#[track_caller]
fn assert_found(events: &[RecordedEvent], calls: &[Call<LogCall>], want: &Violation) {
    let (searched, swept) = verdicts(events, calls);
    assert!(searched.is_err(), "the search found the order {searched:?}");
    assert_eq!(swept.as_ref(), Err(want));
}

/// Only positions tell.
#[track_caller]
fn assert_found_by_positions(events: &[RecordedEvent], calls: &[Call<LogCall>], want: &Violation) {
    let (searched, swept) = verdicts(events, calls);
    assert!(searched.is_ok(), "{searched:?}");
    assert_eq!(swept.as_ref(), Err(want));
}

fn create(interval: (u64, u64)) -> Call<LogCall> {
    call(interval, append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 1)))
}

#[test]
fn a_lost_update_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    let calls = [
        create((0, 1)),
        call((2, 5), append(1, exact(0), &[2], receipt(1, 1, 2))),
        call((3, 4), append(1, exact(0), &[3], receipt(1, 1, 2))),
    ];
    assert_found(&events, &calls, &Violation::WrongReceipt { call: 2 });
}

#[test]
fn an_acknowledged_append_that_is_not_there_is_found() {
    let calls = [create((0, 1)), call((2, 3), read(1, &[]))];
    assert_found(&[], &calls, &Violation::WrongReceipt { call: 0 });
}

#[test]
fn a_stale_read_is_found() {
    let events = [event(1, 1, 0, 1)];
    assert_found(&events, &[create((0, 1)), call((2, 3), read(1, &[]))], &Violation::NeverRight { call: 1 });
    let behind_another = [create((0, 9)), call((1, 2), read(1, &events)), call((3, 4), read(1, &[]))];
    assert_found(&events, &behind_another, &Violation::NeverRight { call: 2 });
}

#[test]
fn a_stale_head_is_found() {
    let calls = [create((0, 1)), call((2, 3), LogCall::Head(Position(0)))];
    assert_found_by_positions(&[event(1, 1, 0, 1)], &calls, &Violation::NeverRight { call: 1 });
    let calls = [create((0, 5)), call((1, 2), LogCall::Head(Position(1))), call((3, 4), LogCall::Head(Position(0)))];
    assert_found_by_positions(&[event(1, 1, 0, 1)], &calls, &Violation::NeverRight { call: 2 });
}

#[test]
fn a_read_before_the_append_was_sent_is_found() {
    let events = [event(1, 1, 0, 1)];
    let calls = [call((0, 1), read(1, &events)), create((2, 3))];
    assert_found(&events, &calls, &Violation::Misplaced { position: Position(1) });
}

#[test]
fn a_read_of_half_an_append_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    let both = call((0, 3), append(1, ExpectedRevision::NoStream, &[1, 2], receipt(0, 1, 2)));
    for half in [read(1, &events[..1]), read_all(&events[..1])] {
        assert_found(&events, &[both.clone(), call((1, 2), half)], &Violation::NeverRight { call: 1 });
    }
}

#[test]
fn half_an_append_in_the_log_is_found() {
    let both = call((0, 3), append(1, ExpectedRevision::NoStream, &[1, 2], AppendAnswer::Unheard));
    let want = Violation::HalfOrUnknown { position: Position(1) };
    assert_found_by_positions(&[event(1, 1, 0, 1)], &[both], &want);
}

#[test]
fn an_event_that_nobody_sent_is_found() {
    let events = [event(1, 1, 0, 7)];
    assert_found(&events, &[call((0, 1), read(1, &events))], &Violation::HalfOrUnknown { position: Position(1) });
}

#[test]
fn a_conflict_that_was_never_right_is_found() {
    let events = [event(1, 1, 0, 1)];
    let before_it_was = [call((0, 1), append(1, exact(4), &[2], conflict(Some(0)))), create((2, 3))];
    assert_found(&events, &before_it_was, &Violation::Misplaced { position: Position(1) });
    let when_it_no_longer_was = [create((0, 1)), call((2, 3), append(1, exact(0), &[2], conflict(None)))];
    assert_found(&events, &when_it_no_longer_was, &Violation::NeverRight { call: 1 });
    let although_it_holds = [create((0, 1)), call((2, 3), append(1, exact(0), &[2], conflict(Some(0))))];
    assert_found(&events, &although_it_holds, &Violation::WrongConflict { call: 1 });
    let of_a_repetition =
        [create((0, 1)), call((2, 3), append(1, ExpectedRevision::NoStream, &[1], conflict(Some(0))))];
    assert_found(&events, &of_a_repetition, &Violation::WrongConflict { call: 1 });
    let with_a_length_that_never_was = [create((0, 1)), call((2, 3), append(1, exact(7), &[2], conflict(Some(5))))];
    assert_found(&events, &with_a_length_that_never_was, &Violation::WrongConflict { call: 1 });
}

#[test]
fn an_append_behind_an_event_that_it_does_not_name_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    let after = ExpectedRevision::After { revision: Revision(0), event_id: id(9) };
    let calls = [create((0, 1)), call((2, 3), append(1, after, &[2], receipt(1, 1, 2)))];
    assert_found(&events, &calls, &Violation::Misplaced { position: Position(2) });
}

#[test]
fn an_append_elsewhere_than_it_was_expected_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    for expected in [ExpectedRevision::NoStream, exact(1), exact(7)] {
        let calls = [create((0, 1)), call((2, 3), append(1, expected, &[2], receipt(1, 1, 2)))];
        assert_found(&events, &calls, &Violation::WrongReceipt { call: 1 });
    }
}

#[test]
fn a_fork_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 0, 2)];
    let calls = [create((0, 3)), call((1, 2), append(1, ExpectedRevision::NoStream, &[2], receipt(0, 0, 2)))];
    assert_found(&events, &calls, &Violation::Fork { stream: order(1), revision: Revision(0) });
}

#[test]
fn an_event_that_stands_twice_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 1)];
    let calls = [create((0, 1)), call((2, 3), append(1, exact(0), &[1], receipt(1, 1, 2)))];
    assert_found_by_positions(&events, &calls, &Violation::Twice { id: id(1) });
}

#[test]
fn appends_in_another_order_than_their_answers_are_found() {
    let events = [event(1, 2, 0, 2), event(2, 1, 0, 1)];
    let calls = [
        call((0, 1), append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 2))),
        call((2, 3), append(2, ExpectedRevision::NoStream, &[2], receipt(0, 0, 1))),
    ];
    let want = Violation::Misplaced { position: Position(1) };
    assert_found_by_positions(&events, &calls, &want);
    // Somebody who sees the second without the first can tell without positions.
    let seen = [&calls[..], &[call((2, 3), read_all(&events[..1]))]].concat();
    assert_found(&events, &seen, &Violation::NeverRight { call: 2 });
}

#[test]
fn an_append_that_overtakes_one_in_the_queue_is_found() {
    let events = [event(1, 1, 0, 2)];
    let refused = append(1, ExpectedRevision::NoStream, &[1], conflict(Some(0)));
    let calls = [
        taken(1, call((0, 9), refused)),
        taken(3, call((2, 8), append(1, ExpectedRevision::NoStream, &[2], receipt(0, 0, 1)))),
    ];
    assert_found(&events, &calls, &Violation::Misplaced { position: Position(1) });
    let unqueued = calls.map(|call| Call { taken: None, ..call });
    assert!(matches!(verdicts(&events, &unqueued), (Ok(_), Ok(()))));
}

#[test]
fn an_unheard_append_that_the_queue_lost_is_found() {
    let events = [event(1, 1, 0, 2)];
    let calls = [
        taken(1, unheard(0, append(1, ExpectedRevision::NoStream, &[1], AppendAnswer::Unheard))),
        taken(3, call((2, 4), append(1, ExpectedRevision::NoStream, &[2], receipt(0, 0, 1)))),
    ];
    assert_found(&events, &calls, &Violation::Misplaced { position: Position(1) });
}

#[test]
fn a_hole_in_the_log_that_fills_later_is_found() {
    let events = [event(1, 1, 0, 1), event(2, 2, 0, 2)];
    let other = call((0, 9), append(2, ExpectedRevision::NoStream, &[2], receipt(0, 0, 2)));
    let calls = [create((0, 9)), other, call((1, 2), read_all(&events[1..])), call((3, 4), read_all(&events))];
    assert_found_by_positions(&events, &calls, &Violation::WrongRead { call: 2 });
}

#[test]
fn positions_that_do_not_grow_are_found() {
    let events = [event(2, 1, 0, 1), event(2, 2, 0, 2)];
    let calls = [
        call((0, 1), append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 2))),
        call((2, 3), append(2, ExpectedRevision::NoStream, &[2], receipt(0, 0, 2))),
    ];
    assert_found_by_positions(&events, &calls, &Violation::PositionsDoNotGrow { position: Position(2) });
}
