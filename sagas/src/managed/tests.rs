//! What holds for every process, shown with a small one.

use super::{Deliver, Managed};
use crate::{
    process::{Consumed, Ending},
    testing::{
        Story,
        errand::{Errand, ErrandAction, ErrandAnswer, ErrandFact, ErrandPolicy, ErrandTrigger, LATE},
        noon,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use tillroll_domain::aggregate::Aggregate;
use uuid::Uuid;

const POLICY: ErrandPolicy = ErrandPolicy { minutes: 30 };

fn fetch(thing: u32) -> ErrandAction {
    ErrandAction::Fetch { thing }
}

fn late() -> DateTime<Utc> {
    noon().now + TimeDelta::minutes(30)
}

fn begun(things: u32) -> Story<Errand> {
    Story::begin(POLICY).told(ErrandTrigger::Asked(things))
}

#[test]
fn one_step_learns_sends_and_arms_together() {
    begun(2).notes([ErrandFact::Asked { things: 2 }]).sends([fetch(1), fetch(2)]).waits_for([(LATE, late())]).goes_on();
}

#[test]
fn an_answer_closes_its_action_alone() {
    begun(2)
        .answered(&fetch(2), ErrandAnswer::Done)
        .notes([ErrandFact::Fetched { thing: 2 }])
        .has_open([fetch(1)])
        .waits_for([(LATE, late())])
        .answered(&fetch(1), ErrandAnswer::Refused)
        .notes([ErrandFact::Refused { thing: 1 }])
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn numbers_go_on_where_they_ended() {
    let story = begun(1).answered(&fetch(1), ErrandAnswer::Done).told(ErrandTrigger::Asked(1)).sends([fetch(2)]);
    assert_eq!(story.open().open.keys().copied().collect::<Vec<_>>(), [2]);
}

#[test]
fn an_answer_and_a_timer_are_consumed_even_if_nothing_follows() {
    let story = begun(1).due(LATE).sends([ErrandAction::Complain]);
    let story = story.answered(&ErrandAction::Complain, ErrandAnswer::Done).notes([]).has_open([fetch(1)]);
    let due = Consumed::Due { timer: LATE.into() };
    assert_eq!(story.consumed()[1..], [due, Consumed::Answered { no: 2, answer: ErrandAnswer::Done }]);
}

#[test]
fn an_instance_that_ended_takes_what_still_comes() {
    let reason = "takes_too_long".parse().unwrap();
    let story = begun(1).due(LATE).ends(&Ending::Alarmed { reason });
    let story = story.answered(&fetch(1), ErrandAnswer::Done).notes([ErrandFact::Fetched { thing: 1 }]);
    assert_eq!(story.ending(), Some(&Ending::Completed), "it may still end well");
}

#[test]
fn what_is_nothing_to_an_instance_leaves_no_trace() {
    begun(1).told(ErrandTrigger::Idle).nothing().has_open([fetch(1)]);
}

#[test]
fn only_what_starts_an_instance_begins_it() {
    Story::<Errand>::begin(POLICY).told_later(ErrandTrigger::Asked(1)).nothing().leaves_nothing();
    begun(1).told_later(ErrandTrigger::Asked(1)).sends([fetch(2)]);
}

#[test]
fn a_timer_that_was_set_anew_does_not_fire_at_its_old_time() {
    let story = begun(1).after(TimeDelta::minutes(10)).told(ErrandTrigger::Asked(1));
    let state = story.waits_for([(LATE, late() + TimeDelta::minutes(10))]);
    let old = Deliver::Due { timer: LATE.into(), due: late(), policy: POLICY };
    assert_eq!(state.decide(&old), [], "that time does not count any more");
    let new = Deliver::Due { timer: LATE.into(), due: late() + TimeDelta::minutes(10), policy: POLICY };
    assert_eq!(state.decide(&new).len(), 1);
}

#[test]
fn what_was_told_before_is_silent_also_from_further_back() {
    let story = begun(1).told(ErrandTrigger::Asked(1));
    let again = |position| Deliver::Told {
        trigger: ErrandTrigger::Asked(5),
        position,
        event_id: Uuid::nil(),
        starts: true,
        policy: POLICY,
    };
    assert_eq!(story.decide(&again(1)), []);
    assert_eq!(story.decide(&again(2)), []);
    assert_eq!(story.decide(&again(3)).len(), 1);
}

#[test]
fn an_action_keeps_the_time_at_which_it_was_recorded() {
    let story = begun(1).after(TimeDelta::minutes(1)).told(ErrandTrigger::Asked(1));
    let instance = story.instance();
    assert_eq!(instance.queued_at[&1], noon().now);
    assert_eq!(instance.queued_at[&2], noon().now + TimeDelta::minutes(1));
    let story = story.answered(&fetch(1), ErrandAnswer::Done);
    assert_eq!(story.instance().queued_at.len(), 1, "and not for longer than it is open");
}

#[test]
fn the_category_is_that_of_the_process() {
    assert_eq!(Managed::<Errand>::CATEGORY, "errand");
}
