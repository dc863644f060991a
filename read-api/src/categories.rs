//! The category tree. Shoppers see active categories alone.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    paging::{Paging, sorts},
    problems::CATEGORY_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use tillroll_domain::{aggregate::Aggregate, category_tree::CategoryTree, ids::CategoryId, text::Slug};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_infra::bus::Fingerprint;
use tillroll_projections::{
    models::categories::{
        self, BY_NAME, BY_NAME_DESCENDING, BY_SORT_ORDER, BY_SORT_ORDER_DESCENDING, CategoryFilter, CategoryRow,
        NO_PARENT,
    },
    read::Snapshot,
};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

const UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/// A category by its id or its slug, which has no underscore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum CategoryRef {
    /// By id.
    Id(CategoryId),
    /// By slug.
    Slug(Slug),
}

impl TryFrom<String> for CategoryRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with(concat!("cat", "_")) {
            return text.parse().map(Self::Id).map_err(|error| format!("{error}"));
        }
        text.parse().map(Self::Slug).map_err(|error| format!("a slug {error}"))
    }
}

impl fmt::Display for CategoryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => fmt::Display::fmt(id, f),
            Self::Slug(slug) => fmt::Display::fmt(slug, f),
        }
    }
}

impl From<CategoryRef> for String {
    fn from(category: CategoryRef) -> Self {
        category.to_string()
    }
}

impl PartialSchema for CategoryRef {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^({}_{UUID}|[a-z0-9]+(-[a-z0-9]+)*)$", CategoryId::PREFIX);
        let text =
            ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).max_length(Some(Slug::MAX_CHARS));
        text.examples(["kitchen"]).into()
    }
}

impl ToSchema for CategoryRef {}

/// The category right above others, or `root` for those on the first level.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ParentRef(Option<CategoryId>);

impl TryFrom<String> for ParentRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "root" => Ok(Self(None)),
            id => id.parse().map(|id| Self(Some(id))).map_err(|error| format!("{error}")),
        }
    }
}

impl From<ParentRef> for String {
    fn from(parent: ParentRef) -> Self {
        parent.0.map_or_else(|| "root".to_owned(), |id| id.to_string())
    }
}

impl PartialSchema for ParentRef {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^(root|{}_{UUID})$", CategoryId::PREFIX);
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples(["root"]).into()
    }
}

impl ToSchema for ParentRef {}

sorts! {
    /// How to sort categories.
    CategorySort {
        /// As the shop arranged siblings, then by name.
        SortOrder = "sort_order" => BY_SORT_ORDER,
        /// The same backwards.
        SortOrderDescending = "-sort_order" => BY_SORT_ORDER_DESCENDING,
        /// By name.
        Name = "name" => BY_NAME,
        /// By name, backwards.
        NameDescending = "-name" => BY_NAME_DESCENDING,
    }
}

/// Which categories to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCategories {
    /// Only those right below this one, by its id; `root` for those on the first level. Without it, all levels.
    #[param(value_type = ParentRef, inline, required = false)]
    parent: Option<ParentRef>,
    /// Only archived ones, or only others. Shoppers see no archived ones whatever they ask for.
    #[param(value_type = bool, required = false)]
    archived: Option<bool>,
    /// The order; `sort_order` by default.
    #[param(value_type = CategorySort, inline, required = false)]
    sort: Option<CategorySort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// A category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub(crate) struct CategoryJson {
    #[schema(example = "cat_01980000-0000-7000-8000-000000000000")]
    id: String,
    name: String,
    /// What stands for it in addresses.
    #[schema(example = "kitchen")]
    slug: String,
    /// The category right above it; `null` on the first level.
    parent_id: Option<String>,
    /// What shoppers read about it; may be empty.
    description: String,
    /// The address of its picture.
    image: Option<String>,
    /// Its place among its siblings: the lowest first, equal ones by name.
    sort_order: i64,
    /// Whether shoppers do not see it any more.
    archived: bool,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
}

/// A category with the way to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryDetail)]
pub(crate) struct CategoryDetailJson {
    #[serde(flatten)]
    category: CategoryJson,
    /// The way to it from the first level, itself at the end.
    path: Vec<CategoryStep>,
    /// The revision of the whole tree, to name in `If-Match`.
    tree_revision: i64,
}

/// One step of the way to a category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryStep {
    #[schema(example = "cat_01980000-0000-7000-8000-000000000000")]
    id: String,
    name: String,
    #[schema(example = "kitchen")]
    slug: String,
}

impl From<CategoryRow> for CategoryJson {
    fn from(row: CategoryRow) -> Self {
        Self {
            id: row.category_id,
            name: row.name,
            slug: row.slug,
            parent_id: Some(row.parent_id).filter(|parent| parent != NO_PARENT),
            description: row.description,
            image: row.image_url,
            sort_order: row.sort_order,
            archived: row.archived,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<CategoryRow> for CategoryStep {
    fn from(row: CategoryRow) -> Self {
        Self { id: row.category_id, name: row.name, slug: row.slug }
    }
}

/// List categories, each with the one right above it.
#[utoipa::path(get, path = "/api/v1/categories", tag = "categories", params(ListCategories, ReadHeaders), responses(
    (status = 200, description = "Some categories", body = Page<CategoryJson>), ListProblems))]
pub(crate) async fn list_categories(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListCategories>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let is_shopper = principal.role.is_shopper();
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (&query, is_shopper);
    let paging = Paging::new::<CategoryRow>("categories", &scope, order, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[categories::NAME]).await?;
    if is_shopper && query.archived == Some(true) {
        return Ok(view.page(paging.page(Vec::<CategoryJson>::new(), None)));
    }
    let archived = if is_shopper { Some(false) } else { query.archived };
    let filter = CategoryFilter { parent: query.parent.map(|parent| parent.0), archived };
    let slice = categories::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(CategoryJson::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one category, by its id or its slug.
#[utoipa::path(get, path = "/api/v1/categories/{id}", tag = "categories",
    params(("id" = inline(CategoryRef), Path, description = "The category's id or slug"), OneReadHeaders),
    responses((status = 200, description = "The category; `ETag` begins with the revision of the tree",
        body = CategoryDetailJson), OneProblems))]
pub(crate) async fn get_category(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(category): Path<CategoryRef>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let mut view = request.open(&api, &[categories::NAME]).await?;
    let found = found_category(&mut view.snapshot, &category, principal.role.is_shopper()).await?;
    let tagged = match found {
        Some(row) => {
            let path = categories::path(&mut view.snapshot, &row.category_id).await.map_err(failed)?;
            let tree_revision = categories::tree_revision(&mut view.snapshot).await.map_err(failed)?.unwrap_or(0);
            let path = path.into_iter().map(CategoryStep::from).collect();
            let body = CategoryDetailJson { category: row.into(), path, tree_revision };
            Some(Tagged { tag: format!("{tree_revision}.{}", Fingerprint::of(&body)), body })
        }
        None => None,
    };
    view.one((CategoryTree::CATEGORY, CategoryTree::STREAM_ID), tagged, &CATEGORY_NOT_FOUND).await
}

/// The category, unless it is hidden from the caller.
pub(crate) async fn found_category(
    snapshot: &mut Snapshot,
    category: &CategoryRef,
    is_shopper: bool,
) -> Result<Option<CategoryRow>, Problem> {
    let found = match category {
        CategoryRef::Id(id) => categories::get(snapshot, *id).await,
        CategoryRef::Slug(slug) => categories::get_by_slug(snapshot, slug).await,
    };
    Ok(found.map_err(failed)?.filter(|row| !is_shopper || !row.archived))
}
