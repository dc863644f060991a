//! Products, their variants and list prices.

pub(crate) mod create;
pub(crate) mod details;

use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::{Amount, Reason},
    chains::carry_through,
    problems::{DUPLICATE_PRICE, DUPLICATE_SKU},
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, Write, WriteHeaders, WriteRequest},
    skus,
    steps::{answered, past_answer},
};
use axum::extract::State;
use serde::Deserialize;
use std::collections::BTreeSet;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    ids::ProductId,
    money::Currency,
    price::Price,
    product::{
        Product, ProductError, ProductState,
        commands::{ProductCommand, VARIANTS_MAX},
        events::VariantAttribute,
    },
    text::{Name, Sku},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{Executed, Outcome};
use utoipa::ToSchema;

/// A variant to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVariant {
    /// Unique over all products, for ever.
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    /// What tells it from its siblings.
    #[serde(default)]
    #[schema(value_type = Vec<Attribute>, max_items = 16)]
    attributes: Vec<VariantAttribute>,
    /// List prices, one per currency.
    #[serde(default)]
    #[schema(value_type = Vec<Amount>)]
    prices: Vec<Price>,
}

/// One property of a variant.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's VariantAttribute is what is read")]
struct Attribute {
    /// The property.
    #[schema(example = "color")]
    name: schema::Name,
    /// Its value.
    #[schema(example = "red")]
    value: schema::Name,
}

/// What a product is called now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameProduct {
    /// The new name.
    #[schema(value_type = schema::Name)]
    name: Name,
}

/// A list price.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPrice {
    /// Per unit, not negative; it replaces the price in its currency.
    #[schema(value_type = Amount)]
    price: Price,
}

/// Which list price to remove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovePrice {
    /// ISO 4217.
    #[schema(value_type = schema::Currency)]
    currency: Currency,
}

/// Add a variant with its list prices.
///
/// What has begun is carried through even if the client goes away. Should the server stop in between, the same request
/// with the same `Idempotency-Key`, which is required, completes what it began.
#[utoipa::path(post, path = "/api/v1/products/{id}/variants", tag = "products",
    params(("id" = inline(schema::ProductId), Path), KeyedWriteHeaders), request_body = NewVariant, responses(Changed, Refusals))]
pub(crate) async fn add_variant(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.require_key()?;
    let variant: NewVariant = request.body()?;
    check_variants(std::slice::from_ref(&variant))?;
    let write = request.begin(&api, &principal);
    // A claim is for ever, so it is not made for a command that would be refused. Where the product owns the SKU, this may
    // be a repeated request, which must be answered as before whatever has become of the product.
    let unclaimed = match skus::owner(&api, &variant.sku).await? {
        Some(owner) if owner == id => false,
        Some(owner) => return Err(skus::taken(&variant.sku, &owner.to_string())),
        None => {
            check_new_variant(&api, &write, id, &variant).await?;
            true
        }
    };
    carry_through(&api.clone(), async move {
        if unclaimed {
            skus::claim(&api, &write, &variant.sku, id).await?;
        }
        let mut commands = named_commands_of(&variant);
        let (_, add) = commands.remove(0);
        let mut executed = execute(&api, id, add, write.first()).await?;
        for (name, command) in commands {
            executed = later(executed, execute(&api, id, command, write.step(&name)).await?);
        }
        Ok(Written::new(id, &executed))
    })
    .await
}

async fn check_new_variant(
    api: &CommandApi,
    write: &Write,
    id: ProductId,
    variant: &NewVariant,
) -> Result<(), Problem> {
    let product = api.bus.load::<Product>(&write.tenant, &id.uuid().to_string()).await.map_err(problem_of)?;
    // The product itself would say so before it looks at anything else. The same request may have been carried out since
    // its SKU was looked up.
    if answered(&product, write)? {
        return Ok(());
    }
    rehearse(api, product.state, commands_of(variant))
}

/// Call a product something else.
#[utoipa::path(post, path = "/api/v1/products/{id}/rename", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), request_body = RenameProduct, responses(Changed, Refusals))]
pub(crate) async fn rename_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let RenameProduct { name } = request.body()?;
    run(&api, &principal, id, request, ProductCommand::Rename { name }).await
}

/// Stop offering a variant, for good.
#[utoipa::path(post, path = "/api/v1/products/{id}/variants/{sku}/withdraw", tag = "products",
    params(("id" = inline(schema::ProductId), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn withdraw_variant(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, sku)): Path<(ProductId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, id, request, ProductCommand::WithdrawVariant { sku }).await
}

/// Set a variant's list price in one currency.
#[utoipa::path(post, path = "/api/v1/products/{id}/variants/{sku}/set-price", tag = "products",
    params(("id" = inline(schema::ProductId), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = SetPrice,
    responses(Changed, Refusals))]
pub(crate) async fn set_variant_price(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, sku)): Path<(ProductId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let SetPrice { price } = request.body()?;
    run(&api, &principal, id, request, ProductCommand::SetVariantPrice { sku, price }).await
}

/// Remove a variant's list price in one currency.
#[utoipa::path(post, path = "/api/v1/products/{id}/variants/{sku}/remove-price", tag = "products",
    params(("id" = inline(schema::ProductId), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = RemovePrice,
    responses(Changed, Refusals))]
pub(crate) async fn remove_variant_price(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, sku)): Path<(ProductId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let RemovePrice { currency } = request.body()?;
    run(&api, &principal, id, request, ProductCommand::RemoveVariantPrice { sku, currency }).await
}

/// Show a product to shoppers.
#[utoipa::path(post, path = "/api/v1/products/{id}/publish", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn publish_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, id, request, ProductCommand::Publish).await
}

/// Hide a product from shoppers until it is published again.
#[utoipa::path(post, path = "/api/v1/products/{id}/unpublish", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn unpublish_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, id, request, ProductCommand::Unpublish).await
}

/// Offer a product no more, for good.
#[utoipa::path(post, path = "/api/v1/products/{id}/discontinue", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), request_body = Reason, responses(Changed, Refusals))]
pub(crate) async fn discontinue_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let Reason { reason } = request.body()?;
    run(&api, &principal, id, request, ProductCommand::Discontinue { reason }).await
}

/// Whether the product has answered this request before; refused if its key came with another one.
async fn has_answered(api: &CommandApi, write: &Write, id: ProductId) -> Result<bool, Problem> {
    let product = api.bus.load::<Product>(&write.tenant, &id.uuid().to_string()).await.map_err(problem_of)?;
    Ok(past_answer(&product, write.command_id(), write)?.is_some())
}

async fn run(
    api: &CommandApi,
    principal: &Principal,
    id: ProductId,
    request: WriteRequest,
    command: ProductCommand,
) -> Result<Written, Problem> {
    let write = request.begin(api, principal);
    Ok(Written::new(id, &execute(api, id, command, write.first()).await?))
}

async fn execute(
    api: &CommandApi,
    id: ProductId,
    command: ProductCommand,
    context: tillroll_infra::bus::CommandContext,
) -> Result<Executed, Problem> {
    api.bus.execute::<Product>(&id.uuid().to_string(), command, context).await.map_err(problem_of)
}

/// The answer of several commands is that of the last which appended something, now or when it was first sent.
fn later(earlier: Executed, last: Executed) -> Executed {
    match last.outcome {
        Outcome::Appended | Outcome::AlreadyAnswered => last,
        Outcome::NothingToDo => earlier,
    }
}

/// The commands that add a variant, named uniquely within a request; adding it comes first.
fn named_commands_of(variant: &NewVariant) -> Vec<(String, ProductCommand)> {
    let sku = &variant.sku;
    let add = ProductCommand::AddVariant { sku: sku.clone(), attributes: variant.attributes.clone() };
    let prices = variant.prices.iter().map(|price| {
        (format!("price/{sku}/{}", price.currency), ProductCommand::SetVariantPrice { sku: sku.clone(), price: *price })
    });
    std::iter::once((format!("variant/{sku}"), add)).chain(prices).collect()
}

fn commands_of(variant: &NewVariant) -> impl Iterator<Item = ProductCommand> + use<> {
    named_commands_of(variant).into_iter().map(|(_, command)| command)
}

/// What no command alone could refuse.
fn check_variants(variants: &[NewVariant]) -> Result<(), Problem> {
    if variants.len() > VARIANTS_MAX {
        return Err(ProductError::TooManyVariants { max: VARIANTS_MAX }.problem());
    }
    let mut skus = BTreeSet::new();
    for variant in variants {
        let sku = &variant.sku;
        if !skus.insert(sku) {
            return Err(Problem::of(&DUPLICATE_SKU).detail("the SKU is given twice").with("sku", sku));
        }
        let mut currencies = BTreeSet::new();
        if let Some(again) = variant.prices.iter().find(|price| !currencies.insert(price.currency)) {
            let problem = Problem::of(&DUPLICATE_PRICE).detail("a variant has one list price per currency");
            return Err(problem.with("sku", sku).with("currency", again.currency));
        }
    }
    Ok(())
}

/// Decides commands one after the other without appending anything, so that a request of several commands is refused
/// before the first of them.
fn rehearse(
    api: &CommandApi,
    state: ProductState,
    commands: impl IntoIterator<Item = ProductCommand>,
) -> Result<(), Problem> {
    let now = api.bus.ambient().clock.now();
    let moment = Moment { now, business_date: now.date_naive() };
    let rehearsed = commands.into_iter().try_fold(state, |state, command| {
        let events = Product::decide(&state, &command, &moment)?;
        Ok(events.iter().fold(state, Product::evolve))
    });
    rehearsed.map(drop).map_err(|refusal: ProductError| refusal.problem())
}
