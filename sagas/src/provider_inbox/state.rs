//! What ProviderInbox remembers of a message.

use super::vocabulary::{ProviderInboxFact, StoredMessage};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long to wait before a message that came too early is tried again, by how often it was.
pub const PATIENCE: [TimeDelta; 5] =
    [TimeDelta::seconds(1), TimeDelta::seconds(5), TimeDelta::seconds(30), TimeDelta::minutes(5), TimeDelta::hours(1)];
/// For how long it is tried at least each hour: longer than providers send their messages again. Afterwards once a day.
pub const HOURLY_FOR: TimeDelta = TimeDelta::days(4);
/// How long to wait after that.
pub const DAILY: TimeDelta = TimeDelta::days(1);
/// For how long a message is remembered that belongs to no known payment.
pub const REMEMBERED: TimeDelta = TimeDelta::days(35);

/// What ProviderInbox knows of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderInboxState {
    /// The message and when it came, until it has been brought to its payment.
    pub waiting: Option<WaitingMessage>,
}

/// A message on its way to its payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingMessage {
    /// The message.
    pub message: StoredMessage,
    /// When it came.
    pub since: DateTime<Utc>,
    /// How often it came too early.
    pub postponed: u32,
}

impl WaitingMessage {
    /// How long to wait before it is tried again.
    #[must_use]
    pub fn patience(&self, now: DateTime<Utc>) -> TimeDelta {
        if now - self.since >= HOURLY_FOR {
            return DAILY;
        }
        let times = usize::try_from(self.postponed).unwrap_or(usize::MAX);
        PATIENCE[times.min(PATIENCE.len() - 1)]
    }
}

impl ProviderInboxState {
    pub(super) fn evolve(self, fact: &ProviderInboxFact) -> Self {
        let waiting = match fact {
            ProviderInboxFact::Received { message, at } => {
                Some(WaitingMessage { message: message.clone(), since: *at, postponed: 0 })
            }
            ProviderInboxFact::Postponed => {
                self.waiting.map(|waiting| WaitingMessage { postponed: waiting.postponed.saturating_add(1), ..waiting })
            }
            ProviderInboxFact::Unrelated
            | ProviderInboxFact::Applied { .. }
            | ProviderInboxFact::Contradicted { .. }
            | ProviderInboxFact::GivenUp => None,
        };
        Self { waiting }
    }
}
