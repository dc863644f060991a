//! Refusals of the category tree.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::category_tree::CategoryTreeError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotFound { .. } => Problem::not_found("such category"),
            Self::ExistsOtherwise { category_id } => of(&kind::CATEGORY_EXISTS).with("category_id", category_id),
            Self::TooManyCategories { max } => of(&kind::TOO_MANY_CATEGORIES).with("max", max),
            Self::SlugTaken { slug, category_id } => {
                of(&kind::CATEGORY_SLUG_TAKEN).with("slug", slug).with("category_id", category_id)
            }
            Self::ParentNotFound { parent_id } => of(&kind::CATEGORY_UNKNOWN).with("category_id", parent_id),
            Self::ParentArchived { parent_id } => of(&kind::CATEGORY_ARCHIVED).with("category_id", parent_id),
            Self::Circle { category_id, parent_id } => {
                of(&kind::CATEGORY_CIRCLE).with("category_id", category_id).with("parent_id", parent_id)
            }
            Self::TooDeep { max } => of(&kind::CATEGORY_TOO_DEEP).with("max", max),
            Self::HasActiveChildren { children } => of(&kind::CATEGORY_NOT_EMPTY).with("children", children),
        }
    }
}
