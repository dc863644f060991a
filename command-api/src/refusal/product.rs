//! Refusals of products.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::product::ProductError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotFound => Problem::not_found("such product"),
            Self::ExistsAs { name } => of(&kind::PRODUCT_EXISTS).with("name", name),
            Self::Discontinued => of(&kind::PRODUCT_DISCONTINUED),
            Self::VariantNotFound { sku } => of(&kind::VARIANT_NOT_FOUND).with("sku", sku),
            Self::VariantDiffers { sku } => of(&kind::VARIANT_DIFFERS).with("sku", sku),
            Self::VariantWithdrawn { sku } => of(&kind::VARIANT_WITHDRAWN).with("sku", sku),
            Self::TooManyVariants { max } => of(&kind::TOO_MANY_VARIANTS).with("max", max),
            Self::TooManyAttributes { max } => of(&kind::TOO_MANY_ATTRIBUTES).with("max", max),
            Self::DuplicateAttribute { name } => of(&kind::DUPLICATE_ATTRIBUTE).with("name", name),
            Self::NegativePrice { amount } => of(&kind::NEGATIVE_PRICE).with("amount", amount),
            Self::NothingOffered => of(&kind::NOTHING_OFFERED),
            // Whoever sets a slug asks again; this is what is left to say if that does not help.
            Self::SlugClaimEnded { .. } => of(&kind::BUSY),
            Self::TooManyCategories { max } => of(&kind::TOO_MANY_PRODUCT_CATEGORIES).with("max", max),
            Self::DuplicateCategory { category_id } => of(&kind::DUPLICATE_CATEGORY).with("category_id", category_id),
            Self::TooManyMedia { max } => of(&kind::TOO_MANY_MEDIA).with("max", max),
            Self::DuplicateMedia { url } => of(&kind::DUPLICATE_MEDIA).with("url", url),
            Self::SeveralPrimaryMedia => of(&kind::SEVERAL_PRIMARY_MEDIA),
        }
    }
}
