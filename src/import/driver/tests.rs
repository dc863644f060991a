//! Driving: in order, once, and on after a kill.

use super::*;
use crate::import::{
    ImportOptions,
    input::Input,
    testing::{chain, driven, engine, events, file, history, over, retail},
};
use chrono::{TimeZone, Utc};
use tillroll_domain::{product::commands::ProductCommand, quantity::Quantity};
use tillroll_infra::{
    ambient::Ambient,
    bus::CommandContext,
    log::{controlled::ControlledLog, memory::MemoryLog},
};

mod recorded;

fn date(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

const FIRST: &str = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom";
const SECOND: &str = "536366,85123A,HEART,2,2010-12-02 08:26:00,2.55,17850,United Kingdom";
const CREDIT: &str = "C536367,85123A,HEART,-3,2010-12-03 08:26:00,2.55,17850,United Kingdom";

#[tokio::test]
async fn an_order_a_credit_and_their_consequences_enter() {
    let bus = engine();
    let driven = driven(&bus, &file(&[FIRST, SECOND, CREDIT]), None).await.unwrap();
    let events = events(&bus).await;
    assert_eq!((driven.documents, driven.events), (3, events.len() as u64));
    let stock: Vec<&str> = events
        .iter()
        .filter(|event| event.stream.as_str() == "stock_item-main.85123A")
        .map(|event| &*event.event_type)
        .collect();
    assert_eq!(stock, ["OpeningStockRecorded", "StockShipped", "StockShipped", "StockReturned"]);
    let credited: Vec<&str> =
        events.iter().filter(|event| &*event.event_type == "OrderLinesCredited").map(|event| &*event.data).collect();
    assert_eq!(credited.len(), 2, "two units of the newer order and one of the older: {credited:?}");
    assert!(events.iter().all(|event| event.metadata().unwrap().origin == "import:online-retail"));
}

#[tokio::test]
async fn a_second_run_appends_nothing_and_infers_the_same() {
    let bus = engine();
    let input = file(&[FIRST, SECOND, CREDIT]);
    let first = driven(&bus, &input, None).await.unwrap();
    let before = events(&bus).await;
    let second = driven(&bus, &input, None).await.unwrap();
    assert_eq!((second.events, second.documents), (0, 3));
    assert_eq!(second.inferred, first.inferred);
    assert_eq!(events(&bus).await, before);
}

#[tokio::test]
async fn changed_content_is_refused_by_the_number_of_its_document() {
    let bus = engine();
    driven(&bus, &file(&[FIRST, SECOND]), None).await.unwrap();
    let changed = SECOND.replace("2.55", "2.56");
    let error = driven(&bus, &file(&[FIRST, &changed]), None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "document 536366 was imported with other content; documents that have entered cannot change"
    );
}

#[tokio::test]
async fn a_document_that_became_another_class_is_changed_content_too() {
    let bus = engine();
    driven(&bus, &file(&[FIRST, SECOND]), None).await.unwrap();
    let free = SECOND.replace("2.55,17850", "0,");
    let error = driven(&bus, &file(&[FIRST, &free]), None).await.unwrap_err();
    assert!(
        matches!(&error, ImportError::ChangedDocuments { documents, more: 0 } if documents == &["536366"]),
        "{error}"
    );
}

#[tokio::test]
async fn changed_content_beyond_the_cursor_is_refused_by_number_as_well() {
    let bus = engine();
    let input = file(&[FIRST, SECOND]);
    let (source, survey) = crate::import::testing::surveyed(&input);
    // A run that was killed before its cursor moved: the second document is durable, and the cursor stands before it.
    let mut mapper = Mapper::new(source.identity().clone(), survey);
    open_stock(&bus, &mapper).await.unwrap();
    for document in source.documents().unwrap() {
        let mapped = mapper.map(&document.unwrap()).unwrap();
        let (followed, _) = InFlight::begin(&bus, mapped).await.unwrap().follow(&bus).await.unwrap();
        followed.finish().await.unwrap();
    }
    let changed = file(&[FIRST, &SECOND.replace("HEART", "STAR")]);
    let error = driven(&bus, &changed, None).await.unwrap_err();
    assert!(matches!(&error, ImportError::ChangedDocuments { documents, .. } if documents == &["536366"]), "{error}");
    assert_eq!(driven(&bus, &input, None).await.unwrap().documents, 2, "the right file goes on");
}

#[tokio::test]
async fn a_file_that_does_not_begin_with_the_known_documents_is_refused() {
    let bus = engine();
    driven(&bus, &file(&[FIRST, SECOND]), None).await.unwrap();
    let error = driven(&bus, &file(&[FIRST]), None).await.unwrap_err();
    assert!(matches!(error, ImportError::FewerDocuments { cursor: 2, documents: 1 }), "{error}");
    let between = FIRST.replace("536365", "536300").replace("12-01", "12-02");
    let error = driven(&bus, &file(&[FIRST, &between, SECOND]), None).await.unwrap_err();
    assert!(matches!(&error, ImportError::OtherDocuments { cursor: 2, first } if first == "536300"), "{error}");
}

#[tokio::test]
async fn documents_appended_behind_the_known_ones_enter() {
    let bus = engine();
    driven(&bus, &file(&[FIRST, SECOND]), None).await.unwrap();
    let more = SECOND.replace("536366", "536368").replace("12-02", "12-05");
    let driven = driven(&bus, &file(&[FIRST, SECOND, CREDIT, &more]), None).await.unwrap();
    assert_eq!(driven.documents, 4);
    // The credit gave three units back, so the newest order needed none that were not there.
    let opening = events(&bus).await.iter().filter(|event| &*event.event_type == "OpeningStockRecorded").count();
    assert_eq!(opening, 1);
}

#[tokio::test]
async fn a_sku_that_somebody_else_owns_keeps_its_product() {
    let bus = engine();
    let own = tillroll_domain::ids::ProductId::new(bus.ambient().ids.next());
    let context = || CommandContext::live(tillroll_domain::ids::CommandId::new(bus.ambient().ids.next()), "admin");
    let owner = own.to_string().parse().unwrap();
    let claim = tillroll_domain::claim::commands::ClaimCommand::Claim { owner };
    bus.execute::<tillroll_domain::claim::Claim>("sku.85123A", claim, context()).await.unwrap();
    let create = ProductCommand::Create { name: "By hand".parse().unwrap() };
    bus.execute::<tillroll_domain::product::Product>(&own.uuid().to_string(), create, context()).await.unwrap();
    assert_eq!(driven(&bus, &file(&[FIRST]), None).await.unwrap().documents, 1);
    let products = events(&bus).await.into_iter().filter(|event| &*event.event_type == "ProductCreated").count();
    assert_eq!(products, 1);
}

#[tokio::test]
async fn stock_that_live_trade_took_is_asked_for_by_sku_location_and_units() {
    use tillroll_domain::stock_item::{StockItem, commands::StockItemCommand, events::AdjustmentReason};
    let bus = engine();
    let input = file(&[FIRST, SECOND, CREDIT]);
    driven(&bus, &input, date("2010-12-02")).await.unwrap();
    let context = || CommandContext::live(tillroll_domain::ids::CommandId::new(bus.ambient().ids.next()), "admin");
    let note = "".parse().unwrap();
    let lost = StockItemCommand::Adjust { delta: -1, reason: AdjustmentReason::Lost, note };
    bus.execute::<StockItem>("main.85123A", lost, context()).await.unwrap();
    let error = driven(&bus, &input, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "document 536366 takes 2 units of 85123A at main, where only 1 are free, since others took or hold some; receive 1 \
         units of 85123A at main, then run the import again"
    );
    let receipt_id = tillroll_domain::ids::ReceiptId::new(bus.ambient().ids.next());
    let receive = StockItemCommand::Receive { receipt_id, quantity: Quantity::new(1).unwrap(), reference: None };
    bus.execute::<StockItem>("main.85123A", receive, context()).await.unwrap();
    assert_eq!(driven(&bus, &input, None).await.unwrap().documents, 3);
}

#[tokio::test]
async fn more_opening_stock_than_can_be_booked_is_refused_by_sku_and_bound_before_anything_enters() {
    let sale = |number: u32| format!("{number},85123A,HEART,600000000,2010-12-01 08:26:00,0.01,17850,France");
    let rows = [sale(536_365), sale(536_366)];
    let whole = ImportOptions { input: Some(file(&[&rows[0], &rows[1]])), until: None, strict: false };
    let error = crate::import::prepare(whole, &mut crate::import::Silent).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the documents take 1200000000 more units of 85123A than they bring, but only 1000000000 can be booked as its \
         opening stock; correct the quantities of 85123A in the file"
    );
}

#[tokio::test]
async fn what_is_left_for_later_and_then_imported_is_the_same_as_all_at_once() {
    let Some(path) = retail("sample.csv") else { return };
    let input = Input::file(path);
    let whole = engine();
    let at_once = driven(&whole, &input, None).await.unwrap();
    let parts = engine();
    let first = driven(&parts, &input, date("2011-03-01")).await.unwrap();
    assert!((50..150).contains(&first.documents), "{}", first.documents);
    let again = driven(&parts, &input, date("2010-12-15")).await.unwrap();
    assert_eq!((again.documents, again.events), (first.documents, 0), "what has entered stays");
    let rest = driven(&parts, &input, None).await.unwrap();
    assert_eq!((rest.documents, &rest.inferred), (at_once.documents, &at_once.inferred));
    assert_eq!(history(&parts).await, history(&whole).await);
}

#[tokio::test]
async fn killed_again_and_again_it_ends_as_if_it_had_run_through() {
    let Some(path) = retail("sample.csv") else { return };
    let input = Input::file(path);
    let whole = engine();
    driven(&whole, &input, None).await.unwrap();

    let (ambient, clock) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(), 2);
    let log = Arc::new(MemoryLog::new(clock));
    // Early, in the middle of the opening stock, and at uneven places after that.
    for appends in [1, 90, 700, 1_100, 13, 555, 400] {
        let mortal = Arc::new(ControlledLog::new(log.clone()));
        mortal.die_after(appends);
        let error = driven(&over(mortal, ambient.clone()), &input, None).await.unwrap_err();
        assert!(chain(&error).contains("the process was killed"), "{}", chain(&error));
    }
    let survivor = over(log, ambient);
    driven(&survivor, &input, None).await.unwrap();
    assert_eq!(history(&survivor).await, history(&whole).await);
    assert_eq!(driven(&survivor, &input, None).await.unwrap().events, 0);
}

#[tokio::test]
async fn the_cursor_stands_over_all_documents_with_their_digest() {
    let bus = engine();
    let input = file(&[FIRST, SECOND, CREDIT]);
    driven(&bus, &input, None).await.unwrap();
    let (_, survey) = crate::import::testing::surveyed(&input);
    let own: Vec<(String, String)> = events(&bus)
        .await
        .into_iter()
        .filter(|event| event.stream.as_str() == "import-online-retail")
        .map(|event| (event.event_type.to_string(), event.data.to_string()))
        .collect();
    let digest = survey.digest(3);
    assert_eq!(
        own,
        [
            (
                "ImportStarted".to_owned(),
                format!(r#"{{"file_digest":"{digest}","documents":3,"time_zone":"Europe/London"}}"#)
            ),
            ("ImportAdvanced".to_owned(), format!(r#"{{"documents":3,"digest":"{digest}"}}"#)),
        ]
    );
}
