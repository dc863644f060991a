//! Shipments: what leaves together, how far it has come, and its numbers at the carrier.
//!
//! Whoever sees an order sees its shipments.

use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, failed},
    orders::access,
    paging::{Paging, sorts},
    problems::SHIPMENT_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::ids::{OrderId, ShipmentId};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::{
    orders,
    shipments::{self, BY_CREATED_AT, BY_CREATED_AT_DESCENDING, ShipmentDetail, ShipmentFilter, ShipmentRow},
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort shipments.
    ShipmentSort {
        /// The newest first.
        CreatedAtDescending = "-created_at" => BY_CREATED_AT_DESCENDING,
        /// The oldest first.
        CreatedAt = "created_at" => BY_CREATED_AT,
    }
}

/// Which shipments of an order to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListShipments {
    /// The order; `-created_at` by default.
    #[param(inline)]
    sort: Option<ShipmentSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// Goods of an order that leave together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub(crate) struct ShipmentJson {
    #[schema(example = "shp_01980000-0000-7000-8000-000000000000")]
    id: String,
    #[schema(example = "ord_01980000-0000-7000-8000-000000000000")]
    order_id: String,
    /// Where the goods are, or were.
    #[schema(example = "main")]
    location: String,
    /// `created`, `packed`, `shipped`, `lost`, `delivered` or `cancelled`.
    status: String,
    /// Who carries it, where that is known.
    carrier: Option<String>,
    /// Its numbers at the carrier, in the order in which they became known.
    tracking: Vec<TrackingJson>,
    /// By number.
    lines: Vec<ShipmentLineJson>,
    /// Units of all lines.
    quantity: i64,
    /// When it was planned.
    created_at: DateTime<Utc>,
    /// When it was packed.
    packed_at: Option<DateTime<Utc>>,
    /// When it left.
    shipped_at: Option<DateTime<Utc>>,
    /// The store's date on which it left.
    shipped_on: Option<NaiveDate>,
    /// When it was reported lost.
    lost_at: Option<DateTime<Utc>>,
    /// When it arrived.
    delivered_at: Option<DateTime<Utc>>,
    /// The store's date on which it arrived.
    delivered_on: Option<NaiveDate>,
    /// When it was given up.
    cancelled_at: Option<DateTime<Utc>>,
    /// Why it was given up, or what is known of its loss.
    note: Option<String>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// A parcel's number at its carrier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tracking)]
pub(crate) struct TrackingJson {
    #[schema(example = "JD014600003SE")]
    number: String,
    /// A page that follows the parcel.
    url: Option<String>,
}

/// Some units of one line of the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShipmentLine)]
pub(crate) struct ShipmentLineJson {
    /// Its number in the order, from 1.
    line: i64,
    #[schema(example = "MUG-BLUE")]
    sku: String,
    quantity: i64,
}

impl From<ShipmentDetail> for ShipmentJson {
    fn from(detail: ShipmentDetail) -> Self {
        let ShipmentDetail { shipment, lines, tracking } = detail;
        let tracking = tracking.into_iter().map(|row| TrackingJson { number: row.number, url: row.url });
        let lines =
            lines.into_iter().map(|row| ShipmentLineJson { line: row.line, sku: row.sku, quantity: row.quantity });
        Self {
            id: shipment.shipment_id,
            order_id: shipment.order_id,
            location: shipment.location,
            status: shipment.status,
            carrier: shipment.carrier,
            tracking: tracking.collect(),
            lines: lines.collect(),
            quantity: shipment.quantity,
            created_at: shipment.created_at,
            packed_at: shipment.packed_at,
            shipped_at: shipment.shipped_at,
            shipped_on: shipment.shipped_on,
            lost_at: shipment.lost_at,
            delivered_at: shipment.delivered_at,
            delivered_on: shipment.delivered_on,
            cancelled_at: shipment.cancelled_at,
            note: shipment.note,
            updated_at: shipment.updated_at,
            revision: shipment.revision,
        }
    }
}

/// List the shipments of an order.
#[utoipa::path(get, path = "/api/v1/orders/{id}/shipments", tag = "shipments",
    params(("id" = inline(schema::OrderId), Path), ListShipments, OneReadHeaders), responses(
    (status = 200, description = "Some shipments", body = Page<ShipmentJson>), OneProblems))]
pub(crate) async fn list_order_shipments(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    Query(query): Query<ListShipments>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (id, &query);
    let paging = Paging::new::<ShipmentRow>("shipments", &scope, order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[orders::NAME, shipments::NAME]).await?;
    if access::visible(&mut view, &principal, id).await?.is_none() {
        return access::missing::<Page<ShipmentJson>>(view, &principal, id).await;
    }
    let filter = ShipmentFilter { order: Some(id), status: None };
    let slice = shipments::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data: Vec<_> = slice.rows.into_iter().map(ShipmentJson::from).collect();
    let body = paging.page(data, slice.next.as_deref());
    // What comes behind a page changes where it goes on, and no position on it.
    view.composite(Some(Tagged::by_content(body)), &SHIPMENT_NOT_FOUND)
}

/// Read one shipment.
#[utoipa::path(get, path = "/api/v1/shipments/{id}", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), OneReadHeaders),
    responses((status = 200, description = "The shipment; `ETag` is its revision", body = ShipmentJson), OneProblems))]
pub(crate) async fn get_shipment(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[orders::NAME, shipments::NAME]).await?;
    let mut found = shipments::get(&mut view.snapshot, id).await.map_err(failed)?;
    if let Some(detail) = &found
        && !principal.may(Permission::ReadOrders)
    {
        let visible = access::sees(&mut view, &principal, &detail.shipment.order_id).await?;
        found = found.filter(|_| visible);
    }
    let tagged =
        found.map(|detail| Tagged { tag: detail.shipment.revision.to_string(), body: ShipmentJson::from(detail) });
    view.composite(tagged, &SHIPMENT_NOT_FOUND)
}
