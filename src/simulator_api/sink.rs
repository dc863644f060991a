//! Brings the simulated provider's messages to the engine: in process, through the very function behind the endpoint for
//! providers' messages, so that they are verified, stored and only then acknowledged like any other's.

use futures::future::{BoxFuture, FutureExt};
use tillroll_command_api::{CommandApi, receive_webhook};
use tillroll_domain::text::Reference;
use tillroll_infra::payments::{WebhookHeaders, simulator::WebhookSink};

/// The engine as the receiver of a provider's messages.
#[derive(Debug)]
pub struct EngineSink {
    api: CommandApi,
    provider: Reference,
}

impl EngineSink {
    /// Receives messages of the provider of this name, which the API must know.
    #[must_use]
    pub const fn new(api: CommandApi, provider: Reference) -> Self {
        Self { api, provider }
    }
}

impl WebhookSink for EngineSink {
    fn deliver<'a>(&'a self, headers: WebhookHeaders, body: Vec<u8>) -> BoxFuture<'a, bool> {
        async move {
            let received = receive_webhook(&self.api, &self.provider, &headers, &body).await;
            if let Err(problem) = &received {
                tracing::warn!(
                    code = problem.code(),
                    "a message of the simulated provider is not taken; it comes again"
                );
            }
            received.is_ok()
        }
        .boxed()
    }
}
