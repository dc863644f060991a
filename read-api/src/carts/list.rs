//! Carts for those who run the shop: what is abandoned, what is waiting.

use super::shown::CartStateName;
use crate::{
    ReadApi,
    answer::{ListProblems, ReadHeaders, ReadRequest, failed},
    json::money,
    paging::{Paging, sorts},
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::ids::CustomerId;
use tillroll_http::{Limit, MoneyJson, Page, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::carts::{self, BY_UPDATED_AT, BY_UPDATED_AT_DESCENDING, CartFilter, CartRow};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort carts.
    CartSort {
        /// Those that changed last, first.
        UpdatedAtDescending = "-updated_at" => BY_UPDATED_AT_DESCENDING,
        /// Those that changed longest ago, first.
        UpdatedAt = "updated_at" => BY_UPDATED_AT,
    }
}

/// Which carts to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCarts {
    /// Only those that stand so.
    #[param(inline, required = false)]
    state: Option<CartStateName>,
    /// Only those of this customer.
    #[param(value_type = schema::CustomerId, inline, required = false)]
    customer: Option<CustomerId>,
    /// Only those that last changed before this time; with `state=open`, the abandoned ones.
    #[param(value_type = String, format = DateTime, required = false)]
    updated_before: Option<DateTime<Utc>>,
    /// Only those with something in them, or only those without.
    #[param(required = false)]
    filled: Option<bool>,
    /// The order; `-updated_at` by default.
    #[param(inline, required = false)]
    sort: Option<CartSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// A cart in a list: nothing personal, and no lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CartSummary {
    #[schema(value_type = schema::CartId)]
    id: String,
    /// How it stands.
    state: CartStateName,
    /// The customer whose it is; absent for a guest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CustomerId>)]
    customer_id: Option<String>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Where the goods go.
    #[schema(example = "DE")]
    country: String,
    /// How many lines it has.
    #[schema(minimum = 0)]
    lines: i64,
    /// Units over all lines.
    #[schema(minimum = 0)]
    units: i64,
    /// What the quote comes to, if there is one; it may have expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted: Option<MoneyJson>,
    /// Until when a request makes an order of it, at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_until: Option<DateTime<Utc>>,
    /// The order whose checkout runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderId>)]
    checkout_order_id: Option<String>,
    /// How many payments depend on it.
    #[schema(minimum = 0)]
    payments: i64,
    /// The cart that its lines went into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CartId>)]
    merged_into: Option<String>,
    /// The order that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderId>)]
    order_id: Option<String>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// Its revision, for `If-Match`.
    #[schema(minimum = 0)]
    revision: i64,
}

impl From<CartRow> for CartSummary {
    fn from(cart: CartRow) -> Self {
        Self {
            quoted: cart.quote_total_minor.map(|minor| money(minor, &cart.currency)),
            id: cart.cart_id,
            state: CartStateName::of(&cart.state),
            customer_id: cart.customer_id,
            currency: cart.currency,
            country: cart.country,
            lines: cart.lines,
            units: cart.units,
            claimed_until: cart.claimed_until,
            checkout_order_id: cart.checkout_order_id,
            payments: cart.payments,
            merged_into: cart.merged_into,
            order_id: cart.order_id,
            created_at: cart.created_at,
            updated_at: cart.updated_at,
            revision: cart.revision,
        }
    }
}

/// List carts.
#[utoipa::path(get, path = "/api/v1/carts", tag = "carts", params(ListCarts, ReadHeaders), responses(
    (status = 200, description = "Some carts", body = Page<CartSummary>), ListProblems))]
pub(crate) async fn list_carts(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListCarts>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCarts)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<CartRow>("carts", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter = CartFilter {
        state: query.state.map(|state| state.word().to_owned()),
        customer_id: query.customer,
        updated_before: query.updated_before,
        filled: query.filled,
    };
    let mut view = request.open(&api, &[carts::NAME]).await?;
    let slice = carts::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(CartSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}
