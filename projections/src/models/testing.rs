//! Tables in memory and events out of thin air, for the tests of the folds.

use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, future::BoxFuture};
use std::{collections::BTreeMap, sync::Arc};
use tillroll_domain::aggregate::DomainEvent;
use tillroll_infra::{
    ambient::Ambient,
    codec::{Codec, Place},
    event::{Metadata, RecordedEvent},
    stream::{Position, Revision, StreamId},
    vault::MemoryVault,
};
use uuid::Uuid;

/// Rows by table and key.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct MemoryTables {
    rows: BTreeMap<(&'static str, Vec<Value>), Vec<Value>>,
}

impl MemoryTables {
    /// All rows of a table in the order of its key.
    pub(crate) fn all<R: Row>(&self) -> Vec<R> {
        let rows = self.rows.iter().filter(|((table, _), _)| *table == R::TABLE.name);
        rows.map(|(_, row)| R::from_values(row.clone()).expect("rows fit their table")).collect()
    }

    /// The only row of a table.
    #[track_caller]
    pub(crate) fn only<R: Row>(&self) -> R {
        let mut rows = self.all::<R>();
        assert_eq!(rows.len(), 1, "{} has one row", R::TABLE.name);
        rows.remove(0)
    }
}

impl Tables for MemoryTables {
    fn load<'a>(
        &'a mut self,
        table: &'static TableSpec,
        key: Vec<Value>,
    ) -> BoxFuture<'a, Result<Option<Vec<Value>>, ApplyError>> {
        let row = self.rows.get(&(table.name, key)).cloned();
        async move { Ok(row) }.boxed()
    }

    fn store(&mut self, table: &'static TableSpec, row: Vec<Value>) {
        assert_eq!(row.len(), table.columns.len(), "a row has a value for each column");
        self.rows.insert((table.name, row[..table.key_columns].to_vec()), row);
    }

    fn remove(&mut self, table: &'static TableSpec, key: Vec<Value>) {
        self.rows.remove(&(table.name, key));
    }
}

/// A small history that one projection folds as it grows.
#[derive(Debug)]
pub(crate) struct History<P> {
    projection: P,
    pub(crate) tables: MemoryTables,
    position: u64,
    revisions: BTreeMap<String, u64>,
    pub(crate) metadata: Metadata,
    /// Seals the personal data of the events; its vault is where a person is erased.
    pub(crate) codec: Codec,
}

/// A codec with an empty vault in memory.
pub(crate) fn codec() -> Codec {
    let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 7);
    Codec::new(Arc::new(MemoryVault::new(ambient.randomness.clone())), ambient.randomness)
}

/// The clock of [`History`]: each event is recorded a second after its predecessor.
pub(crate) fn recorded_at(position: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(position).expect("small"))
}

impl<P: Projection> History<P> {
    /// Nothing has happened.
    pub(crate) fn of(projection: P) -> Self {
        let metadata = Metadata { actor: "admin".to_owned(), origin: "live".to_owned(), ..Metadata::default() };
        let (tables, revisions) = (MemoryTables::default(), BTreeMap::new());
        Self { projection, tables, position: 0, revisions, metadata, codec: codec() }
    }

    /// One event more, or why the projection refuses it.
    pub(crate) fn try_push<E: DomainEvent>(&mut self, stream: &str, event: impl Into<E>) -> Result<(), ApplyError> {
        let event: E = event.into();
        self.position += 1;
        let revision = self.revisions.entry(stream.to_owned()).and_modify(|revision| *revision += 1).or_insert(0);
        let event_type = event.event_type();
        assert!(self.projection.event_types().contains(&event_type.name), "{} is wanted", event_type.name);
        let (stream, id) = (stream.parse::<StreamId>().expect("a stream"), Uuid::from_u128(u128::from(self.position)));
        let data = serde_json::to_string(&event).expect("events are JSON");
        let sealing = self.codec.seal(Place::Event { stream: &stream, id }, data).now_or_never();
        let data = sealing.expect("memory never waits").expect("the person is not erased");
        let recorded = RecordedEvent {
            position: Position(self.position),
            stream,
            revision: Revision(*revision),
            id,
            event_type: event_type.name.into(),
            schema_version: event_type.version,
            recorded_at: recorded_at(self.position),
            metadata: serde_json::to_string(&self.metadata).expect("metadata is JSON").into(),
            data: data.into(),
        };
        let opening = Incoming::open(recorded, &self.codec).now_or_never();
        let incoming = opening.expect("memory never waits").expect("the vault works");
        let before = self.tables.clone();
        let folded = self.projection.apply(&incoming, &mut self.tables).now_or_never().expect("memory never waits");
        if folded.is_err() {
            assert_eq!(self.tables, before, "an event that cannot be folded leaves no trace");
        }
        folded
    }

    /// One event more.
    #[track_caller]
    pub(crate) fn push<E: DomainEvent>(&mut self, stream: &str, event: impl Into<E>) {
        self.try_push(stream, event).expect("the event can be folded");
    }
}

/// A value that is checked when it is parsed.
pub(crate) fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a good value")
}

/// A number of units.
pub(crate) fn units(count: i64) -> tillroll_domain::quantity::Quantity {
    tillroll_domain::quantity::Quantity::new(count).expect("a good quantity")
}

/// Events of an imagined shop, for tests to alter.
pub(crate) mod shop {
    use super::{parse, units};
    use chrono::NaiveDate;
    use tillroll_domain::{
        common::{Basis, DocumentForm, LineKind, SourceDocument},
        credit_note::events::{CreditLine, CreditNoteIssued},
        expense::events::{ExpenseKind, ExpenseLine, ExpenseRecorded},
        money::Rounding,
        order::events::{OrderLine, OrderPlaced, OrderTotals, RoundingPolicy, RoundingStage, Tax},
        price::UnitPrice,
        stock_document::events::{StockDocumentKind, StockDocumentLine, StockDocumentRecorded},
        text::Sku,
    };

    pub(crate) const ORDER: &str = "order-01890000-0000-7000-8000-000000000001";
    pub(crate) const ORDER_ID: &str = "ord_01890000-0000-7000-8000-000000000001";
    pub(crate) const CUSTOMER: &str = "customer-01890000-0000-7000-8000-0000000000c1";
    pub(crate) const CUSTOMER_ID: &str = "cus_01890000-0000-7000-8000-0000000000c1";
    pub(crate) const CREDIT_NOTE: &str = "credit_note-01890000-0000-7000-8000-0000000000d1";
    pub(crate) const CREDIT_NOTE_ID: &str = "crn_01890000-0000-7000-8000-0000000000d1";
    pub(crate) const EXPENSE: &str = "expense-01890000-0000-7000-8000-0000000000e1";
    pub(crate) const STOCK_DOCUMENT: &str = "stock_document-01890000-0000-7000-8000-0000000000f1";

    pub(crate) const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

    pub(crate) fn date(text: &str) -> NaiveDate {
        parse(text)
    }

    /// The unit price that makes an amount of pence out of some units.
    fn price(amount_minor: i64, quantity: i64) -> UnitPrice {
        UnitPrice::from_micros(amount_minor * 10_000 / quantity).expect("a small price")
    }

    pub(crate) fn source(number: &str, form: DocumentForm) -> SourceDocument {
        SourceDocument {
            system: parse("online-retail"),
            number: parse(number),
            form,
            digest: parse(&"0a".repeat(32)),
            local_time: parse("2010-12-01T08:26:00"),
            time_zone: parse("Europe/London"),
        }
    }

    pub(crate) fn order_line(line: u32, kind: LineKind, code: &str, quantity: i64, amount_minor: i64) -> OrderLine {
        OrderLine {
            line,
            kind,
            code: parse(code),
            sku: (kind == LineKind::Goods).then(|| parse::<Sku>(&code.to_ascii_uppercase())),
            description: parse("something"),
            quantity: units(quantity),
            unit_price: price(amount_minor, quantity),
            amount_minor,
            rounding_micros: None,
            tax_minor: None,
            options: vec![],
        }
    }

    /// Goods for 10.00 and 5.00 of one SKU, for 6.00 of another, carriage of 4.00, a discount of 1.00.
    pub(crate) fn order() -> OrderPlaced {
        OrderPlaced {
            customer_id: Some(parse(CUSTOMER_ID)),
            country: parse("France"),
            currency: parse("GBP"),
            lines: vec![
                order_line(1, LineKind::Goods, "85123a", 5, 1_000),
                order_line(2, LineKind::Goods, "85123A", 2, 500),
                order_line(3, LineKind::Goods, "22423", 3, 600),
                order_line(4, LineKind::Carriage, "POST", 1, 400),
                order_line(5, LineKind::Discount, "D", 1, 100),
            ],
            totals: OrderTotals {
                goods_minor: 2_100,
                carriage_minor: 400,
                discount_minor: 100,
                tax: Tax::Stated { amount_minor: 50 },
                total_minor: 2_450,
            },
            rounding: ROUNDING,
            business_date: date("2010-12-01"),
            source: Some(source("536365", DocumentForm::Order)),
            basis: Basis::Recorded,
            cart_id: None,
            quote: None,
            email: None,
            shipping_address: None,
            billing_address: None,
            checkout: None,
        }
    }

    /// 4.00 for two units of which one is matched, and 1.50 of carriage.
    pub(crate) fn credit_note() -> CreditNoteIssued {
        let line = |line, kind, code: &str, quantity: i64, amount_minor, unmatched, unmatched_minor| CreditLine {
            line,
            kind,
            code: parse(code),
            sku: (kind == LineKind::Goods).then(|| parse::<Sku>(code)),
            description: parse(""),
            quantity: units(quantity),
            unit_price: price(amount_minor, quantity),
            amount_minor,
            rounding_micros: None,
            matches: vec![],
            unmatched,
            unmatched_minor,
        };
        let mut goods = line(1, LineKind::Goods, "85123A", 2, 400, 1, 200);
        goods.matches = vec![tillroll_domain::credit_note::events::CreditMatch {
            order_id: parse(ORDER_ID),
            line: 1,
            quantity: units(1),
            same_price: true,
        }];
        CreditNoteIssued {
            customer_id: Some(parse(CUSTOMER_ID)),
            country: parse("France"),
            currency: parse("GBP"),
            lines: vec![goods, line(2, LineKind::Carriage, "POST", 1, 150, 1, 150)],
            tax: Tax::Stated { amount_minor: 10 },
            total_minor: 560,
            rounding: ROUNDING,
            business_date: date("2011-01-31"),
            reason: parse("came back"),
            source: Some(source("C536379", DocumentForm::CreditNote)),
            basis: Basis::Recorded,
        }
    }

    /// A cost of 7.19.
    pub(crate) fn expense() -> ExpenseRecorded {
        ExpenseRecorded {
            customer_id: None,
            country: parse("United Kingdom"),
            currency: parse("GBP"),
            lines: vec![ExpenseLine {
                line: 1,
                kind: ExpenseKind::MarketplaceFee,
                code: parse("AMAZONFEE"),
                description: parse("AMAZON FEE"),
                quantity: -1,
                unit_price: parse("7.19"),
                amount_minor: -719,
                rounding_micros: None,
            }],
            total_minor: -719,
            rounding: ROUNDING,
            business_date: date("2010-12-01"),
            source: source("C540117", DocumentForm::CreditNote),
            basis: Basis::Recorded,
        }
    }

    /// Ten units written off.
    pub(crate) fn stock_document() -> StockDocumentRecorded {
        StockDocumentRecorded {
            kind: StockDocumentKind::WriteOff,
            country: parse("United Kingdom"),
            currency: parse("GBP"),
            lines: vec![StockDocumentLine {
                line: 1,
                code: parse("22423"),
                sku: Some(parse("22423")),
                description: parse("damages"),
                quantity: -10,
            }],
            business_date: date("2010-12-01"),
            source: source("536589", DocumentForm::Order),
            basis: Basis::Recorded,
        }
    }
}
