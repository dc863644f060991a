//! What an aggregate is: the three functions, the event codec's contract, and the macro that names a family of events.
//!
//! The stores and the command bus are written against these traits and know no aggregate by name.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserializer, Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The facts about time that every decision is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant of the decision by the engine's clock; for imports, the instant at which the fact took effect.
    pub now: DateTime<Utc>,
    /// The store's calendar date at that instant; documents are booked on it.
    pub business_date: NaiveDate,
}

/// Name and schema version of a stored event shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    /// The event's name: a fact in the past tense.
    pub name: &'static str,
    /// The version of its shape that this code writes, from 1.
    pub version: u16,
}

/// A family of events that one aggregate persists.
///
/// `Serialize` writes the payload of the variant alone (never its name), always in the newest shape.
pub trait DomainEvent: Serialize + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Every event type of the family with the version written today.
    const TYPES: &'static [EventType];

    /// The type of this event.
    fn event_type(&self) -> EventType;

    /// Reads a stored payload of any version ever written; older shapes are upcast to the newest.
    ///
    /// # Errors
    /// An unknown name or version, or a payload that does not fit, is reported through the deserializer's error.
    fn decode<'de, D: Deserializer<'de>>(name: &str, version: u16, data: D) -> Result<Self, D::Error>;
}

/// An aggregate: a consistency boundary whose history is one stream of events.
pub trait Aggregate: Debug + Send + Sync + 'static {
    /// The stream category, `[a-z][a-z0-9_]*`.
    const CATEGORY: &'static str;
    /// The version of the state, from 1. States are kept in snapshots, and a snapshot of another version is ignored; so
    /// raise it with every change of what folding a history gives: the state's serialized form, the meaning of one of its
    /// fields, or anything that [`Self::evolve`] or an upcaster does differently.
    const STATE_VERSION: u16;
    /// What decisions need to know about the past, and no more. It serializes so that it can be snapshot.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What can be asked of the aggregate. Its serialized form is what a command's fingerprint digests by default.
    type Command: Clone + Debug + Serialize + Send + Sync + 'static;
    /// What can have happened to it.
    type Event: DomainEvent;
    /// Why a command was refused.
    type Error: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// The state before anything happened.
    fn initial() -> Self::State;

    /// Decides what a command makes happen. No event means there is nothing to do.
    ///
    /// # Errors
    /// The rule that refuses the command. A refusal leaves no trace unless the rule says otherwise.
    fn decide(state: &Self::State, command: &Self::Command, moment: &Moment) -> Result<Vec<Self::Event>, Self::Error>;

    /// Applies one event. Never refuses: the past happened.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// Folds a history from the initial state.
    fn fold<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self::State {
        events.into_iter().fold(Self::initial(), |state, event| Self::evolve(state, event))
    }
}

/// Declares a family of events.
///
/// Each variant is named like its payload struct and like the stored event type. `= N` is the version written today;
/// `, V => OldShape` names the struct that reads version `V`, from which the payload is made with `From`.
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* pub enum $family:ident {
        $($(#[$vmeta:meta])* $variant:ident = $version:literal $(, $old:literal => $old_shape:ty)* ;)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum $family {
            $($(#[$vmeta])* #[doc = concat!("See [`struct@", stringify!($variant), "`].")] $variant($variant),)+
        }

        $(impl From<$variant> for $family {
            fn from(event: $variant) -> Self { Self::$variant(event) }
        })+

        impl $crate::aggregate::DomainEvent for $family {
            const TYPES: &'static [$crate::aggregate::EventType] = &[
                $($crate::aggregate::EventType { name: stringify!($variant), version: $version },)+
            ];

            fn event_type(&self) -> $crate::aggregate::EventType {
                match self {
                    $(Self::$variant(_) => $crate::aggregate::EventType { name: stringify!($variant), version: $version },)+
                }
            }

            fn decode<'de, D: serde::Deserializer<'de>>(name: &str, version: u16, data: D) -> Result<Self, D::Error> {
                match (name, version) {
                    $(
                        (stringify!($variant), $version) => <$variant as serde::Deserialize>::deserialize(data).map(Self::$variant),
                        $((stringify!($variant), $old) => {
                            let old = <$old_shape as serde::Deserialize>::deserialize(data)?;
                            Ok(Self::$variant($variant::from(old)))
                        })*
                    )+
                    _ => Err(serde::de::Error::custom(format_args!(
                        "no {} is named {name} with schema version {version}", stringify!($family)
                    ))),
                }
            }
        }
    };
}
