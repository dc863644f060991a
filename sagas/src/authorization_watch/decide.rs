//! What AuthorizationWatch does about each input.

use super::{
    AuthorizationWatch,
    state::AuthorizationWatchState,
    vocabulary::{
        AuthorizationNews as News, AuthorizationWatchAction as Action, AuthorizationWatchAnswer as Answer,
        AuthorizationWatchFact as Fact, AuthorizationWatchPolicy,
    },
};
use crate::process::{Ending, Input, Outbox, Step as ProcessStep, TimerName};
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;
use tillroll_domain::{aggregate::Moment, ids::OperationId};

type Step = ProcessStep<AuthorizationWatch>;

/// How long before its end an authorization is expiring. One that lasts for less than twice as long is expiring when half
/// of its time is over.
pub(super) const EXPIRING_BEFORE: TimeDelta = TimeDelta::hours(48);
/// An order that is not confirmed is looked at again, until so little time is left.
pub(super) const TOO_LATE: TimeDelta = TimeDelta::minutes(1);

/// The timer at which an authorization is expiring.
pub(super) fn expiring(operation_id: OperationId) -> TimerName {
    Cow::Owned(format!("expiring:{}", operation_id.uuid()))
}

/// The timer at which it has lapsed.
pub(super) fn expired(operation_id: OperationId) -> TimerName {
    Cow::Owned(format!("expired:{}", operation_id.uuid()))
}

pub(super) fn decide(
    state: &AuthorizationWatchState,
    open: &Outbox<Action>,
    input: &Input<AuthorizationWatch>,
    policy: &AuthorizationWatchPolicy,
    moment: &Moment,
) -> Option<Step> {
    let step = match input {
        Input::Told(News::Authorized { operation_id, expires_at }) => watch(*operation_id, *expires_at, moment.now),
        Input::Told(News::Over) if state.watched.is_empty() => return None,
        Input::Told(News::Over) => state.watched.keys().fold(Step::new(), |step, id| stop(step, open, *id)),
        Input::Due(timer) => due(state, timer, policy),
        Input::Answered { action: Action::CaptureRest { operation_id }, answer } => {
            match (state.watched.get(operation_id), answer) {
                (Some(expires_at), Answer::NotConfirmed) => look_again(*operation_id, *expires_at, moment.now),
                _ => Step::new(),
            }
        }
        Input::Answered { action: Action::RecordExpired { operation_id }, .. } => {
            stop(Step::new(), open, *operation_id)
        }
    };
    let after = step.facts.iter().fold(state.clone(), AuthorizationWatchState::evolve);
    Some(if after.watched.is_empty() { step.end(Ending::Completed) } else { step })
}

fn watch(operation_id: OperationId, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Step {
    let half = (expires_at - now) / 2;
    let expiring_at = (expires_at - EXPIRING_BEFORE).max(now + half);
    Step::new()
        .fact(Fact::Watching { operation_id, expires_at })
        .arm(expiring(operation_id), expiring_at)
        .arm(expired(operation_id), expires_at)
}

fn due(state: &AuthorizationWatchState, timer: &TimerName, policy: &AuthorizationWatchPolicy) -> Step {
    let step = Step::new();
    let watched = || state.watched.keys().copied();
    if let Some(operation_id) = watched().find(|id| *timer == expired(*id)) {
        return step.send(Action::RecordExpired { operation_id });
    }
    match watched().find(|id| *timer == expiring(*id)) {
        Some(operation_id) if policy.capture_expiring => step.send(Action::CaptureRest { operation_id }),
        _ => step,
    }
}

/// The order may be confirmed in a moment: half of what is left is waited for.
fn look_again(operation_id: OperationId, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Step {
    let left = expires_at - now;
    if left > TOO_LATE { Step::new().arm(expiring(operation_id), now + left / 2) } else { Step::new() }
}

fn stop(step: Step, open: &Outbox<Action>, operation_id: OperationId) -> Step {
    let armed = [expiring(operation_id), expired(operation_id)];
    let armed = armed.into_iter().filter(|timer| open.timers.contains_key(timer));
    armed.fold(step.fact(Fact::Stopped { operation_id }), Step::disarm)
}
