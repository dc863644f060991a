//! What a variant costs, and what it cost: the offer to shoppers, the schedule, and the changes of the list price.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    paging::{Paging, sorts},
    problems::OFFER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    money::Currency,
    price::UnitPrice,
    pricing::{
        PriceReason,
        lowest_prior::lowest_prior,
        select::{PriceQuery, select},
    },
    quantity::Quantity,
    text::{Country, Sku},
};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, quote::PriceReasonJson, schema};
use tillroll_projections::models::{
    prices::{
        self, BY_CHANGED_AT, BY_CHANGED_AT_DESCENDING, BY_VALID_FROM, BY_VALID_FROM_DESCENDING, ListPriceRow, Offered,
        PriceHistory, PriceRowRow,
    },
    products, stock,
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort a schedule.
    ScheduleSort {
        /// Those that begin last, first.
        ValidFromDescending = "-valid_from" => BY_VALID_FROM_DESCENDING,
        /// Those that begin first, first.
        ValidFrom = "valid_from" => BY_VALID_FROM,
    }
}

sorts! {
    /// How to sort changes of list prices.
    ListPriceSort {
        /// The newest first.
        ChangedAtDescending = "-changed_at" => BY_CHANGED_AT_DESCENDING,
        /// The oldest first.
        ChangedAt = "changed_at" => BY_CHANGED_AT,
    }
}

/// Which prices of a schedule to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSchedule {
    /// Only in this currency.
    #[param(value_type = schema::Currency, inline, required = false)]
    currency: Option<Currency>,
    /// The order; `-valid_from` by default.
    #[param(inline)]
    sort: Option<ScheduleSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// Which changes of list prices to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListListPrices {
    /// Only in this currency.
    #[param(value_type = schema::Currency, inline, required = false)]
    currency: Option<Currency>,
    /// The order; `-changed_at` by default.
    #[param(inline)]
    sort: Option<ListPriceSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// Which offer to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichOffer {
    /// The currency; nothing is ever converted.
    #[param(value_type = schema::Currency, inline)]
    currency: Currency,
    /// The buyer's country, an ISO 3166-1 alpha-2 code; without it, only prices for every country apply.
    #[param(value_type = schema::Country, inline, required = false)]
    country: Option<Country>,
    /// How many units are bought together; 1 by default.
    #[param(value_type = u32, minimum = 1, maximum = 1_000_000_000, required = false)]
    quantity: Option<Quantity>,
}

/// A price of a variant's schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduledPrice {
    #[schema(example = "prw_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// Per unit, in major units.
    #[schema(example = "2.55")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// The buyer's country; absent for every country.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// From how many units bought together on.
    min_quantity: i64,
    /// Among prices that fit, the one with the highest priority applies.
    priority: i64,
    /// The first instant at which it is valid.
    valid_from: DateTime<Utc>,
    /// The first instant at which it is not valid any more; absent if no end is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<DateTime<Utc>>,
    /// Whether it was taken back before it began.
    withdrawn: bool,
    /// When it was set.
    set_at: DateTime<Utc>,
}

/// A change of a variant's list price.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListPriceChangeJson {
    /// Per unit, in major units; absent where the price was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2.55")]
    amount: Option<String>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// From when on.
    changed_at: DateTime<Utc>,
}

/// What a variant costs a shopper now, and whether it can be had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Offer {
    #[schema(example = "MUG-BLUE")]
    sku: String,
    #[schema(example = "prd_01980000-0000-7000-8000-000000000000")]
    product_id: String,
    /// What the product is called.
    name: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// What one unit costs; absent if it is not sold in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<OfferedPrice>,
    /// The lowest price that applied in the 30 days before the current price began (Directive 98/6/EC, article 6a), in
    /// major units; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2.95")]
    lowest_prior_price: Option<String>,
    /// Whether it can be had.
    availability: Availability,
}

/// What one unit costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferedPrice {
    /// In major units; may be finer than a minor unit.
    #[schema(example = "2.55")]
    amount: String,
    /// Where the price comes from.
    reason: PriceReasonJson,
    /// When it ends; absent if no end is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<DateTime<Utc>>,
}

/// Whether a variant can be had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Availability {
    /// Units that are neither promised nor held for others, over the locations that the shop sells from.
    #[schema(minimum = 0)]
    available: i64,
    /// Whether there is at least one.
    in_stock: bool,
}

impl From<PriceRowRow> for ScheduledPrice {
    fn from(row: PriceRowRow) -> Self {
        Self {
            id: row.price_row_id,
            amount: row.amount,
            currency: row.currency,
            country: row.country,
            min_quantity: row.min_quantity,
            priority: row.priority,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            withdrawn: row.withdrawn,
            set_at: row.set_at,
        }
    }
}

impl From<ListPriceRow> for ListPriceChangeJson {
    fn from(row: ListPriceRow) -> Self {
        Self { amount: row.amount, currency: row.currency, changed_at: row.changed_at }
    }
}

/// List the prices of a variant's schedule, past and future ones too.
#[utoipa::path(get, path = "/api/v1/variants/{sku}/prices", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), ListSchedule, ReadHeaders), responses(
    (status = 200, description = "Some prices", body = Page<ScheduledPrice>), ListProblems))]
pub(crate) async fn list_scheduled_prices(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(sku): Path<Sku>,
    Query(query): Query<ListSchedule>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadPrices)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<PriceRowRow>("prices", &(&sku, &query), order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[prices::NAME]).await?;
    let after = paging.after.as_deref();
    let slice = prices::rows(&mut view.snapshot, &sku, query.currency, order, after, paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(ScheduledPrice::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// List how a variant's list price changed.
#[utoipa::path(get, path = "/api/v1/variants/{sku}/list-prices", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), ListListPrices, ReadHeaders), responses(
    (status = 200, description = "Some changes", body = Page<ListPriceChangeJson>), ListProblems))]
pub(crate) async fn list_list_prices(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(sku): Path<Sku>,
    Query(query): Query<ListListPrices>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadPrices)?;
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (&sku, &query);
    let paging = Paging::new::<ListPriceRow>("list prices", &scope, order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[prices::NAME]).await?;
    let after = paging.after.as_deref();
    let slice = prices::list_prices(&mut view.snapshot, &sku, query.currency, order, after, paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(ListPriceChangeJson::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read what a variant costs now, and whether it can be had.
///
/// Only variants that shoppers can buy have an offer: their product is published, and they were not withdrawn. It is what
/// this server knows; a cart is priced, and stock is held, by the aggregates themselves.
#[utoipa::path(get, path = "/api/v1/variants/{sku}/offer", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), WhichOffer, OneReadHeaders),
    responses((status = 200, description = "The offer; `ETag` stands for its content", body = Offer), OneProblems))]
pub(crate) async fn get_offer(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(sku): Path<Sku>,
    Query(query): Query<WhichOffer>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let now = api.clock.now();
    let mut view = request.open(&api, &[prices::NAME, products::NAME, stock::NAME]).await?;
    let offered = prices::offered(&mut view.snapshot, &sku).await.map_err(failed)?;
    let Some(offered) = offered else { return view.composite::<Offer>(None, &OFFER_NOT_FOUND) };
    let history = prices::history(&mut view.snapshot, &sku, query.currency).await.map_err(failed)?;
    let available = stock::available_of(&mut view.snapshot, vec![sku.to_string()], &api.locations).await;
    let available = available.map_err(failed)?.remove(sku.as_str()).unwrap_or(0);
    let body = offer(&sku, offered, &history, query, available, now);
    // The clock alone can change it, so that no revision could stand for it.
    view.composite(Some(Tagged::by_content(body)), &OFFER_NOT_FOUND)
}

fn offer(
    sku: &Sku,
    offered: Offered,
    history: &PriceHistory,
    query: WhichOffer,
    available: i64,
    now: DateTime<Utc>,
) -> Offer {
    let WhichOffer { currency, country, quantity } = query;
    let quantity = quantity.unwrap_or(Quantity::ONE);
    let query = PriceQuery { currency, country, quantity };
    let price = select(&history.rows, history.list_price(now), &query, now).map(|price| OfferedPrice {
        amount: price.amount.to_string(),
        valid_until: match price.reason {
            PriceReason::Row { row_id, .. } => {
                history.rows.iter().find(|row| row.row_id == row_id).and_then(|row| row.valid_until)
            }
            PriceReason::ListPrice => None,
        },
        reason: price.reason.into(),
    });
    let lowest = lowest_prior(&history.rows, &history.list_prices, &query, now);
    Offer {
        sku: sku.to_string(),
        product_id: offered.product_id,
        name: offered.name,
        currency: currency.to_string(),
        price,
        lowest_prior_price: lowest.as_ref().map(UnitPrice::to_string),
        availability: Availability { available, in_stock: available > 0 },
    }
}
