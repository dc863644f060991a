//! Samples of products, customers, claims and imports.

use crate::{
    Sample,
    helpers::{text, uuid},
    today,
};
use tillroll_domain::{
    claim::events::{ClaimEvent, ClaimReleased, ValueClaimed},
    common::Basis,
    customer::events::{
        CustomerCountryChanged, CustomerDeactivated, CustomerEvent, CustomerReactivated, CustomerRegistered,
    },
    ids::ProductId,
    import::events::{ImportAdvanced, ImportCompleted, ImportEvent, ImportStarted},
    price::Price,
    product::events::{
        ProductCreated, ProductDiscontinued, ProductEvent, ProductPublished, ProductRenamed, ProductUnpublished,
        VariantAdded, VariantAttribute, VariantPriceRemoved, VariantPriceSet, VariantWithdrawn,
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
    ]
}

pub(crate) fn customer() -> Vec<Sample<CustomerEvent>> {
    vec![
        today(CustomerRegistered {
            country: text("United Kingdom"),
            external_reference: Some(text("17850")),
            basis: Basis::Recorded,
        }),
        today(CustomerCountryChanged { country: text("FR") }),
        today(CustomerDeactivated { reason: text("Unpaid invoices") }),
        today(CustomerReactivated {}),
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
