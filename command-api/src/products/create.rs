//! A product is created with its first variants and, if they are known, its details.

use super::{
    NewVariant, carry_through, check_variants, commands_of,
    details::{DescribeProduct, Media, media_command},
    execute, later, named_commands_of, rehearse,
};
use crate::{
    CommandApi,
    answer::{Created, Refusals, Written},
    categories,
    request::{KeyedWriteHeaders, WriteRequest},
    skus, slugs,
};
use axum::{
    extract::{DefaultBodyLimit, State},
    response::Response,
};
use serde::Deserialize;
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{CategoryId, ProductId},
    product::{Product, commands::ProductCommand},
    text::{Name, Slug},
};
use tillroll_http::{Permission, Principal, Problem, schema};
use utoipa::ToSchema;

/// The most bytes of a body that holds a description, each character of which may need four, or twelve as JSON escapes.
const BODY_BYTES_MAX: usize = 384 << 10;

/// The limit of the bodies of the routes that take a description.
pub(crate) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_BYTES_MAX)
}

/// A product to create, as a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateProduct {
    /// What it is called.
    #[schema(value_type = schema::Name)]
    name: Name,
    /// Its first variants.
    #[serde(default)]
    #[schema(max_items = 250)]
    variants: Vec<NewVariant>,
    /// What stands for it in addresses; unique over all products.
    #[schema(value_type = Option<schema::Slug>)]
    slug: Option<Slug>,
    /// What shoppers read about it.
    details: Option<DescribeProduct>,
    /// The categories that it is in, none twice; the first is the one that it is shown under.
    #[serde(default)]
    #[schema(value_type = Vec<schema::CategoryId>, max_items = 20)]
    category_ids: Vec<CategoryId>,
    /// Its pictures and films in order, no address twice, at most one of them primary.
    #[serde(default)]
    #[schema(max_items = 20)]
    media: Vec<Media>,
    /// Whether the shop recommends it.
    #[serde(default)]
    featured: bool,
}

/// Create a product as a draft, with its first variants and its details.
///
/// All is checked before anything is written, and what has begun is carried through even if the client goes away. Should
/// the server stop in between, the same request with the same `Idempotency-Key`, which is required, completes what it
/// began.
#[utoipa::path(post, path = "/api/v1/products", tag = "products", params(KeyedWriteHeaders),
    request_body = CreateProduct, responses(Created, Refusals))]
pub(crate) async fn create_product(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.require_key()?;
    let CreateProduct { name, variants, slug, details, category_ids, media, featured } = request.body()?;
    check_variants(&variants)?;
    let write = request.begin(&api, &principal);
    let id = ProductId::new(write.new_id(&api, "product"));

    let create = ProductCommand::Create { name };
    let mut further = Vec::new();
    if let Some(details) = details {
        further.push(("describe", details.command()?));
    }
    if !category_ids.is_empty() {
        further.push(("categorize", ProductCommand::Categorize { category_ids: category_ids.clone() }));
    }
    if !media.is_empty() {
        further.push(("media", media_command(media)?));
    }
    if featured {
        further.push(("feature", ProductCommand::Feature));
    }
    let commands = std::iter::once(create.clone())
        .chain(variants.iter().flat_map(commands_of))
        .chain(further.iter().map(|(_, command)| command.clone()));
    rehearse(&api, Product::initial(), commands)?;
    for variant in &variants {
        if let Some(owner) = skus::owner(&api, &variant.sku).await?.filter(|owner| *owner != id) {
            return Err(skus::taken(&variant.sku, &owner.to_string()));
        }
    }
    // A repeated request is answered as before, whatever has become of slug and categories.
    if !super::has_answered(&api, &write, id).await? {
        categories::require_active(&api, &category_ids).await?;
        if let Some(slug) = &slug {
            slugs::require_free(&api, slug, id).await?;
        }
    }
    carry_through(&api.clone(), async move {
        // The product comes before its claims: should another product win a SKU meanwhile, what remains is a draft that
        // can be seen and completed, and no SKU that belongs to nobody.
        let mut executed = execute(&api, id, create, write.first()).await?;
        for variant in &variants {
            skus::claim(&api, &write, &variant.sku, id).await?;
            for (name, command) in named_commands_of(variant) {
                executed = later(executed, execute(&api, id, command, write.step(&name)).await?);
            }
        }
        for (name, command) in further {
            executed = later(executed, execute(&api, id, command, write.step(name)).await?);
        }
        if let Some(slug) = &slug {
            executed = later(executed, slugs::set(&api, &write, id, slug, write.step("slug")).await?);
        }
        Ok(Written::new(id, &executed).created("/api/v1/products"))
    })
    .await
}
