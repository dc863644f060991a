//! The given/when/then form in which the tests of every aggregate state its rules.
//!
//! ```text
//! given::<Order>([placed(), confirmed()]).when(OrderCommand::Confirm).then_nothing();
//! ```
//!
//! Every step also checks what holds for all aggregates: folding is deterministic, a state survives being stored, and
//! so does every event.

use crate::aggregate::{Aggregate, DomainEvent, Moment};
use chrono::{DateTime, NaiveDate};

/// Midday of 1 March 2024, booked on that day.
pub(crate) fn moment() -> Moment {
    Moment {
        now: DateTime::from_timestamp(1_709_294_400, 0).unwrap(),
        business_date: NaiveDate::from_ymd_opt(2024, 3, 1).unwrap(),
    }
}

/// Starts from a history.
pub(crate) fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given { history: history.into_iter().collect(), moment: moment() }
}

/// A history, before anything is asked.
#[derive(Debug)]
pub(crate) struct Given<A: Aggregate> {
    history: Vec<A::Event>,
    moment: Moment,
}

impl<A: Aggregate> Given<A> {
    /// Asks at another moment than [`moment`].
    pub(crate) fn at(self, moment: Moment) -> Self {
        Self { moment, ..self }
    }

    /// Adds the events of a command that must not be refused to the history.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "tests build the command in place")]
    pub(crate) fn and(mut self, command: A::Command) -> Self {
        match decide::<A>(&self.history, &command, &self.moment) {
            Ok(events) => self.history.extend(events),
            Err(refusal) => panic!("{command:?} must be possible here but was refused: {refusal}"),
        }
        self
    }

    /// Adds events to the history, whether or not a command could have made them here.
    pub(crate) fn and_happened(mut self, events: impl IntoIterator<Item = A::Event>) -> Self {
        self.history.extend(events);
        self
    }

    /// Asks.
    #[track_caller]
    pub(crate) fn when(self, command: A::Command) -> When<A> {
        let answer = decide::<A>(&self.history, &command, &self.moment);
        When { history: self.history, command, answer }
    }

    /// The state that the history leads to.
    pub(crate) fn state(&self) -> A::State {
        A::fold(&self.history)
    }
}

/// The answer to a command.
#[derive(Debug)]
pub(crate) struct When<A: Aggregate> {
    history: Vec<A::Event>,
    command: A::Command,
    answer: Result<Vec<A::Event>, A::Error>,
}

impl<A: Aggregate> When<A> {
    /// Exactly these events happen.
    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = A::Event>) {
        let expected: Vec<A::Event> = expected.into_iter().collect();
        match self.answer {
            Ok(events) => assert_eq!(events, expected, "the events of {:?}", self.command),
            Err(refusal) => panic!("{:?} was refused: {refusal}", self.command),
        }
    }

    /// The command is refused for exactly this reason.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "tests build the refusal in place")]
    pub(crate) fn then_refused(self, expected: A::Error) {
        match self.answer {
            Ok(events) => panic!("{:?} must be refused, but {events:?} happened", self.command),
            Err(refusal) => assert_eq!(refusal, expected, "the refusal of {:?}", self.command),
        }
    }

    /// There is nothing to do.
    #[track_caller]
    pub(crate) fn then_nothing(self) {
        self.then([]);
    }

    /// The state after the command, which must not be refused.
    #[track_caller]
    pub(crate) fn then_state(self) -> A::State {
        match self.answer {
            Ok(events) => A::fold(self.history.iter().chain(&events)),
            Err(refusal) => panic!("{:?} was refused: {refusal}", self.command),
        }
    }
}

/// Folds, decides, and checks what holds for every aggregate.
#[track_caller]
pub(crate) fn decide<A: Aggregate>(
    history: &[A::Event],
    command: &A::Command,
    moment: &Moment,
) -> Result<Vec<A::Event>, A::Error> {
    let state = A::fold(history);
    assert_survives_storage::<A>(&state);
    assert_eq!(state, A::fold(history), "folding the same history twice must lead to the same state");
    let answer = A::decide(&state, command, moment);
    assert_eq!(answer, A::decide(&state, command, moment), "the same state and command must get the same answer");
    if let Ok(events) = &answer {
        events.iter().for_each(assert_event_survives_storage);
        assert_survives_storage::<A>(&A::fold(history.iter().chain(events)));
    }
    answer
}

/// A state read back from its stored form is the same, and decides the same.
#[track_caller]
pub(crate) fn assert_survives_storage<A: Aggregate>(state: &A::State) {
    let stored = serde_json::to_string(state).expect("a state can be stored");
    let read: A::State = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
    assert_eq!(&read, state, "a state must survive being stored");
}

#[track_caller]
fn assert_event_survives_storage<E: DomainEvent>(event: &E) {
    let stored = serde_json::to_string(event).expect("an event can be stored");
    let event_type = event.event_type();
    let mut deserializer = serde_json::Deserializer::from_str(&stored);
    let read = E::decode(event_type.name, event_type.version, &mut deserializer)
        .unwrap_or_else(|error| panic!("{event_type:?} {stored}: {error}"));
    assert_eq!(&read, event, "an event must survive being stored");
}
