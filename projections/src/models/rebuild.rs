//! Rebuild equals live: tables that followed a history in small pages, with restarts, hold what one scan of it makes.

use super::{
    all, categories, credit_notes, customers, orders, payments, prices, products, sales, source_documents, stock,
    testing::{parse, shop, units},
};
use crate::{
    read::Snapshot,
    runtime::{Limits, Runtime},
    store::memory::MemoryStore,
    table::Row,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use std::sync::Arc;
use tillroll_domain::{
    aggregate::DomainEvent,
    category_tree::events::{CategoryAdded, CategoryArchived, CategoryMoved, CategoryTreeEvent},
    common::{Basis, LineQuantity},
    credit_note::events::CreditNoteEvent,
    customer::events::{CustomerEvent, CustomerRegistered},
    expense::events::ExpenseEvent,
    money::Money,
    order::events::{
        CreditedLine, OrderCancelled, OrderConfirmed, OrderEvent, OrderLinesCancelled, OrderLinesCredited,
        OrderLinesShipped, OrderPaymentChanged,
    },
    payment::events::{PaymentCaptured, PaymentCreated, PaymentEvent},
    price::Price,
    price_schedule::{
        PriceKey,
        events::{PriceEnded, PriceScheduleEvent, PriceSet, PriceWithdrawn},
    },
    product::events::{
        ProductCategorized, ProductCreated, ProductDescribed, ProductEvent, ProductPublished, ProductSlugSet,
        VariantAdded, VariantPriceSet, VariantWithdrawn,
    },
    stock_document::events::StockDocumentEvent,
    stock_item::events::{
        ReleaseReason, ReservationReleased, StockItemEvent, StockReceived, StockReserved, StockShipped,
    },
};
use tillroll_infra::{
    ambient::Ambient,
    codec::Codec,
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
    stream::StreamId,
};
use uuid::Uuid;

/// An event with its stream.
type Told = (String, &'static str, String);

fn told<E: DomainEvent>(stream: String, event: impl Into<E>) -> Told {
    let event: E = event.into();
    (stream, event.event_type().name, serde_json::to_string(&event).expect("events are JSON"))
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

/// One step of an imagined history. Not every order of them makes sense: what cannot be folded is parked.
fn step(kind: u8, number: u8, quantity: i64) -> Told {
    let order = format!("order-{}", id(number));
    let item = format!("stock_item-main.SKU{number}");
    let reservation_id = parse(&format!("rsv_{}", id(number)));
    let lines = vec![LineQuantity { line: 1, quantity: units(1) }, LineQuantity { line: 3, quantity: units(1) }];
    let basis = Basis::Inferred;
    match kind {
        0 => told::<OrderEvent>(order, shop::order()),
        1 => told::<OrderEvent>(order, OrderConfirmed { basis }),
        2 => told::<OrderEvent>(order, OrderLinesCancelled { lines, reason: parse(""), value_minor: None }),
        3 => told::<OrderEvent>(order, OrderCancelled { reason: parse(""), cause: None, confirmed: None }),
        4 => {
            let shipment_id = parse(&format!("shp_{}", id(number)));
            told::<OrderEvent>(order, OrderLinesShipped { shipment_id, lines, basis })
        }
        5 => {
            let credit_note_id = parse(&format!("crn_{}", id(number)));
            let lines = vec![CreditedLine { line: 2, quantity: units(1), amount_minor: quantity }];
            told::<OrderEvent>(order, OrderLinesCredited { credit_note_id, lines, basis })
        }
        6 => {
            let changed = OrderPaymentChanged {
                payment_id: parse(&format!("pay_{}", id(number))),
                authorized_minor: 0,
                captured_minor: quantity,
                refunded_minor: 0,
                disputed_minor: 0,
                basis,
            };
            told::<OrderEvent>(order, changed)
        }
        7 => told::<CreditNoteEvent>(format!("credit_note-{}", id(number)), shop::credit_note()),
        8 => told::<ExpenseEvent>(format!("expense-{}", id(number)), shop::expense()),
        9 => told::<StockDocumentEvent>(format!("stock_document-{}", id(number)), shop::stock_document()),
        10 => {
            let registered = CustomerRegistered { country: parse("France"), external_reference: None, basis };
            told::<CustomerEvent>(format!("customer-{}", id(number)), registered)
        }
        11 => {
            let created = ProductCreated { name: parse("Mug"), basis };
            told::<ProductEvent>(format!("product-{}", id(number)), created)
        }
        12 => told::<ProductEvent>(format!("product-{}", id(number)), ProductPublished {}),
        13 => {
            let created = PaymentCreated {
                order_id: parse(&format!("ord_{}", id(number))),
                amount: Money::new(quantity, parse("GBP")),
                method: parse("card"),
                source: None,
                basis,
                quote_hash: None,
            };
            told::<PaymentEvent>(format!("payment-{}", id(number)), created)
        }
        14 => {
            let captured = PaymentCaptured {
                operation_id: parse(&format!("opn_{}", id(number))),
                amount_minor: quantity,
                provider_reference: None,
                basis,
            };
            told::<PaymentEvent>(format!("payment-{}", id(number)), captured)
        }
        15 => {
            let receipt_id = parse(&format!("rcp_{}", id(number)));
            told::<StockItemEvent>(
                item,
                StockReceived { receipt_id, quantity: units(quantity), reference: None, basis },
            )
        }
        16 => {
            let expires_at = DateTime::UNIX_EPOCH;
            told::<StockItemEvent>(item, StockReserved { reservation_id, quantity: units(quantity), expires_at })
        }
        17 => {
            let reason = ReleaseReason::Expired;
            told::<StockItemEvent>(item, ReservationReleased { reservation_id, quantity: units(quantity), reason })
        }
        18 => {
            let shipped = StockShipped {
                shipment_id: parse(&format!("shp_{}", id(number))),
                order_id: parse(&format!("ord_{}", id(number))),
                quantity: units(quantity),
                from_allocation: 0,
                basis,
            };
            told::<StockItemEvent>(item, shipped)
        }
        19..28 => catalog_step(kind, number, quantity),
        28.. => price_step(kind, number, quantity),
    }
}

/// A step of a product or of the category tree.
fn catalog_step(kind: u8, number: u8, quantity: i64) -> Told {
    let product = format!("product-{}", id(number));
    let sku = || parse(&format!("SKU{quantity}"));
    let category = |number: u8| parse(&format!("cat_{}", id(number)));
    match kind {
        19 => told::<ProductEvent>(product, VariantAdded { sku: sku(), attributes: vec![], basis: Basis::Recorded }),
        20 => {
            let price = Price { amount: parse(&quantity.to_string()), currency: parse("GBP") };
            told::<ProductEvent>(product, VariantPriceSet { sku: sku(), price })
        }
        21 => told::<ProductEvent>(product, VariantWithdrawn { sku: sku() }),
        22 => {
            let category_ids = (0..quantity).zip(0_u8..).map(|(_, number)| category(number)).collect();
            told::<ProductEvent>(product, ProductCategorized { category_ids })
        }
        23 => {
            let said = ProductDescribed {
                short_description: parse("short"),
                description: parse("long"),
                brand: Some(parse(&format!("Brand {quantity}"))),
                meta_title: None,
                meta_description: None,
            };
            told::<ProductEvent>(product, said)
        }
        24 => told::<ProductEvent>(product, ProductSlugSet { slug: parse(&format!("mug-{quantity}")), claim_round: 0 }),
        25 => {
            let added = CategoryAdded {
                category_id: category(number),
                name: parse("Mugs"),
                slug: parse(&format!("mugs-{number}")),
                parent_id: None,
                description: parse(""),
                image: None,
                sort_order: 0,
            };
            told::<CategoryTreeEvent>("category_tree-main".to_owned(), added)
        }
        26 => {
            let moved = CategoryMoved { category_id: category(number), parent_id: Some(category(number + 1)) };
            told::<CategoryTreeEvent>("category_tree-main".to_owned(), moved)
        }
        _ => {
            let archived = CategoryArchived { category_id: category(number) };
            told::<CategoryTreeEvent>("category_tree-main".to_owned(), archived)
        }
    }
}

/// A step of a price schedule.
fn price_step(kind: u8, number: u8, quantity: i64) -> Told {
    let schedule = format!("price_schedule-SKU{quantity}");
    let row_id = parse(&format!("prw_{}", id(number)));
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(quantity);
    match kind {
        28 => {
            let set = PriceSet {
                row_id,
                key: PriceKey { currency: parse("GBP"), country: None, min_quantity: units(quantity) },
                priority: 0,
                amount: parse(&quantity.to_string()),
                valid_from: DateTime::UNIX_EPOCH,
                valid_until: None,
            };
            told::<PriceScheduleEvent>(schedule, set)
        }
        29 => told::<PriceScheduleEvent>(schedule, PriceEnded { row_id, at }),
        _ => told::<PriceScheduleEvent>(schedule, PriceWithdrawn { row_id }),
    }
}

async fn tell(log: &dyn EventLog, number: u128, (stream, event_type, data): Told) {
    let event = NewEvent {
        id: Uuid::from_u128(number),
        event_type: event_type.into(),
        schema_version: 1,
        metadata: serde_json::to_string(&Metadata::default()).expect("metadata is JSON").into(),
        data: data.into(),
    };
    let stream: StreamId = parse(&stream);
    append(log, Append { stream, expected: ExpectedRevision::Any, events: vec![event] })
        .await
        .expect("the log takes it");
}

async fn texts<R: Row>(snapshot: &mut Snapshot) -> Vec<String> {
    snapshot.rows::<R>().await.expect("rows").iter().map(|row| format!("{row:?}")).collect()
}

/// Every row of every table, as text.
async fn everything(runtime: &Runtime) -> Vec<Vec<String>> {
    let names = [
        products::NAME,
        categories::NAME,
        stock::NAME,
        orders::NAME,
        payments::NAME,
        prices::NAME,
        customers::NAME,
        credit_notes::NAME,
        sales::NAME,
        source_documents::NAME,
    ];
    let mut snapshot = runtime.read_models().snapshot(&names).await.expect("a snapshot");
    let shown = &mut snapshot;
    vec![
        texts::<products::ProductRow>(shown).await,
        texts::<products::VariantRow>(shown).await,
        texts::<products::PriceRow>(shown).await,
        texts::<products::DetailRow>(shown).await,
        texts::<products::OfferedPricesRow>(shown).await,
        texts::<products::ListedRow>(shown).await,
        texts::<products::ListedPriceRow>(shown).await,
        texts::<categories::CategoryRow>(shown).await,
        texts::<stock::StockRow>(shown).await,
        texts::<stock::ReservationRow>(shown).await,
        texts::<orders::OrderRow>(shown).await,
        texts::<orders::OrderLineRow>(shown).await,
        texts::<orders::OrderTimelineRow>(shown).await,
        texts::<orders::OrderPaymentRow>(shown).await,
        texts::<payments::PaymentRow>(shown).await,
        texts::<payments::PaymentOperationRow>(shown).await,
        texts::<prices::PriceRowRow>(shown).await,
        texts::<prices::ListPriceRow>(shown).await,
        texts::<customers::CustomerRow>(shown).await,
        texts::<customers::CustomerAddressRow>(shown).await,
        texts::<customers::CustomerConsentRow>(shown).await,
        texts::<customers::CustomerActivityRow>(shown).await,
        texts::<customers::CustomerTotalRow>(shown).await,
        texts::<credit_notes::CreditNoteRow>(shown).await,
        texts::<credit_notes::CreditNoteLineRow>(shown).await,
        texts::<sales::SalesByDayRow>(shown).await,
        texts::<sales::SalesByMonthRow>(shown).await,
        texts::<sales::SalesByCountryRow>(shown).await,
        texts::<sales::SalesByProductRow>(shown).await,
        texts::<sales::SalesByCustomerRow>(shown).await,
        texts::<source_documents::SourceDocumentRow>(shown).await,
    ]
}

async fn open(log: &Arc<dyn EventLog>, ambient: &Ambient, store: Arc<MemoryStore>, page: usize) -> Runtime {
    let limits = Limits {
        page_events_min: page,
        page_events_max: page,
        cache_rows_max: 3,
        poll_interval: None,
        ..Limits::default()
    };
    let opened =
        Runtime::open_with_store(log.clone(), Codec::without_vault(), ambient.clock.clone(), store, limits, all())
            .await;
    opened.expect("read models open")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Case 38: whoever replays the log gets the same rows at another time and with other random numbers, and has no effect.
    #[test]
    fn a_rebuild_equals_what_followed_live(
        steps in proptest::collection::vec((0_u8..31, 0_u8..3, 1_i64..4, 0_u8..4), 1..100),
        page in 1_usize..5,
    ) {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (live, rebuilt) = tokio.block_on(async {
            let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
            let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
            let store = Arc::new(MemoryStore::new());
            let mut live = open(&log, &ambient, store.clone(), page).await;
            // What most steps speak of exists from the start.
            let beginnings = [0, 11, 13].into_iter().flat_map(|kind| (0..3).map(move |number| (kind, number, 3, 2)));
            for (count, (kind, number, quantity, then)) in (1..).zip(beginnings.chain(steps)) {
                tell(&*log, count, step(kind, number, quantity)).await;
                match then {
                    0 => { live.catch_up().await.expect("it follows"); }
                    1 => {
                        live.catch_up().await.expect("it follows");
                        live = open(&log, &ambient, store.clone(), page).await;
                    }
                    _ => {}
                }
            }
            live.catch_up().await.expect("it follows");
            let (much_later, _) = Ambient::seeded(DateTime::UNIX_EPOCH + TimeDelta::days(9_000), 2);
            let before = log.head().await.expect("the log tells");
            let rebuilt = open(&log, &much_later, Arc::new(MemoryStore::new()), 1_000).await;
            rebuilt.catch_up().await.expect("it follows");
            assert_eq!(log.head().await.expect("the log tells"), before, "replaying does nothing but read");
            (everything(&live).await, everything(&rebuilt).await)
        });
        prop_assert_eq!(live, rebuilt);
    }
}
