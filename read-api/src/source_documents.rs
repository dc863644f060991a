//! The imported documents.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::money,
    paging::{Paging, sorts},
    problems::SOURCE_DOCUMENT_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tillroll_domain::text::Reference;
use tillroll_http::{Limit, MoneyJson, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::source_documents::{
    self, BY_DATE, BY_DATE_DESCENDING, BY_NUMBER, BY_NUMBER_DESCENDING, SourceDocumentFilter, SourceDocumentRow,
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort documents.
    SourceDocumentSort {
        /// By system and number.
        Number = "number" => BY_NUMBER,
        /// By system and number, backwards.
        NumberDescending = "-number" => BY_NUMBER_DESCENDING,
        /// The earliest first.
        Date = "business_date" => BY_DATE,
        /// The latest first.
        DateDescending = "-business_date" => BY_DATE_DESCENDING,
    }
}

/// What a document was booked as.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DocumentClass {
    /// An order.
    SalesOrder,
    /// A credit note.
    CreditNote,
    /// Costs, fees and bad debts.
    Expense,
    /// Stock taken off the books.
    StockWriteOff,
    /// Stock that turned up.
    StockFound,
}

impl DocumentClass {
    const fn text(self) -> &'static str {
        match self {
            Self::SalesOrder => "sales_order",
            Self::CreditNote => "credit_note",
            Self::Expense => "expense",
            Self::StockWriteOff => "stock_write_off",
            Self::StockFound => "stock_found",
        }
    }
}

/// Which documents to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSourceDocuments {
    /// Only of this import.
    #[param(value_type = schema::Reference, inline, required = false)]
    system: Option<Reference>,
    /// Only of this class.
    #[param(value_type = DocumentClass, inline, required = false)]
    class: Option<DocumentClass>,
    /// Only booked on this date of the store or later.
    #[param(value_type = schema::Date, inline, required = false)]
    from: Option<NaiveDate>,
    /// Only booked on this date of the store or earlier.
    #[param(value_type = schema::Date, inline, required = false)]
    to: Option<NaiveDate>,
    /// The order; `number` by default.
    #[param(value_type = SourceDocumentSort, inline, required = false)]
    sort: Option<SourceDocumentSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// An imported document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceDocument)]
pub(crate) struct SourceDocumentJson {
    /// The import's name.
    #[schema(example = "online-retail")]
    system: String,
    #[schema(example = "536365")]
    number: String,
    /// What form the number has: `order`, `credit_note` or `adjustment`.
    form: String,
    /// What it was booked as: `sales_order`, `credit_note`, `expense`, `stock_write_off` or `stock_found`.
    class: String,
    /// The stream that holds it.
    stream: String,
    /// The store's date on which it is booked.
    business_date: NaiveDate,
    /// The wall-clock time that it states, in `time_zone`.
    local_time: String,
    time_zone: String,
    country: String,
    /// `null` where nobody is named.
    customer_id: Option<String>,
    lines: i64,
    /// Units with the source's signs.
    quantity: i64,
    /// The sum of the lines with the source's signs, without tax; `null` for stock documents.
    net: MoneyJson,
    /// SHA-256 of its content.
    digest: String,
    /// The log's position of the event that holds it.
    position: i64,
}

impl From<SourceDocumentRow> for SourceDocumentJson {
    fn from(row: SourceDocumentRow) -> Self {
        Self {
            net: money(row.net_minor, &row.currency),
            system: row.system,
            number: row.number,
            form: row.form,
            class: row.class,
            stream: row.stream,
            business_date: row.business_date,
            local_time: row.local_time,
            time_zone: row.time_zone,
            country: row.country,
            customer_id: row.customer_id,
            lines: row.lines,
            quantity: row.quantity,
            digest: row.digest,
            position: row.position,
        }
    }
}

/// List imported documents.
#[utoipa::path(get, path = "/api/v1/source-documents", tag = "source documents",
    params(ListSourceDocuments, ReadHeaders), responses(
    (status = 200, description = "Some documents", body = Page<SourceDocumentJson>), ListProblems))]
pub(crate) async fn list_source_documents(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListSourceDocuments>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadSales)?;
    let order = query.sort.unwrap_or_default().ordering();
    let cursor = query.cursor.as_deref();
    let paging = Paging::new::<SourceDocumentRow>("source_documents", &query, order, cursor, query.limit)?;
    let filter = SourceDocumentFilter {
        system: query.system.map(|system| system.to_string()),
        class: query.class.map(|class| class.text().to_owned()),
        from: query.from,
        to: query.to,
    };
    let mut view = request.open(&api, &[source_documents::NAME]).await?;
    let after = paging.after.as_deref();
    let slice = source_documents::list(&mut view.snapshot, &filter, order, after, paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(SourceDocumentJson::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one imported document.
#[utoipa::path(get, path = "/api/v1/source-documents/{system}/{number}", tag = "source documents",
    params(("system" = inline(schema::Reference), Path), ("number" = inline(schema::Reference), Path), OneReadHeaders), responses(
    (status = 200, description = "The document", body = SourceDocumentJson), OneProblems))]
pub(crate) async fn get_source_document(
    State(api): State<ReadApi>,
    principal: Principal,
    Path((system, number)): Path<(Reference, Reference)>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadSales)?;
    let mut view = request.open(&api, &[source_documents::NAME]).await?;
    let found = source_documents::get(&mut view.snapshot, system.as_str(), number.as_str()).await.map_err(failed)?;
    let tagged = found.map(|row| Tagged {
        tag: format!("{}-{}", row.position, view.versions()),
        body: SourceDocumentJson::from(row),
    });
    view.composite(tagged, &SOURCE_DOCUMENT_NOT_FOUND)
}
