//! Stock per location and SKU.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    paging::{Paging, sorts},
    problems::STOCK_ITEM_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    aggregate::Aggregate,
    stock_item::{StockItem, commands::stream_id},
    text::{LocationId, Sku},
};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::stock::{
    self, BY_AVAILABLE, BY_AVAILABLE_DESCENDING, BY_PLACE, BY_PLACE_DESCENDING, ReservationRow, StockFilter, StockRow,
};
use utoipa::{IntoParams, ToSchema};

/// The most reservations that one answer shows.
const RESERVATIONS_MAX: usize = 100;

sorts! {
    /// How to sort stock.
    StockSort {
        /// By location and SKU.
        Place = "location" => BY_PLACE,
        /// By location and SKU, backwards.
        PlaceDescending = "-location" => BY_PLACE_DESCENDING,
        /// The scarcest first.
        Available = "available" => BY_AVAILABLE,
        /// The most plentiful first.
        AvailableDescending = "-available" => BY_AVAILABLE_DESCENDING,
    }
}

/// Which stock to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListStock {
    /// Only at this location.
    #[param(value_type = schema::Location, inline, required = false)]
    location: Option<LocationId>,
    /// Only this SKU.
    #[param(value_type = schema::Sku, inline, required = false)]
    sku: Option<Sku>,
    /// Only with at most this many available units.
    #[serde(rename = "available[lte]")]
    #[param(rename = "available[lte]")]
    available_max: Option<i64>,
    /// Only those of which it is time to order again, or is not.
    #[param(value_type = bool, required = false)]
    low: Option<bool>,
    /// The order; `location` by default.
    #[param(inline)]
    sort: Option<StockSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// The stock of a SKU at a location, in units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockLevel {
    #[schema(example = "main")]
    location: String,
    #[schema(example = "85123A")]
    sku: String,
    /// Opening + received + returned - damaged - shipped + adjusted.
    on_hand: i64,
    /// Of it, promised to orders.
    allocated: i64,
    /// Of it, held for somebody who is about to buy.
    reserved: i64,
    /// On hand less allocated and reserved.
    available: i64,
    /// Came back damaged, in all; not on hand.
    damaged: i64,
    /// Was there before the first document.
    opening: i64,
    /// Arrived, in all.
    received: i64,
    /// Left for orders, in all.
    shipped: i64,
    /// Came back, in all.
    returned: i64,
    /// The balance of all corrections.
    adjusted: i64,
    /// From how few available units on to order again; 10 until one is set, and 0 means never.
    reorder_level: i64,
    /// Whether that level is reached.
    low: bool,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// The stock of a SKU at a location with the holds on it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockItemJson {
    #[serde(flatten)]
    level: StockLevel,
    /// The holds that end first, at most 100; `reserved` is the sum of all.
    reservations: Vec<Reservation>,
}

/// A hold on stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reservation {
    id: String,
    /// How many units.
    quantity: i64,
    /// When it may be ended.
    expires_at: DateTime<Utc>,
}

impl From<StockRow> for StockLevel {
    fn from(row: StockRow) -> Self {
        Self {
            low: row.low,
            location: row.location,
            sku: row.sku,
            on_hand: row.on_hand,
            allocated: row.allocated,
            reserved: row.reserved,
            available: row.available,
            damaged: row.damaged,
            opening: row.opening,
            received: row.received,
            shipped: row.shipped,
            returned: row.returned,
            adjusted: row.adjusted,
            reorder_level: row.reorder_level,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

impl From<ReservationRow> for Reservation {
    fn from(row: ReservationRow) -> Self {
        Self { id: row.reservation_id, quantity: row.quantity, expires_at: row.expires_at }
    }
}

/// List stock.
#[utoipa::path(get, path = "/api/v1/stock", tag = "stock", params(ListStock, ReadHeaders), responses(
    (status = 200, description = "Some stock", body = Page<StockLevel>), ListProblems))]
pub(crate) async fn list_stock(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListStock>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadStock)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<StockRow>("stock", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter =
        StockFilter { location: query.location, sku: query.sku, available_max: query.available_max, low: query.low };
    let mut view = request.open(&api, &[stock::NAME]).await?;
    let slice = stock::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(StockLevel::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read the stock of one SKU at one location.
#[utoipa::path(get, path = "/api/v1/stock/{location}/{sku}", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), OneReadHeaders),
    responses((status = 200, description = "The stock; `ETag` is its revision", body = StockItemJson), OneProblems))]
pub(crate) async fn get_stock(
    State(api): State<ReadApi>,
    principal: Principal,
    Path((location, sku)): Path<(LocationId, Sku)>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadStock)?;
    let mut view = request.open(&api, &[stock::NAME]).await?;
    let found = stock::get(&mut view.snapshot, &location, &sku).await.map_err(failed)?;
    let holds = stock::reservations(&mut view.snapshot, &location, &sku, RESERVATIONS_MAX).await.map_err(failed)?;
    let tagged = found.map(|row| Tagged {
        tag: row.revision.to_string(),
        body: StockItemJson { level: row.into(), reservations: holds.into_iter().map(Reservation::from).collect() },
    });
    view.one((StockItem::CATEGORY, stream_id(&location, &sku)), tagged, &STOCK_ITEM_NOT_FOUND).await
}
