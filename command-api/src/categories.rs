//! The category tree. All categories share one stream, so that `If-Match` and `ETag` speak of the whole tree.

use crate::{
    CommandApi,
    answer::{Changed, Created, Refusals, Written},
    problems::{CATEGORY_ARCHIVED, CATEGORY_UNKNOWN},
    refusal::problem_of,
    request::{Write, WriteHeaders, WriteRequest},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tillroll_domain::{
    category_tree::{
        CategoryTree,
        commands::{CategoryTreeCommand, NewCategory},
    },
    ids::CategoryId,
    text::{MediaUrl, Name, Note, Slug},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::Executed;
use utoipa::ToSchema;

/// A category to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddCategory {
    /// What it is called.
    #[schema(value_type = schema::Name)]
    name: Name,
    /// What stands for it in addresses; unique over all categories, archived ones included.
    #[schema(value_type = schema::Slug)]
    slug: Slug,
    /// The category right above it; none for the first level. There are at most 16 levels.
    #[schema(value_type = Option<schema::CategoryId>)]
    parent_id: Option<CategoryId>,
    /// What shoppers read about it; empty if it is left out.
    #[schema(value_type = Option<schema::Note>)]
    description: Option<Note>,
    /// The address of its picture.
    #[schema(value_type = Option<schema::MediaUrl>)]
    image: Option<MediaUrl>,
    /// Its place among its siblings: the lowest first, equal ones by name.
    #[serde(default)]
    sort_order: i32,
}

/// What a category is called now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameCategory {
    /// The new name.
    #[schema(value_type = schema::Name)]
    name: Name,
}

/// What stands for a category in addresses now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCategorySlug {
    /// The new slug; the earlier one is free at once.
    #[schema(value_type = schema::Slug)]
    slug: Slug,
}

/// What shoppers read about a category now, and see of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescribeCategory {
    /// The new description; empty if it is left out.
    #[schema(value_type = Option<schema::Note>)]
    description: Option<Note>,
    /// The address of the new picture; none if it is left out.
    #[schema(value_type = Option<schema::MediaUrl>)]
    image: Option<MediaUrl>,
}

/// Where a category is now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveCategory {
    /// The category right above it; none for the first level.
    #[schema(value_type = Option<schema::CategoryId>)]
    parent_id: Option<CategoryId>,
}

/// Which place a category has among its siblings now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReorderCategory {
    /// The lowest comes first, equal ones by name.
    sort_order: i32,
}

/// Add a category.
#[utoipa::path(post, path = "/api/v1/categories", tag = "categories", params(WriteHeaders),
    request_body = AddCategory, responses(Created, Refusals))]
pub(crate) async fn add_category(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let AddCategory { name, slug, parent_id, description, image, sort_order } = request.body()?;
    let category = NewCategory { name, slug, parent_id, description: or_empty(description)?, image, sort_order };
    let write = request.begin(&api, &principal);
    let category_id = CategoryId::new(write.new_id(&api, "category"));
    let executed = execute(&api, &write, CategoryTreeCommand::Add { category_id, category }).await?;
    Ok(Written::new(category_id, &executed).created("/api/v1/categories"))
}

/// Call a category something else.
#[utoipa::path(post, path = "/api/v1/categories/{id}/rename", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), request_body = RenameCategory,
    responses(Changed, Refusals))]
pub(crate) async fn rename_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let RenameCategory { name } = request.body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::Rename { category_id, name }).await
}

/// Give a category another slug.
#[utoipa::path(post, path = "/api/v1/categories/{id}/change-slug", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), request_body = ChangeCategorySlug,
    responses(Changed, Refusals))]
pub(crate) async fn change_category_slug(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let ChangeCategorySlug { slug } = request.body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::ChangeSlug { category_id, slug }).await
}

/// Say something else about a category, and show another picture.
#[utoipa::path(post, path = "/api/v1/categories/{id}/describe", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), request_body = DescribeCategory,
    responses(Changed, Refusals))]
pub(crate) async fn describe_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let DescribeCategory { description, image } = request.body()?;
    let command = CategoryTreeCommand::Describe { category_id, description: or_empty(description)?, image };
    run(&api, &principal, category_id, request, command).await
}

/// Put a category, with all below it, under another one.
#[utoipa::path(post, path = "/api/v1/categories/{id}/move", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), request_body = MoveCategory,
    responses(Changed, Refusals))]
pub(crate) async fn move_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let MoveCategory { parent_id } = request.body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::Move { category_id, parent_id }).await
}

/// Give a category another place among its siblings.
#[utoipa::path(post, path = "/api/v1/categories/{id}/reorder", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), request_body = ReorderCategory,
    responses(Changed, Refusals))]
pub(crate) async fn reorder_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    let ReorderCategory { sort_order } = request.body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::Reorder { category_id, sort_order }).await
}

/// Hide a category from shoppers. Refused while an active category is right below it.
#[utoipa::path(post, path = "/api/v1/categories/{id}/archive", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn archive_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::Archive { category_id }).await
}

/// Show a category again. Refused while the category above it is archived.
#[utoipa::path(post, path = "/api/v1/categories/{id}/restore", tag = "categories",
    params(("id" = inline(schema::CategoryId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn restore_category(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(category_id): Path<CategoryId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCatalog)?;
    request.no_body()?;
    run(&api, &principal, category_id, request, CategoryTreeCommand::Restore { category_id }).await
}

/// Refuses categories that are not there or archived.
pub(crate) async fn require_active(api: &CommandApi, ids: &[CategoryId]) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    let tree = api.bus.load::<CategoryTree>(&api.tenant, CategoryTree::STREAM_ID).await.map_err(problem_of)?;
    for &id in ids {
        match tree.state.get(id) {
            None => {
                let problem = Problem::of(&CATEGORY_UNKNOWN).detail("there is no such category");
                return Err(problem.with("category_id", id));
            }
            Some(category) if category.archived => {
                let problem = Problem::of(&CATEGORY_ARCHIVED).detail("the category is archived");
                return Err(problem.with("category_id", id));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn or_empty(note: Option<Note>) -> Result<Note, Problem> {
    match note {
        Some(note) => Ok(note),
        None => "".parse().map_err(|_| Problem::internal()),
    }
}

async fn run(
    api: &CommandApi,
    principal: &Principal,
    category_id: CategoryId,
    request: WriteRequest,
    command: CategoryTreeCommand,
) -> Result<Written, Problem> {
    let write = request.begin(api, principal);
    Ok(Written::new(category_id, &execute(api, &write, command).await?))
}

async fn execute(api: &CommandApi, write: &Write, command: CategoryTreeCommand) -> Result<Executed, Problem> {
    api.bus.execute::<CategoryTree>(CategoryTree::STREAM_ID, command, write.first()).await.map_err(problem_of)
}
