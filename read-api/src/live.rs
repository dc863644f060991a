//! Live streams of events, as server-sent events: of one cart or order for its owner, and of the whole log for analysts.
//!
//! Each event's `id` is its position in the log; a reader that comes back sends the last one as `Last-Event-ID` and goes on
//! behind it, without gap or repeat. A reader that is slow is waited for: the next events are read from the log when it has
//! taken the last. Streams end when the server is about to stop, and where an event takes from the reader what was granted.
//!
//! **Invariant:** this module alone reads the event log; no list does.

mod feed;
mod place;
mod shown;

pub(crate) use place::Live;

use crate::{
    ReadApi,
    answer::{ReadRequest, broken, failed},
    orders::access::{missing, visible},
    problems::{CART_NOT_FOUND, POSITION_BEYOND_LOG},
};
use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{KeepAlive, Sse},
    },
};
use feed::{LogFeed, StreamFeed};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, CartOwner},
    ids::{CartId, OrderId},
    order::Order,
};
use tillroll_http::{LastEventId, Owner, Path, Permission, Principal, Problem, ProblemDocument, Query, schema};
use tillroll_infra::{
    log::EventLog,
    stream::{Position, StreamId},
};
use tillroll_projections::models::{carts, orders};
use utoipa::{IntoParams, IntoResponses};
use uuid::Uuid;

/// How long a stream is silent at most; then comes a comment, so that nobody between us and the reader gives up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where to begin.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// Begin behind this position; at the first event by default. `Last-Event-ID` goes over it.
    #[param(value_type = schema::Position, inline, required = false)]
    after: Option<u64>,
}

/// The headers of a live stream, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what LastEventId reads")]
pub(crate) struct LiveHeaders {
    /// The `id` of the last event that the reader saw, to go on behind it.
    #[param(rename = "Last-Event-ID", value_type = schema::Position, inline, required = false)]
    last_event_id: Option<u64>,
}

/// The headers of the live stream of one resource, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what LastEventId and ReadRequest read")]
pub(crate) struct OneLiveHeaders {
    /// The `id` of the last event that the reader saw, to go on behind it.
    #[param(rename = "Last-Event-ID", value_type = schema::Position, inline, required = false)]
    last_event_id: Option<u64>,
    /// What the write that created the resource answered as `Tillroll-Position`, if the resource is new.
    #[param(rename = "Tillroll-After", value_type = schema::Position, inline, required = false)]
    tillroll_after: Option<u64>,
}

/// What the stream of the whole log may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents what handlers answer")]
pub(crate) enum LogProblems {
    /// The request cannot be read, or the position lies beyond the log.
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
    /// Too many streams are open, or the log cannot be reached; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What the stream of one resource may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents what handlers answer")]
pub(crate) enum StreamProblems {
    /// The request cannot be read, or the position lies beyond the log.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// There is no such resource, or it is somebody else's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// A value looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    CardNumber(ProblemDocument),
    /// Too many streams are open, or the log or the read model cannot be reached; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// Follow everything that is recorded.
///
/// Server-sent events in the order of the log. The data of each is `{position, stream, revision, id, type,
/// schema_version, recorded_at, metadata, data}`; in `data`, each personal value is `{"$redacted": "<subject>"}`. An event `caught_up` with
/// `{position}` comes once, when everything that was there has been sent. Ends when the server stops; come back with
/// `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/events", tag = "live", params(After, LiveHeaders), responses(
    (status = 200, description = "Events, until one side ends it", body = String, content_type = "text/event-stream"),
    LogProblems))]
pub(crate) async fn stream_log(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(After { after }): Query<After>,
    last: LastEventId,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadEvents)?;
    let place = api.live.enter_kept()?;
    let after = begin(&*api.live.log, after, last).await?;
    Ok(answer(LogFeed::new(&api.live, after, place).into_stream()))
}

/// Follow what happens to an order.
///
/// Server-sent events, the order's own ones in their order. The data of each is `{position, revision, type, recorded_at}`:
/// what has changed is read from the order itself, with `Tillroll-After: <position>`. An event `caught_up` with `{position}`
/// comes once, when everything that was there has been sent. For the customer of the order, the guest with its cart's secret,
/// and roles that read orders. Ends when the server stops; come back with `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/orders/{id}/events", tag = "live",
    params(("id" = inline(schema::OrderId), Path), After, OneLiveHeaders), responses(
    (status = 200, description = "Events, until one side ends it", body = String, content_type = "text/event-stream"),
    StreamProblems))]
pub(crate) async fn stream_order(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    Query(After { after }): Query<After>,
    last: LastEventId,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[orders::NAME]).await?;
    if visible(&mut view, &principal, id).await?.is_none() {
        return missing::<()>(view, &principal, id).await;
    }
    drop(view);
    let stream = stream_of(Order::CATEGORY, id.uuid())?;
    // Whose order it is never changes.
    follow(&api, &principal, stream, (after, last), None).await
}

/// Follow what happens to a cart.
///
/// Server-sent events, the cart's own ones in their order. The data of each is `{position, revision, type, recorded_at}`:
/// what has changed is read from the cart itself, with `Tillroll-After: <position>`. An event `caught_up` with `{position}`
/// comes once, when everything that was there has been sent. For the customer whose cart it is, the guest with its secret,
/// and roles that read carts. Ends when the server stops; come back with `Last-Event-ID`. A guest's ends for good when the
/// cart becomes a customer's.
#[utoipa::path(get, path = "/api/v1/carts/{id}/events", tag = "live",
    params(("id" = inline(schema::CartId), Path), After, OneLiveHeaders), responses(
    (status = 200, description = "Events, until one side ends it", body = String, content_type = "text/event-stream"),
    StreamProblems))]
pub(crate) async fn stream_cart(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    Query(After { after }): Query<After>,
    last: LastEventId,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[carts::NAME]).await?;
    let owner = match carts::owner_of(&mut view.snapshot, id).await.map_err(failed)? {
        Some(CartOwner::Guest) => Owner::Guest(id),
        Some(CartOwner::Customer(customer)) => Owner::Customer(customer),
        None => Owner::Nobody,
    };
    // Nobody's cart is one that is not there, also for those who read all that are.
    if owner == Owner::Nobody || !principal.may_use(owner, Permission::ReadCarts) {
        return view.composite::<()>(None, &CART_NOT_FOUND);
    }
    drop(view);
    let is_by_secret = !principal.may(Permission::ReadCarts) && owner == Owner::Guest(id);
    let stream = stream_of(Cart::CATEGORY, id.uuid())?;
    follow(&api, &principal, stream, (after, last), is_by_secret.then_some(ASSIGNED)).await
}

/// With this, a cart is a customer's, and its secret opens it no more.
const ASSIGNED: &str = "CartAssigned";

fn stream_of(category: &'static str, id: Uuid) -> Result<StreamId, Problem> {
    StreamId::new(category, &id.hyphenated().to_string()).map_err(|error| broken(&error))
}

/// The events of one aggregate, up to the one with which the caller loses sight of it.
async fn follow(
    api: &ReadApi,
    principal: &Principal,
    stream: StreamId,
    (after, last): (Option<u64>, LastEventId),
    lost_with: Option<&'static str>,
) -> Result<Response, Problem> {
    let place = if principal.may(Permission::ReadEvents) { api.live.enter_kept()? } else { api.live.enter(&stream)? };
    let after = begin(&*api.live.log, after, last).await?;
    let feed = StreamFeed::new(&api.live, stream, after, lost_with, place).await;
    Ok(answer(feed.map_err(|error| unavailable(&error))?.into_stream()))
}

/// The position to begin behind, which must not lie beyond the log.
async fn begin(log: &dyn EventLog, after: Option<u64>, last: LastEventId) -> Result<Position, Problem> {
    // Also where the header goes over it.
    if after.is_some_and(|after| i64::try_from(after).is_err()) {
        return Err(Problem::malformed("after is a position, at most 9223372036854775807"));
    }
    let Some(after) = last.0.or(after.map(Position)) else { return Ok(Position::START) };
    let head = log.head().await.map_err(|error| unavailable(&error))?;
    if after > head {
        return Err(Problem::of(&POSITION_BEYOND_LOG).with("after", after).with("head", head));
    }
    Ok(after)
}

fn unavailable(error: &tillroll_infra::log::ReadError) -> Problem {
    tracing::warn!(%error, "the event log cannot be read");
    Problem::unavailable("the event log cannot be reached at the moment")
}

fn answer(events: impl feed::Events) -> Response {
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}
