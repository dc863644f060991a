//! Samples of products, categories, claims and imports.

use crate::{
    Sample,
    helpers::{text, uuid},
    today,
};
use tillroll_domain::{
    category_tree::events::{
        CategoryAdded, CategoryArchived, CategoryDescribed, CategoryMoved, CategoryRenamed, CategoryReordered,
        CategoryRestored, CategorySlugChanged, CategoryTreeEvent,
    },
    claim::events::{ClaimEvent, ClaimReleased, ValueClaimed},
    common::Basis,
    ids::{CategoryId, ProductId},
    import::events::{ImportAdvanced, ImportCompleted, ImportEvent, ImportStarted},
    price::Price,
    product::events::{
        Media, ProductCategorized, ProductCreated, ProductDescribed, ProductDiscontinued, ProductEvent,
        ProductFeatured, ProductMediaSet, ProductPublished, ProductRenamed, ProductSlugClaimsEnded, ProductSlugSet,
        ProductUnfeatured, ProductUnpublished, VariantAdded, VariantAttribute, VariantPriceRemoved, VariantPriceSet,
        VariantWithdrawn,
    },
};

pub(crate) fn product() -> Vec<Sample<ProductEvent>> {
    let color = VariantAttribute { name: text("color"), value: text("white") };
    vec![
        today(ProductCreated { name: text("WHITE HANGING HEART T-LIGHT HOLDER"), basis: Basis::Recorded }),
        today(ProductRenamed { name: text("Herz-Windlicht, weiß") }),
        today(VariantAdded { sku: text("85123A"), attributes: vec![color], basis: Basis::Recorded }),
        today(VariantWithdrawn { sku: text("85123A") }),
        today(VariantPriceSet { sku: text("85123A"), price: Price { amount: text("2.55"), currency: text("GBP") } }),
        today(VariantPriceRemoved { sku: text("85123A"), currency: text("GBP") }),
        today(ProductPublished {}),
        today(ProductUnpublished {}),
        today(ProductDiscontinued { reason: text("The maker closed") }),
        today(ProductSlugSet { slug: text("white-hanging-heart"), claim_round: 0 }),
        today(ProductSlugClaimsEnded { claim_round: 1 }),
        today(ProductDescribed {
            short_description: text("A heart of glass for a candle"),
            description: text("Hangs by a ribbon.\nFor indoors only."),
            brand: Some(text("Lumen")),
            meta_title: Some(text("Hanging heart")),
            meta_description: Some(text("T-light holders from 2.55")),
        }),
        today(ProductCategorized { category_ids: vec![CategoryId::new(uuid(21)), CategoryId::new(uuid(22))] }),
        today(ProductMediaSet {
            media: vec![Media {
                url: text("https://cdn.example/85123A.jpg"),
                alt: text("A white heart"),
                primary: true,
            }],
        }),
        today(ProductFeatured {}),
        today(ProductUnfeatured {}),
    ]
}

pub(crate) fn category_tree() -> Vec<Sample<CategoryTreeEvent>> {
    let category_id = CategoryId::new(uuid(21));
    let root = CategoryAdded {
        category_id,
        name: text("Kitchen"),
        slug: text("kitchen"),
        parent_id: Some(CategoryId::new(uuid(22))),
        description: text("All for cooks"),
        image: Some(text("https://cdn.example/kitchen.jpg")),
        sort_order: -1,
    };
    vec![
        today(root),
        today(CategoryRenamed { category_id, name: text("Küche") }),
        today(CategorySlugChanged { category_id, slug: text("kueche") }),
        today(CategoryDescribed {
            category_id,
            description: text("For cooks and bakers"),
            image: Some(text("https://cdn.example/kueche.jpg")),
        }),
        today(CategoryMoved { category_id, parent_id: Some(CategoryId::new(uuid(23))) }),
        today(CategoryReordered { category_id, sort_order: 7 }),
        today(CategoryArchived { category_id }),
        today(CategoryRestored { category_id }),
    ]
}

pub(crate) fn claim() -> Vec<Sample<ClaimEvent>> {
    let owner = || text(&ProductId::new(uuid(1)).to_string());
    vec![today(ValueClaimed { owner: owner() }), today(ClaimReleased { owner: owner() })]
}

pub(crate) fn import() -> Vec<Sample<ImportEvent>> {
    let digest = || text("50e9f56b0ee4bd0662a397c68295f48945972135f57322cd5208f4f809eb67ac");
    vec![
        today(ImportStarted { file_digest: digest(), documents: 25_900, time_zone: text("Europe/London") }),
        today(ImportAdvanced { documents: 256, digest: digest() }),
        today(ImportCompleted { documents: 25_900, net_minor: 974_774_793 }),
    ]
}
