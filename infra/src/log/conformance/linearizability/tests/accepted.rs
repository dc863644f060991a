//! Histories that look wrong and are not.

use super::{
    AppendAnswer, Call, ExpectedRevision, LogCall, RecordedEvent, append, call, conflict, event, exact, read, read_all,
    receipt, unheard, verdicts,
};
use crate::stream::Position;

#[track_caller]
fn assert_accepted(events: &[RecordedEvent], calls: &[Call<LogCall>]) {
    let (searched, swept) = verdicts(events, calls);
    assert!(searched.is_ok(), "{searched:?}");
    assert_eq!(swept, Ok(()));
}

#[test]
fn nothing_is_explained_by_nothing() {
    assert_accepted(&[], &[]);
}

#[test]
fn an_event_may_be_seen_before_its_append_is_answered_and_not_by_everybody() {
    let events = [event(1, 1, 0, 1)];
    let calls = [
        call((0, 9), append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 1))),
        call((1, 4), read(1, &events)),
        call((2, 3), read(1, &[])),
        call((5, 6), LogCall::Head(Position(1))),
    ];
    assert_accepted(&events, &calls);
}

#[test]
fn twins_get_one_receipt_whichever_of_them_is_late() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    let create = append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 1));
    let calls = [
        call((0, 8), create.clone()),
        call((1, 2), create.clone()),
        call((3, 4), append(1, exact(0), &[2], receipt(1, 1, 2))),
        call((5, 6), create),
    ];
    assert_accepted(&events, &calls);
}

#[test]
fn an_append_that_nobody_waited_for_may_happen_later_or_never() {
    let events = [event(1, 1, 0, 1)];
    let create = append(1, ExpectedRevision::NoStream, &[1], AppendAnswer::Unheard);
    let later = [
        unheard(0, create.clone()),
        call((1, 2), read(1, &[])),
        call((3, 4), append(1, exact(0), &[2], conflict(None))),
        call((5, 6), read(1, &events)),
    ];
    assert_accepted(&events, &later);
    assert_accepted(&[], &[unheard(0, create), call((1, 2), read_all(&[]))]);
}

#[test]
fn a_conflict_may_name_a_state_that_came_and_went_meanwhile() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2)];
    let calls = [
        call((0, 9), append(1, exact(5), &[3], conflict(Some(0)))),
        call((1, 2), append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 1))),
        call((3, 4), append(1, exact(0), &[2], receipt(1, 1, 2))),
    ];
    assert_accepted(&events, &calls);
}

#[test]
fn the_loser_of_a_race_may_be_answered_first() {
    let events = [event(1, 1, 0, 1)];
    let calls = [
        call((0, 9), append(1, ExpectedRevision::NoStream, &[1], receipt(0, 0, 1))),
        call((1, 2), append(1, ExpectedRevision::NoStream, &[2], conflict(Some(0)))),
    ];
    assert_accepted(&events, &calls);
}

#[test]
fn an_append_may_repeat_the_beginning_of_another() {
    let events = [event(1, 1, 0, 1), event(2, 1, 1, 2), event(3, 1, 2, 3)];
    let calls = [
        call((0, 1), append(1, ExpectedRevision::NoStream, &[1, 2, 3], receipt(0, 2, 3))),
        call((2, 3), append(1, ExpectedRevision::NoStream, &[1, 2], receipt(0, 1, 2))),
        call((4, 5), append(1, ExpectedRevision::NoStream, &[1, 4], conflict(Some(2)))),
    ];
    assert_accepted(&events, &calls);
}

#[test]
fn the_first_that_was_asked_need_not_be_the_first_that_happened() {
    // The reads force the order 3, 2, 1 upon appends that were sent in the order 1, 2, 3.
    let events = [event(1, 3, 0, 3), event(2, 2, 0, 2), event(3, 1, 0, 1)];
    let create = |interval, stream: u64, position| {
        call(interval, append(stream, ExpectedRevision::NoStream, &[u128::from(stream)], receipt(0, 0, position)))
    };
    let calls = [
        create((0, 20), 1, 3),
        create((1, 19), 2, 2),
        create((2, 18), 3, 1),
        call((3, 4), read_all(&events[..1])),
        call((5, 6), read_all(&events[..2])),
    ];
    assert_accepted(&events, &calls);
}
