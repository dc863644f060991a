//! Processes: each input is consumed once, each action sent once and answered once.

use super::{Violation, ensure};
use crate::reached::{Reached, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeMap;
use tillroll_infra::event::RecordedEvent;

/// All instances, by category and id.
#[derive(Debug, Default)]
pub struct Processes(BTreeMap<(String, String), Instance>);

/// One instance, as its events tell.
#[derive(Debug, Default)]
pub struct Instance {
    /// The position of the last event that it was told.
    told: u64,
    /// How many actions it sent.
    sent: u32,
    /// What it wants done and was not answered, by number: the action's kind.
    pub open: BTreeMap<u32, String>,
    /// What it waits for.
    pub timers: BTreeMap<String, DateTime<Utc>>,
    /// How it ended.
    pub ending: Option<String>,
    /// Why somebody must look.
    pub alarm: Option<String>,
}

#[derive(Deserialize)]
struct Step {
    input: Input,
    #[serde(default)]
    send: Vec<Sent>,
    #[serde(default)]
    disarm: Vec<String>,
    #[serde(default)]
    arm: Vec<Armed>,
    ending: Option<Ending>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum Input {
    Told { position: u64 },
    Answered { no: u32, answer: Action },
    Due { timer: String },
}

#[derive(Deserialize)]
struct Sent {
    no: u32,
    action: Action,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Action {
    Kind { kind: String },
    Name(String),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Armed {
    timer: String,
    due: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Ending {
    kind: String,
    reason: Option<String>,
}

impl Processes {
    /// All instances: category, id, instance.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &Instance)> {
        self.0.iter().map(|((category, id), instance)| (category.as_str(), id.as_str(), instance))
    }

    /// The instance of a process.
    #[must_use]
    pub fn instance(&self, category: &str, id: &str) -> Option<&Instance> {
        self.0.get(&(category.to_owned(), id.to_owned()))
    }

    /// Looks at a step; how the instance ends by it, if it does.
    pub(super) fn see(
        &mut self,
        category: &str,
        event: &RecordedEvent,
        reached: &Reached,
    ) -> Result<Option<String>, Violation> {
        let id = event.stream.id();
        let step: Step = serde_json::from_str(&event.data).map_err(|error| {
            Violation::new("decoding", format!("{} at {}: {error}", event.event_type, event.position))
        })?;
        let instance = self.0.entry((category.to_owned(), id.to_owned())).or_default();
        let place = || format!("{category}-{id} at {}", event.position);
        match step.input {
            Input::Told { position } => {
                ensure(position > instance.told, "I7 told once", || {
                    format!("{}: told of {position} after {}", place(), instance.told)
                })?;
                instance.told = position;
            }
            Input::Answered { no, answer } => {
                if category == "checkout" && matches!(&answer, Action::Kind { kind } if kind == "paid") {
                    reached.at(State::PaymentAtDeadline);
                }
                let was_open = instance.open.remove(&no).is_some();
                ensure(was_open, "I7 answered once", || format!("{}: action {no} was not open", place()))?;
            }
            Input::Due { timer } => {
                let was_armed = instance.timers.remove(&timer).is_some();
                ensure(was_armed, "I7 fired once", || format!("{}: timer {timer} was not armed", place()))?;
            }
        }
        for timer in &step.disarm {
            instance.timers.remove(timer);
        }
        if category == "provider_inbox" && !step.arm.is_empty() {
            reached.at(State::MessageBeforeReference);
        }
        for Armed { timer, due } in step.arm {
            instance.timers.insert(timer, due);
        }
        for Sent { no, action } in step.send {
            ensure(no == instance.sent + 1, "I7 numbered", || {
                format!("{}: action {no} follows {}", place(), instance.sent)
            })?;
            instance.sent = no;
            let kind = match action {
                Action::Kind { kind } => kind,
                Action::Name(name) => name,
                Action::Other(_) => "?".to_owned(),
            };
            instance.open.insert(no, kind);
        }
        if let Some(ending) = step.ending {
            instance.alarm = (ending.kind == "alarmed").then(|| ending.reason.unwrap_or_default());
            instance.ending = Some(ending.kind.clone());
            return Ok(Some(ending.kind));
        }
        Ok(None)
    }
}
