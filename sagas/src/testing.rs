//! The given/when/then form in which the tests of every process state its rules, and a small process to test the machinery
//! with.
//!
//! ```text
//! Story::<Checkout>::begin(policy).told(began()).sends([place_order()]).answered(&place_order(), placed())…
//! ```
//!
//! Every step also checks what holds for all processes: the same input again changes nothing, folding is deterministic, and
//! states and events survive being stored.

use crate::{
    managed::{Deliver, Instance, Managed},
    process::{AdvancedOf, Consumed, Ending, Outbox, Process, TimerName},
};
use chrono::{DateTime, TimeDelta, Utc};
use tillroll_domain::aggregate::{Aggregate, DomainEvent, Moment};
use uuid::Uuid;

pub(crate) mod errand;

/// Midday of 1 March 2024, booked on that day.
pub(crate) fn noon() -> Moment {
    moment_at(DateTime::from_timestamp(1_709_294_400, 0).unwrap())
}

/// A moment at this time, booked on its day.
pub(crate) fn moment_at(now: DateTime<Utc>) -> Moment {
    Moment { now, business_date: now.date_naive() }
}

/// One instance of a process, from its first input on.
#[derive(Debug)]
pub(crate) struct Story<P: Process> {
    policy: P::Policy,
    moment: Moment,
    position: u64,
    events: Vec<P::Event>,
    instance: Instance<P::State, P::Action>,
    last: Option<AdvancedOf<P>>,
}

impl<P: Process> Story<P> {
    /// Nothing has happened yet; it is noon.
    pub(crate) fn begin(policy: P::Policy) -> Self {
        let instance = Managed::<P>::initial();
        Self { policy, moment: noon(), position: 0, events: vec![], instance, last: None }
    }

    /// Time passes.
    pub(crate) fn after(mut self, time: TimeDelta) -> Self {
        self.moment = moment_at(self.moment.now + time);
        self
    }

    /// It is told something that concerns it, and that begins it if it has not begun.
    #[track_caller]
    pub(crate) fn told(self, trigger: P::Trigger) -> Self {
        self.told_as(trigger, true)
    }

    /// It is told something that does not begin it.
    #[track_caller]
    pub(crate) fn told_later(self, trigger: P::Trigger) -> Self {
        self.told_as(trigger, false)
    }

    #[track_caller]
    fn told_as(mut self, trigger: P::Trigger, starts: bool) -> Self {
        self.position += 1;
        let (position, policy) = (self.position, self.policy.clone());
        let event_id = Uuid::from_u128(u128::from(position));
        self.deliver(&Deliver::Told { trigger, position, event_id, starts, policy })
    }

    /// The oldest open action that is equal to this one is answered.
    #[track_caller]
    pub(crate) fn answered(self, action: &P::Action, answer: P::Answer) -> Self {
        let open = &self.instance.outbox.open;
        let no = open.iter().find(|(_, found)| *found == action).map(|(no, _)| *no);
        let Some(no) = no else { panic!("{action:?} is not open; open are {open:?}") };
        let policy = self.policy.clone();
        self.deliver(&Deliver::Answered { no, answer, policy })
    }

    /// The time of a timer comes, if it has not come before.
    #[track_caller]
    pub(crate) fn due(mut self, timer: impl Into<TimerName>) -> Self {
        let timer = timer.into();
        let timers = &self.instance.outbox.timers;
        let Some(&due) = timers.get(&timer) else { panic!("{timer} is not armed; armed are {timers:?}") };
        self.moment = moment_at(self.moment.now.max(due));
        let policy = self.policy.clone();
        self.deliver(&Deliver::Due { timer, due, policy })
    }

    /// Gives it an input, and the same once more, which must change nothing.
    #[track_caller]
    fn deliver(mut self, input: &Deliver<P::Trigger, P::Answer, P::Policy>) -> Self {
        let Ok(events) = Managed::<P>::decide(&self.instance, input, &self.moment);
        assert!(events.len() <= 1, "one input is one append");
        self.last = events.first().map(|event| event.as_ref().clone());
        for event in &events {
            let stored = serde_json::to_string(event).unwrap();
            let event_type = event.event_type();
            let mut json = serde_json::Deserializer::from_str(&stored);
            let read = P::Event::decode(event_type.name, event_type.version, &mut json).unwrap();
            assert_eq!(read, *event, "the event survives being stored");
            self.instance = Managed::<P>::evolve(self.instance, event);
        }
        self.events.extend(events);
        assert_eq!(Managed::<P>::fold(&self.events), self.instance, "folding is deterministic");
        let stored = serde_json::to_string(&self.instance).unwrap();
        let read: Instance<P::State, P::Action> = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, self.instance, "the state survives being stored");
        let Ok(again) = Managed::<P>::decide(&self.instance, input, &self.moment);
        let is_rearmed = matches!(input, Deliver::Due { timer, due, .. }
            if self.instance.outbox.timers.get(timer) == Some(due));
        assert!(again.is_empty() || is_rearmed, "the same input again changes nothing, not {again:?}");
        self
    }

    /// The last input was nothing to it.
    #[track_caller]
    pub(crate) fn nothing(self) -> Self {
        assert_eq!(self.last, None, "it was to be nothing to it");
        self
    }

    #[track_caller]
    fn last(&self) -> &AdvancedOf<P> {
        self.last.as_ref().expect("the last input was something to it")
    }

    /// In the last step it learnt or decided exactly this.
    #[track_caller]
    pub(crate) fn notes(self, facts: impl IntoIterator<Item = P::Fact>) -> Self {
        assert_eq!(self.last().facts, facts.into_iter().collect::<Vec<_>>());
        self
    }

    /// In the last step it sent exactly this, in this order.
    #[track_caller]
    pub(crate) fn sends(self, actions: impl IntoIterator<Item = P::Action>) -> Self {
        let sent: Vec<P::Action> = self.last().send.iter().map(|queued| queued.action.clone()).collect();
        assert_eq!(sent, actions.into_iter().collect::<Vec<_>>());
        self
    }

    /// Exactly these timers are armed.
    #[track_caller]
    pub(crate) fn waits_for<T: Into<TimerName>>(self, timers: impl IntoIterator<Item = (T, DateTime<Utc>)>) -> Self {
        let timers = timers.into_iter().map(|(name, due)| (name.into(), due)).collect();
        assert_eq!(self.instance.outbox.timers, timers);
        self
    }

    /// Exactly these actions are open, in the order in which they were sent.
    #[track_caller]
    pub(crate) fn has_open(self, actions: impl IntoIterator<Item = P::Action>) -> Self {
        let open: Vec<P::Action> = self.instance.outbox.actions().cloned().collect();
        assert_eq!(open, actions.into_iter().collect::<Vec<_>>());
        self
    }

    /// It ended in the last step, in this way.
    #[track_caller]
    pub(crate) fn ends(self, ending: &Ending) -> Self {
        assert_eq!(self.last().ending.as_ref(), Some(ending));
        self
    }

    /// It did not end in the last step.
    #[track_caller]
    pub(crate) fn goes_on(self) -> Self {
        assert_eq!(self.last.as_ref().and_then(|last| last.ending.as_ref()), None);
        self
    }

    /// It has nothing to do and waits for no time.
    #[track_caller]
    pub(crate) fn leaves_nothing(self) -> Self {
        assert!(self.instance.outbox.is_empty(), "{:?} is left over", self.instance.outbox);
        self
    }

    /// What it is at.
    pub(crate) fn open(&self) -> &Outbox<P::Action> {
        &self.instance.outbox
    }

    /// How it ended, if it did.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.instance.ending.as_ref()
    }

    /// What an input would make happen now.
    pub(crate) fn decide(&self, input: &Deliver<P::Trigger, P::Answer, P::Policy>) -> Vec<P::Event> {
        let Ok(events) = Managed::<P>::decide(&self.instance, input, &self.moment);
        events
    }

    /// The whole state.
    pub(crate) fn instance(&self) -> &Instance<P::State, P::Action> {
        &self.instance
    }

    /// Now.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.moment.now
    }

    /// Everything that it ever sent, in order.
    pub(crate) fn sent(&self) -> Vec<P::Action> {
        let queued = self.events.iter().flat_map(|event| &event.as_ref().send);
        queued.map(|queued| queued.action.clone()).collect()
    }

    /// What it consumed, in order.
    pub(crate) fn consumed(&self) -> Vec<Consumed<P::Answer>> {
        self.events.iter().map(|event| event.as_ref().input.clone()).collect()
    }
}
