//! The port to payment providers: what is asked of one, what it can answer, and the registry of those that are connected.
//!
//! Nothing here decides about payments. Who calls a provider has recorded before what it will ask, and records afterwards
//! what became of it.
//!
//! **Invariant:** every request carries our own payment id and operation id; the operation id is the idempotency key, so
//! that asking again changes nothing, and [`PaymentProvider::look_up`] finds what a lost answer left behind.

mod bounded;
pub mod simulator;
mod webhook;

pub use bounded::{BoundedProvider, ProviderLimits};
pub use webhook::{ParsedWebhook, WEBHOOK_BYTES_MAX, WebhookError, WebhookHeaders};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};
use thiserror::Error;
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::Money,
    pricing::QuoteHash,
    text::{ActionUrl, Note, Reference},
};

/// One operation as it is asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRequest {
    /// Our payment; the provider keeps it with whatever it does.
    pub payment_id: PaymentId,
    /// The operation; also the idempotency key.
    pub operation_id: OperationId,
    /// The order that is paid.
    pub order_id: OrderId,
    /// How much, more than zero; for a void, what it sets free by our books.
    pub amount: Money,
    /// What the customer pays with: a token of the provider, never a card number. Needed to authorize.
    pub instrument: Option<Reference>,
    /// The provider's name of the authorization to capture or void.
    pub authorization: Option<Reference>,
    /// The provider's name of the capture to refund.
    pub captured: Option<Reference>,
    /// What the customer agreed to, kept by the provider beside the charge.
    pub quote_hash: Option<QuoteHash>,
}

/// What a provider says of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderOutcome {
    /// It happened.
    Succeeded {
        /// The provider's name of it.
        provider_reference: Reference,
        /// How much; a void answers what was requested, and sets free whatever is left.
        amount: Money,
        /// When an authorization lapses by itself.
        expires_at: Option<DateTime<Utc>>,
    },
    /// The customer must do something first; the outcome follows in a message.
    ActionRequired {
        /// Where the customer does it.
        action_url: ActionUrl,
        /// The provider's name of the operation.
        provider_reference: Reference,
    },
    /// It was refused, and nothing moved.
    Failed {
        /// The provider's code, such as `card_declined`.
        code: Reference,
        /// More about it, possibly empty; nothing personal.
        note: Note,
    },
    /// The provider took it and has not finished; the outcome follows in a message.
    Pending,
}

/// What a provider knows of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It never heard of it. It may still be on its way, so that only asking again under the same id is safe.
    NotFound,
    /// It stands like this.
    Found(ProviderOutcome),
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// It was sent and not answered: it may have happened. Ask with [`PaymentProvider::look_up`]; never guess.
    #[error("the payment provider did not answer: {reason}")]
    Unknown {
        /// For operators.
        reason: String,
    },
    /// It certainly was not carried out: the connection was refused, the provider said "later", or we did not even try.
    #[error("the payment provider was not reached: {reason}")]
    NotSent {
        /// For operators.
        reason: String,
        /// How long to wait at least, where that is known.
        retry_after: Option<Duration>,
    },
}

impl ProviderError {
    /// May have happened.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into() }
    }

    /// Did not happen.
    #[must_use]
    pub fn not_sent(reason: impl Into<String>) -> Self {
        Self::NotSent { reason: reason.into(), retry_after: None }
    }
}

/// What an operation answers.
pub type OperationAnswer = Result<ProviderOutcome, ProviderError>;

/// A payment provider.
///
/// The same operation id is the same operation: asked again, it answers what became of it the first time. An outcome may
/// also come as a message, before or after the answer, several times, and in any order.
pub trait PaymentProvider: Debug + Send + Sync + 'static {
    /// Its name in payments and in the address of its messages.
    fn name(&self) -> &Reference;

    /// True if no money moves.
    fn is_simulated(&self) -> bool;

    /// Sets money aside.
    fn authorize<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer>;

    /// Takes money that was set aside, all of it or a part; the rest stays aside.
    fn capture<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer>;

    /// Sets free what is left of an authorization.
    fn void<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer>;

    /// Gives captured money back, all of it or a part.
    fn refund<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer>;

    /// What became of an operation, found by our own ids alone.
    fn look_up<'a>(
        &'a self,
        payment_id: PaymentId,
        operation_id: OperationId,
    ) -> BoxFuture<'a, Result<LookUp, ProviderError>>;

    /// Verifies and reads a message of the provider; pure.
    ///
    /// # Errors
    /// See [`WebhookError`]. A genuine message about something we do not know is no error: its fact is of kind `other`.
    fn parse_webhook(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ParsedWebhook, WebhookError>;
}

/// The connected providers by name, and which of them new payments go to. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    by_name: Arc<BTreeMap<Reference, Arc<dyn PaymentProvider>>>,
    default: Option<Reference>,
}

impl Providers {
    /// None: nothing can be paid.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One provider, which takes new payments.
    #[must_use]
    pub fn of(provider: Arc<dyn PaymentProvider>) -> Self {
        let default = Some(provider.name().clone());
        Self::none().with(provider).defaulting_to(default)
    }

    /// With a further provider, for its messages and for payments that were begun with it. One of the same name is
    /// replaced.
    #[must_use]
    pub fn with(self, provider: Arc<dyn PaymentProvider>) -> Self {
        let mut by_name = (*self.by_name).clone();
        by_name.insert(provider.name().clone(), provider);
        Self { by_name: Arc::new(by_name), ..self }
    }

    fn defaulting_to(self, default: Option<Reference>) -> Self {
        Self { default, ..self }
    }

    /// The provider of a name.
    #[must_use]
    pub fn get(&self, name: &Reference) -> Option<&Arc<dyn PaymentProvider>> {
        self.by_name.get(name)
    }

    /// The provider that takes new payments.
    #[must_use]
    pub fn default_provider(&self) -> Option<&Arc<dyn PaymentProvider>> {
        self.default.as_ref().and_then(|name| self.get(name))
    }

    /// All providers, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn PaymentProvider>> {
        self.by_name.values()
    }

    /// The names of those with which no money moves.
    pub fn simulated(&self) -> impl Iterator<Item = &Reference> {
        self.iter().filter(|provider| provider.is_simulated()).map(|provider| provider.name())
    }
}
