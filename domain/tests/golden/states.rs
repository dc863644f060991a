//! Holds what histories fold to against the files in `golden/states/`, which say what a snapshot of each version holds.
//!
//! A change of a state's form or meaning without a new `STATE_VERSION` would let old snapshots pass for new ones; here it
//! fails. With `TILLROLL_WRITE_GOLDEN=1` missing files of the newest versions are written, and the states of new histories
//! are added at the end; what stands there is never changed.

use crate::{
    Sample, cart, catalog, customers,
    helpers::{quantity, text, time, uuid},
    movements, payments, prices, sales, stock,
};
use serde_json::to_string_pretty;
use std::{fs, path::PathBuf};
use tillroll_domain::{
    aggregate::{Aggregate, DomainEvent},
    cart::{
        Cart,
        events::{CartEvent, CartMerged},
    },
    category_tree::{
        CategoryTree,
        events::{CategoryAdded, CategoryTreeEvent},
    },
    claim::Claim,
    common::{Basis, LineQuantity},
    credit_note::CreditNote,
    customer::Customer,
    expense::Expense,
    fulfillment::Fulfillment,
    ids::{CartId, CategoryId, OrderId, ReservationId, ReturnId, ShipmentId},
    import::Import,
    order::{
        Order,
        events::{
            OrderEvent, OrderFulfillmentPlanned, OrderFulfillmentReleased, OrderLinesShipped, OrderReturnRequested,
        },
    },
    payment::Payment,
    price_schedule::PriceSchedule,
    product::Product,
    provider_message::ProviderMessage,
    returns::Return,
    stock_document::StockDocument,
    stock_item::{
        StockItem,
        events::{ReturnCondition, StockItemEvent, StockReserved, StockReturned, StockShipped},
    },
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/states")
}

fn file_name<A: Aggregate>(version: u16) -> String {
    format!("{}.v{version}.json", A::CATEGORY)
}

/// The samples of these names in the shapes written today, in this order.
fn pick<E: DomainEvent>(samples: Vec<Sample<E>>, names: &[&str]) -> Vec<E> {
    let newest: Vec<E> = samples
        .into_iter()
        .filter(|sample| sample.version == sample.event.event_type().version)
        .map(|sample| sample.event)
        .collect();
    let named = |name: &&str| newest.iter().find(|event| event.event_type().name == *name).cloned();
    names.iter().map(|name| named(name).unwrap_or_else(|| panic!("{name} has a sample"))).collect()
}

fn all<E: DomainEvent>(samples: Vec<Sample<E>>) -> Vec<E> {
    samples.into_iter().map(|sample| sample.event).collect()
}

/// The states that these histories fold to, and that of no history at all.
fn assert_states<A: Aggregate>(histories: &[Vec<A::Event>]) {
    let told: Vec<&str> = histories.iter().flatten().map(|event| event.event_type().name).collect();
    for event_type in A::Event::TYPES {
        assert!(told.contains(&event_type.name), "no history of {} tells of {}", A::CATEGORY, event_type.name);
    }
    let states: Vec<A::State> = std::iter::once(A::initial()).chain(histories.iter().map(A::fold)).collect();
    let text = to_string_pretty(&states).unwrap() + "\n";
    let newest = folder().join(file_name::<A>(A::STATE_VERSION));
    let stored = fs::read_to_string(&newest).unwrap_or_else(|_| "[\n]\n".to_owned());
    if std::env::var_os("TILLROLL_WRITE_GOLDEN").is_some() && is_more(&text, &stored) {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&newest, &text).unwrap();
    }
    // The earlier ones stay, so that no version is used twice.
    for version in 1..=A::STATE_VERSION {
        let file = file_name::<A>(version);
        let stored = fs::read_to_string(folder().join(&file))
            .unwrap_or_else(|error| panic!("golden/states/{file} cannot be read: {error}"));
        if version == A::STATE_VERSION {
            assert_eq!(text, stored, "the state of {} changed; see golden/README.md", A::CATEGORY);
            let read: Vec<A::State> = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, states, "golden/states/{file} does not read back");
        } else {
            assert_ne!(text, stored, "golden/states/{file} is of an earlier version, and nothing has changed since");
        }
    }
}

/// Whether a file's text is that of another file with more states behind its last one.
fn is_more(text: &str, stored: &str) -> bool {
    let states = stored.strip_suffix("\n]\n").unwrap_or(stored);
    text.strip_prefix(states).is_some_and(|rest| rest != "\n]\n" && (states == "[" || rest.starts_with(',')))
}

#[test]
fn a_file_may_grow_at_its_end_and_change_nowhere() {
    let written = |states: &[u8]| to_string_pretty(states).unwrap() + "\n";
    let stored = written(&[1, 2]);
    assert!(is_more(&written(&[1, 2, 3]), &stored) && is_more(&written(&[1]), "[\n]\n"));
    for changed in [&[1, 2][..], &[1, 3, 3], &[1, 22, 3], &[1], &[0, 1, 2], &[1, 2, 3][1..]] {
        assert!(!is_more(&written(changed), &stored), "{changed:?}");
    }
}

fn stock_item() -> Vec<Vec<StockItemEvent>> {
    let (order_id, basis) = (OrderId::new(uuid(1)), Basis::Recorded);
    let mut history = pick(
        stock::stock_item(),
        &[
            "ReorderLevelSet",
            "OpeningStockRecorded",
            "StockReceived",
            "StockAdjusted",
            "StockReserved",
            "ReservationExtended",
            "StockAllocated",
            "AllocationReleased",
            "ReorderLevelReached",
        ],
    );
    history.extend([
        StockShipped {
            shipment_id: ShipmentId::new(uuid(4)),
            order_id,
            quantity: quantity(6),
            from_allocation: 0,
            basis,
        }
        .into(),
        StockReturned {
            return_id: ReturnId::new(uuid(5)),
            order_id: Some(order_id),
            quantity: quantity(3),
            condition: ReturnCondition::Damaged,
            basis,
        }
        .into(),
        StockReserved {
            reservation_id: ReservationId::new(uuid(12)),
            quantity: quantity(7),
            expires_at: time("2024-03-01T13:15:00.25Z"),
        }
        .into(),
    ]);
    let ended = pick(
        stock::stock_item(),
        &["OpeningStockRecorded", "StockReserved", "ReservationReleased", "UnknownReservationReleased"],
    );
    let promised = pick(stock::stock_item(), &["StockReceived", "StockReserved", "StockAllocated", "StockReturned"]);
    vec![history, ended, promised]
}

fn category_tree() -> Vec<Vec<CategoryTreeEvent>> {
    let above = |number, slug: &str| {
        CategoryTreeEvent::from(CategoryAdded {
            category_id: CategoryId::new(uuid(number)),
            name: text("Home"),
            slug: text(slug),
            parent_id: None,
            description: text(""),
            image: None,
            sort_order: 0,
        })
    };
    let mut changed = vec![above(22, "home"), above(23, "living")];
    changed.extend(all(catalog::category_tree()));
    let mut archived = vec![above(22, "home")];
    archived.extend(pick(catalog::category_tree(), &["CategoryAdded", "CategoryArchived"]));
    vec![changed, archived]
}

/// An order of which something is planned and on its way back, and something else was given up.
fn given_up() -> Vec<OrderEvent> {
    let lines = |units| vec![LineQuantity { line: 1, quantity: quantity(units) }];
    let mut history = pick(sales::order(), &["OrderPlaced", "OrderConfirmed", "OrderFulfillmentStarted"]);
    history.extend([
        OrderFulfillmentPlanned { shipment_id: ShipmentId::new(uuid(14)), lines: lines(1) }.into(),
        OrderFulfillmentReleased { shipment_id: ShipmentId::new(uuid(14)) }.into(),
        OrderFulfillmentPlanned { shipment_id: ShipmentId::new(uuid(16)), lines: lines(3) }.into(),
        OrderLinesShipped { shipment_id: ShipmentId::new(uuid(4)), lines: lines(2), basis: Basis::Recorded }.into(),
        OrderReturnRequested { return_id: ReturnId::new(uuid(5)), lines: lines(1) }.into(),
    ]);
    history
}

/// A cart that is being completed, one that changed hands, one for each way to end, and checkouts that run and failed.
fn carts() -> Vec<Vec<CartEvent>> {
    let history = |names: &[&str]| pick(cart::cart(), names);
    let mut redirected = history(&["CartCreated", "CartLineAdded", "CartMerged"]);
    if let Some(CartEvent::CartMerged(merged)) = redirected.last().cloned() {
        redirected.push(CartMerged { into: CartId::new(uuid(17)), ..merged }.into());
    }
    vec![
        history(&[
            "CartCreated",
            "CartCountryChanged",
            "CartLineAdded",
            "CartLineQuantityChanged",
            "CartAddressSet",
            "CartEmailSet",
            "CartShippingSelected",
            "CartCurrencyChanged",
            "CartQuoted",
            "CartAbsorbed",
            "CartPaymentAttached",
            "CartCompletionClaimed",
        ]),
        history(&[
            "CartCreated",
            "CartLineAdded",
            "CartLineRemoved",
            "CartCleared",
            "CartPaymentAttached",
            "CartPaymentDetached",
            "CartEmailSet",
            "CartCompletionClaimed",
            "CartCompletionReleased",
            "CartAssigned",
            "CartContactErased",
        ]),
        history(&["CartCreated", "CartLineAdded", "CartEmailSet", "CartMerged", "CartContactErased"]),
        history(&["CartCreated", "CartAbsorbed", "CartCompletionClaimed", "CartConverted"]),
        history(&["CartCreated", "CartEmailSet", "CartExpired"]),
        redirected,
        history(&["CartCreated", "CartLineAdded", "CartQuoted", "CartCheckoutBegan"]),
        history(&["CartCreated", "CartLineAdded", "CartQuoted", "CartCheckoutBegan", "CartCompletionReleased"]),
    ]
}

macro_rules! states {
    ($($test:ident: $aggregate:ty = $histories:expr;)+) => {
        $(#[test] fn $test() { assert_states::<$aggregate>(&$histories); })+

        #[test]
        fn every_golden_state_belongs_to_a_version_of_an_aggregate() {
            let mut known = Vec::new();
            $(known.extend((1..=<$aggregate>::STATE_VERSION).map(file_name::<$aggregate>));)+
            for entry in fs::read_dir(folder()).unwrap() {
                let file = entry.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&file), "golden/states/{file} belongs to no aggregate: was its version lowered?");
            }
        }
    };
}

states! {
    carts_fold_as_ever: Cart = carts();
    category_trees_fold_as_ever: CategoryTree = category_tree();
    claims_fold_as_ever: Claim =
        [pick(catalog::claim(), &["ValueClaimed"]), pick(catalog::claim(), &["ValueClaimed", "ClaimReleased"])];
    credit_notes_fold_as_ever: CreditNote = [all(sales::credit_note())];
    customers_fold_as_ever: Customer = [
        pick(customers::customer(), &["CustomerRegistered", "CustomerCountryChanged", "CustomerDeactivated"]),
        pick(
            customers::customer(),
            &[
                "CustomerRegistered",
                "CustomerProfileChanged",
                "CustomerEmailChanged",
                "CustomerAddressAdded",
                "CustomerDefaultAddressChanged",
                "CustomerAddressChanged",
                "CustomerConsentChanged",
            ],
        ),
        pick(
            customers::customer(),
            &[
                "CustomerRegistered",
                "CustomerAddressAdded",
                "CustomerDefaultAddressChanged",
                "CustomerAddressRemoved",
                "CustomerDeactivated",
                "CustomerReactivated",
            ],
        ),
        all(customers::customer()),
    ];
    expenses_fold_as_ever: Expense = [all(sales::expense())];
    fulfillments_fold_as_ever: Fulfillment = [
        pick(
            movements::fulfillment(),
            &[
                "FulfillmentCreated",
                "FulfillmentPacked",
                "FulfillmentShipped",
                "FulfillmentTrackingAdded",
                "FulfillmentLost",
                "FulfillmentDelivered",
            ],
        ),
        pick(movements::fulfillment(), &["FulfillmentCreated", "FulfillmentCancelled"]),
    ];
    imports_fold_as_ever: Import =
        [pick(catalog::import(), &["ImportStarted", "ImportAdvanced"]), all(catalog::import())];
    orders_fold_as_ever: Order = [
        pick(
            sales::order(),
            &[
                "OrderPlaced",
                "OrderStockReserved",
                "OrderConfirmed",
                "OrderPaymentChanged",
                "OrderFulfillmentStarted",
                "OrderLinesCancelled",
                "OrderFulfillmentPlanned",
                "OrderLinesShipped",
                "OrderDelivered",
                "OrderReturnRequested",
                "OrderReturnClosed",
                "OrderLinesReturned",
                "OrderLinesCredited",
                "OrderClosed",
            ],
        ),
        pick(sales::order(), &["OrderPlaced", "OrderCancelled"]),
        given_up(),
    ];
    payments_fold_as_ever: Payment = payments::histories();
    provider_messages_fold_as_ever: ProviderMessage = [all(payments::provider_message())];
    price_schedules_fold_as_ever: PriceSchedule = [
        pick(prices::price_schedule(), &["PriceSet", "PriceEnded"]),
        pick(prices::price_schedule(), &["PriceSet", "PriceWithdrawn"]),
    ];
    products_fold_as_ever: Product = [
        pick(
            catalog::product(),
            &["ProductCreated", "ProductRenamed", "VariantAdded", "VariantPriceSet", "ProductPublished"],
        ),
        pick(
            catalog::product(),
            &[
                "ProductCreated",
                "VariantAdded",
                "VariantPriceSet",
                "ProductPublished",
                "ProductUnpublished",
                "VariantPriceRemoved",
                "VariantWithdrawn",
                "ProductDiscontinued",
            ],
        ),
        pick(
            catalog::product(),
            &[
                "ProductCreated",
                "ProductSlugSet",
                "ProductSlugClaimsEnded",
                "ProductDescribed",
                "ProductCategorized",
                "ProductMediaSet",
                "ProductFeatured",
            ],
        ),
        pick(catalog::product(), &["ProductCreated", "ProductFeatured", "ProductUnfeatured"]),
    ];
    returns_fold_as_ever: Return = [
        pick(
            movements::returns(),
            &["ReturnRequested", "ReturnApproved", "ReturnReceived", "ReturnInspected", "ReturnResolved"],
        ),
        pick(movements::returns(), &["ReturnRequested", "ReturnRejected"]),
        pick(movements::returns(), &["ReturnRequested", "ReturnCancelled"]),
    ];
    stock_documents_fold_as_ever: StockDocument = [all(stock::stock_document())];
    stock_items_fold_as_ever: StockItem = stock_item();
}
