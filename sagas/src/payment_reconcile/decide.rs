//! What PaymentReconcile does about each input.

use super::{
    PaymentReconcile,
    state::{
        CUSTOMER_AWAITED, Next, OVERDUE_AFTER, PaymentReconcileState, PursuedOperation, UNDO_PATIENCE, of_schedule,
    },
    vocabulary::{
        PaymentNews as News, PaymentReconcileAction as Action, PaymentReconcileAnswer as Answer,
        PaymentReconcileFact as Fact,
    },
};
use crate::process::{Ending, Input, Outbox, Step as ProcessStep, TimerName};
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;
use tillroll_domain::{aggregate::Moment, ids::OperationId, payment::events::OperationKind, text::Reference};
use tillroll_infra::payments::ProviderOutcome;

type Step = ProcessStep<PaymentReconcile>;
type State = PaymentReconcileState;

/// The timer after which what the provider refused to undo is requested again.
const UNDO: &str = "undo";

pub(super) fn decide(state: &State, open: &Outbox<Action>, input: &Input<PaymentReconcile>, moment: &Moment) -> Step {
    let deciding = Deciding { state, open, now: moment.now };
    let step = match input {
        Input::Told(news) => deciding.told(news),
        Input::Answered { action, answer } => deciding.answered(action, answer),
        Input::Due(timer) => deciding.due(timer),
    };
    deciding.conclude(step)
}

/// What a decision rests on.
struct Deciding<'a> {
    state: &'a State,
    open: &'a Outbox<Action>,
    now: DateTime<Utc>,
}

impl Deciding<'_> {
    fn told(&self, news: &News) -> Step {
        match news {
            News::Requested { operation_id, operation } => Step::new()
                .fact(Fact::Pursued { operation_id: *operation_id, operation: *operation, at: self.now })
                .send(self.call(*operation_id, *operation)),
            News::ActionRequired { reference } => self.claim(Step::new(), reference),
            News::Succeeded { operation_id, operation, reference } => {
                let step = match (operation, reference) {
                    (OperationKind::Capture, Some(reference)) if self.state.captured.is_none() => {
                        self.settled(*operation_id).fact(Fact::Captured { reference: reference.clone() })
                    }
                    _ => self.settled(*operation_id),
                };
                self.changed(step, reference.as_ref())
            }
            News::Failed { operation_id, operation } => {
                let step = self.settled(*operation_id);
                match operation {
                    // At once it would be refused again.
                    OperationKind::Void | OperationKind::Refund if self.state.may_owe() => self.undo_later(step),
                    // A capture that failed leaves something set aside.
                    OperationKind::Capture | OperationKind::Authorize | OperationKind::Void | OperationKind::Refund => {
                        self.undo_if_owed(step)
                    }
                }
            }
            News::Changed => self.changed(Step::new(), None),
            News::Cancelled => self.undo(Step::new().fact(Fact::Cancelled)),
        }
    }

    fn answered(&self, action: &Action, answer: &Answer) -> Step {
        match action {
            Action::Call { operation_id, .. } | Action::LookUp { operation_id } => self.heard(*operation_id, answer),
            Action::Record { operation_id, .. } => match answer {
                Answer::Contradicted { .. } => {
                    let fact = Fact::Contradicted { operation_id: *operation_id };
                    self.without_timer(Step::new().fact(fact), *operation_id)
                }
                _ => Step::new(),
            },
            Action::ClaimReference { reference } => match answer {
                Answer::Contradicted { .. } => Step::new().fact(Fact::ReferenceTaken { reference: reference.clone() }),
                _ => Step::new(),
            },
            Action::MirrorToOrder if self.state.mirror_stale => {
                Step::new().fact(Fact::MirrorRenewed).send(Action::MirrorToOrder)
            }
            Action::Undo if self.state.undo_stale => Step::new().fact(Fact::UndoRenewed).send(Action::Undo),
            Action::RecordUnknown { .. } | Action::MirrorToOrder | Action::Undo => Step::new(),
        }
    }

    /// What a call or a look-up came to.
    fn heard(&self, operation_id: OperationId, answer: &Answer) -> Step {
        let step = Step::new();
        let Some(pursued) = self.state.pursued.get(&operation_id) else {
            return match answer {
                // Somebody else recorded an outcome. A success stands above any other; the payment knows what to do.
                Answer::Came { outcome: outcome @ ProviderOutcome::Succeeded { .. } } => {
                    step.send(Action::Record { operation_id, outcome: outcome.clone() })
                }
                _ => step,
            };
        };
        match answer {
            Answer::Came { outcome } => match outcome {
                ProviderOutcome::Succeeded { .. } | ProviderOutcome::Failed { .. } => {
                    step.send(Action::Record { operation_id, outcome: outcome.clone() })
                }
                ProviderOutcome::ActionRequired { .. } => {
                    let step = match pursued.awaits_customer {
                        true => step,
                        false => step
                            .fact(Fact::AwaitsCustomer { operation_id })
                            .send(Action::Record { operation_id, outcome: outcome.clone() }),
                    };
                    self.postpone(step, operation_id, pursued, Next::LookUp, TimeDelta::zero())
                }
                ProviderOutcome::Pending => self.postpone(step, operation_id, pursued, Next::LookUp, TimeDelta::zero()),
            },
            Answer::Unanswered => {
                let step = match pursued.unknown {
                    true => step,
                    false => {
                        step.fact(Fact::OutcomeUnknown { operation_id }).send(Action::RecordUnknown { operation_id })
                    }
                };
                self.postpone(step, operation_id, pursued, Next::LookUp, TimeDelta::zero())
            }
            Answer::NotSent { retry_after_ms } => {
                let at_least = retry_after_ms.and_then(|ms| TimeDelta::try_milliseconds(i64::try_from(ms).ok()?));
                let at_least = at_least.unwrap_or_default();
                // A look-up that was not sent says nothing of the call before.
                let next = if pursued.unknown { Next::LookUp } else { pursued.next };
                self.postpone(step, operation_id, pursued, next, at_least)
            }
            // It may still be on its way, so that only the same operation again is safe.
            Answer::NotFound => step.send(self.call(operation_id, pursued.kind)),
            Answer::Settled => self.without_timer(step.fact(Fact::Settled { operation_id }), operation_id),
            Answer::Done | Answer::Contradicted { .. } | Answer::Refused { .. } => {
                debug_assert!(false, "no answer to a call: {answer:?}");
                self.postpone(step, operation_id, pursued, Next::LookUp, TimeDelta::zero())
            }
        }
    }

    fn due(&self, timer: &TimerName) -> Step {
        if timer == UNDO {
            return self.undo(Step::new());
        }
        let due = self.state.pursued.iter().find(|(id, _)| *timer == timer_of(**id));
        let Some((&operation_id, pursued)) = due else { return Step::new() };
        let age = self.now - pursued.since;
        if self.state.is_abandoned(operation_id) && age >= CUSTOMER_AWAITED {
            return Step::new().fact(Fact::GaveUp { operation_id });
        }
        let mut step = Step::new();
        // A customer has until the order's payment is overdue.
        if age >= OVERDUE_AFTER && !pursued.overdue && !pursued.awaits_customer {
            step = step.fact(Fact::Overdue { operation_id });
        }
        step.send(match pursued.next {
            Next::Call => self.call(operation_id, pursued.kind),
            Next::LookUp => Action::LookUp { operation_id },
        })
    }

    fn call(&self, operation_id: OperationId, kind: OperationKind) -> Action {
        let captured = self.state.captured.clone().filter(|_| kind == OperationKind::Refund);
        Action::Call { operation_id, captured }
    }

    fn postpone(
        &self,
        step: Step,
        operation_id: OperationId,
        pursued: &PursuedOperation,
        next: Next,
        at_least: TimeDelta,
    ) -> Step {
        let due = self.now + pursued.patience().max(at_least.min(PATIENCE_MAX));
        step.fact(Fact::Postponed { operation_id, next }).arm(timer_of(operation_id), due)
    }

    /// The operation has its outcome.
    fn settled(&self, operation_id: OperationId) -> Step {
        match self.state.pursued.contains_key(&operation_id) {
            true => self.without_timer(Step::new().fact(Fact::Settled { operation_id }), operation_id),
            false => Step::new(),
        }
    }

    fn without_timer(&self, step: Step, operation_id: OperationId) -> Step {
        let timer = timer_of(operation_id);
        if self.open.timers.contains_key(&timer) { step.disarm(timer) } else { step }
    }

    /// The amounts changed.
    fn changed(&self, step: Step, reference: Option<&Reference>) -> Step {
        let step = match reference {
            Some(reference) => self.claim(step, reference),
            None => step,
        };
        let step = match self.open.actions().any(|action| *action == Action::MirrorToOrder) {
            // It may have looked before the change.
            true => step.fact(Fact::MirrorStale),
            false => step.send(Action::MirrorToOrder),
        };
        self.undo_if_owed(step)
    }

    fn claim(&self, step: Step, reference: &Reference) -> Step {
        let claim = Action::ClaimReference { reference: reference.clone() };
        if self.open.actions().any(|action| *action == claim) { step } else { step.send(claim) }
    }

    fn undo_if_owed(&self, step: Step) -> Step {
        if self.state.may_owe() { self.undo(step) } else { step }
    }

    fn undo(&self, step: Step) -> Step {
        match self.open.actions().any(|action| *action == Action::Undo) {
            true => step.fact(Fact::UndoStale),
            false => step.send(Action::Undo),
        }
    }

    fn undo_later(&self, step: Step) -> Step {
        let step = step.fact(Fact::UndoRefused);
        let refused = self.state.undos_refused;
        if usize::try_from(refused).is_ok_and(|refused| refused < UNDO_PATIENCE.len()) {
            step.arm(UNDO, self.now + of_schedule(&UNDO_PATIENCE, refused))
        } else {
            step
        }
    }

    /// Ends the instance for the time being if nothing is left to do, or if somebody must look.
    fn conclude(&self, step: Step) -> Step {
        let after = step.facts.iter().fold(self.state.clone(), State::evolve);
        let alarm = after.alarm();
        if let Some(reason) = alarm.filter(|reason| self.state.alarm() != Some(*reason)) {
            return step.end(alarmed(reason));
        }
        let is_idle = after.pursued.is_empty()
            && step.send.is_empty()
            && self.open.open.is_empty()
            && step.arm.is_empty()
            && self.open.timers.keys().all(|timer| step.disarm.contains(timer));
        match (is_idle, alarm) {
            (false, _) => step,
            (true, Some(reason)) => step.end(alarmed(reason)),
            (true, None) if after.cancelled => step.end(Ending::Compensated),
            (true, None) => step.end(Ending::Completed),
        }
    }
}

impl State {
    /// Why somebody must look, if somebody must.
    fn alarm(&self) -> Option<&'static str> {
        if self.contradicted {
            Some("provider_contradicted")
        } else if usize::try_from(self.undos_refused).is_ok_and(|refused| refused > UNDO_PATIENCE.len()) {
            Some("undo_refused")
        } else {
            self.pursued.values().any(|pursued| pursued.overdue).then_some("outcome_overdue")
        }
    }
}

/// The longest that a provider's wish to be asked later is followed.
const PATIENCE_MAX: TimeDelta = TimeDelta::hours(1);

fn alarmed(reason: &'static str) -> Ending {
    Ending::Alarmed { reason: reason.parse().expect("the codes are references") }
}

/// The timer of an operation.
fn timer_of(operation_id: OperationId) -> TimerName {
    Cow::Owned(format!("operation:{}", operation_id.uuid()))
}
