//! What a process manager is: pure functions over its own stream, and the one event that each of its steps appends.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, collections::BTreeMap, fmt::Debug};
use tillroll_domain::{
    aggregate::{DomainEvent, Moment},
    text::Reference,
};
use uuid::Uuid;

/// The name of a timer, unique within one instance of a process.
pub type TimerName = Cow<'static, str>;

/// A process manager. One instance has one stream; its id is the id part of the stream's name.
///
/// It is told what happened, decides what is to be done, and is answered what that came to. It never acts by itself: a
/// worker finds out whom an event concerns, and carries actions out.
pub trait Process: Debug + Send + Sync + 'static {
    /// The category of its streams.
    const CATEGORY: &'static str;
    /// The version of the state, from 1; to be raised as in [`tillroll_domain::aggregate::Aggregate::STATE_VERSION`].
    const STATE_VERSION: u16;
    /// What its decisions need to know, folded from its facts.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What a step has learnt or decided, in the past tense.
    type Fact: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it wants done, in the imperative. Carrying an action out twice must do no more than carrying it out once.
    type Action: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What an action came to; a refusal is an answer too.
    type Answer: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What the log tells it, with the facts that were gathered for it.
    type Trigger: Clone + Debug + PartialEq + Serialize + Send + Sync + 'static;
    /// The settings that its decisions depend on; what must not change later is recorded as a fact.
    type Policy: Clone + Debug + Serialize + Send + Sync + 'static;
    /// The family of its one event, made by [`process_event!`](crate::process_event).
    type Event: DomainEvent + From<AdvancedOf<Self>> + AsRef<AdvancedOf<Self>>;

    /// The state before the first input.
    fn initial() -> Self::State;

    /// Applies one fact. Never refuses.
    fn evolve(state: Self::State, fact: &Self::Fact) -> Self::State;

    /// Decides what follows from an input; `None` if it is nothing to this instance. Answers and timers are consumed even so.
    ///
    /// In `open` the action that is answered, or the timer that is due, is gone already.
    fn decide(
        state: &Self::State,
        open: &Outbox<Self::Action>,
        input: &Input<Self>,
        policy: &Self::Policy,
        moment: &Moment,
    ) -> Option<Step<Self>>;
}

/// The payload of a process's event.
pub type AdvancedOf<P> = Advanced<<P as Process>::Fact, <P as Process>::Action, <P as Process>::Answer>;

/// What reaches an instance.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<P: Process + ?Sized> {
    /// Something happened.
    Told(P::Trigger),
    /// An action was carried out, or refused.
    Answered {
        /// The action.
        action: P::Action,
        /// What it came to.
        answer: P::Answer,
    },
    /// The time of a timer has come.
    Due(TimerName),
}

/// What follows from an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<P: Process + ?Sized> {
    /// What was learnt or decided, in order.
    pub facts: Vec<P::Fact>,
    /// What is to be done, in no particular order: an action that must come after another is sent once that was answered.
    pub send: Vec<P::Action>,
    /// Timers to arm; one of the same name is replaced.
    pub arm: Vec<(TimerName, DateTime<Utc>)>,
    /// Timers to disarm, before the others are armed.
    pub disarm: Vec<TimerName>,
    /// How the instance ends, if it does. It still takes answers, and what it is told.
    pub ending: Option<Ending>,
}

impl<P: Process> Default for Step<P> {
    fn default() -> Self {
        Self { facts: vec![], send: vec![], arm: vec![], disarm: vec![], ending: None }
    }
}

impl<P: Process> Step<P> {
    /// A step in which nothing follows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, fact: P::Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn send(mut self, action: P::Action) -> Self {
        self.send.push(action);
        self
    }

    /// Adds actions.
    #[must_use]
    pub fn send_all(mut self, actions: impl IntoIterator<Item = P::Action>) -> Self {
        self.send.extend(actions);
        self
    }

    /// Arms a timer, or sets it anew.
    #[must_use]
    pub fn arm(mut self, name: impl Into<TimerName>, due: DateTime<Utc>) -> Self {
        self.arm.push((name.into(), due));
        self
    }

    /// Disarms a timer.
    #[must_use]
    pub fn disarm(mut self, name: impl Into<TimerName>) -> Self {
        self.disarm.push(name.into());
        self
    }

    /// Ends the instance.
    #[must_use]
    pub fn end(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Ending {
    /// It reached what it was for.
    Completed,
    /// It could not, and undid what it had done.
    Compensated,
    /// It can neither go on nor back by itself; somebody must look.
    Alarmed {
        /// Why: a stable code.
        reason: Reference,
    },
}

/// What an instance consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Consumed<R> {
    /// An event of the log.
    Told {
        /// Where it stands in the log.
        position: u64,
        /// Its id.
        event_id: Uuid,
    },
    /// What one of its actions came to.
    Answered {
        /// The action's number.
        no: u32,
        /// What it came to.
        answer: R,
    },
    /// A timer whose time had come.
    Due {
        /// The timer.
        timer: TimerName,
    },
}

/// An action with its number, which no other action of the instance has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queued<A> {
    /// The number, from 1.
    pub no: u32,
    /// What is to be done.
    pub action: A,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Armed {
    /// Its name.
    pub timer: TimerName,
    /// When it fires, or later.
    pub due: DateTime<Utc>,
}

/// An instance has advanced by one step: the payload of the one event that each step appends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advanced<F, A, R> {
    /// When, by the clock of the node that decided it.
    pub at: DateTime<Utc>,
    /// What it consumed.
    pub input: Consumed<R>,
    /// What it learnt or decided.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<F>,
    /// What it wants done.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<Queued<A>>,
    /// The timers that it disarmed, before it armed others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disarm: Vec<TimerName>,
    /// The timers that it armed or set anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arm: Vec<Armed>,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// What an instance waits for by itself: actions without an answer, and timers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox<A> {
    /// How many actions it ever sent.
    pub sent: u32,
    /// Actions without an answer, by number.
    #[serde(bound(deserialize = "A: Deserialize<'de>"))]
    pub open: BTreeMap<u32, A>,
    /// Armed timers.
    pub timers: BTreeMap<TimerName, DateTime<Utc>>,
}

impl<A> Default for Outbox<A> {
    fn default() -> Self {
        Self { sent: 0, open: BTreeMap::new(), timers: BTreeMap::new() }
    }
}

impl<A> Outbox<A> {
    /// Whether nothing is open and no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.timers.is_empty()
    }

    /// The open actions.
    pub fn actions(&self) -> impl Iterator<Item = &A> {
        self.open.values()
    }
}

/// Declares the family of a process's one event, `= N` being the version written today.
#[macro_export]
macro_rules! process_event {
    ($(#[$meta:meta])* pub enum $family:ident { $variant:ident = $version:literal $(, $old:literal => $old_shape:ty)* ; } of $process:ty) => {
        /// A step of the process.
        pub type $variant = $crate::process::AdvancedOf<$process>;

        tillroll_domain::events! {
            $(#[$meta])*
            pub enum $family {
                $variant = $version $(, $old => $old_shape)* ;
            }
        }

        impl AsRef<$variant> for $family {
            fn as_ref(&self) -> &$variant {
                match self { Self::$variant(advanced) => advanced }
            }
        }
    };
}
