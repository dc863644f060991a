//! Sales figures by day, month, country, product and customer.

use crate::{
    ReadApi,
    answer::{ListProblems, ReadHeaders, ReadRequest, failed},
    json::money,
    paging::Paging,
};
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tillroll_domain::money::Currency;
use tillroll_http::{Limit, MoneyJson, Page, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::{
    query::Ordering,
    sales::{
        self, Figures, SalesByCountryRow, SalesByCustomerRow, SalesByDayRow, SalesByMonthRow, SalesByProductRow,
        SalesFilter, SalesList, SalesRow,
    },
};
use utoipa::{IntoParams, ToSchema};

/// How to sort figures; `key` is the day, month, country, product or customer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) enum SalesSort {
    /// By key.
    #[serde(rename = "key")]
    Key,
    /// By key, backwards.
    #[serde(rename = "-key")]
    KeyDescending,
    /// The smallest net amount first; amounts of different currencies are compared by their minor units.
    #[serde(rename = "net")]
    Net,
    /// The largest net amount first.
    #[serde(rename = "-net")]
    NetDescending,
}

impl SalesSort {
    const fn ordering<R: SalesList>(self) -> Ordering {
        match self {
            Self::Key => R::BY_KEY,
            Self::KeyDescending => R::BY_KEY_DESCENDING,
            Self::Net => R::BY_NET,
            Self::NetDescending => R::BY_NET_DESCENDING,
        }
    }
}

/// A month such as `2010-12`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Month(String);

impl TryFrom<String> for Month {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_month = text.len() == 7 && format!("{text}-01").parse::<NaiveDate>().is_ok();
        if is_month { Ok(Self(text)) } else { Err("a month is written 2010-12") }
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.0
    }
}

macro_rules! sales_queries {
    ($($(#[$meta:meta])* $query:ident sorted by $default:literal {
        $($(#[$fmeta:meta])* $field:ident: $type:ty, as $shown:ty;)+
    })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Serialize, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $query {
            $($(#[$fmeta])* #[param(value_type = $shown, inline, required = false)] $field: Option<$type>,)+
            /// Only this currency (ISO 4217).
            #[param(value_type = schema::Currency, inline, required = false)]
            currency: Option<Currency>,
            #[doc = concat!("The order; `", $default, "` by default.")]
            #[param(value_type = SalesSort, inline, required = false)]
            sort: Option<SalesSort>,
            /// How many at most: 1 to 100, by default 20.
            #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
            #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
            limit: Option<Limit>,
            /// `next_cursor` of the page before.
            #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
            #[param(value_type = schema::Cursor, inline, required = false)]
            cursor: Option<String>,
        }
    )+};
}

sales_queries! {
    /// Which days to list.
    ListDays sorted by "key" {
        /// This date of the store or later.
        from: NaiveDate, as schema::Date;
        /// This date of the store or earlier.
        to: NaiveDate, as schema::Date;
    }
    /// Which months to list.
    ListMonths sorted by "key" {
        /// This month or later, such as `2010-12`.
        from: Month, as schema::Month;
        /// This month or earlier.
        to: Month, as schema::Month;
    }
    /// Which countries to list.
    ListCountries sorted by "-net" {
        /// Only this country, as documents state it.
        country: String, as String;
    }
    /// Which products to list.
    ListProductSales sorted by "-net" {
        /// Only this SKU, or the code of a line without stock.
        product: String, as String;
    }
    /// Which customers to list.
    ListCustomerSales sorted by "-net" {
        /// Only this customer, or `none` for documents that name nobody.
        customer: String, as String;
    }
}

/// The figures of one key in one currency. `net` = goods + carriage - discount - credits + expenses; tax stands apart.
/// Figures count documents on the day they are booked; cancelling an order before delivery changes none of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SalesFigures {
    /// ISO 4217.
    currency: String,
    documents: DocumentCounts,
    /// Lines of all these documents.
    lines: i64,
    /// Units: goods and carriage of orders count up, discounts and credit lines down, expense and stock lines by their
    /// own sign.
    quantity: i64,
    goods: MoneyJson,
    carriage: MoneyJson,
    /// A positive amount.
    discount: MoneyJson,
    /// A positive amount.
    credits: MoneyJson,
    /// With their sign: a cost is negative.
    expenses: MoneyJson,
    /// Stated tax of orders less that of credit notes; not known per product.
    tax: MoneyJson,
    net: MoneyJson,
    unmatched_credits: UnmatchedCredits,
}

/// How many documents of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentCounts {
    orders: i64,
    credit_notes: i64,
    expenses: i64,
    stock_write_offs: i64,
    stock_found: i64,
}

/// Credits that no known sale answers for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmatchedCredits {
    lines: i64,
    amount: MoneyJson,
}

impl SalesFigures {
    fn new(figures: &Figures, currency: &str) -> Self {
        let amount = |minor| money(minor, currency);
        Self {
            documents: DocumentCounts {
                orders: figures.orders,
                credit_notes: figures.credit_notes,
                expenses: figures.expense_documents,
                stock_write_offs: figures.stock_write_offs,
                stock_found: figures.stock_found,
            },
            lines: figures.lines,
            quantity: figures.quantity,
            goods: amount(figures.goods_minor),
            carriage: amount(figures.carriage_minor),
            discount: amount(figures.discount_minor),
            credits: amount(figures.credits_minor),
            expenses: amount(figures.expenses_minor),
            tax: amount(figures.tax_minor),
            net: amount(figures.net_minor),
            unmatched_credits: UnmatchedCredits {
                lines: figures.unmatched_credit_lines,
                amount: amount(figures.unmatched_credit_minor),
            },
            currency: currency.to_owned(),
        }
    }
}

macro_rules! sales_json {
    ($($(#[$meta:meta])* $name:ident of $row:ident { $(#[$kmeta:meta])* $key:ident: $type:ty })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Serialize, ToSchema)]
        pub(crate) struct $name {
            $(#[$kmeta])*
            $key: $type,
            #[serde(flatten)]
            figures: SalesFigures,
        }

        impl From<$row> for $name {
            fn from(row: $row) -> Self {
                Self { $key: row.key().clone(), figures: SalesFigures::new(&row.figures(), row.currency()) }
            }
        }
    )+};
}

sales_json! {
    /// The figures of a day.
    SalesByDay of SalesByDayRow {
        /// The store's date.
        date: NaiveDate
    }
    /// The figures of a month.
    SalesByMonth of SalesByMonthRow {
        /// The store's month.
        #[schema(example = "2010-12")]
        month: String
    }
    /// The figures of a country.
    SalesByCountry of SalesByCountryRow {
        /// As documents state it.
        #[schema(example = "United Kingdom")]
        country: String
    }
    /// The figures of a product.
    SalesByProduct of SalesByProductRow {
        /// The SKU; for lines without stock the code as the source states it.
        #[schema(example = "85123A")]
        product: String
    }
    /// The figures of a customer.
    SalesByCustomer of SalesByCustomerRow {
        /// The customer's id, or `none` for documents that name nobody.
        customer_id: String
    }
}

/// What all lists of figures have in common.
struct Listing<'a, Q> {
    list: &'static str,
    query: &'a Q,
    order: Ordering,
    cursor: Option<&'a str>,
    limit: Option<Limit>,
}

impl<Q: Serialize> Listing<'_, Q> {
    async fn answer<R: SalesList, T: From<R> + Serialize>(
        self,
        api: &ReadApi,
        request: ReadRequest,
        filter: SalesFilter<R::Key>,
    ) -> Result<Response, Problem> {
        let paging = Paging::new::<R>(self.list, self.query, self.order, self.cursor, self.limit)?;
        let mut view = request.open(api, &[sales::NAME]).await?;
        let after = paging.after.as_deref();
        let slice = sales::list::<R>(&mut view.snapshot, &filter, self.order, after, paging.limit).await;
        let slice = slice.map_err(failed)?;
        let data: Vec<T> = slice.rows.into_iter().map(T::from).collect();
        Ok(view.page(paging.page(data, slice.next.as_deref())))
    }
}

macro_rules! sales_handlers {
    ($($(#[$meta:meta])* $handler:ident at $path:literal: $query:ident, $row:ident as $json:ident, by $default:ident,
        $filter:expr;)+) => {$(
        $(#[$meta])*
        #[utoipa::path(get, path = $path, tag = "sales", params($query, ReadHeaders), responses(
            (status = 200, description = "Some figures", body = Page<$json>), ListProblems))]
        pub(crate) async fn $handler(
            State(api): State<ReadApi>,
            principal: Principal,
            Query(query): Query<$query>,
            request: ReadRequest,
        ) -> Result<Response, Problem> {
            principal.require(Permission::ReadSales)?;
            let key_filter: fn(&$query) -> SalesFilter<<$row as SalesRow>::Key> = $filter;
            let filter = SalesFilter { currency: query.currency.map(|currency| currency.to_string()), ..key_filter(&query) };
            let listing = Listing {
                list: $path,
                query: &query,
                order: query.sort.unwrap_or(SalesSort::$default).ordering::<$row>(),
                cursor: query.cursor.as_deref(),
                limit: query.limit,
            };
            listing.answer::<$row, $json>(&api, request, filter).await
        }
    )+};
}

sales_handlers! {
    /// List sales figures by day.
    sales_by_day at "/api/v1/sales/by-day": ListDays, SalesByDayRow as SalesByDay, by Key,
        |query| SalesFilter { from: query.from, to: query.to, ..SalesFilter::default() };

    /// List sales figures by month.
    sales_by_month at "/api/v1/sales/by-month": ListMonths, SalesByMonthRow as SalesByMonth, by Key,
        |query| SalesFilter {
            from: query.from.clone().map(String::from),
            to: query.to.clone().map(String::from),
            ..SalesFilter::default()
        };

    /// List sales figures by country.
    sales_by_country at "/api/v1/sales/by-country": ListCountries, SalesByCountryRow as SalesByCountry,
        by NetDescending, |query| SalesFilter { key: query.country.clone(), ..SalesFilter::default() };

    /// List sales figures by product.
    sales_by_product at "/api/v1/sales/by-product": ListProductSales, SalesByProductRow as SalesByProduct,
        by NetDescending, |query| SalesFilter { key: query.product.clone(), ..SalesFilter::default() };

    /// List sales figures by customer.
    sales_by_customer at "/api/v1/sales/by-customer": ListCustomerSales, SalesByCustomerRow as SalesByCustomer,
        by NetDescending, |query| SalesFilter { key: query.customer.clone(), ..SalesFilter::default() };
}
