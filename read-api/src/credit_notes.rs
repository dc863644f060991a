//! Credit notes with their lines, and what each was set against.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::{Source, decode, money},
    paging::{Paging, sorts},
    problems::CREDIT_NOTE_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    aggregate::Aggregate,
    credit_note::CreditNote,
    ids::{CreditNoteId, CustomerId},
};
use tillroll_http::{Limit, MoneyJson, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::credit_notes::{
    self, BY_ISSUED_AT, BY_ISSUED_AT_DESCENDING, BY_TOTAL, BY_TOTAL_DESCENDING, CreditNoteFilter, CreditNoteLineRow,
    CreditNoteRow,
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort credit notes.
    CreditNoteSort {
        /// The newest first.
        IssuedAtDescending = "-issued_at" => BY_ISSUED_AT_DESCENDING,
        /// The oldest first.
        IssuedAt = "issued_at" => BY_ISSUED_AT,
        /// The largest first; totals of different currencies are compared by their minor units.
        TotalDescending = "-total" => BY_TOTAL_DESCENDING,
        /// The smallest first.
        Total = "total" => BY_TOTAL,
    }
}

/// Which credit notes to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCreditNotes {
    /// Only of this customer.
    #[param(value_type = schema::CustomerId, inline, required = false)]
    customer: Option<CustomerId>,
    /// Only with this country, as the note states it.
    #[param(value_type = String, required = false)]
    country: Option<String>,
    /// Only booked on this date of the store or later.
    #[param(value_type = schema::Date, inline, required = false)]
    issued_from: Option<NaiveDate>,
    /// Only booked on this date of the store or earlier.
    #[param(value_type = schema::Date, inline, required = false)]
    issued_to: Option<NaiveDate>,
    /// Only those with, or without, units that no known sale answers for.
    #[param(value_type = bool, required = false)]
    unmatched: Option<bool>,
    /// The order; `-issued_at` by default.
    #[param(value_type = CreditNoteSort, inline, required = false)]
    sort: Option<CreditNoteSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// A credit note in a list. Amounts are positive: this much is credited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditNoteSummary {
    #[schema(example = "crn_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// `null` where nobody is named.
    customer_id: Option<String>,
    country: String,
    /// `null` where no tax is stated, which is not the same as no tax.
    tax: Option<MoneyJson>,
    /// What is owed, stated tax included.
    total: MoneyJson,
    lines_count: i64,
    /// How many units it credits.
    quantity: i64,
    unmatched: Unmatched,
    /// Why; possibly empty.
    reason: String,
    /// The store's date on which it is booked.
    business_date: NaiveDate,
    /// When it was issued.
    issued_at: DateTime<Utc>,
    /// When the log took it.
    recorded_at: DateTime<Utc>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// The imported document.
    source: Option<Source>,
    revision: i64,
}

/// What no known sale answers for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unmatched {
    lines: i64,
    /// Units.
    quantity: i64,
    amount: MoneyJson,
}

/// A credit note with its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreditNote)]
pub(crate) struct CreditNoteJson {
    #[serde(flatten)]
    note: CreditNoteSummary,
    /// By number.
    lines: Vec<CreditNoteLine>,
}

/// A line of a credit note.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditNoteLine {
    /// From 1.
    line: i64,
    /// `goods`, `carriage` or `discount`.
    kind: String,
    /// As the source states it, or the SKU.
    code: String,
    /// For goods.
    sku: Option<String>,
    description: String,
    quantity: i64,
    /// Per unit in major units; may be finer than a minor unit.
    unit_price: String,
    amount: MoneyJson,
    /// The rounded less the exact amount, in millionths of the major unit.
    rounding_micros: i64,
    /// Units that were set against lines of orders.
    matched_quantity: i64,
    /// Units that no known sale answers for.
    unmatched_quantity: i64,
    unmatched_amount: MoneyJson,
    /// In the order of matching.
    matches: Vec<CreditMatchJson>,
}

/// Some units of a credit line that were set against a line of an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CreditMatch)]
pub(crate) struct CreditMatchJson {
    order_id: String,
    line: u32,
    quantity: u32,
    /// Whether the order's line has the credit line's unit price.
    same_price: bool,
}

impl From<CreditNoteRow> for CreditNoteSummary {
    fn from(row: CreditNoteRow) -> Self {
        let amount = |minor| money(minor, &row.currency);
        Self {
            tax: row.tax_minor.map(amount),
            total: amount(row.total_minor),
            unmatched: Unmatched {
                lines: row.unmatched_lines,
                quantity: row.unmatched_quantity,
                amount: amount(row.unmatched_minor),
            },
            id: row.credit_note_id,
            customer_id: row.customer_id,
            country: row.country,
            lines_count: row.lines,
            quantity: row.quantity,
            reason: row.reason,
            business_date: row.business_date,
            issued_at: row.issued_at,
            recorded_at: row.recorded_at,
            basis: row.basis,
            source: Source::of(row.source_system, row.source_number, row.source_local_time),
            revision: row.revision,
        }
    }
}

fn line_json(row: CreditNoteLineRow, currency: &str) -> Result<CreditNoteLine, Problem> {
    Ok(CreditNoteLine {
        line: row.line,
        kind: row.kind,
        code: row.code,
        sku: row.sku,
        description: row.description,
        quantity: row.quantity,
        unit_price: row.unit_price,
        amount: money(row.amount_minor, currency),
        rounding_micros: row.rounding_micros,
        matched_quantity: row.matched_quantity,
        unmatched_quantity: row.unmatched_quantity,
        unmatched_amount: money(row.unmatched_minor, currency),
        matches: decode(&row.matches)?,
    })
}

fn note_json(note: CreditNoteRow, lines: Vec<CreditNoteLineRow>) -> Result<CreditNoteJson, Problem> {
    let lines = lines.into_iter().map(|row| line_json(row, &note.currency)).collect::<Result<_, _>>()?;
    Ok(CreditNoteJson { note: note.into(), lines })
}

/// List credit notes.
#[utoipa::path(get, path = "/api/v1/credit-notes", tag = "credit notes", params(ListCreditNotes, ReadHeaders), responses(
    (status = 200, description = "Some credit notes", body = Page<CreditNoteSummary>), ListProblems))]
pub(crate) async fn list_credit_notes(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListCreditNotes>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<CreditNoteRow>("credit_notes", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter = CreditNoteFilter {
        customer: query.customer,
        country: query.country,
        from: query.issued_from,
        to: query.issued_to,
        unmatched: query.unmatched,
    };
    let mut view = request.open(&api, &[credit_notes::NAME]).await?;
    let slice = credit_notes::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(CreditNoteSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one credit note with its lines.
#[utoipa::path(get, path = "/api/v1/credit-notes/{id}", tag = "credit notes",
    params(("id" = inline(schema::CreditNoteId), Path), OneReadHeaders),
    responses((status = 200, description = "The note; `ETag` is its revision", body = CreditNoteJson), OneProblems))]
pub(crate) async fn get_credit_note(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CreditNoteId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let mut view = request.open(&api, &[credit_notes::NAME]).await?;
    let found = credit_notes::get(&mut view.snapshot, id).await.map_err(failed)?;
    let tagged = match found {
        Some((note, lines)) => Some(Tagged { tag: note.revision.to_string(), body: note_json(note, lines)? }),
        None => None,
    };
    view.one((CreditNote::CATEGORY, id.uuid().hyphenated()), tagged, &CREDIT_NOTE_NOT_FOUND).await
}
