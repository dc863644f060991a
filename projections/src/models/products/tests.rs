//! Given events of a product, these rows.

use super::*;
use crate::models::testing::{History, parse, recorded_at};
use chrono::TimeDelta;
use tillroll_domain::{
    common::Basis,
    ids::CategoryId,
    product::events::{
        Media, ProductCategorized, ProductCreated, ProductDescribed, ProductDiscontinued, ProductFeatured,
        ProductMediaSet, ProductPublished, ProductRenamed, ProductSlugClaimsEnded, ProductSlugSet, ProductUnfeatured,
        ProductUnpublished, VariantAdded, VariantAttribute, VariantPriceRemoved, VariantPriceSet, VariantWithdrawn,
    },
};

const STREAM: &str = "product-01890000-0000-7000-8000-0000000000a1";

fn history() -> History<Products> {
    let mut history = History::of(Products);
    history.push::<ProductEvent>(STREAM, ProductCreated { name: parse("Mug"), basis: Basis::Inferred });
    let attributes = vec![VariantAttribute { name: parse("color"), value: parse("red") }];
    history.push::<ProductEvent>(STREAM, VariantAdded { sku: parse("MUG-1"), attributes, basis: Basis::Recorded });
    history
}

#[test]
fn a_product_starts_as_a_draft_and_counts_its_variants() {
    let history = history();
    let product: ProductRow = history.tables.only();
    let expected = ProductRow {
        product_id: "prd_01890000-0000-7000-8000-0000000000a1".to_owned(),
        name: "Mug".to_owned(),
        status: "draft".to_owned(),
        variants: 1,
        slug: None,
        brand: None,
        featured: false,
        short_description: String::new(),
        image_url: None,
        image_alt: None,
        category_ids: "[]".to_owned(),
        basis: "inferred".to_owned(),
        created_at: recorded_at(1),
        updated_at: recorded_at(2),
        revision: 1,
        position: 2,
    };
    assert_eq!(product, expected);
    let variant: VariantRow = history.tables.only();
    assert_eq!(variant.attributes, r#"[{"name":"color","value":"red"}]"#);
    assert!(!variant.withdrawn);
}

#[test]
fn a_product_was_created_when_that_took_effect() {
    let mut history = History::of(Products);
    let effective_at = recorded_at(0) - TimeDelta::days(10);
    history.metadata.effective_at = Some(effective_at);
    history.push::<ProductEvent>(STREAM, ProductCreated { name: parse("Mug"), basis: Basis::Inferred });
    let product: ProductRow = history.tables.only();
    assert_eq!((product.created_at, product.updated_at), (effective_at, recorded_at(1)));
}

#[test]
fn names_and_statuses_follow_the_events() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, ProductRenamed { name: parse("Cup") });
    history.push::<ProductEvent>(STREAM, ProductPublished {});
    let product: ProductRow = history.tables.only();
    assert_eq!((product.name.as_str(), product.status.as_str()), ("Cup", "published"));
    history.push::<ProductEvent>(STREAM, ProductUnpublished {});
    assert_eq!(history.tables.only::<ProductRow>().status, "draft");
    history.push::<ProductEvent>(STREAM, ProductDiscontinued { reason: parse("old") });
    assert_eq!(history.tables.only::<ProductRow>().status, "discontinued");
}

#[test]
fn a_withdrawn_variant_stays_and_is_not_counted() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, VariantWithdrawn { sku: parse("MUG-1") });
    assert!(history.tables.only::<VariantRow>().withdrawn);
    assert_eq!(history.tables.only::<ProductRow>().variants, 0);
}

#[test]
fn a_price_replaces_the_one_before_and_can_be_removed() {
    let mut history = history();
    for amount in ["2.50", "2.755"] {
        let price = tillroll_domain::price::Price { amount: parse(amount), currency: parse("EUR") };
        history.push::<ProductEvent>(STREAM, VariantPriceSet { sku: parse("MUG-1"), price });
    }
    let price: PriceRow = history.tables.only();
    assert_eq!((price.amount.as_str(), price.amount_micros), ("2.755", 2_755_000));
    history.push::<ProductEvent>(STREAM, VariantPriceRemoved { sku: parse("MUG-1"), currency: parse("EUR") });
    assert_eq!(history.tables.all::<PriceRow>(), []);
}

#[test]
fn an_event_without_its_beginning_is_poison() {
    let mut history = History::of(Products);
    let error = history.try_push::<ProductEvent>(STREAM, ProductPublished {}).unwrap_err();
    assert!(matches!(error, ApplyError::Poison(_)), "{error:?}");
}

#[test]
fn events_of_other_tenants_are_passed_over() {
    let mut history = History::of(Products);
    let event = ProductCreated { name: parse("Mug"), basis: Basis::Recorded };
    history.push::<ProductEvent>(&format!("acme.{STREAM}"), event);
    assert_eq!(history.tables.all::<ProductRow>(), []);
}

fn category(n: u128) -> CategoryId {
    CategoryId::new(uuid::Uuid::from_u128(n))
}

fn price(sku: &str, amount: &str, currency: &str) -> VariantPriceSet {
    let price = tillroll_domain::price::Price { amount: parse(amount), currency: parse(currency) };
    VariantPriceSet { sku: parse(sku), price }
}

#[test]
fn a_slug_stays_when_claims_end() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, ProductSlugSet { slug: parse("mug"), claim_round: 0 });
    history.push::<ProductEvent>(STREAM, ProductSlugClaimsEnded { claim_round: 1 });
    let product: ProductRow = history.tables.only();
    assert_eq!((product.slug.as_deref(), product.revision), (Some("mug"), 3));
}

#[test]
fn what_is_said_and_shown_replaces_what_was() {
    let mut history = history();
    let say = |text: &str, brand: Option<&str>| ProductDescribed {
        short_description: parse(text),
        description: parse(&format!("{text}\n{text}")),
        brand: brand.map(parse),
        meta_title: Some(parse(text)),
        meta_description: None,
    };
    history.push::<ProductEvent>(STREAM, say("Shines", Some("Lumen")));
    let media = |url: &str, primary| Media { url: parse(url), alt: parse("A mug"), primary };
    let both = vec![media("https://a/1", false), media("https://a/2", true)];
    history.push::<ProductEvent>(STREAM, ProductMediaSet { media: both });
    history.push::<ProductEvent>(STREAM, ProductFeatured {});
    let product: ProductRow = history.tables.only();
    assert_eq!((product.short_description.as_str(), product.brand.as_deref()), ("Shines", Some("Lumen")));
    assert_eq!((product.image_url.as_deref(), product.image_alt.as_deref()), (Some("https://a/2"), Some("A mug")));
    assert!(product.featured);
    let detail: DetailRow = history.tables.only();
    assert_eq!((detail.description.as_str(), detail.meta_title.as_deref()), ("Shines\nShines", Some("Shines")));
    assert!(detail.media.starts_with(r#"[{"url":"https://a/1","alt":"A mug","primary":false},"#), "{}", detail.media);
    let listed: Vec<_> = history.tables.all::<ListedRow>();
    let listed: Vec<_> = listed.iter().map(|row| (row.place.as_str(), row.brand.as_str(), row.featured)).collect();
    assert_eq!(listed, [("", "Lumen", true), ("brand:Lumen", "Lumen", true)]);

    history.push::<ProductEvent>(STREAM, say("", None));
    history.push::<ProductEvent>(STREAM, ProductMediaSet { media: vec![] });
    history.push::<ProductEvent>(STREAM, ProductUnfeatured {});
    let product: ProductRow = history.tables.only();
    assert_eq!((product.brand, product.image_url, product.image_alt, product.featured), (None, None, None, false));
    assert_eq!(history.tables.only::<DetailRow>().media, "[]");
}

#[test]
fn a_product_is_in_the_lists_of_its_categories_and_of_no_others() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, price("MUG-1", "2.50", "EUR"));
    history.push::<ProductEvent>(STREAM, ProductCategorized { category_ids: vec![category(1), category(2)] });
    history.push::<ProductEvent>(STREAM, ProductCategorized { category_ids: vec![category(2)] });
    history.push::<ProductEvent>(STREAM, ProductPublished {});
    let listed: Vec<_> =
        history.tables.all::<ListedRow>().into_iter().map(|row| (row.place, row.status, row.name_key)).collect();
    let in_list = |place: String| (place, "published".to_owned(), "mug".to_owned());
    assert_eq!(listed, [in_list(String::new()), in_list(category(2).to_string())]);
    let prices: Vec<_> = history
        .tables
        .all::<ListedPriceRow>()
        .into_iter()
        .map(|row| (row.place, row.status, row.amount_micros))
        .collect();
    let at = |place: String| (place, "published".to_owned(), 2_500_000);
    assert_eq!(prices, [at(String::new()), at(category(2).to_string())]);
}

#[test]
fn a_product_is_in_the_list_of_its_brand_and_of_no_other() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, price("MUG-1", "2.50", "EUR"));
    let places = |history: &History<Products>| {
        let listed: Vec<_> = history.tables.all::<ListedRow>().into_iter().map(|row| row.place).collect();
        let priced: Vec<_> = history.tables.all::<ListedPriceRow>().into_iter().map(|row| row.place).collect();
        assert_eq!(listed, priced);
        listed
    };
    for (brand, expected) in
        [(Some("Lumen"), vec!["", "brand:Lumen"]), (Some("Obra"), vec!["", "brand:Obra"]), (None, vec![""])]
    {
        let said = ProductDescribed {
            short_description: parse(""),
            description: parse(""),
            brand: brand.map(parse),
            meta_title: None,
            meta_description: None,
        };
        history.push::<ProductEvent>(STREAM, said);
        assert_eq!(places(&history), expected);
    }
}

#[test]
fn the_lowest_price_is_that_of_a_variant_on_offer() {
    let mut history = history();
    let lowest = |history: &History<Products>| {
        let rows = history.tables.all::<ListedPriceRow>();
        rows.into_iter().map(|row| (row.currency, row.amount_micros)).collect::<Vec<_>>()
    };
    let eur = |micros| vec![("EUR".to_owned(), micros)];
    let second = VariantAdded { sku: parse("MUG-2"), attributes: vec![], basis: Basis::Recorded };
    history.push::<ProductEvent>(STREAM, second);
    history.push::<ProductEvent>(STREAM, price("MUG-1", "2.50", "EUR"));
    history.push::<ProductEvent>(STREAM, price("MUG-2", "2", "EUR"));
    assert_eq!(lowest(&history), eur(2_000_000));
    history.push::<ProductEvent>(STREAM, VariantWithdrawn { sku: parse("MUG-2") });
    assert_eq!(lowest(&history), eur(2_500_000));
    history.push::<ProductEvent>(STREAM, price("MUG-1", "3", "EUR"));
    assert_eq!(lowest(&history), eur(3_000_000));
    history.push::<ProductEvent>(STREAM, VariantPriceRemoved { sku: parse("MUG-1"), currency: parse("EUR") });
    assert_eq!(lowest(&history), []);
}
