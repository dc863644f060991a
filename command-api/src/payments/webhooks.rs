//! Messages that payment providers send by themselves. They are proven, stored word for word, and only then answered for;
//! what they mean for a payment is found out later.
//!
//! **Invariant:** a message is durable before it is answered with 200.
//! **Invariant:** what is not proven to come from the provider leaves no trace.

use crate::{
    CommandApi,
    problems::WEBHOOK_NOT_AUTHENTIC,
    refusal::{Refusal, problem_of},
};
use axum::{Json, extract::State, http::HeaderMap};
use serde::Serialize;
use std::convert::Infallible;
use tillroll_domain::{
    ids::{CommandId, ProviderMessageId},
    provider_message::{ProviderMessage, RawMessage, commands::ProviderMessageCommand, sealed},
    text::Reference,
};
use tillroll_http::{Path, Problem, ProblemDocument, extract::RawBody, schema};
use tillroll_infra::{
    bus::{CommandContext, Fingerprint, context::derived_uuid},
    payments::{WebhookError, WebhookHeaders},
};
use utoipa::{IntoResponses, ToSchema};

/// A message that is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedMessage {
    /// Under which id; the same message has the same one however often it comes.
    #[schema(value_type = String, example = "pvm_01980000-0000-5000-8000-000000000000")]
    id: ProviderMessageId,
}

/// What a message may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum WebhookRefusals {
    /// The request or the message cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// Nothing proves that the provider sent it.
    #[response(status = 401, content_type = "application/problem+json")]
    NotAuthentic(ProblemDocument),
    /// There is no such provider.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// The body is larger than 64 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// A value of the address looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    CardNumber(ProblemDocument),
    /// The server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// Not now; send it again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

impl Refusal for Infallible {
    fn problem(&self) -> Problem {
        match *self {}
    }
}

/// Take a message of a payment provider.
///
/// Providers send it, signed in their own way, and send it again until it is answered with 200, which says that it is stored.
/// No key is needed; the signature is what counts.
#[utoipa::path(post, path = "/api/v1/payment-webhooks/{provider}", tag = "payments", security(()),
    params(("provider" = inline(schema::Reference), Path)),
    request_body(content = Object, content_type = "application/json", description = "As the provider makes it"),
    responses((status = 200, description = "Stored, now or before", body = ReceivedMessage), WebhookRefusals))]
pub(crate) async fn receive_payment_webhook(
    State(api): State<CommandApi>,
    Path(provider): Path<Reference>,
    sent: HeaderMap,
    body: RawBody,
) -> Result<Json<ReceivedMessage>, Problem> {
    let readable = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
    };
    let headers: WebhookHeaders = sent.iter().filter_map(readable).collect();
    receive_webhook(&api, &provider, &headers, &body.bytes).await.map(Json)
}

/// Takes a message of a provider; when this succeeds, the message is durable. The same message again is the same success.
///
/// # Errors
/// 404 for a provider that is not connected, 401 for what is not proven to come from it, 400 for what cannot be read, 413 for
/// what is too long, 503 where it should be sent again.
pub async fn receive_webhook(
    api: &CommandApi,
    provider: &Reference,
    headers: &WebhookHeaders,
    body: &[u8],
) -> Result<ReceivedMessage, Problem> {
    let port = api.payments.get(provider).ok_or_else(|| Problem::not_found("such payment provider"))?;
    let now = api.bus.ambient().clock.now();
    let parsed = port.parse_webhook(headers, body, now).map_err(|error| refused(provider, &error))?;
    let text = std::str::from_utf8(body).map_err(|_| Problem::malformed("the message is not text"))?;
    let raw: RawMessage = text.parse().map_err(|_| Problem::of(&tillroll_http::problem::registry::BODY_TOO_LARGE))?;
    let name = format!("{}/{provider}/{}", api.tenant, parsed.message_id);
    let id = ProviderMessageId::new(derived_uuid("tillroll:provider-message", &name));
    let command = ProviderMessageCommand::Receive {
        provider: provider.clone(),
        message_id: parsed.message_id,
        raw: sealed(id, raw),
        fact: parsed.fact,
        signed_at: parsed.signed_at,
    };
    // Every delivery of a message is the same command, although each may be signed anew: the first one stands.
    let context = CommandContext {
        tenant: api.tenant.clone(),
        fingerprint: Some(Fingerprint::of_bytes(id.uuid().as_bytes())),
        ..CommandContext::live(CommandId::new(id.uuid()), format!("provider:{provider}"))
    };
    let executed = api.bus.execute::<ProviderMessage>(&id.uuid().to_string(), command, context).await;
    executed.map_err(problem_of)?;
    Ok(ReceivedMessage { id })
}

/// Why a message is not taken. What cannot be read although it is proven is told to operators: the provider speaks in a way
/// that we do not understand.
fn refused(provider: &Reference, error: &WebhookError) -> Problem {
    if error.is_unproven() {
        return Problem::of(&WEBHOOK_NOT_AUTHENTIC).detail(error.to_string());
    }
    tracing::error!(%provider, %error, "a payment provider's message cannot be read");
    Problem::malformed("the message cannot be read")
}
