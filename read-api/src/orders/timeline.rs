//! The timeline of an order: everything that happened to it.

use super::access;
use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, failed},
    json::decode,
    paging::Paging,
    problems::ORDER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{aggregate::Aggregate, ids::OrderId, order::Order};
use tillroll_http::{Limit, Page, Path, Principal, Problem, Query, schema};
use tillroll_projections::models::orders::{self, OrderTimelineRow, queries::BY_REVISION};
use utoipa::{IntoParams, ToSchema};

/// Which part of a timeline to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTimeline {
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// Something that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    /// Its place in the order's history, from 0.
    revision: i64,
    /// The event, such as `OrderPlaced`.
    #[serde(rename = "type")]
    event_type: String,
    /// When it took effect.
    occurred_at: DateTime<Utc>,
    /// When the log took it.
    recorded_at: DateTime<Utc>,
    /// Who caused it: a role or process.
    actor: String,
    /// `live`, or `import:` and the import's name.
    origin: String,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// What happened, shortly; the members depend on the type.
    #[schema(value_type = Object)]
    details: serde_json::Map<String, serde_json::Value>,
    /// Its place in the log.
    position: i64,
}

fn entry_json(row: OrderTimelineRow) -> Result<TimelineEntry, Problem> {
    Ok(TimelineEntry {
        revision: row.revision,
        event_type: row.event_type,
        occurred_at: row.occurred_at,
        recorded_at: row.recorded_at,
        actor: row.actor,
        origin: row.origin,
        basis: row.basis,
        details: decode(&row.details)?,
        position: row.position,
    })
}

/// List everything that happened to an order, in the order in which it happened.
#[utoipa::path(get, path = "/api/v1/orders/{id}/timeline", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), ListTimeline, OneReadHeaders), responses(
    (status = 200, description = "Some events; `ETag` is the order's revision and the page", body = Page<TimelineEntry>),
    OneProblems))]
pub(crate) async fn get_order_timeline(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    Query(query): Query<ListTimeline>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let cursor = query.cursor.as_deref();
    let paging = Paging::new::<OrderTimelineRow>("timeline", &id, BY_REVISION, cursor, query.limit)?;
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let Some(order) = access::visible(&mut view, &principal, id).await? else {
        return access::missing::<Page<TimelineEntry>>(view, &principal, id).await;
    };
    let slice =
        orders::timeline(&mut view.snapshot, id, paging.after.as_deref(), paging.limit).await.map_err(failed)?;
    let first = slice.rows.first().map_or(0, |row| row.revision);
    let data = slice.rows.into_iter().map(entry_json).collect::<Result<Vec<_>, _>>()?;
    let tag = format!("{}-{first}-{}", order.revision, data.len());
    let tagged = Tagged { tag, body: paging.page(data, slice.next.as_deref()) };
    view.one((Order::CATEGORY, id.uuid().hyphenated()), Some(tagged), &ORDER_NOT_FOUND).await
}
