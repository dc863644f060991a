//! What shoppers read about a product, what they see of it, and where they come across it.

use super::{carry_through, run};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    categories,
    request::{KeyedWriteHeaders, WriteHeaders, WriteRequest},
    slugs,
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    ids::{CategoryId, ProductId},
    product::{ProductDetails, commands::ProductCommand, events},
    text::{Description, MediaUrl, Name, Note, Slug},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use utoipa::ToSchema;

/// What shoppers read about a product.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescribeProduct {
    /// A sentence or two, for lists; empty if it is left out.
    #[schema(value_type = Option<schema::Note>)]
    short_description: Option<Note>,
    /// All of it, for the product's page; may have several lines, and is empty if it is left out.
    #[schema(value_type = Option<schema::Description>)]
    description: Option<Description>,
    /// Who makes it.
    #[schema(value_type = Option<schema::Name>)]
    brand: Option<Name>,
    /// The title of its page for search engines, where it is not the name.
    #[schema(value_type = Option<schema::Note>)]
    meta_title: Option<Note>,
    /// The description of its page for search engines, where it is not the short description.
    #[schema(value_type = Option<schema::Note>)]
    meta_description: Option<Note>,
}

impl DescribeProduct {
    /// The command, with everything that was left out empty.
    pub(super) fn command(self) -> Result<ProductCommand, Problem> {
        let Self { short_description, description, brand, meta_title, meta_description } = self;
        let short_description = match short_description {
            Some(text) => text,
            None => "".parse().map_err(|_| Problem::internal())?,
        };
        let description = match description {
            Some(text) => text,
            None => "".parse().map_err(|_| Problem::internal())?,
        };
        let details = ProductDetails { short_description, description, brand, meta_title, meta_description };
        Ok(ProductCommand::Describe { details })
    }
}

/// A slug to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSlug {
    /// What stands for the product in addresses; unique over all products.
    #[schema(value_type = schema::Slug)]
    slug: Slug,
}

/// The categories of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategorizeProduct {
    /// All of them, none twice; the first is the one that the product is shown under.
    #[schema(value_type = Vec<schema::CategoryId>, max_items = 20)]
    category_ids: Vec<CategoryId>,
}

/// A picture or film.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    /// Where it is.
    #[schema(value_type = schema::MediaUrl)]
    url: MediaUrl,
    /// What stands for it where it cannot be seen; empty if it is left out.
    #[schema(value_type = Option<schema::Note>)]
    alt: Option<Note>,
    /// Whether it stands for the product in lists. If none does, the first one will.
    #[serde(default)]
    primary: bool,
}

/// The pictures and films of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetMedia {
    /// All of them in order, no address twice, at most one of them primary.
    #[schema(max_items = 20)]
    media: Vec<Media>,
}

/// The command that shows these and no others.
pub(super) fn media_command(media: Vec<Media>) -> Result<ProductCommand, Problem> {
    let media = media.into_iter().map(|Media { url, alt, primary }| {
        let alt = match alt {
            Some(alt) => alt,
            None => "".parse().map_err(|_| Problem::internal())?,
        };
        Ok(events::Media { url, alt, primary })
    });
    Ok(ProductCommand::SetMedia { media: media.collect::<Result<_, Problem>>()? })
}

/// Say what shoppers read about a product; replaces all that was said before.
#[utoipa::path(post, path = "/api/v1/products/{id}/describe", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), request_body = DescribeProduct,
    responses(Changed, Refusals))]
pub(crate) async fn describe_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let described: DescribeProduct = request.body()?;
    run(&api, &principal, id, request, described.command()?).await
}

/// Give a product a slug, or another one.
///
/// The earlier one is then free for another product. What has begun is carried through even if the client goes away.
/// Should the server stop in between, the same request with the same `Idempotency-Key`, which is required, completes what
/// it began.
#[utoipa::path(post, path = "/api/v1/products/{id}/set-slug", tag = "products",
    params(("id" = inline(schema::ProductId), Path), KeyedWriteHeaders), request_body = SetSlug,
    responses(Changed, Refusals))]
pub(crate) async fn set_product_slug(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.require_key()?;
    let SetSlug { slug } = request.body()?;
    let write = request.begin(&api, &principal);
    carry_through(&api.clone(), async move {
        let executed = slugs::set(&api, &write, id, &slug, write.first()).await?;
        Ok(Written::new(id, &executed))
    })
    .await
}

/// Put a product into these categories and no others.
#[utoipa::path(post, path = "/api/v1/products/{id}/categorize", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), request_body = CategorizeProduct,
    responses(Changed, Refusals))]
pub(crate) async fn categorize_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let CategorizeProduct { category_ids } = request.body()?;
    let write = request.begin(&api, &principal);
    // A repeated request is answered as before, whatever has become of the categories.
    if !super::has_answered(&api, &write, id).await? {
        categories::require_active(&api, &category_ids).await?;
    }
    let command = ProductCommand::Categorize { category_ids };
    Ok(Written::new(id, &super::execute(&api, id, command, write.first()).await?))
}

/// Show these pictures and films of a product and no others.
#[utoipa::path(post, path = "/api/v1/products/{id}/set-media", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), request_body = SetMedia,
    responses(Changed, Refusals))]
pub(crate) async fn set_product_media(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let SetMedia { media } = request.body()?;
    run(&api, &principal, id, request, media_command(media)?).await
}

/// Show a product where the shop shows what it recommends.
#[utoipa::path(post, path = "/api/v1/products/{id}/feature", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn feature_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, id, request, ProductCommand::Feature).await
}

/// Recommend a product no more.
#[utoipa::path(post, path = "/api/v1/products/{id}/unfeature", tag = "products",
    params(("id" = inline(schema::ProductId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn unfeature_product(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, id, request, ProductCommand::Unfeature).await
}
