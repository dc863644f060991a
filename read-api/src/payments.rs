//! Payments with their operations at providers, and their disputes.
//!
//! Who reads payments sees all of every payment. The buyer of an order sees how its payments stand and what to do about them.

mod shapes;

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    orders::access::{self, Sight},
    paging::{Paging, sorts},
    problems::{ORDER_NOT_FOUND, PAYMENT_NOT_FOUND},
};
use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use shapes::{DisputeTotal, PaymentJson, PaymentSummary};
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{OrderId, PaymentId},
    payment::Payment,
};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::{
    orders::{self, queries::header},
    payments::{
        self, PaymentFilter, PaymentRow,
        queries::{BY_AMOUNT, BY_AMOUNT_DESCENDING, BY_CREATED_AT, BY_CREATED_AT_DESCENDING},
    },
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort payments.
    PaymentSort {
        /// The newest first.
        CreatedAtDescending = "-created_at" => BY_CREATED_AT_DESCENDING,
        /// The oldest first.
        CreatedAt = "created_at" => BY_CREATED_AT,
        /// The largest first; amounts of different currencies are compared by their minor units.
        AmountDescending = "-amount" => BY_AMOUNT_DESCENDING,
        /// The smallest first.
        Amount = "amount" => BY_AMOUNT,
    }
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatusFilter {
    /// Nothing was tried yet.
    Created,
    /// The provider's answer is awaited.
    Pending,
    /// Nobody knows whether an operation happened.
    OutcomeUnknown,
    /// The provider waits for the customer.
    ActionRequired,
    /// The provider refused.
    Failed,
    /// Nothing was taken, and nothing will be.
    Cancelled,
    /// The money is set aside.
    Authorized,
    /// What was set aside is free again.
    Released,
    /// Some of the amount was taken.
    PartiallyCaptured,
    /// All of it was taken.
    Captured,
    /// Some was given back.
    PartiallyRefunded,
    /// All that was taken was given back.
    Refunded,
}

impl PaymentStatusFilter {
    const fn text(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ActionRequired => "action_required",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Authorized => "authorized",
            Self::Released => "released",
            Self::PartiallyCaptured => "partially_captured",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// Which payments to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPayments {
    /// Only for this order.
    #[param(value_type = schema::OrderId, inline, required = false)]
    order: Option<OrderId>,
    /// Only with this status.
    #[param(value_type = PaymentStatusFilter, inline, required = false)]
    status: Option<PaymentStatusFilter>,
    /// Only those that ever had a dispute, or only those that had none.
    #[param(value_type = bool, required = false)]
    disputed: Option<bool>,
    /// The order; `-created_at` by default.
    #[param(value_type = PaymentSort, inline, required = false)]
    sort: Option<PaymentSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// List payments.
#[utoipa::path(get, path = "/api/v1/payments", tag = "payments", params(ListPayments, ReadHeaders), responses(
    (status = 200, description = "Some payments", body = Page<PaymentSummary>), ListProblems))]
pub(crate) async fn list_payments(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListPayments>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadPayments)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<PaymentRow>("payments", &query, order, query.cursor.as_deref(), query.limit)?;
    let status = query.status.map(|status| status.text().to_owned());
    let filter = PaymentFilter { order: query.order, status, disputed: query.disputed };
    let mut view = request.open(&api, &[payments::NAME]).await?;
    let slice = payments::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(PaymentSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// The payments of one order, with what the buyer has to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPayments {
    /// The oldest first.
    data: Vec<PaymentJson>,
}

/// How many disputes there are, and about how much.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeTotals {
    /// By currency and how they stand; what has none is left out.
    data: Vec<DisputeTotal>,
}

/// Read one payment with its attempts, operations and disputes.
#[utoipa::path(get, path = "/api/v1/payments/{id}", tag = "payments", params(("id" = inline(schema::PaymentId), Path), OneReadHeaders),
    responses((status = 200, description = "The payment; `ETag` is its revision", body = PaymentJson), OneProblems))]
pub(crate) async fn get_payment(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<PaymentId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadPayments)?;
    let mut view = request.open(&api, &[payments::NAME]).await?;
    let found = payments::get(&mut view.snapshot, id).await.map_err(failed)?;
    let tagged = found.map(|detail| Tagged { tag: detail.payment.revision.to_string(), body: PaymentJson::of(detail) });
    view.one((Payment::CATEGORY, id.uuid().hyphenated()), tagged, &PAYMENT_NOT_FOUND).await
}

/// Read the payments of an order: how they stand, and where to send the buyer if a provider waits for them.
///
/// For who reads orders, and for its buyer: the storefront that acts for the customer, or the secret of the cart that the
/// order was made from.
#[utoipa::path(get, path = "/api/v1/orders/{id}/payments", tag = "payments",
    params(("id" = inline(schema::OrderId), Path), OneReadHeaders),
    responses((status = 200, description = "Its payments; `ETag` is of what they say", body = OrderPayments), OneProblems))]
pub(crate) async fn list_order_payments(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let mut view = request.open(&api, &[orders::NAME, payments::NAME]).await?;
    let order = header(&mut view.snapshot, id).await.map_err(failed)?;
    let sight = order.map_or(Sight::Nothing, |order| Sight::of(&principal, &order));
    if sight == Sight::Nothing {
        return access::missing::<OrderPayments>(view, &principal, id).await;
    }
    let details = payments::of_order(&mut view.snapshot, id).await.map_err(failed)?;
    let shown = |detail| {
        let payment = PaymentJson::of(detail);
        if principal.may(Permission::ReadPayments) { payment } else { payment.for_buyer() }
    };
    let body = OrderPayments { data: details.into_iter().map(shown).collect() };
    view.composite(Some(Tagged::by_content(body)), &ORDER_NOT_FOUND)
}

/// Count the disputes: how many are open, won and lost, and about how much, by currency. `GET /payments?disputed=true` lists
/// their payments.
#[utoipa::path(get, path = "/api/v1/payments/disputes", tag = "payments", params(ReadHeaders), responses(
    (status = 200, description = "The totals", body = DisputeTotals), ListProblems))]
pub(crate) async fn count_disputes(
    State(api): State<ReadApi>,
    principal: Principal,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadPayments)?;
    let mut view = request.open(&api, &[payments::NAME]).await?;
    let totals = payments::dispute_totals(&mut view.snapshot).await.map_err(failed)?;
    Ok(view.list(DisputeTotals { data: totals.into_iter().map(DisputeTotal::from).collect() }))
}
