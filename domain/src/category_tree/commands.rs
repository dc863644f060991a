//! What can be asked of the category tree.

use crate::{
    ids::CategoryId,
    text::{MediaUrl, Name, Note, Slug},
};
use serde::{Deserialize, Serialize};

/// A category to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCategory {
    /// What it is called.
    pub name: Name,
    /// What stands for it in addresses, unique over all categories.
    pub slug: Slug,
    /// The category right above it; none for the first level.
    pub parent_id: Option<CategoryId>,
    /// What shoppers read about it; may be empty.
    pub description: Note,
    /// Its picture.
    pub image: Option<MediaUrl>,
    /// Its place among its siblings: the lowest first, equal ones by name.
    pub sort_order: i32,
}

/// Commands on the category tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CategoryTreeCommand {
    /// Add a category. Silent if it is there just like this; refused if it is there otherwise.
    Add {
        /// Its id.
        category_id: CategoryId,
        /// What it is.
        category: NewCategory,
    },
    /// Call it something else.
    Rename {
        /// Which one.
        category_id: CategoryId,
        /// The new name.
        name: Name,
    },
    /// Give it another slug. The earlier one is free at once.
    ChangeSlug {
        /// Which one.
        category_id: CategoryId,
        /// The new slug.
        slug: Slug,
    },
    /// Say something else about it, and show another picture.
    Describe {
        /// Which one.
        category_id: CategoryId,
        /// The new description; may be empty.
        description: Note,
        /// The new picture, or none.
        image: Option<MediaUrl>,
    },
    /// Put it, with all below it, under another category.
    Move {
        /// Which one.
        category_id: CategoryId,
        /// Where to; none for the first level.
        parent_id: Option<CategoryId>,
    },
    /// Give it another place among its siblings.
    Reorder {
        /// Which one.
        category_id: CategoryId,
        /// The lowest comes first.
        sort_order: i32,
    },
    /// Hide it from shoppers; refused while an active category is right below it.
    Archive {
        /// Which one.
        category_id: CategoryId,
    },
    /// Show it again; refused while the category above it is archived.
    Restore {
        /// Which one.
        category_id: CategoryId,
    },
}
