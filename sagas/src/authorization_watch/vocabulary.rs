//! What AuthorizationWatch is told, wants done, is answered and learns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{ids::OperationId, text::Note};

/// The settings that its decisions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AuthorizationWatchPolicy {
    /// Whether money that would soon lapse is taken; otherwise it is left to lapse.
    pub capture_expiring: bool,
}

/// What the payment's stream tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AuthorizationNews {
    /// Money was set aside for a time.
    Authorized {
        /// The authorization.
        operation_id: OperationId,
        /// When it lapses.
        expires_at: DateTime<Utc>,
    },
    /// Nothing is set aside any more.
    Over,
}

/// What AuthorizationWatch wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthorizationWatchAction {
    /// Request to capture what the order's goods are worth and what was not captured yet.
    CaptureRest {
        /// The authorization.
        operation_id: OperationId,
    },
    /// Record on the payment that the authorization has lapsed.
    RecordExpired {
        /// The authorization.
        operation_id: OperationId,
    },
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthorizationWatchAnswer {
    /// A capture is requested.
    Requested {
        /// How much, in minor units.
        amount_minor: i64,
    },
    /// There is nothing that could or should be captured.
    NothingToCapture,
    /// The order is not confirmed yet.
    NotConfirmed,
    /// The lapse is recorded.
    Recorded,
    /// A rule refused it: somebody was faster.
    Refused {
        /// Why, in words.
        reason: Note,
    },
}

/// What AuthorizationWatch learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthorizationWatchFact {
    /// An authorization is watched.
    Watching {
        /// The authorization.
        operation_id: OperationId,
        /// When it lapses.
        expires_at: DateTime<Utc>,
    },
    /// An authorization is not watched any more.
    Stopped {
        /// The authorization.
        operation_id: OperationId,
    },
}
