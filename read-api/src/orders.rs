//! Orders with their lines and payments, and how their buyers are reached.
//!
//! Who reads orders sees them all; of what is personal, only who manages orders sees anything. The storefront sees the
//! orders of the customer it acts for, and whoever holds the secret of a guest's cart the order made from it, with
//! everything that is personal; for them there are no others.

pub(crate) mod access;
pub(crate) mod timeline;

mod shapes;

pub(crate) use shapes::OrderSummary;

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    paging::{Paging, sorts},
    problems::ORDER_NOT_FOUND,
};
use access::Sight;
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shapes::OrderJson;
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{CustomerId, OrderId},
    order::{
        Order,
        status::{FulfillmentStatus, OrderStatus},
    },
};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::orders::{
    self, OrderFilter, OrderRow,
    queries::{BY_PLACED_AT, BY_PLACED_AT_DESCENDING, BY_TOTAL, BY_TOTAL_DESCENDING},
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

/// The words of a status.
#[derive(ToSchema)]
#[schema(as = OrderStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's OrderStatus is what is read")]
pub(crate) enum StatusWord {
    Pending,
    Confirmed,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
}

/// The words of how far the goods have come.
#[derive(ToSchema)]
#[schema(as = FulfillmentStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's FulfillmentStatus is what is read")]
pub(crate) enum FulfillmentWord {
    None,
    Started,
    Partial,
    Shipped,
    Delivered,
    Returned,
}

/// The words of how the returns of an order stand.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnsWord {
    /// Nothing is on its way back or came.
    None,
    /// Something may be on its way back.
    Requested,
    /// Something came back.
    Returned,
}

impl ReturnsWord {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Requested => "requested",
            Self::Returned => "returned",
        }
    }
}

/// Which orders to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOrders {
    /// Only with this status.
    #[param(value_type = StatusWord, inline, required = false)]
    status: Option<OrderStatus>,
    /// Only with this state of the goods.
    #[param(value_type = FulfillmentWord, inline, required = false)]
    fulfillment: Option<FulfillmentStatus>,
    /// Only with this state of the returns.
    #[param(inline)]
    returns: Option<ReturnsWord>,
    /// Only of this customer. For a storefront there are those of the customer it acts for.
    #[param(value_type = schema::CustomerId, inline, required = false)]
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
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// List orders.
///
/// For a storefront that acts for a customer there are the customer's own.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", params(ListOrders, ReadHeaders), responses(
    (status = 200, description = "Some orders", body = Page<OrderSummary>), ListProblems))]
pub(crate) async fn list_orders(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListOrders>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let owner = if principal.may(Permission::ReadOrders) { None } else { principal.acting_for() };
    if owner.is_none() {
        principal.require(Permission::ReadOrders)?;
    }
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<OrderRow>("orders", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter = OrderFilter {
        status: query.status.map(|status| status.as_str().to_owned()),
        fulfillment: query.fulfillment.map(|status| status.as_str().to_owned()),
        returns: query.returns.map(|word| word.as_str().to_owned()),
        owner,
        customer: query.customer,
        country: query.country,
        placed_from: query.placed_from,
        placed_to: query.placed_to,
        source_number: query.source_number,
    };
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let slice = orders::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(OrderSummary::of).collect::<Result<_, _>>()?;
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one order with its lines and payments, and, for its buyer and whoever manages orders, how the buyer is reached.
#[utoipa::path(get, path = "/api/v1/orders/{id}", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), OneReadHeaders),
    responses((status = 200, description = "The order; `ETag` begins with its revision", body = OrderJson), OneProblems))]
pub(crate) async fn get_order(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[orders::NAME]).await?;
    let found = orders::get(&mut view.snapshot, id).await.map_err(failed)?;
    let sight = found.as_ref().map_or(Sight::Nothing, |detail| Sight::of(&principal, &detail.order));
    let Some(detail) = found.filter(|_| sight != Sight::Nothing) else {
        return access::missing::<OrderJson>(view, &principal, id).await;
    };
    let mut body = OrderJson::of(detail)?;
    if sight == Sight::Everything {
        body.reveal(&mut view, id).await?;
    }
    let tagged = Tagged { tag: body.tag(), body };
    view.one((Order::CATEGORY, id.uuid().hyphenated()), Some(tagged), &ORDER_NOT_FOUND).await
}
