//! Why a command on the category tree is refused.

use crate::{ids::CategoryId, text::Slug};
use thiserror::Error;

/// Why the tree refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CategoryTreeError {
    /// Nobody added the category.
    #[error("the category does not exist")]
    NotFound {
        /// Which one.
        category_id: CategoryId,
    },
    /// The category is there, but otherwise than it is to be added.
    #[error("the category exists otherwise")]
    ExistsOtherwise {
        /// Which one.
        category_id: CategoryId,
    },
    /// There are as many categories as there may be.
    #[error("there are at most {max} categories, archived ones included")]
    TooManyCategories {
        /// The bound.
        max: usize,
    },
    /// Another category has the slug.
    #[error("the slug {slug} belongs to another category")]
    SlugTaken {
        /// The slug.
        slug: Slug,
        /// Whose it is.
        category_id: CategoryId,
    },
    /// Nobody added the category that is to be above.
    #[error("the category that is to be above does not exist")]
    ParentNotFound {
        /// Which one.
        parent_id: CategoryId,
    },
    /// The category that is or is to be above is archived.
    #[error("the category above is archived")]
    ParentArchived {
        /// Which one.
        parent_id: CategoryId,
    },
    /// The category would be above itself.
    #[error("a category cannot be below itself")]
    Circle {
        /// Which one.
        category_id: CategoryId,
        /// Where it was to go: itself, or one below it.
        parent_id: CategoryId,
    },
    /// A category would be too far below the first level.
    #[error("a category tree has at most {max} levels")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// Active categories are right below the one that is to be archived.
    #[error("active categories are below this one")]
    HasActiveChildren {
        /// How many.
        children: usize,
    },
}
