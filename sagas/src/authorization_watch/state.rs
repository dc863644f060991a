//! What AuthorizationWatch remembers.

use super::vocabulary::AuthorizationWatchFact;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::ids::OperationId;

/// What AuthorizationWatch knows of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationWatchState {
    /// The authorizations that are watched, and when each lapses. Several attempts may succeed.
    pub watched: BTreeMap<OperationId, DateTime<Utc>>,
}

impl AuthorizationWatchState {
    pub(super) fn evolve(mut self, fact: &AuthorizationWatchFact) -> Self {
        match fact {
            AuthorizationWatchFact::Watching { operation_id, expires_at } => {
                self.watched.insert(*operation_id, *expires_at);
            }
            AuthorizationWatchFact::Stopped { operation_id } => {
                self.watched.remove(operation_id);
            }
        }
        self
    }
}
