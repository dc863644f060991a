//! Lists against a plain walk through all products.

mod plans;

use super::*;
use crate::{
    models::{
        categories::{self, Categories},
        products::{self, Products},
        stock::{self, Stock},
        testing::parse,
    },
    runtime::{Runtime, RuntimeOptions},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_domain::{
    aggregate::DomainEvent,
    category_tree::events::{CategoryAdded, CategoryTreeEvent},
    common::Basis,
    ids::{CategoryId, ProductId},
    price::Price,
    product::events::{
        ProductCategorized, ProductCreated, ProductDescribed, ProductDiscontinued, ProductEvent, ProductFeatured,
        ProductPublished, VariantAdded, VariantPriceSet, VariantWithdrawn,
    },
    stock_item::events::{StockItemEvent, StockReceived},
};
use tillroll_infra::{
    ambient::{Ambient, ManualClock},
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
    stream::StreamId,
};
use uuid::Uuid;

const SHOWN: [&str; 3] = [products::NAME, categories::NAME, stock::NAME];

/// Read models in a file, and the log behind them.
struct Shop {
    log: Arc<dyn EventLog>,
    clock: Arc<ManualClock>,
    runtime: Runtime,
    events: u128,
    _folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let (ambient, clock) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let folder = TempDir::new().expect("a folder");
        let options = RuntimeOptions::new(folder.path().join("read.db"));
        let models: Vec<Arc<dyn crate::projection::Projection>> =
            vec![Arc::new(Products), Arc::new(Categories), Arc::new(Stock)];
        let runtime = Runtime::open(log.clone(), ambient.clock, options, models).await.expect("read models open");
        Self { log, clock, runtime, events: 0, _folder: folder }
    }

    async fn tell<E: DomainEvent>(&mut self, stream: &str, event: impl Into<E>) {
        let event: E = event.into();
        self.events += 1;
        let event = NewEvent {
            id: Uuid::from_u128(self.events),
            event_type: event.event_type().name.into(),
            schema_version: event.event_type().version,
            metadata: serde_json::to_string(&Metadata::default()).expect("metadata is JSON").into(),
            data: serde_json::to_string(&event).expect("events are JSON").into(),
        };
        let stream: StreamId = parse(stream);
        let told = append(&*self.log, Append { stream, expected: ExpectedRevision::Any, events: vec![event] });
        told.await.expect("the log takes it");
        self.clock.advance(TimeDelta::seconds(1));
    }

    async fn snapshot(&self) -> Snapshot {
        self.runtime.catch_up().await.expect("it follows");
        self.runtime.read_models().snapshot(&SHOWN).await.expect("a snapshot")
    }
}

/// What the test knows of a product.
#[derive(Debug, Clone)]
struct Known {
    id: String,
    name: String,
    status: &'static str,
    categories: Vec<String>,
    brand: Option<&'static str>,
    featured: bool,
    lowest: BTreeMap<String, i64>,
    in_stock: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).expect("small")]
    }
}

fn category(n: u64) -> CategoryId {
    CategoryId::new(Uuid::from_u128(0xc0 + u128::from(n)))
}

/// 0 above 1 and 2, 2 above 3; 4 by itself.
async fn tell_categories(shop: &mut Shop) {
    for (n, parent) in [(0, None), (1, Some(0)), (2, Some(0)), (3, Some(2)), (4, None)] {
        let added = CategoryAdded {
            category_id: category(n),
            name: parse("C"),
            slug: parse(&format!("c{n}")),
            parent_id: parent.map(category),
            description: parse(""),
            image: None,
            sort_order: 0,
        };
        shop.tell::<CategoryTreeEvent>("category_tree-main", added).await;
    }
}

async fn tell_product(shop: &mut Shop, dice: &mut Dice, n: u64) -> Known {
    let uuid = Uuid::from_u128(0xabcd_0000 + u128::from(n));
    let stream = format!("product-{uuid}");
    let name = dice.pick(&["Blue Mug", "blue mug", "Red cup", "50% off_er", "ÄRGER", "Cup & Mug"]);
    let created_at = shop.clock.now_utc();
    shop.tell::<ProductEvent>(&stream, ProductCreated { name: parse(name), basis: Basis::Recorded }).await;
    let mut known = Known {
        id: ProductId::new(uuid).to_string(),
        name: name.to_owned(),
        status: "draft",
        categories: vec![],
        brand: None,
        featured: false,
        lowest: BTreeMap::new(),
        in_stock: false,
        created_at,
        updated_at: created_at,
    };
    let mut last = created_at;
    for v in 0..dice.roll(3) {
        let sku = format!("S{n}-{v}");
        last = shop.clock.now_utc();
        shop.tell::<ProductEvent>(
            &stream,
            VariantAdded { sku: parse(&sku), attributes: vec![], basis: Basis::Recorded },
        )
        .await;
        let mut prices = vec![];
        for currency in ["EUR", "GBP"] {
            if dice.roll(3) > 0 {
                let amount = format!("{}", 1 + dice.roll(5));
                last = shop.clock.now_utc();
                let price = Price { amount: parse(&amount), currency: parse(currency) };
                shop.tell::<ProductEvent>(&stream, VariantPriceSet { sku: parse(&sku), price }).await;
                prices.push((currency.to_owned(), price.amount.micros()));
            }
        }
        let mut offered = true;
        if dice.roll(4) == 0 {
            last = shop.clock.now_utc();
            shop.tell::<ProductEvent>(&stream, VariantWithdrawn { sku: parse(&sku) }).await;
            offered = false;
        }
        let received = dice.roll(2) == 0;
        for location in [received.then_some("main"), (dice.roll(2) == 0).then_some("depot")].into_iter().flatten() {
            let receipt_id = parse(&format!("rcp_{uuid}"));
            let quantity = crate::models::testing::units(5);
            let received = StockReceived { receipt_id, quantity, reference: None, basis: Basis::Recorded };
            shop.tell::<StockItemEvent>(&format!("stock_item-{location}.{sku}"), received).await;
        }
        if offered {
            known.in_stock |= received;
            for (currency, micros) in prices {
                let least = known.lowest.entry(currency).or_insert(micros);
                *least = micros.min(*least);
            }
        }
    }
    if dice.roll(2) == 0 {
        last = shop.clock.now_utc();
        let brand = dice.pick(&["Lumen", "Obra"]);
        let described = ProductDescribed {
            short_description: parse(""),
            description: parse("x"),
            brand: Some(parse(brand)),
            meta_title: None,
            meta_description: None,
        };
        shop.tell::<ProductEvent>(&stream, described).await;
        known.brand = Some(brand);
    }
    // Put somewhere else once, so that what it left behind would be seen.
    for _ in 0..dice.roll(3) {
        last = shop.clock.now_utc();
        let mut ids: Vec<u64> = (0..5).filter(|_| dice.roll(3) == 0).collect();
        ids.truncate(3);
        known.categories = ids.iter().map(|&n| category(n).to_string()).collect();
        let category_ids = ids.into_iter().map(category).collect();
        shop.tell::<ProductEvent>(&stream, ProductCategorized { category_ids }).await;
    }
    if dice.roll(3) == 0 {
        last = shop.clock.now_utc();
        shop.tell::<ProductEvent>(&stream, ProductFeatured {}).await;
        known.featured = true;
    }
    if dice.roll(3) > 0 {
        last = shop.clock.now_utc();
        shop.tell::<ProductEvent>(&stream, ProductPublished {}).await;
        known.status = "published";
        if dice.roll(4) == 0 {
            last = shop.clock.now_utc();
            shop.tell::<ProductEvent>(&stream, ProductDiscontinued { reason: parse("") }).await;
            known.status = "discontinued";
        }
    }
    known.updated_at = last;
    known
}

trait Utcs {
    fn now_utc(&self) -> DateTime<Utc>;
}

impl Utcs for ManualClock {
    fn now_utc(&self) -> DateTime<Utc> {
        tillroll_infra::ambient::Clock::now(self)
    }
}

/// Whether the filter lets the product pass, by the letter.
fn passes(filter: &ProductFilter, order: ProductOrder, known: &Known) -> bool {
    let in_range = |range: &PriceRange| {
        let lowest = known.lowest.get(&range.currency.to_string());
        lowest.is_some_and(|&micros| {
            range.min_micros.is_none_or(|min| micros >= min) && range.max_micros.is_none_or(|max| micros <= max)
        })
    };
    let has_price = match order.key {
        SortKey::Price(currency) => known.lowest.contains_key(&currency.to_string()),
        SortKey::Name | SortKey::CreatedAt | SortKey::UpdatedAt => true,
    };
    has_price
        && (filter.statuses.is_empty() || filter.statuses.contains(&known.status))
        && filter.categories.as_ref().is_none_or(|ids| known.categories.iter().any(|id| ids.contains(id)))
        && filter.contains.as_ref().is_none_or(|text| known.name.to_lowercase().contains(&text.to_lowercase()))
        && filter.name.as_ref().is_none_or(|name| *name == known.name)
        && filter.brand.as_deref().is_none_or(|brand| Some(brand) == known.brand)
        && filter.featured.is_none_or(|featured| featured == known.featured)
        && filter.price.as_ref().is_none_or(in_range)
        && filter.in_stock.as_ref().is_none_or(|in_stock| in_stock.wanted == known.in_stock)
}

fn expected(filter: &ProductFilter, order: ProductOrder, all: &[Known]) -> Vec<String> {
    let key = |known: &Known| match order.key {
        SortKey::Name => text(known.name.to_lowercase()),
        SortKey::Price(currency) => Value::Int(known.lowest.get(&currency.to_string()).copied().unwrap_or(0)),
        SortKey::CreatedAt => Value::Time(known.created_at),
        SortKey::UpdatedAt => Value::Time(known.updated_at),
    };
    let mut passing: Vec<&Known> = all.iter().filter(|known| passes(filter, order, known)).collect();
    passing.sort_by_key(|known| (key(known), known.id.clone()));
    if order.descending {
        passing.reverse();
    }
    passing.into_iter().map(|known| known.id.clone()).collect()
}

fn orders() -> Vec<ProductOrder> {
    let keys = [SortKey::Name, SortKey::Price(parse("EUR")), SortKey::CreatedAt, SortKey::UpdatedAt];
    keys.into_iter().flat_map(|key| [false, true].map(|descending| ProductOrder { key, descending })).collect()
}

fn range(currency: &str, min: Option<i64>, max: Option<i64>) -> PriceRange {
    let micros = |amount: i64| amount * 1_000_000;
    PriceRange { currency: parse(currency), min_micros: min.map(micros), max_micros: max.map(micros) }
}

/// Sold from here; the depot's goods do not count.
fn stocked(wanted: bool) -> Option<StockedAt> {
    Some(StockedAt { wanted, locations: vec![parse("main")] })
}

/// Each filter by itself and several together, for shoppers and for others.
fn filters(categories: &[String]) -> Vec<ProductFilter> {
    let none = ProductFilter::default;
    let single = vec![
        none(),
        ProductFilter { categories: Some(categories.to_vec()), ..none() },
        ProductFilter { categories: Some(vec![category(3).to_string()]), ..none() },
        ProductFilter { contains: Some("MUG".to_owned()), ..none() },
        ProductFilter { contains: Some("50% o".to_owned()), ..none() },
        ProductFilter { contains: Some("%_".to_owned()), ..none() },
        ProductFilter { contains: Some("ärg".to_owned()), ..none() },
        ProductFilter { name: Some("Blue Mug".to_owned()), ..none() },
        ProductFilter { brand: Some("Lumen".to_owned()), ..none() },
        ProductFilter { brand: Some("Nobody".to_owned()), ..none() },
        ProductFilter { brand: Some("Obra".to_owned()), categories: Some(categories.to_vec()), ..none() },
        ProductFilter {
            brand: Some("Lumen".to_owned()),
            contains: Some("mug".to_owned()),
            price: Some(range("EUR", Some(1), Some(4))),
            ..none()
        },
        ProductFilter { featured: Some(true), ..none() },
        ProductFilter { featured: Some(false), ..none() },
        ProductFilter { price: Some(range("EUR", Some(2), Some(3))), ..none() },
        ProductFilter { price: Some(range("GBP", Some(3), None)), ..none() },
        ProductFilter { price: Some(range("EUR", None, None)), ..none() },
        ProductFilter { in_stock: stocked(true), ..none() },
        ProductFilter { in_stock: stocked(false), ..none() },
        ProductFilter {
            categories: Some(categories.to_vec()),
            contains: Some("mug".to_owned()),
            brand: Some("Obra".to_owned()),
            price: Some(range("EUR", Some(1), Some(4))),
            in_stock: stocked(true),
            ..none()
        },
    ];
    let published = single.iter().cloned().map(|filter| ProductFilter { statuses: vec!["published"], ..filter });
    single.iter().cloned().chain(published).collect()
}

#[tokio::test]
async fn every_list_is_what_a_plain_walk_through_all_products_gives() {
    let mut shop = Shop::open().await;
    tell_categories(&mut shop).await;
    let mut dice = Dice(7);
    let mut all = Vec::new();
    for n in 0..60 {
        all.push(tell_product(&mut shop, &mut dice, n).await);
    }
    let mut snapshot = shop.snapshot().await;
    let below = categories::with_all_below(&mut snapshot, &category(0).to_string(), true).await.unwrap();
    let mut sorted = below.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3].map(|n| category(n).to_string()));

    let mut shown = 0;
    for filter in filters(&below) {
        for order in orders() {
            let expected = expected(&filter, order, &all);
            // What is glimpsed, walked and picked must not differ, and neither must pages of any length.
            for (limit, glimpsed, picked) in [(7, 0, 0), (7, 0, 5), (3, 20, 0), (100, GLIMPSED, PICKED_MAX)] {
                let bounds = Bounds { glimpsed, picked };
                let (mut found, mut after) = (Vec::new(), None::<Vec<Value>>);
                loop {
                    let page = list_within(&mut snapshot, &filter, order, after.as_deref(), limit, bounds).await;
                    let page = page.unwrap();
                    assert!(page.rows.len() <= limit);
                    found.extend(page.rows.into_iter().map(|row| row.product.product_id));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{filter:?} {order:?} {limit} {bounds:?}");
                shown += found.len();
            }
            assert_eq!(count(&mut snapshot, &filter, order).await.unwrap(), expected.len());
        }
    }
    assert!(shown > 5_000, "the filters let something pass: {shown}");
}

#[tokio::test]
async fn a_listed_product_shows_the_lowest_price_on_offer_per_currency() {
    let mut shop = Shop::open().await;
    let mut dice = Dice(3);
    let mut all = Vec::new();
    for n in 0..20 {
        all.push(tell_product(&mut shop, &mut dice, n).await);
    }
    let mut snapshot = shop.snapshot().await;
    let order = ProductOrder { key: SortKey::CreatedAt, descending: false };
    let page = list(&mut snapshot, &ProductFilter::default(), order, None, 100).await.unwrap();
    let prices: Vec<_> = page.rows.into_iter().map(|row| (row.product.product_id, row.lowest_prices)).collect();
    let expected: Vec<_> = all.into_iter().map(|known| (known.id, known.lowest)).collect();
    assert_eq!(prices, expected);
}

#[tokio::test]
async fn a_sku_leads_to_its_product() {
    let mut shop = Shop::open().await;
    let mut dice = Dice(3);
    for n in 0..20 {
        tell_product(&mut shop, &mut dice, n).await;
    }
    let mut snapshot = shop.snapshot().await;
    let variants: Vec<products::VariantRow> = snapshot.rows().await.unwrap();
    let wanted = variants.last().expect("a variant");
    for (order, picked) in orders().into_iter().zip([0, 1, 0, 1, 0, 1, 0, 1]) {
        if let SortKey::Price(_) = order.key {
            continue;
        }
        let filter = ProductFilter { sku: Some(parse(&wanted.sku)), ..ProductFilter::default() };
        let page = list_within(&mut snapshot, &filter, order, None, 10, Bounds { glimpsed: 0, picked }).await.unwrap();
        let ids: Vec<&str> = page.rows.iter().map(|row| row.product.product_id.as_str()).collect();
        assert_eq!(ids, [wanted.product_id.as_str()]);
    }
}
