//! Payments and their operations at providers.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::{Source, money},
    paging::{Paging, sorts},
    problems::PAYMENT_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{OrderId, PaymentId},
    payment::Payment,
};
use tillroll_http::{Limit, MoneyJson, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::payments::{
    self, BY_AMOUNT, BY_AMOUNT_DESCENDING, BY_CREATED_AT, BY_CREATED_AT_DESCENDING, PaymentFilter, PaymentOperationRow,
    PaymentRow,
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
    /// The provider refused.
    Failed,
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
            Self::Failed => "failed",
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

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentSummary {
    #[schema(example = "pay_01980000-0000-7000-8000-000000000000")]
    id: String,
    order_id: String,
    /// By its money first: `refunded`, `partially_refunded`, `captured`, `partially_captured`, `authorized`; then by its
    /// operations: `outcome_unknown`, `pending`, `released`, `failed`; otherwise `created`.
    status: String,
    /// By what means, such as `card`, or `assumed_settled` where history does not say.
    method: String,
    /// How much is to be paid.
    amount: MoneyJson,
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Set aside once and free again.
    released: MoneyJson,
    /// How many attempts were made.
    attempts: i64,
    /// The provider of the newest attempt.
    provider: Option<String>,
    /// How many operations wait for the provider.
    pending_operations: i64,
    /// Of how many operations nobody knows whether they happened.
    unknown_operations: i64,
    /// When the authorization ends, if the provider says so.
    authorization_expires_at: Option<DateTime<Utc>>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// The imported document that it was inferred from.
    source: Option<Source>,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    revision: i64,
}

/// A payment with its operations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentJson {
    #[serde(flatten)]
    payment: PaymentSummary,
    /// In the order in which they were requested.
    operations: Vec<PaymentOperation>,
}

/// An operation on a payment at its provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentOperation {
    id: String,
    /// `authorize`, `capture`, `void` or `refund`.
    kind: String,
    /// The attempt it belongs to; 0 where none was made.
    attempt: i64,
    amount: MoneyJson,
    /// `pending`, `succeeded`, `failed` or `unknown`.
    state: String,
    /// The provider's name for it.
    provider_reference: Option<String>,
    /// The provider's code for its refusal.
    failure_code: Option<String>,
    requested_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<PaymentRow> for PaymentSummary {
    fn from(row: PaymentRow) -> Self {
        let amount = |minor| money(minor, &row.currency);
        Self {
            amount: amount(row.amount_minor),
            authorized: amount(row.authorized_minor),
            captured: amount(row.captured_minor),
            refunded: amount(row.refunded_minor),
            released: amount(row.released_minor),
            id: row.payment_id,
            order_id: row.order_id,
            status: row.status,
            method: row.method,
            attempts: row.attempts,
            provider: row.provider,
            pending_operations: row.pending_operations,
            unknown_operations: row.unknown_operations,
            authorization_expires_at: row.authorization_expires_at,
            basis: row.basis,
            source: Source::of(row.source_system, row.source_number, None),
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

fn operation_json(row: PaymentOperationRow, currency: &str) -> PaymentOperation {
    PaymentOperation {
        id: row.operation_id,
        kind: row.kind,
        attempt: row.attempt,
        amount: money(row.amount_minor, currency),
        state: row.state,
        provider_reference: row.provider_reference,
        failure_code: row.failure_code,
        requested_at: row.requested_at,
        updated_at: row.updated_at,
    }
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
    let filter = PaymentFilter { order: query.order, status };
    let mut view = request.open(&api, &[payments::NAME]).await?;
    let slice = payments::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(PaymentSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one payment with its operations.
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
    let tagged = found.map(|(payment, operations)| {
        let currency = payment.currency.clone();
        let operations = operations.into_iter().map(|row| operation_json(row, &currency)).collect();
        Tagged { tag: payment.revision.to_string(), body: PaymentJson { payment: payment.into(), operations } }
    });
    view.one((Payment::CATEGORY, id.uuid().hyphenated()), tagged, &PAYMENT_NOT_FOUND).await
}
