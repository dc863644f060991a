//! Returns: what customers want to send back, what came of it, and what was decided.
//!
//! Whoever sees an order sees its returns.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    orders::access,
    paging::{Paging, sorts},
    problems::RETURN_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{OrderId, ReturnId},
    returns::status::ReturnStatus,
};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::{
    orders,
    returns::{self, BY_REQUESTED_AT, BY_REQUESTED_AT_DESCENDING, ReturnDetail, ReturnFilter, ReturnRow},
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort returns.
    ReturnSort {
        /// The newest first.
        RequestedAtDescending = "-requested_at" => BY_REQUESTED_AT_DESCENDING,
        /// The oldest first.
        RequestedAt = "requested_at" => BY_REQUESTED_AT,
    }
}

/// The words of how far a return has come.
#[derive(ToSchema)]
#[schema(as = ReturnStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's ReturnStatus is what is read")]
pub(crate) enum ReturnStatusWord {
    Requested,
    Approved,
    Received,
    Resolved,
    Rejected,
    Cancelled,
}

/// Which returns to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReturns {
    /// Only with this status.
    #[param(value_type = ReturnStatusWord, inline, required = false)]
    status: Option<ReturnStatus>,
    /// The order; `-requested_at` by default.
    #[param(inline)]
    sort: Option<ReturnSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// Goods of an order that a customer wants to send back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub(crate) struct ReturnJson {
    #[schema(example = "ret_01980000-0000-7000-8000-000000000000")]
    id: String,
    #[schema(example = "ord_01980000-0000-7000-8000-000000000000")]
    order_id: String,
    /// `requested`, `approved`, `received`, `resolved`, `rejected` or `cancelled`.
    status: String,
    /// What was decided: `refund`, `replacement` or `none`; `null` before.
    outcome: Option<String>,
    /// Why it was rejected or cancelled, or the remarks of the outcome.
    note: Option<String>,
    /// By number.
    lines: Vec<ReturnLineJson>,
    /// Units asked for, on all lines.
    requested: i64,
    /// How many parcels came.
    parcels: i64,
    /// The store's date on which the order was delivered, as far as it was.
    delivered_on: Option<NaiveDate>,
    /// The window that applied, in days after that date.
    window_days: i64,
    /// The last day of the window, where it had begun to close.
    window_ends_on: Option<NaiveDate>,
    /// The store's date of the request.
    business_date: NaiveDate,
    /// When it was requested.
    requested_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// Some units of one line of the order, and what came of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnLine)]
pub(crate) struct ReturnLineJson {
    /// Its number in the order, from 1.
    line: i64,
    #[schema(example = "MUG-BLUE")]
    sku: String,
    /// `damaged`, `defective`, `wrong_item`, `not_as_described`, `too_late`, `unwanted` or `other`.
    reason: String,
    /// Units asked for.
    requested: i64,
    /// Units that came and can be sold again.
    received_resellable: i64,
    /// Units that came and cannot.
    received_damaged: i64,
    /// Units taken back.
    accepted: i64,
    /// Units not taken back.
    refused: i64,
}

impl From<ReturnDetail> for ReturnJson {
    fn from(detail: ReturnDetail) -> Self {
        let ReturnDetail { returned, lines } = detail;
        let lines = lines.into_iter().map(|row| ReturnLineJson {
            line: row.line,
            sku: row.sku,
            reason: row.reason,
            requested: row.requested,
            received_resellable: row.received_resellable,
            received_damaged: row.received_damaged,
            accepted: row.accepted,
            refused: row.refused,
        });
        Self {
            id: returned.return_id,
            order_id: returned.order_id,
            status: returned.status,
            outcome: returned.outcome,
            note: returned.note,
            lines: lines.collect(),
            requested: returned.requested,
            parcels: returned.parcels,
            delivered_on: returned.delivered_on,
            window_days: returned.window_days,
            window_ends_on: returned.window_ends_on,
            business_date: returned.business_date,
            requested_at: returned.requested_at,
            updated_at: returned.updated_at,
            revision: returned.revision,
        }
    }
}

/// List returns of all orders.
#[utoipa::path(get, path = "/api/v1/returns", tag = "returns", params(ListReturns, ReadHeaders), responses(
    (status = 200, description = "Some returns", body = Page<ReturnJson>), ListProblems))]
pub(crate) async fn list_returns(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListReturns>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<ReturnRow>("returns", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter = ReturnFilter { order: None, status: query.status.map(|status| status.as_str().to_owned()) };
    let mut view = request.open(&api, &[returns::NAME]).await?;
    let slice = returns::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(ReturnJson::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// List the returns of an order.
#[utoipa::path(get, path = "/api/v1/orders/{id}/returns", tag = "returns",
    params(("id" = inline(schema::OrderId), Path), ListReturns, OneReadHeaders), responses(
    (status = 200, description = "Some returns", body = Page<ReturnJson>), OneProblems))]
pub(crate) async fn list_order_returns(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    Query(query): Query<ListReturns>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (id, &query);
    let paging = Paging::new::<ReturnRow>("order-returns", &scope, order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[orders::NAME, returns::NAME]).await?;
    if access::visible(&mut view, &principal, id).await?.is_none() {
        return access::missing::<Page<ReturnJson>>(view, &principal, id).await;
    }
    let filter = ReturnFilter { order: Some(id), status: query.status.map(|status| status.as_str().to_owned()) };
    let slice = returns::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data: Vec<_> = slice.rows.into_iter().map(ReturnJson::from).collect();
    let body = paging.page(data, slice.next.as_deref());
    // What comes behind a page changes where it goes on, and no position on it.
    view.composite(Some(Tagged::by_content(body)), &RETURN_NOT_FOUND)
}

/// Read one return.
#[utoipa::path(get, path = "/api/v1/returns/{id}", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), OneReadHeaders),
    responses((status = 200, description = "The return; `ETag` is its revision", body = ReturnJson), OneProblems))]
pub(crate) async fn get_return(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[orders::NAME, returns::NAME]).await?;
    let mut found = returns::get(&mut view.snapshot, id).await.map_err(failed)?;
    if let Some(detail) = &found
        && !principal.may(Permission::ReadOrders)
    {
        let visible = access::sees(&mut view, &principal, &detail.returned.order_id).await?;
        found = found.filter(|_| visible);
    }
    let tagged =
        found.map(|detail| Tagged { tag: detail.returned.revision.to_string(), body: ReturnJson::from(detail) });
    view.composite(tagged, &RETURN_NOT_FOUND)
}
