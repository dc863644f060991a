//! A customer's orders: the list of orders, of one customer.

use super::Sight;
use crate::{
    ReadApi,
    answer::{ListProblems, ReadHeaders, ReadRequest, failed},
    orders::{OrderSort, OrderSummary},
    paging::Paging,
    problems::CUSTOMER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use tillroll_domain::ids::CustomerId;
use tillroll_http::{Limit, Page, Path, Principal, Problem, ProblemDocument, Query, schema};
use tillroll_projections::models::{
    customers,
    orders::{self, OrderFilter, OrderRow},
};
use utoipa::IntoParams;

/// Which of a customer's orders to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCustomerOrders {
    /// The order; `-placed_at` by default.
    #[param(value_type = OrderSort, inline, required = false)]
    sort: Option<OrderSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// List the orders of a customer.
#[utoipa::path(get, path = "/api/v1/customers/{id}/orders", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), ListCustomerOrders, ReadHeaders),
    responses(
        (status = 200, description = "Some of the orders", body = Page<OrderSummary>),
        ListProblems,
        (status = 404, description = "There is no such customer", body = ProblemDocument,
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn list_customer_orders(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    Query(query): Query<ListCustomerOrders>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let sight = Sight::of(&principal, id);
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (id, &query);
    let paging = Paging::new::<OrderRow>("customer-orders", &scope, order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[customers::NAME, orders::NAME]).await?;
    let customer = match sight {
        Sight::Nothing => None,
        Sight::WithoutPerson | Sight::Everything => customers::get(&mut view.snapshot, id).await.map_err(failed)?,
    };
    if customer.is_none() {
        return view.composite::<Page<OrderSummary>>(None, &CUSTOMER_NOT_FOUND);
    }
    let filter = OrderFilter { customer: Some(id), ..OrderFilter::default() };
    let slice = orders::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(OrderSummary::of).collect::<Result<_, _>>()?;
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}
