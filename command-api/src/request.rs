//! A write request: its body, its preconditions, and the ids that follow from its idempotency key.
//!
//! A key is remembered by the streams it touched, in the metadata of their events; there is no table of keys. So a key
//! belongs to a resource: the same key on two resources is two requests. Ids of what a keyed request creates are derived
//! from the key, so that a repeated create finds its own stream.

use crate::CommandApi;
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::HeaderMap,
};
use serde::de::DeserializeOwned;
use tillroll_domain::ids::CommandId;
use tillroll_http::{IdempotencyKey, IfMatch, Principal, Problem, RequestId, extract::RawBody, schema};
use tillroll_infra::{
    bus::{CommandContext, Fingerprint, context::derived_uuid},
    stream::Revision,
};
use utoipa::IntoParams;
use uuid::Uuid;

/// The headers that every write takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only documents the headers, which extractors read")]
pub(crate) struct WriteHeaders {
    /// A quoted string of 1 to 255 characters, such as `"8e03978e"`, that names the request. The same key with the same
    /// body is answered as the first time; with another body it is refused (422). A key is remembered for the newest
    /// 1,024 commands of the resource, and by no other resource. Refusals are not remembered.
    #[param(rename = "Idempotency-Key", value_type = schema::Key, inline, required = false)]
    idempotency_key: Option<String>,
    /// Carry it out only if the resource stands at this revision, such as `"7"`; otherwise 412. The
    /// `ETag` of a read does, too: what follows the revision in it does not count.
    #[param(rename = "If-Match", value_type = schema::RevisionTag, inline, required = false)]
    if_match: Option<String>,
    /// Answer when every read model shows what was written, but wait no longer than these seconds, nor than ten;
    /// `Preference-Applied` says that they do.
    #[param(rename = "Prefer", value_type = schema::Preference, inline, required = false)]
    prefer: Option<String>,
}

/// The headers of a write that needs a key.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only documents the headers, which extractors read")]
pub(crate) struct KeyedWriteHeaders {
    /// A quoted string of 1 to 255 characters, such as `"8e03978e"`, that names the request, and without which it is
    /// refused (400). The same key with the same body is answered as the first time, and completes what the first time
    /// left undone; with another body it is refused (422). A key is remembered for the newest 1,024 commands of the
    /// resource, and by no other resource. Refusals are not remembered.
    #[param(rename = "Idempotency-Key", value_type = schema::Key, inline)]
    idempotency_key: String,
    /// Carry it out only if the resource stands at this revision, such as `"7"`; otherwise 412. The
    /// `ETag` of a read does, too: what follows the revision in it does not count.
    #[param(rename = "If-Match", value_type = schema::RevisionTag, inline, required = false)]
    if_match: Option<String>,
    /// Answer when every read model shows what was written, but wait no longer than these seconds, nor than ten;
    /// `Preference-Applied` says that they do.
    #[param(rename = "Prefer", value_type = schema::Preference, inline, required = false)]
    prefer: Option<String>,
}

/// A write that was read off the wire and not yet authorized.
#[derive(Debug)]
pub(crate) struct WriteRequest {
    raw: RawBody,
    fingerprint: Fingerprint,
    path: String,
    key: Option<String>,
    if_revision: Option<Revision>,
    request_id: RequestId,
    traceparent: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for WriteRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(&mut parts, state).await?;
        let IfMatch(if_revision) = IfMatch::from_request_parts(&mut parts, state).await?;
        let Ok(request_id) = RequestId::from_request_parts(&mut parts, state).await;
        let traceparent = traceparent(&parts.headers);
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let raw = RawBody::from_request(Request::from_parts(parts, body), state).await?;
        // Neither a method nor a path holds a zero byte, so that no two requests share a digest's input.
        //
        // The digest is stored in the clear and outlives an erasure, so that a guess at a short body could be confirmed with
        // it for ever. Requests with personal data are therefore told apart by their commands: see `Write::personal`.
        let mut content = format!("{method}\0{path}\0").into_bytes();
        content.extend_from_slice(&raw.bytes);
        let fingerprint = Fingerprint::of_bytes(&content);
        Ok(Self { fingerprint, raw, path, key, if_revision, request_id, traceparent })
    }
}

/// The trace context of the caller (W3C Trace Context level 1, version 00); malformed ones are ignored, as it demands.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut fields = text.split('-');
    let hex = |field: Option<&str>, digits: usize| {
        field
            .is_some_and(|field| field.len() == digits && field.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    };
    let well_formed = fields.next() == Some("00")
        && hex(fields.next(), 32)
        && hex(fields.next(), 16)
        && hex(fields.next(), 2)
        && fields.next().is_none();
    well_formed.then(|| text.to_owned())
}

impl WriteRequest {
    /// The body.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.raw.json()
    }

    /// The body of an intent that has none: nothing, or an empty object.
    pub(crate) fn no_body(&self) -> Result<(), Problem> {
        match self.raw.bytes.trim_ascii() {
            b"" | b"{}" => Ok(()),
            _ => Err(Problem::malformed("this request has no body")),
        }
    }

    /// Refuses a request without an idempotency key.
    pub(crate) fn require_key(&self) -> Result<(), Problem> {
        IdempotencyKey(self.key.clone()).required().map(drop)
    }

    /// The write, with the ids that follow from its key, or new ones.
    pub(crate) fn begin(self, api: &CommandApi, principal: &Principal) -> Write {
        let scope = principal.key_scope();
        let derived =
            self.key.map(|key| derived_uuid("tillroll:idempotency-key", &format!("{}/{scope}/{key}", api.tenant)));
        Write {
            keyed: derived.is_some(),
            id: derived.unwrap_or_else(|| api.bus.ambient().ids.next()),
            path: self.path,
            tenant: api.tenant.clone(),
            actor: principal.actor(),
            fingerprint: self.fingerprint,
            if_revision: self.if_revision,
            correlation_id: Some(self.request_id.to_string()).filter(|id| !id.is_empty()),
            traceparent: self.traceparent,
        }
    }
}

/// A write that is being carried out.
#[derive(Debug)]
pub(crate) struct Write {
    id: Uuid,
    keyed: bool,
    path: String,
    pub(crate) tenant: String,
    actor: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) if_revision: Option<Revision>,
    correlation_id: Option<String>,
    traceparent: Option<String>,
}

impl Write {
    /// The id of its first command. All operations of one resource share it, so that a key that comes back on another
    /// operation is noticed.
    pub(crate) fn command_id(&self) -> CommandId {
        CommandId::new(self.id)
    }

    /// The context of its first command, which alone is subject to `If-Match`.
    pub(crate) fn first(&self) -> CommandContext {
        CommandContext { if_revision: self.if_revision, ..self.context(self.id) }
    }

    /// The context of the first command of a request that brings personal data: without the digest of the request's bytes,
    /// so that the bus digests the command, in which that data stands as
    /// [`Personal`](tillroll_domain::personal::Personal), with a key that is destroyed when the person is erased.
    ///
    /// So the command must follow from the request alone (ids from [`Self::new_id`]), its subject's id included; facts that
    /// were gathered for it would make a retry look like another request.
    pub(crate) fn personal(&self) -> CommandContext {
        CommandContext { fingerprint: None, ..self.first() }
    }

    /// The context of a further command, named uniquely within the request.
    pub(crate) fn step(&self, name: &str) -> CommandContext {
        self.context(derived_uuid("tillroll:step", &format!("{}/{name}", self.id)))
    }

    fn context(&self, command_id: Uuid) -> CommandContext {
        CommandContext {
            tenant: self.tenant.clone(),
            fingerprint: Some(self.fingerprint),
            correlation_id: self.correlation_id.clone(),
            traceparent: self.traceparent.clone(),
            ..CommandContext::live(CommandId::new(command_id), &self.actor)
        }
    }

    /// The id of something the request creates: always the same under a key at one address, new without a key.
    ///
    /// The address is a part of it because a key belongs to a resource: a key that comes to two orders makes two
    /// shipments. What creates a resource has the address of its collection, which is always the same.
    pub(crate) fn new_id(&self, api: &CommandApi, what: &str) -> Uuid {
        if self.keyed {
            derived_uuid("tillroll:created", &format!("{}/{what}{}", self.id, self.path))
        } else {
            api.bus.ambient().ids.next()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_context_is_kept() {
        let read = |text: &'static str| {
            traceparent(&HeaderMap::from_iter([("traceparent".parse().unwrap(), text.parse().unwrap())]))
        };
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(read(good).as_deref(), Some(good));
        for bad in [
            "",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
