//! A small shop's history, appended to a log as events.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::{fmt::Debug, str::FromStr};
use tillroll_domain::{
    aggregate::DomainEvent,
    category_tree::events::{CategoryAdded, CategoryTreeEvent},
    common::{Basis, DocumentForm, LineKind, LineQuantity, SourceDocument},
    credit_note::events::{CreditLine, CreditMatch, CreditNoteEvent, CreditNoteIssued},
    customer::events::{CustomerEvent, CustomerRegistered},
    expense::events::{ExpenseEvent, ExpenseKind, ExpenseLine, ExpenseRecorded},
    money::{Money, Rounding},
    order::events::{
        OrderConfirmed, OrderEvent, OrderLine, OrderLinesShipped, OrderPaymentChanged, OrderPlaced, OrderTotals,
        RoundingPolicy, RoundingStage, Tax,
    },
    payment::events::{PaymentCaptured, PaymentCreated, PaymentEvent},
    price::Price,
    price_schedule::{
        PriceKey,
        events::{PriceScheduleEvent, PriceSet},
    },
    product::events::{
        ProductCreated, ProductEvent, ProductPublished, VariantAdded, VariantAttribute, VariantPriceSet,
        VariantWithdrawn,
    },
    quantity::Quantity,
    stock_document::events::{StockDocumentEvent, StockDocumentKind, StockDocumentLine, StockDocumentRecorded},
    stock_item::events::{StockItemEvent, StockReceived, StockReserved},
};
use tillroll_infra::{
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append},
    stream::{Position, StreamId},
};
use uuid::Uuid;

pub(super) const PRODUCT_ID: &str = "prd_00000000-0000-7000-8000-000000000a01";
pub(super) const CATEGORY_ID: &str = "cat_00000000-0000-7000-8000-000000000901";
pub(super) const ORDER_ID: &str = "ord_00000000-0000-7000-8000-000000000b01";
pub(super) const PAYMENT_ID: &str = "pay_00000000-0000-7000-8000-000000000c01";
pub(super) const CUSTOMER_ID: &str = "cus_00000000-0000-7000-8000-000000000d01";
pub(super) const CREDIT_NOTE_ID: &str = "crn_00000000-0000-7000-8000-000000000e01";
pub(super) const TIMELINE: &str = "/orders/ord_00000000-0000-7000-8000-000000000b01/timeline";

/// When the shop's clock stands still.
pub(super) const TIME: DateTime<Utc> = DateTime::UNIX_EPOCH;

const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

fn parse<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a good value")
}

fn units(count: i64) -> Quantity {
    Quantity::new(count).expect("a good quantity")
}

fn id(kind: char, number: u32) -> String {
    format!("00000000-0000-7000-8000-000000000{kind}{number:02}")
}

/// Appends what happens.
pub(super) struct Shop<'a> {
    log: &'a dyn EventLog,
    effective_at: Option<DateTime<Utc>>,
    events: u128,
}

impl<'a> Shop<'a> {
    pub(super) fn of(log: &'a dyn EventLog) -> Self {
        Self { log, effective_at: None, events: 0 }
    }

    /// Leaves the ids of so many events to another teller.
    pub(super) fn skip_ids(&mut self, count: u128) {
        self.events += count;
    }

    /// One event more on a stream; answers its position.
    pub(super) async fn tell<E: DomainEvent>(&mut self, stream: &str, event: impl Into<E>) -> Position {
        let event: E = event.into();
        let data = serde_json::to_string(&event).expect("events are JSON");
        self.tell_raw(stream, event.event_type().name, &data).await
    }

    /// One event more, whatever its data.
    pub(super) async fn tell_raw(&mut self, stream: &str, event_type: &str, data: &str) -> Position {
        self.events += 1;
        let metadata = Metadata {
            actor: "admin".to_owned(),
            origin: "live".to_owned(),
            effective_at: self.effective_at,
            ..Metadata::default()
        };
        let event = NewEvent {
            id: Uuid::from_u128(self.events),
            event_type: event_type.into(),
            schema_version: 1,
            metadata: serde_json::to_string(&metadata).expect("metadata is JSON").into(),
            data: data.into(),
        };
        let stream = parse::<StreamId>(stream);
        let told = append(self.log, Append { stream, expected: ExpectedRevision::Any, events: vec![event] }).await;
        told.expect("the log takes it").last_position
    }

    /// Everything.
    pub(super) async fn open(mut self) {
        self.products().await;
        self.stock().await;
        self.customers().await;
        self.orders().await;
        self.credit_notes().await;
        self.other_documents().await;
        self.categories().await;
    }

    /// Two categories, of which the second is below the first.
    pub(super) async fn categories(&mut self) {
        for (number, parent) in [(1, None), (2, Some(CATEGORY_ID))] {
            let added = CategoryAdded {
                category_id: parse(&format!("cat_{}", id('9', number))),
                name: parse(&format!("Category {number}")),
                slug: parse(&format!("category-{number}")),
                parent_id: parent.map(parse),
                description: parse(""),
                image: None,
                sort_order: 0,
            };
            self.tell::<CategoryTreeEvent>("category_tree-main", added).await;
        }
    }

    /// Three products, two of one name, of which the first has two variants and is published.
    pub(super) async fn products(&mut self) {
        for (number, name) in [(1, "Mug"), (2, "Mug"), (3, "Cup")] {
            let created = ProductCreated { name: parse(name), basis: Basis::Recorded };
            self.tell::<ProductEvent>(&format!("product-{}", id('a', number)), created).await;
        }
        let stream = format!("product-{}", id('a', 1));
        for sku in ["MUG-1", "MUG-2"] {
            let attributes = vec![VariantAttribute { name: parse("color"), value: parse("red") }];
            let added = VariantAdded { sku: parse(sku), attributes, basis: Basis::Recorded };
            self.tell::<ProductEvent>(&stream, added).await;
        }
        let price = Price { amount: parse("2.555"), currency: parse("GBP") };
        self.tell::<ProductEvent>(&stream, VariantPriceSet { sku: parse("MUG-1"), price }).await;
        for (day, currency) in [(1, "EUR"), (2, "USD"), (3, "CHF")] {
            let row = PriceSet {
                row_id: parse(&format!("prw_{}", id('f', 9 + day))),
                key: PriceKey { currency: parse("GBP"), country: None, min_quantity: units(1) },
                priority: 0,
                amount: parse("2.5"),
                valid_from: TIME + TimeDelta::days(i64::from(day)),
                valid_until: Some(TIME + TimeDelta::days(i64::from(day) + 1)),
            };
            self.tell::<PriceScheduleEvent>("price_schedule-MUG-1", row).await;
            let price = Price { amount: parse("2.555"), currency: parse(currency) };
            self.tell::<ProductEvent>(&stream, VariantPriceSet { sku: parse("MUG-1"), price }).await;
        }
        self.tell::<ProductEvent>(&stream, VariantWithdrawn { sku: parse("MUG-2") }).await;
        self.tell::<ProductEvent>(&stream, ProductPublished {}).await;
    }

    /// Three items, of which one is reserved in part.
    async fn stock(&mut self) {
        for (sku, quantity) in [("MUG-1", 10), ("MUG-2", 10), ("CUP-1", 3)] {
            let received = StockReceived {
                receipt_id: parse(&format!("rcp_{}", id('f', 1))),
                quantity: units(quantity),
                reference: None,
                basis: Basis::Recorded,
            };
            self.tell::<StockItemEvent>(&format!("stock_item-main.{sku}"), received).await;
        }
        let reserved = StockReserved {
            reservation_id: parse(&format!("rsv_{}", id('f', 2))),
            quantity: units(4),
            expires_at: TIME + TimeDelta::hours(1),
        };
        self.tell::<StockItemEvent>("stock_item-main.MUG-1", reserved).await;
    }

    async fn customers(&mut self) {
        for (number, country) in [(1, "France"), (2, "Spain"), (3, "France")] {
            let registered = CustomerRegistered {
                country: parse(country),
                external_reference: Some(parse(&format!("1234{number}"))),
                basis: Basis::Recorded,
            };
            self.tell::<CustomerEvent>(&format!("customer-{}", id('d', number)), registered).await;
        }
    }

    /// Five orders on three days, two of them with the same total, each with a payment; the first is shipped.
    async fn orders(&mut self) {
        for (number, day, goods_minor) in [(1, 1, 2_000), (2, 1, 500), (3, 2, 500), (4, 2, 900), (5, 3, 100)] {
            let stream = format!("order-{}", id('b', number));
            let payment = format!("payment-{}", id('c', number));
            self.effective_at = Some(TIME + TimeDelta::days(i64::from(day)));
            self.tell::<OrderEvent>(&stream, placed(number, day, goods_minor)).await;
            self.tell::<OrderEvent>(&stream, OrderConfirmed { basis: Basis::Inferred }).await;
            let created = PaymentCreated {
                order_id: parse(&format!("ord_{}", id('b', number))),
                amount: Money::new(goods_minor + 350, parse("GBP")),
                method: parse("assumed_settled"),
                source: Some(source(&format!("53636{}", number + 4), DocumentForm::Order)),
                basis: Basis::Inferred,
                quote_hash: None,
            };
            self.tell::<PaymentEvent>(&payment, created).await;
            let captured = PaymentCaptured {
                operation_id: parse(&format!("opn_{}", id('c', number))),
                amount_minor: goods_minor + 350,
                provider_reference: None,
                basis: Basis::Inferred,
            };
            self.tell::<PaymentEvent>(&payment, captured).await;
            self.effective_at = None;
        }
        let stream = format!("order-{}", id('b', 1));
        let changed = OrderPaymentChanged {
            payment_id: parse(PAYMENT_ID),
            authorized_minor: 0,
            captured_minor: 2_350,
            refunded_minor: 0,
            disputed_minor: 0,
            basis: Basis::Inferred,
        };
        self.tell::<OrderEvent>(&stream, changed).await;
        let shipped = OrderLinesShipped {
            shipment_id: parse(&format!("shp_{}", id('f', 3))),
            lines: vec![LineQuantity { line: 1, quantity: units(2) }],
            basis: Basis::Inferred,
        };
        self.tell::<OrderEvent>(&stream, shipped).await;
    }

    async fn credit_notes(&mut self) {
        for number in 1..=3 {
            let matched = CreditMatch { order_id: parse(ORDER_ID), line: 1, quantity: units(1), same_price: true };
            let issued = CreditNoteIssued {
                customer_id: Some(parse(CUSTOMER_ID)),
                country: parse("France"),
                currency: parse("GBP"),
                lines: vec![CreditLine {
                    line: 1,
                    kind: LineKind::Goods,
                    code: parse("MUG-1"),
                    sku: Some(parse("MUG-1")),
                    description: parse(""),
                    quantity: units(2),
                    unit_price: parse("1"),
                    amount_minor: 200,
                    rounding_micros: None,
                    matches: vec![matched],
                    unmatched: 1,
                    unmatched_minor: 100,
                }],
                tax: Tax::NotStated,
                total_minor: 200,
                rounding: ROUNDING,
                business_date: date(31),
                reason: parse("broken"),
                source: Some(source(&format!("C53637{number}"), DocumentForm::CreditNote)),
                basis: Basis::Recorded,
            };
            self.tell::<CreditNoteEvent>(&format!("credit_note-{}", id('e', number)), issued).await;
        }
    }

    async fn other_documents(&mut self) {
        let expense = ExpenseRecorded {
            customer_id: None,
            country: parse("United Kingdom"),
            currency: parse("GBP"),
            lines: vec![ExpenseLine {
                line: 1,
                kind: ExpenseKind::BankCharges,
                code: parse("BANK CHARGES"),
                description: parse(""),
                quantity: -1,
                unit_price: parse("15"),
                amount_minor: -1_500,
                rounding_micros: None,
            }],
            total_minor: -1_500,
            rounding: ROUNDING,
            business_date: date(31),
            source: source("C540117", DocumentForm::CreditNote),
            basis: Basis::Recorded,
        };
        self.tell::<ExpenseEvent>(&format!("expense-{}", id('f', 4)), expense).await;
        let write_off = StockDocumentRecorded {
            kind: StockDocumentKind::WriteOff,
            country: parse("United Kingdom"),
            currency: parse("GBP"),
            lines: vec![StockDocumentLine {
                line: 1,
                code: parse("CUP-1"),
                sku: Some(parse("CUP-1")),
                description: parse("broken"),
                quantity: -2,
            }],
            business_date: NaiveDate::from_ymd_opt(2011, 1, 3).unwrap(),
            source: source("536589", DocumentForm::Order),
            basis: Basis::Recorded,
        };
        self.tell::<StockDocumentEvent>(&format!("stock_document-{}", id('f', 5)), write_off).await;
    }
}

fn date(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 12, day).expect("a day of December")
}

fn source(number: &str, form: DocumentForm) -> SourceDocument {
    SourceDocument {
        system: parse("online-retail"),
        number: parse(number),
        form,
        digest: parse(&"0a".repeat(32)),
        local_time: parse("2010-12-01T08:26:00"),
        time_zone: parse("Europe/London"),
    }
}

/// Two units of goods and carriage of 3.50.
fn placed(number: u32, day: u32, goods_minor: i64) -> OrderPlaced {
    let line = |line, kind, code: &str, quantity, amount_minor: i64| OrderLine {
        line,
        kind,
        code: parse(code),
        sku: (kind == LineKind::Goods).then(|| parse(code)),
        description: parse("something"),
        quantity: units(quantity),
        unit_price: parse(&(amount_minor / quantity / 100).to_string()),
        amount_minor,
        rounding_micros: None,
        tax_minor: None,
        options: vec![],
    };
    OrderPlaced {
        customer_id: (number != 5).then(|| parse(&format!("cus_{}", id('d', number.div_ceil(2))))),
        country: parse(if number % 2 == 1 { "France" } else { "Spain" }),
        currency: parse("GBP"),
        lines: vec![
            line(1, LineKind::Goods, if number < 4 { "MUG-1" } else { "CUP-1" }, 2, goods_minor),
            line(2, LineKind::Carriage, "POST", 1, 350),
        ],
        totals: OrderTotals {
            goods_minor,
            carriage_minor: 350,
            discount_minor: 0,
            tax: Tax::NotStated,
            total_minor: goods_minor + 350,
        },
        rounding: ROUNDING,
        business_date: date(day),
        source: Some(source(&format!("53636{}", number + 4), DocumentForm::Order)),
        basis: Basis::Recorded,
        cart_id: None,
        quote: None,
        email: None,
        shipping_address: None,
        billing_address: None,
        checkout: None,
    }
}
