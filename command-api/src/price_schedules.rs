//! The price schedule of a variant: prices per currency, country and quantity, with their validity.

use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::Amount,
    problems::{PRODUCT_DISCONTINUED, SKU_UNKNOWN, VARIANT_WITHDRAWN},
    refusal::{Refusal, problem_of},
    request::{WriteHeaders, WriteRequest},
    skus,
    steps::past_answer,
};
use axum::extract::State;
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use serde::Deserialize;
use tillroll_domain::{
    ids::PriceRowId,
    price::Price,
    price_schedule::{
        PriceKey, PriceSchedule,
        commands::{NewPrice, PriceScheduleCommand},
    },
    product::ProductStage,
    quantity::Quantity,
    text::{Country, Sku},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{CommandContext, ExecuteError, Executed};
use utoipa::ToSchema;

/// A price to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetScheduledPrice {
    /// Per unit, not negative.
    #[schema(value_type = Amount)]
    price: Price,
    /// The buyer's country, an ISO 3166-1 alpha-2 code; every country where absent.
    #[schema(value_type = Option<schema::Country>)]
    country: Option<Country>,
    /// From how many units bought together on.
    #[serde(default = "one")]
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000, default = 1)]
    min_quantity: Quantity,
    /// Among prices that fit, the one with the highest priority applies; of equals the one that begins later.
    #[serde(default)]
    #[schema(default = 0)]
    priority: i32,
    /// The first instant at which it is valid, in whole microseconds and not in the past; now where absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<DateTime<Utc>>,
    /// The first instant at which it is not valid any more; without an end where absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<DateTime<Utc>>,
}

/// When a price ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndScheduledPrice {
    /// The first instant at which it is not valid any more, in whole microseconds and not in the past; now where absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<DateTime<Utc>>,
}

const fn one() -> Quantity {
    Quantity::ONE
}

/// Set a price of a variant for a time.
///
/// It applies instead of the product's list price, to buyers of its currency and country who buy as many units together.
/// Of one currency, country and quantity one price is valid at a time; what has begun never changes, and only ends.
/// `price_row_id` in the answer names the price.
#[utoipa::path(post, path = "/api/v1/variants/{sku}/prices", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = SetScheduledPrice,
    responses(Changed, Refusals))]
pub(crate) async fn set_scheduled_price(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(sku): Path<Sku>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let asked: SetScheduledPrice = request.body()?;
    let write = request.begin(&api, &principal);
    let row_id = PriceRowId::new(write.new_id(&api, "price"));
    let new = NewPrice {
        row_id,
        key: PriceKey { currency: asked.price.currency, country: asked.country, min_quantity: asked.min_quantity },
        priority: asked.priority,
        amount: asked.price.amount,
        valid_from: instant("valid_from", asked.valid_from)?,
        valid_until: instant("valid_until", asked.valid_until)?,
    };
    // A repeated request is answered before facts are gathered: the variant may have been withdrawn since.
    let known = api.bus.load::<PriceSchedule>(&write.tenant, sku.as_str()).await.map_err(problem_of)?;
    if let Some(answer) = past_answer(&known, write.command_id(), &write)? {
        return Ok(Written::before(&sku, &answer).price_row(row_id));
    }
    require_on_sale(&api, &sku).await?;
    let executed = execute(&api, &sku, PriceScheduleCommand::SetPrice(new), write.first()).await?;
    Ok(Written::new(&sku, &executed).price_row(row_id))
}

/// End a price that has begun, now or later.
///
/// An end is never put off; a price that has not begun is withdrawn instead.
#[utoipa::path(post, path = "/api/v1/variants/{sku}/prices/{row_id}/end", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), ("row_id" = inline(schema::PriceRowId), Path), WriteHeaders),
    request_body = EndScheduledPrice, responses(Changed, Refusals))]
pub(crate) async fn end_scheduled_price(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((sku, row_id)): Path<(Sku, PriceRowId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let EndScheduledPrice { at } = request.body()?;
    let command = PriceScheduleCommand::EndPrice { row_id, at: instant("at", at)? };
    run(&api, &principal, &sku, row_id, request, command).await
}

/// Withdraw a price that has not begun.
#[utoipa::path(post, path = "/api/v1/variants/{sku}/prices/{row_id}/withdraw", tag = "prices",
    params(("sku" = inline(schema::Sku), Path), ("row_id" = inline(schema::PriceRowId), Path), WriteHeaders),
    responses(Changed, Refusals))]
pub(crate) async fn withdraw_scheduled_price(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((sku, row_id)): Path<(Sku, PriceRowId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, &sku, row_id, request, PriceScheduleCommand::WithdrawPrice { row_id }).await
}

async fn run(
    api: &CommandApi,
    principal: &Principal,
    sku: &Sku,
    row_id: PriceRowId,
    request: WriteRequest,
    command: PriceScheduleCommand,
) -> Result<Written, Problem> {
    let write = request.begin(api, principal);
    let executed = execute(api, sku, command, write.first()).await?;
    Ok(Written::new(sku, &executed).price_row(row_id))
}

async fn execute(
    api: &CommandApi,
    sku: &Sku,
    command: PriceScheduleCommand,
    context: CommandContext,
) -> Result<Executed, Problem> {
    let executed = api.bus.execute::<PriceSchedule>(sku.as_str(), command, context).await;
    executed.map_err(|error| match error {
        ExecuteError::Refused(refusal) => refusal.problem().with("sku", sku),
        other => problem_of(other),
    })
}

/// Refuses a SKU that nobody has, or that is sold no more.
async fn require_on_sale(api: &CommandApi, sku: &Sku) -> Result<(), Problem> {
    let Some(product) = skus::product_of(api, sku).await? else {
        return Err(Problem::of(&SKU_UNKNOWN).detail("no product has this SKU").with("sku", sku));
    };
    if product.stage == ProductStage::Discontinued {
        return Err(Problem::of(&PRODUCT_DISCONTINUED).detail("the product is discontinued").with("sku", sku));
    }
    if product.variants.get(sku).is_none_or(|variant| !variant.offered) {
        return Err(Problem::of(&VARIANT_WITHDRAWN).detail("the variant was withdrawn").with("sku", sku));
    }
    Ok(())
}

/// An instant in whole microseconds, in which read models keep it too, of a year that they can sort.
fn instant(field: &str, at: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Problem> {
    match at {
        Some(at) if !(1..=9_999).contains(&at.year()) => {
            Err(Problem::bad_value("an instant lies in the years 1 to 9999").with("field", field))
        }
        at => Ok(at.map(|at| at.trunc_subsecs(6))),
    }
}
