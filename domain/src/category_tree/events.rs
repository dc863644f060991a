//! What can have happened to the category tree.

use crate::{
    events,
    ids::CategoryId,
    text::{MediaUrl, Name, Note, Slug},
};
use serde::{Deserialize, Serialize};

events! {
    /// The history of the category tree. Every event is about one category.
    pub enum CategoryTreeEvent {
        CategoryAdded = 1;
        CategoryRenamed = 1;
        CategorySlugChanged = 1;
        CategoryDescribed = 1;
        CategoryMoved = 1;
        CategoryReordered = 1;
        CategoryArchived = 1;
        CategoryRestored = 1;
    }
}

/// There is a new category, active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryAdded {
    /// Its id.
    pub category_id: CategoryId,
    /// What it is called.
    pub name: Name,
    /// What stands for it in addresses.
    pub slug: Slug,
    /// The category right above it; none on the first level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CategoryId>,
    /// What shoppers read about it; may be empty.
    pub description: Note,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<MediaUrl>,
    /// Its place among its siblings: the lowest first.
    pub sort_order: i32,
}

/// The category is called something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRenamed {
    /// Which one.
    pub category_id: CategoryId,
    /// The new name.
    pub name: Name,
}

/// The category has another slug now; the earlier one is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategorySlugChanged {
    /// Which one.
    pub category_id: CategoryId,
    /// The new slug.
    pub slug: Slug,
}

/// Shoppers read something else about the category now, and see another picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDescribed {
    /// Which one.
    pub category_id: CategoryId,
    /// The new description; may be empty.
    pub description: Note,
    /// The new picture, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<MediaUrl>,
}

/// The category, with all below it, is somewhere else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryMoved {
    /// Which one.
    pub category_id: CategoryId,
    /// The category right above it now; none on the first level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CategoryId>,
}

/// The category has another place among its siblings now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryReordered {
    /// Which one.
    pub category_id: CategoryId,
    /// The lowest comes first.
    pub sort_order: i32,
}

/// Shoppers do not see the category any more; it keeps its slug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryArchived {
    /// Which one.
    pub category_id: CategoryId,
}

/// Shoppers see the category again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRestored {
    /// Which one.
    pub category_id: CategoryId,
}
