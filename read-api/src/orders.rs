//! Orders with their lines and payments, and the timeline of everything that happened to them.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::{Source, decode, money},
    paging::{Paging, sorts},
    problems::ORDER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{CustomerId, OrderId},
    order::{Order, status::OrderStatus},
};
use tillroll_http::{Limit, MoneyJson, Page, Path, Permission, Principal, Problem, Query};
use tillroll_projections::models::orders::{
    self, OrderDetail, OrderFilter, OrderLineRow, OrderPaymentRow, OrderRow, OrderTimelineRow,
    queries::{BY_PLACED_AT, BY_PLACED_AT_DESCENDING, BY_REVISION, BY_TOTAL, BY_TOTAL_DESCENDING, header},
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort orders.
    OrderSort {
        /// The newest first.
        PlacedAtDescending = "-placed_at" => BY_PLACED_AT_DESCENDING,
        /// The oldest first.
        PlacedAt = "placed_at" => BY_PLACED_AT,
        /// The largest first; totals of different currencies are compared by their minor units.
        TotalDescending = "-total" => BY_TOTAL_DESCENDING,
        /// The smallest first.
        Total = "total" => BY_TOTAL,
    }
}

/// Which orders to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOrders {
    /// Only with this status: `pending`, `confirmed`, `processing`, `shipped`, `delivered`, `cancelled` or `refunded`.
    #[param(value_type = Option<String>)]
    status: Option<OrderStatus>,
    /// Only of this customer.
    #[param(value_type = Option<String>)]
    customer: Option<CustomerId>,
    /// Only with this country, as the order states it.
    country: Option<String>,
    /// Only booked on this date of the store or later.
    placed_from: Option<NaiveDate>,
    /// Only booked on this date of the store or earlier.
    placed_to: Option<NaiveDate>,
    /// Only from imported documents with this number.
    source_number: Option<String>,
    /// The order; `-placed_at` by default.
    #[param(inline)]
    sort: Option<OrderSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderSummary {
    #[schema(example = "ord_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// What the three axes add up to: `pending`, `confirmed`, `processing`, `shipped`, `delivered`, `cancelled` or
    /// `refunded`.
    status: String,
    /// What was agreed: `placed`, `confirmed`, `cancelled` or `closed`.
    lifecycle: String,
    /// The money: `none`, `authorized`, `partial`, `paid`, `overpaid`, `partially_refunded`, `refunded` or `disputed`.
    payment_status: String,
    /// The goods: `none`, `started`, `partial`, `shipped`, `delivered` or `returned`.
    fulfillment_status: String,
    /// `null` where nobody is named.
    customer_id: Option<String>,
    country: String,
    totals: OrderTotalsJson,
    paid: PaidJson,
    /// How many lines it has.
    lines_count: i64,
    /// Units of all lines.
    quantity: i64,
    /// The store's date on which it is booked.
    business_date: NaiveDate,
    /// When it was placed.
    placed_at: DateTime<Utc>,
    /// When the log took it.
    recorded_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// The imported document; `null` for orders of this engine.
    source: Option<Source>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// The sums of an order: total = goods + carriage - discount + tax.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderTotals)]
pub(crate) struct OrderTotalsJson {
    goods: MoneyJson,
    carriage: MoneyJson,
    /// A positive amount.
    discount: MoneyJson,
    /// `null` where no tax is stated, which is not the same as no tax.
    tax: Option<MoneyJson>,
    /// What was agreed; cancellations and credits do not change it.
    total: MoneyJson,
    /// The share of the lines that belongs to cancelled units, without tax.
    cancelled: MoneyJson,
    /// What credit notes gave back.
    credited: MoneyJson,
}

/// What all payments of an order come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPaid)]
pub(crate) struct PaidJson {
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Held back by disputes.
    disputed: MoneyJson,
}

/// An order with its lines and payments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderJson {
    #[serde(flatten)]
    order: OrderSummary,
    /// By number.
    lines: Vec<OrderLineJson>,
    /// As the order knows them; `GET /payments/{id}` tells more.
    payments: Vec<OrderPaymentJson>,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(crate) struct OrderLineJson {
    /// From 1.
    line: i64,
    /// `goods`, `carriage` or `discount`.
    kind: String,
    /// As the source states it, or the SKU.
    code: String,
    /// For goods.
    sku: Option<String>,
    description: String,
    /// Units ordered.
    quantity: i64,
    /// Per unit in major units; may be finer than a minor unit.
    unit_price: String,
    /// Quantity times unit price, rounded; positive for discounts too.
    amount: MoneyJson,
    /// The rounded less the exact amount, in millionths of the major unit.
    rounding_micros: i64,
    /// Units that will not be delivered.
    cancelled: i64,
    /// Units that left.
    shipped: i64,
    /// Units that came back.
    returned: i64,
    /// Units that credit notes gave back.
    credited: i64,
    /// What they gave back.
    credited_amount: MoneyJson,
}

/// How one payment of an order stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPayment)]
pub(crate) struct OrderPaymentJson {
    payment_id: String,
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Held back by disputes.
    disputed: MoneyJson,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
}

/// Which part of a timeline to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTimeline {
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
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

impl From<OrderRow> for OrderSummary {
    fn from(row: OrderRow) -> Self {
        let amount = |minor| money(minor, &row.currency);
        Self {
            totals: OrderTotalsJson {
                goods: amount(row.goods_minor),
                carriage: amount(row.carriage_minor),
                discount: amount(row.discount_minor),
                tax: row.tax_minor.map(amount),
                total: amount(row.total_minor),
                cancelled: amount(row.cancelled_minor),
                credited: amount(row.credited_minor),
            },
            paid: PaidJson {
                authorized: amount(row.authorized_minor),
                captured: amount(row.captured_minor),
                refunded: amount(row.refunded_minor),
                disputed: amount(row.disputed_minor),
            },
            id: row.order_id,
            status: row.status,
            lifecycle: row.lifecycle,
            payment_status: row.payment_status,
            fulfillment_status: row.fulfillment_status,
            customer_id: row.customer_id,
            country: row.country,
            lines_count: row.lines,
            quantity: row.quantity,
            business_date: row.business_date,
            placed_at: row.placed_at,
            recorded_at: row.recorded_at,
            updated_at: row.updated_at,
            basis: row.basis,
            source: Source::of(row.source_system, row.source_number, row.source_local_time),
            revision: row.revision,
        }
    }
}

fn line_json(row: OrderLineRow, currency: &str) -> OrderLineJson {
    OrderLineJson {
        line: row.line,
        kind: row.kind,
        code: row.code,
        sku: row.sku,
        description: row.description,
        quantity: row.quantity,
        unit_price: row.unit_price,
        amount: money(row.amount_minor, currency),
        rounding_micros: row.rounding_micros,
        cancelled: row.cancelled,
        shipped: row.shipped,
        returned: row.returned,
        credited: row.credited,
        credited_amount: money(row.credited_minor, currency),
    }
}

fn payment_json(row: OrderPaymentRow, currency: &str) -> OrderPaymentJson {
    OrderPaymentJson {
        payment_id: row.payment_id,
        authorized: money(row.authorized_minor, currency),
        captured: money(row.captured_minor, currency),
        refunded: money(row.refunded_minor, currency),
        disputed: money(row.disputed_minor, currency),
        basis: row.basis,
    }
}

impl From<OrderDetail> for OrderJson {
    fn from(detail: OrderDetail) -> Self {
        let currency = detail.order.currency.clone();
        Self {
            order: detail.order.into(),
            lines: detail.lines.into_iter().map(|row| line_json(row, &currency)).collect(),
            payments: detail.payments.into_iter().map(|row| payment_json(row, &currency)).collect(),
        }
    }
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

/// List orders.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", params(ListOrders, ReadHeaders), responses(
    (status = 200, description = "Some orders", body = Page<OrderSummary>), ListProblems))]
pub(crate) async fn list_orders(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListOrders>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<OrderRow>("orders", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter = OrderFilter {
        status: query.status.map(|status| status.as_str().to_owned()),
        customer: query.customer,
        country: query.country,
        placed_from: query.placed_from,
        placed_to: query.placed_to,
        source_number: query.source_number,
    };
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let slice = orders::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(OrderSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one order with its lines and payments.
#[utoipa::path(get, path = "/api/v1/orders/{id}", tag = "orders", params(("id" = String, Path), OneReadHeaders),
    responses((status = 200, description = "The order; `ETag` is its revision", body = OrderJson), OneProblems))]
pub(crate) async fn get_order(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let found = orders::get(&mut view.snapshot, id).await.map_err(failed)?;
    let tagged = found.map(|detail| Tagged { tag: detail.order.revision.to_string(), body: OrderJson::from(detail) });
    view.one((Order::CATEGORY, id.uuid().hyphenated()), tagged, &ORDER_NOT_FOUND).await
}

/// List everything that happened to an order, in the order in which it happened.
#[utoipa::path(get, path = "/api/v1/orders/{id}/timeline", tag = "orders",
    params(("id" = String, Path), ListTimeline, OneReadHeaders), responses(
    (status = 200, description = "Some events; `ETag` is the order's revision and the page", body = Page<TimelineEntry>),
    OneProblems))]
pub(crate) async fn get_order_timeline(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    Query(query): Query<ListTimeline>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let cursor = query.cursor.as_deref();
    let paging = Paging::new::<OrderTimelineRow>("timeline", &id, BY_REVISION, cursor, query.limit)?;
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let order = header(&mut view.snapshot, id).await.map_err(failed)?;
    let slice =
        orders::timeline(&mut view.snapshot, id, paging.after.as_deref(), paging.limit).await.map_err(failed)?;
    let first = slice.rows.first().map_or(0, |row| row.revision);
    let data = slice.rows.into_iter().map(entry_json).collect::<Result<Vec<_>, _>>()?;
    let tagged = order.map(|order| Tagged {
        tag: format!("{}-{first}-{}", order.revision, data.len()),
        body: paging.page(data, slice.next.as_deref()),
    });
    view.one((Order::CATEGORY, id.uuid().hyphenated()), tagged, &ORDER_NOT_FOUND).await
}
