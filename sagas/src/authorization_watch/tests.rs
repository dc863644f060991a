//! What AuthorizationWatch does about each input.

use super::{
    AuthorizationNews as News, AuthorizationWatch, AuthorizationWatchAction as Action,
    AuthorizationWatchAnswer as Answer, AuthorizationWatchPolicy,
    decide::{expired, expiring},
};
use crate::{
    process::Ending,
    testing::{Story, noon},
};
use chrono::TimeDelta;
use tillroll_domain::ids::OperationId;
use uuid::Uuid;

const fn op(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

fn authorized(n: u128, lasts: TimeDelta) -> News {
    News::Authorized { operation_id: op(n), expires_at: noon().now + lasts }
}

fn watching(capture_expiring: bool) -> Story<AuthorizationWatch> {
    Story::begin(AuthorizationWatchPolicy { capture_expiring }).told(authorized(1, TimeDelta::days(7)))
}

const fn capture() -> Action {
    Action::CaptureRest { operation_id: op(1) }
}

const fn expire() -> Action {
    Action::RecordExpired { operation_id: op(1) }
}

#[test]
fn an_authorization_is_captured_before_its_end_and_lapses_at_it() {
    let now = noon().now;
    watching(true)
        .waits_for([(expiring(op(1)), now + TimeDelta::days(5)), (expired(op(1)), now + TimeDelta::days(7))])
        .due(expiring(op(1)))
        .sends([capture()])
        .answered(&capture(), Answer::Requested { amount_minor: 1 })
        .due(expired(op(1)))
        .sends([expire()])
        .answered(&expire(), Answer::Recorded)
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn an_authorization_that_is_held_only_lapses() {
    watching(false).due(expiring(op(1))).sends([]).goes_on().due(expired(op(1))).sends([expire()]);
}

#[test]
fn a_short_authorization_is_captured_after_half_of_its_time() {
    let story = Story::<AuthorizationWatch>::begin(AuthorizationWatchPolicy { capture_expiring: true });
    let now = noon().now;
    story
        .told(authorized(1, TimeDelta::hours(10)))
        .waits_for([(expiring(op(1)), now + TimeDelta::hours(5)), (expired(op(1)), now + TimeDelta::hours(10))]);
}

#[test]
fn an_order_that_is_not_confirmed_is_looked_at_again_until_it_is_too_late() {
    let mut story = watching(true);
    let mut looks = 0;
    while story.open().timers.contains_key(&expiring(op(1))) {
        story = story.due(expiring(op(1))).sends([capture()]).answered(&capture(), Answer::NotConfirmed);
        looks += 1;
        assert!(looks < 50, "each look halves what is left");
    }
    story.due(expired(op(1))).sends([expire()]);
}

#[test]
fn what_is_used_up_is_not_watched() {
    watching(true).told_later(News::Over).ends(&Ending::Completed).leaves_nothing().told_later(News::Over).nothing();
}

/// Case 12: each of several authorizations has an end of its own.
#[test]
fn several_authorizations_are_watched() {
    let now = noon().now;
    watching(true)
        .told(authorized(2, TimeDelta::days(9)))
        .waits_for([
            (expiring(op(1)), now + TimeDelta::days(5)),
            (expired(op(1)), now + TimeDelta::days(7)),
            (expiring(op(2)), now + TimeDelta::days(7)),
            (expired(op(2)), now + TimeDelta::days(9)),
        ])
        .due(expired(op(1)))
        .answered(&expire(), Answer::Recorded)
        .goes_on()
        .waits_for([(expiring(op(2)), now + TimeDelta::days(7)), (expired(op(2)), now + TimeDelta::days(9))])
        .told_later(News::Over)
        .ends(&Ending::Completed)
        .leaves_nothing();
}
