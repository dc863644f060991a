//! What the tests of imports share: small files, the real ones, and an engine in memory.

use super::{
    ImportError,
    driver::{Driven, drive},
    input::Input,
    online_retail::{HEADER, NAME, OnlineRetail, REJECTED_ROWS_MAX},
    progress::Silent,
    source::HistorySource,
    survey::Survey,
};
use chrono::{NaiveDate, TimeZone, Utc};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use tillroll_domain::{
    claim::Claim, credit_note::CreditNote, customer::Customer, expense::Expense, import::Import, order::Order,
    payment::Payment, product::Product, stock_document::StockDocument, stock_item::StockItem,
};
use tillroll_infra::{
    ambient::Ambient,
    bus::Bus,
    event::RecordedEvent,
    log::{EventFilter, EventLog, PAGE_MAX, memory::MemoryLog},
    stream::{DEFAULT_TENANT, Position},
};

/// A file of the Online Retail data set. Fails if it is absent, unless `TILLROLL_WITHOUT_RETAIL_DATA=1` says that this is
/// known; then it answers `None` and says so.
pub(crate) fn retail(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TILLROLL_RETAIL_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/retail"), PathBuf::from);
    let path = folder.join(file);
    if path.is_file() {
        return Some(path);
    }
    let message = format!(
        "the retail data is absent: there is no {}; set TILLROLL_RETAIL_DATA to the folder that holds it, or \
         TILLROLL_WITHOUT_RETAIL_DATA=1 to go without",
        path.display()
    );
    assert!(std::env::var_os("TILLROLL_WITHOUT_RETAIL_DATA").is_some_and(|value| value == "1"), "{message}");
    eprintln!("not tested: {message}");
    None
}

/// A file of rows given as in the source.
pub(crate) fn file(rows: &[&str]) -> Input {
    let mut text = HEADER.join(",");
    for row in rows {
        text.push_str("\r\n");
        text.push_str(row);
    }
    Input::bytes("a test's file", text.into_bytes())
}

/// The file's first two passes.
pub(crate) fn surveyed(input: &Input) -> (Arc<dyn HistorySource>, Arc<Survey>) {
    let source = OnlineRetail::open(NAME, input.clone(), false, &mut Silent).unwrap();
    let survey = Survey::of(&source, false, REJECTED_ROWS_MAX, &mut Silent).unwrap();
    (Arc::new(source), Arc::new(survey))
}

/// A bus that knows every aggregate of the domain, over a log in memory.
pub(crate) fn engine() -> Bus {
    let (ambient, clock) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(), 1);
    over(Arc::new(MemoryLog::new(clock)), ambient)
}

/// The same over any log.
pub(crate) fn over(log: Arc<dyn EventLog>, ambient: Ambient) -> Bus {
    Bus::builder(log, ambient)
        .register::<Claim>()
        .register::<CreditNote>()
        .register::<Customer>()
        .register::<Expense>()
        .register::<Import>()
        .register::<Order>()
        .register::<Payment>()
        .register::<Product>()
        .register::<StockDocument>()
        .register::<StockItem>()
        .build()
}

/// Drives a file as far as a date.
pub(crate) async fn driven(bus: &Bus, input: &Input, until: Option<NaiveDate>) -> Result<Driven, ImportError> {
    let (source, survey) = surveyed(input);
    drive(bus, source, survey, until, &mut Silent).await
}

/// Every event of the log.
pub(crate) async fn events(bus: &Bus) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = bus.log().read_all(after, &EventFilter::default(), PAGE_MAX).await.unwrap();
        after = page.scanned_to;
        events.extend(page.events);
        if page.at_end {
            return events;
        }
    }
}

/// What every stream holds, the import's own left out: how its cursor moved depends on when it was killed.
pub(crate) async fn history(bus: &Bus) -> BTreeMap<String, Vec<String>> {
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events(bus).await {
        assert_eq!(event.stream.tenant(), DEFAULT_TENANT);
        if event.stream.category() != "import" {
            let text = format!("{} {} {}", event.event_type, event.data, event.metadata);
            streams.entry(event.stream.to_string()).or_default().push(text);
        }
    }
    streams
}

/// The texts of an error and of its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
