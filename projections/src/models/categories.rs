//! The category tree: a row per category, and the questions that are asked of a tree.

use super::{
    fold::{effective_at, is_shown, known, names, position, revision},
    query::{Filters, Ordering, Slice, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{ColumnSpec, ColumnType, Row, TableSpec, Value},
};
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    aggregate::DomainEvent,
    category_tree::{DEPTH_MAX, events::CategoryTreeEvent},
    ids::CategoryId,
    text::Slug,
};

/// The name of the projection.
pub const NAME: &str = "categories";

/// What stands for the parent of a category on the first level.
pub const NO_PARENT: &str = "";

read_table! {
    /// A category.
    pub struct CategoryRow in "categories", key 1, indexes [
        "slug, category_id",
        "parent_id, sort_order, name, category_id",
        "sort_order, name, category_id",
        "name, category_id",
        "revision",
    ] {
        /// Its typed id.
        pub category_id: String,
        /// What it is called.
        pub name: String,
        /// What stands for it in addresses.
        pub slug: String,
        /// The category right above it; empty on the first level.
        pub parent_id: String,
        /// What shoppers read about it; may be empty.
        pub description: String,
        /// Its picture.
        pub image_url: Option<String>,
        /// Its place among its siblings: the lowest first.
        pub sort_order: i64,
        /// Whether shoppers do not see it any more.
        pub archived: bool,
        /// When it came to be, effectively.
        pub created_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The revision of the tree's stream at its last event.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Categories;

static TYPES: [&str; CategoryTreeEvent::TYPES.len()] = names(CategoryTreeEvent::TYPES);

impl Projection for Categories {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![CategoryRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        apply(event, tables).boxed()
    }
}

async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    use CategoryTreeEvent as E;
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<E>()?;
    let event = incoming.recorded();
    let parent = |id: Option<CategoryId>| id.map_or_else(|| NO_PARENT.to_owned(), |id| id.to_string());
    let id = match fact {
        E::CategoryAdded(added) => {
            tables.put(&CategoryRow {
                category_id: added.category_id.to_string(),
                name: added.name.to_string(),
                slug: added.slug.to_string(),
                parent_id: parent(added.parent_id),
                description: added.description.to_string(),
                image_url: added.image.as_ref().map(ToString::to_string),
                sort_order: i64::from(added.sort_order),
                archived: false,
                created_at: effective_at(event)?,
                updated_at: event.recorded_at,
                revision: revision(event),
                position: position(event),
            });
            return Ok(());
        }
        E::CategoryRenamed(e) => e.category_id,
        E::CategorySlugChanged(e) => e.category_id,
        E::CategoryDescribed(e) => e.category_id,
        E::CategoryMoved(e) => e.category_id,
        E::CategoryReordered(e) => e.category_id,
        E::CategoryArchived(e) => e.category_id,
        E::CategoryRestored(e) => e.category_id,
    };
    let mut row: CategoryRow = known(tables.get(vec![text(id)]).await?, event)?;
    match fact {
        E::CategoryAdded(_) => {}
        E::CategoryRenamed(e) => row.name = e.name.to_string(),
        E::CategorySlugChanged(e) => row.slug = e.slug.to_string(),
        E::CategoryDescribed(e) => {
            row.description = e.description.to_string();
            row.image_url = e.image.as_ref().map(ToString::to_string);
        }
        E::CategoryMoved(e) => row.parent_id = parent(e.parent_id),
        E::CategoryReordered(e) => row.sort_order = i64::from(e.sort_order),
        E::CategoryArchived(_) => row.archived = true,
        E::CategoryRestored(_) => row.archived = false,
    }
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

/// Which categories to list.
#[derive(Debug, Clone, Default)]
pub struct CategoryFilter {
    /// Only those right below this one; `Some(None)` means those on the first level.
    pub parent: Option<Option<CategoryId>>,
    /// Only archived ones, or only others.
    pub archived: Option<bool>,
}

/// By the place that the shop gave them, then by name.
pub const BY_SORT_ORDER: Ordering = Ordering::ascending(&["sort_order", "name", "category_id"]);
/// By the place that the shop gave them, backwards.
pub const BY_SORT_ORDER_DESCENDING: Ordering = Ordering::descending(&["sort_order", "name", "category_id"]);
/// By name.
pub const BY_NAME: Ordering = Ordering::ascending(&["name", "category_id"]);
/// By name, backwards.
pub const BY_NAME_DESCENDING: Ordering = Ordering::descending(&["name", "category_id"]);

/// Some categories, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &CategoryFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<CategoryRow>, ReadModelError> {
    let parent = filter.parent.map(|parent| parent.map_or_else(|| text(NO_PARENT), text));
    let filters =
        Filters::none().and_some("parent_id =", parent).and_some("archived =", filter.archived.map(Value::Bool));
    slice(snapshot, filters, order, after, limit).await
}

/// One category; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: CategoryId) -> Result<Option<CategoryRow>, ReadModelError> {
    one(snapshot, Filters::none().and("category_id =", text(id))).await
}

/// The category that has the slug; `None` if none has it.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get_by_slug(snapshot: &mut Snapshot, slug: &Slug) -> Result<Option<CategoryRow>, ReadModelError> {
    one(snapshot, Filters::none().and("slug =", text(slug))).await
}

/// The revision of the tree, which every write to it names; `None` before its first event.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn tree_revision(snapshot: &mut Snapshot) -> Result<Option<i64>, ReadModelError> {
    // Every event of the tree is about one category, whose row then has its revision.
    let last = slice::<CategoryRow>(snapshot, Filters::none(), Ordering::descending(&["revision"]), None, 1).await?;
    Ok(last.rows.first().map(|row| row.revision))
}

const CATEGORY_ID: [ColumnSpec; 1] =
    [ColumnSpec { name: "category_id", column_type: ColumnType::Text, nullable: false }];

/// The ids of the category and of all below it, archived ones only if asked for.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn with_all_below(
    snapshot: &mut Snapshot,
    category_id: &str,
    archived_too: bool,
) -> Result<Vec<String>, ReadModelError> {
    let mut values = vec![text(category_id)];
    let mut active = "";
    if !archived_too {
        values.push(Value::Bool(false));
        active = " AND c.archived = $2";
    }
    // A tree has no circles and a bounded depth; the bound here ends the query whatever the table holds.
    let sql = format!(
        "WITH RECURSIVE below (category_id, depth) AS (
            SELECT c.category_id, 1 FROM categories AS c WHERE c.category_id = $1{active}
            UNION ALL
            SELECT c.category_id, below.depth + 1 FROM below CROSS JOIN categories AS c
            WHERE c.parent_id = below.category_id AND below.depth < {DEPTH_MAX}{active})
         SELECT category_id FROM below"
    );
    let rows = snapshot.query(&sql, &CATEGORY_ID, &values).await?;
    let ids = rows.into_iter().filter_map(|row| match row.into_iter().next() {
        Some(Value::Text(id)) => Some(id),
        _ => None,
    });
    Ok(ids.collect())
}

/// The category and what is above it, the first level first; nothing for a category that is not there.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn path(snapshot: &mut Snapshot, category_id: &str) -> Result<Vec<CategoryRow>, ReadModelError> {
    let mut path = Vec::new();
    let mut next = category_id.to_owned();
    while next != NO_PARENT && path.len() < DEPTH_MAX {
        let Some(row) = one::<CategoryRow>(snapshot, Filters::none().and("category_id =", text(&next))).await? else {
            break;
        };
        next.clone_from(&row.parent_id);
        path.push(row);
    }
    path.reverse();
    Ok(path)
}

#[cfg(test)]
mod tests;
