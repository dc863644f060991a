//! From a request to a consistent view of read models, and from there to an answer that says how fresh it is.

use crate::{
    ReadApi,
    problems::{POSITION_BEYOND_LOG, READ_MODEL_BEHIND, READ_MODEL_REBUILDING},
};
use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::fmt::Display;
use tillroll_http::{After, Page, Problem, ProblemDocument, ProblemKind, headers, schema};
use tillroll_infra::{
    bus::Fingerprint,
    codec::CodecError,
    stream::{Position, StreamId},
};
use tillroll_projections::personal::PersonalCellError;
use tillroll_projections::read::{ReadModelError, Snapshot, WaitError};
use utoipa::{IntoParams, IntoResponses};

/// `Tillroll-Parked: true`: an event of what is shown waits for an operator, so that something is missing.
pub static PARKED: HeaderName = HeaderName::from_static("tillroll-parked");

/// The headers of every read, for the OpenAPI document; [`ReadRequest`] reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what ReadRequest reads")]
pub(crate) struct ReadHeaders {
    /// The position that the read must have passed: what a write answered as `Tillroll-Position`.
    #[param(rename = "Tillroll-After", value_type = schema::Position, inline, required = false)]
    after: Option<u64>,
}

/// The headers of a read of one resource, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what ReadRequest reads")]
pub(crate) struct OneReadHeaders {
    /// The position that the read must have passed: what a write answered as `Tillroll-Position`.
    #[param(rename = "Tillroll-After", value_type = schema::Position, inline, required = false)]
    after: Option<u64>,
    /// The `ETag` of what the client has; answered with 304 if that is still so.
    #[param(rename = "If-None-Match", value_type = schema::EntityTags, inline, required = false)]
    if_none_match: Option<String>,
}

/// What a list may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents what handlers answer")]
pub(crate) enum ListProblems {
    /// The request cannot be read, or `Tillroll-After` lies beyond the log.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not read this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// A value looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    CardNumber(ProblemDocument),
    /// The read model is behind, being rebuilt, or cannot be reached; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What a read of one resource may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents what handlers answer")]
pub(crate) enum OneProblems {
    /// The request cannot be read, or `Tillroll-After` lies beyond the log.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not read this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// There is no such resource.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// The client has it already: `If-None-Match` holds its `ETag`.
    #[response(status = 304)]
    NotModified,
    /// A value looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    CardNumber(ProblemDocument),
    /// The read model is behind, being rebuilt, or cannot be reached; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What the headers of a read ask for.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    after: Option<Position>,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for ReadRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let After(after) = After::from_request_parts(parts, state).await?;
        Ok(Self { after, headers: parts.headers.clone() })
    }
}

impl ReadRequest {
    /// Waits for the position that the client asks for and takes a consistent view of some projections.
    ///
    /// # Errors
    /// 400 beyond the log, 503 behind or while being rebuilt.
    pub(crate) async fn open(self, api: &ReadApi, projections: &[&'static str]) -> Result<View, Problem> {
        if let Some(after) = self.after {
            let waited = api.models.wait_for(projections, after, api.wait_max).await;
            waited.map_err(|error| wait_problem(&error, after))?;
        }
        let snapshot = api.models.snapshot(projections).await.map_err(failed)?;
        let statuses = api.models.statuses();
        let any_parked = statuses.iter().any(|status| status.parked > 0 && projections.contains(&status.name));
        Ok(View { snapshot, headers: self.headers, any_parked })
    }
}

/// A consistent view of some projections, and what the client has already.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) snapshot: Snapshot,
    headers: HeaderMap,
    any_parked: bool,
}

/// A resource with what makes its strong entity tag.
#[derive(Debug)]
pub(crate) struct Tagged<T> {
    pub(crate) tag: String,
    pub(crate) body: T,
}

impl<T: Serialize> Tagged<T> {
    /// A resource that no revision stands for, because the clock or what lies behind a page changes it too.
    pub(crate) fn by_content(body: T) -> Self {
        Self { tag: Fingerprint::of(&body).to_string(), body }
    }
}

impl View {
    /// The versions of the projections, for the tags of composite resources.
    pub(crate) fn versions(&self) -> String {
        self.snapshot.versions().map(|(_, version)| format!("v{version}")).collect::<Vec<_>>().join(".")
    }

    /// A page of a list.
    pub(crate) fn page<T: Serialize>(self, page: Page<T>) -> Response {
        let parked = self.any_parked;
        self.answer(Json(page).into_response(), parked)
    }

    /// A list that says more than [`Page`] does.
    pub(crate) fn list<T: Serialize>(self, list: T) -> Response {
        let parked = self.any_parked;
        self.answer(Json(list).into_response(), parked)
    }

    /// One aggregate, or that there is none.
    ///
    /// # Errors
    /// 404 `missing` if nothing was found.
    pub(crate) async fn one<T: Serialize>(
        mut self,
        stream: (&str, impl Display),
        found: Option<Tagged<T>>,
        missing: &'static ProblemKind,
    ) -> Result<Response, Problem> {
        let (category, id) = stream;
        let stream = StreamId::new(category, &id.to_string());
        let parked = match stream {
            Ok(stream) => self.snapshot.is_parked(&stream).await.map_err(failed)?,
            // What cannot be the name of a stream has no events that could be parked.
            Err(_) => false,
        };
        self.found_or_missing(found, parked, missing)
    }

    /// One resource that several streams make up, or that there is none.
    ///
    /// # Errors
    /// 404 `missing` if nothing was found.
    pub(crate) fn composite<T: Serialize>(
        self,
        found: Option<Tagged<T>>,
        missing: &'static ProblemKind,
    ) -> Result<Response, Problem> {
        let parked = self.any_parked;
        self.found_or_missing(found, parked, missing)
    }

    fn found_or_missing<T: Serialize>(
        self,
        found: Option<Tagged<T>>,
        parked: bool,
        missing: &'static ProblemKind,
    ) -> Result<Response, Problem> {
        let Some(Tagged { tag, body }) = found else {
            let problem = Problem::of(missing).with("parked", parked);
            return Ok(self.answer(problem.into_response(), parked));
        };
        let tag = headers::quoted(&tag);
        let mut response = if headers::none_match(&self.headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Json(body).into_response()
        };
        response.headers_mut().insert(header::ETAG, tag);
        Ok(self.answer(response, parked))
    }

    fn answer(self, mut response: Response, parked: bool) -> Response {
        let headers = response.headers_mut();
        headers.insert(&headers::POSITION, headers::position(self.snapshot.position()));
        if parked {
            headers.insert(&PARKED, HeaderValue::from_static("true"));
        }
        response
    }
}

fn wait_problem(error: &WaitError, after: Position) -> Problem {
    match error {
        WaitError::Behind { at } => Problem::of(&READ_MODEL_BEHIND).with("after", after).with("position", at),
        WaitError::BeyondHead { head } => Problem::of(&POSITION_BEYOND_LOG).with("after", after).with("head", head),
        WaitError::Unknown(_) => broken(error),
        WaitError::Unavailable(_) => {
            tracing::warn!(error = %error, "the position of the event log cannot be read");
            Problem::unavailable("the event log cannot be reached at the moment")
        }
    }
}

/// The problem of a read that failed; the cause goes to the log alone.
#[expect(clippy::needless_pass_by_value, reason = "this is what map_err hands over")]
pub(crate) fn failed(error: ReadModelError) -> Problem {
    match error {
        ReadModelError::Rebuilding { projection } => Problem::of(&READ_MODEL_REBUILDING).with("projection", projection),
        ReadModelError::Personal(PersonalCellError::Sealed(CodecError::Vault(_) | CodecError::KeyMissing { .. })) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the key vault is not available");
            Problem::unavailable("the key vault is not available")
        }
        ReadModelError::Unknown(_) | ReadModelError::Row(_) | ReadModelError::Personal(_) => broken(&error),
        ReadModelError::Store(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the read models cannot be queried");
            Problem::unavailable("the read models cannot be reached at the moment")
        }
    }
}

/// The problem of a read model that holds what this code cannot have written, or that is not there.
pub(crate) fn broken(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "a read model is not what the API expects");
    Problem::internal()
}
