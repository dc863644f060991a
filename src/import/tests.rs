//! Whole imports: the real files by their published totals, and file, log and read models against each other.

use super::{
    document::DocumentClass,
    testing::{engine, file, over, retail, surveyed},
    *,
};
use chrono::{TimeZone, Utc};
use futures::future::BoxFuture;
use serde_json::Value;
use std::path::Path;
use tillroll_domain::common::DocumentForm;
use tillroll_infra::{ambient::Ambient, log::memory::MemoryLog};
use tillroll_projections::{
    models,
    projection::{ApplyError, Incoming, Projection, Tables},
    read_table,
    runtime::{Follower, Limits, Runtime, RuntimeOptions},
    table::{Row, TableSpec},
};
use totals::Totals;

fn published(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `"47021.29"` in pence.
fn pence(text: &Value) -> i64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Checks totals against the published ones, whose sums by month and country are exact: line rounding moves each by less
/// than half a penny per line with a third decimal, and there are few of those.
fn assert_published(totals: &Totals, published: &Value) {
    assert_eq!(totals.rows, published["rows"].as_u64().unwrap());
    assert_eq!(totals.quantity, published["quantity"].as_i64().unwrap());
    assert_eq!(totals.net_minor, pence(&published["net_lines_rounded_half_up"]));
    for (form, name) in [
        (DocumentForm::Order, "sale_invoices"),
        (DocumentForm::CreditNote, "credit_notes"),
        (DocumentForm::Adjustment, "adjustments"),
    ] {
        assert_eq!(totals.numbers_of(form), published["distinct"][name].as_u64().unwrap(), "{name}");
    }
    for (key, found) in [("by_month", &totals.by_month), ("by_country", &totals.by_country)] {
        let expected = published[key].as_object().unwrap();
        assert_eq!(found.len(), expected.len(), "{key}");
        for (name, figures) in expected {
            // Three decimals, so thousandths.
            let (exact, rounded) = (pence(&figures["net"]), found[name] * 10);
            assert!((exact - rounded).abs() <= 10, "{key} {name}: {exact} thousandths, {rounded} after rounding");
        }
        assert_eq!(found.values().sum::<i64>(), totals.net_minor, "{key}");
    }
}

#[test]
fn the_sample_is_surveyed_to_its_published_totals() {
    let (Some(path), Some(totals)) = (retail("sample.csv"), retail("sample_totals.json")) else { return };
    let (_, survey) = surveyed(&Input::file(path));
    assert!(survey.rejected().is_empty());
    assert_published(&survey.totals(survey.documents().len()).unwrap(), &published(&totals));
}

#[test]
fn the_full_file_is_surveyed_to_its_published_totals() {
    let (Some(path), Some(published_at)) = (retail("online-retail.csv.gz"), retail("control_totals.json")) else {
        return;
    };
    let (_, survey) = surveyed(&Input::file(path));
    assert!(survey.rejected().is_empty());
    let totals = survey.totals(survey.documents().len()).unwrap();
    assert_eq!(totals.net_minor, 974_774_793);
    let forms = [DocumentForm::Order, DocumentForm::CreditNote, DocumentForm::Adjustment];
    assert_eq!(forms.map(|form| totals.numbers_of(form)), [22_061, 3_836, 3]);
    let classes =
        [DocumentClass::SalesOrder, DocumentClass::StockWriteOff, DocumentClass::StockFound, DocumentClass::Expense];
    assert_eq!(classes.map(|class| totals.orders_of(class)), [19_950, 1_336, 762, 13]);
    assert_published(&totals, &published(&published_at));
}

/// An engine with read models that follow it.
struct Whole {
    engine: ImportEngine,
    _follower: Follower,
    _folder: tempfile::TempDir,
}

async fn whole() -> Whole {
    with_projections(models::all(), Limits::default()).await
}

async fn with_projections(projections: Vec<Arc<dyn Projection>>, limits: Limits) -> Whole {
    let folder = tempfile::tempdir().unwrap();
    let (ambient, clock) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(), 1);
    let bus = over(Arc::new(MemoryLog::new(clock.clone())), ambient);
    let options = RuntimeOptions { limits, ..RuntimeOptions::new(folder.path().join("read-models.sqlite")) };
    let runtime = Runtime::open(bus.log().clone(), clock, options, projections).await.unwrap();
    let engine = ImportEngine { bus, read_models: runtime.read_models() };
    Whole { engine, _follower: runtime.start(), _folder: folder }
}

fn options(input: Option<Input>) -> ImportOptions {
    ImportOptions { input, until: None, strict: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_enters_and_file_log_and_read_models_agree() {
    let Some(path) = retail("sample.csv") else { return };
    let whole = whole().await;
    let input = Input::file(path);
    let first = run(options(Some(input.clone())), &whole.engine, &mut Silent).await.unwrap();
    assert_eq!(
        (first.rows, first.invoices, first.orders, first.credit_notes, first.adjustments),
        (2_000, 204, 169, 32, 3)
    );
    assert_eq!((first.net_minor, first.quantity), (4_702_129, 30_410));
    assert!(first.events > 3_000, "{}", first.events);
    let second = run(options(Some(input)), &whole.engine, &mut Silent).await.unwrap();
    assert_eq!(second, ImportReport { events: 0, ..first });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_document_and_a_discounted_order_add_up_everywhere() {
    let whole = whole().await;
    let input = file(&[
        "536365,1,A,6,2010-12-01 08:26:00,2.555,17850,France",
        "536365,D,Discount,-1,2010-12-01 08:26:00,5,17850,France",
        "536365,CRUK,Commission,-1,2010-12-01 08:26:00,1.5,17850,France",
        "536366,1,,-1,2010-12-02 08:26:00,0,,Spain",
        "536366,2,,4,2010-12-02 08:26:00,0,,Spain",
        "nonsense",
    ]);
    let report = run(options(Some(input)), &whole.engine, &mut Silent).await.unwrap();
    assert_eq!(
        (report.rows, report.orders, report.net_minor, report.quantity),
        (5, 2, 1_533 - 500 - 150, 6 - 1 - 1 - 1 + 4)
    );
    assert_eq!(
        report.documents,
        report::DocumentCounts { sales_orders: 1, stock_write_offs: 1, stock_found: 1, fee_documents: 1 }
    );
    let rejected: Vec<String> = report.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(rejected, ["line 7: 1 fields instead of 8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_made_up_history_enters_beside_another_import() {
    let whole = whole().await;
    let sale = "536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France";
    run(options(Some(file(&[sale]))), &whole.engine, &mut Silent).await.unwrap();
    let report = run(options(None), &whole.engine, &mut Silent).await.unwrap();
    assert_eq!(report.import, "made-up");
    assert!(report.unmatched_credits.lines > 0 && report.inferred.payments.count > 100, "{report:?}");
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["inferred"]["tax"], "not_stated");
    assert!(json["seconds"].is_number() && json["by_month"].is_object(), "{json}");
    assert!(report.to_string().contains("File, log and read models agree."));
}

async fn compared(
    whole: &Whole,
    totals: &Totals,
    inferred: &mapping::Inferred,
    source: &Arc<dyn HistorySource>,
) -> Result<(), ImportError> {
    compare::compare(totals, inferred, &whole.engine, source.identity(), &mut Silent).await
}

fn inferred_of(source: &Arc<dyn HistorySource>, survey: Arc<Survey>) -> mapping::Inferred {
    let mut mapper = mapping::Mapper::new(source.identity().clone(), survey);
    for document in source.documents().unwrap() {
        mapper.map(&document.unwrap()).unwrap();
    }
    mapper.inferred().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_credit_notes_payments_and_stock_are_compared_too() {
    let whole = whole().await;
    let input = file(&[
        "536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France",
        "C536366,1,A,-2,2010-12-02 08:26:00,2.5,10001,France",
    ]);
    run(options(Some(input.clone())), &whole.engine, &mut Silent).await.unwrap();
    let (source, survey) = surveyed(&input);
    let (totals, mut inferred) = (survey.totals(2).unwrap(), inferred_of(&source, survey.clone()));
    compared(&whole, &totals, &inferred, &source).await.unwrap();
    inferred.payments = mapping::InferredPayments { count: 2, minor: 1_499 };
    inferred.shipments.units += 1;
    inferred.returns.units += 1;
    inferred.opening_stock.units += 1;
    let mut claimed = totals;
    *claimed.by_class.get_mut(&DocumentClass::CreditNote).unwrap() -= 1;
    *claimed.heads.get_mut(&(DocumentForm::Order, DocumentClass::SalesOrder)).unwrap() += 1;
    let error = compared(&whole, &claimed, &inferred, &source).await.unwrap_err();
    let ImportError::Differs(differences) = error else { panic!("{error}") };
    assert_eq!(
        differences[4..],
        [
            "documents: the file 2, the read model orders 1",
            "minor units: the file 501, the read model credit_notes 500",
            "documents: the file 2, the read model payments 1",
            "minor units: the file 1499, the read model payments 1500",
            "at least these units of opening stock: the file 7, the read model stock 6",
            "at least these units shipped: the file 7, the read model stock 6",
            "at least these units returned: the file 3, the read model stock 2",
        ]
    );
}

/// A projection that cannot understand any payment.
#[derive(Debug)]
struct Puzzled;

impl Projection for Puzzled {
    fn name(&self) -> &'static str {
        "puzzled"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![PuzzledRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["PaymentCreated"]
    }

    fn apply<'a>(&'a self, _: &'a Incoming, _: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(std::future::ready(Err(ApplyError::Poison("what is a payment?".to_owned()))))
    }
}

read_table! {
    /// Stays empty.
    pub struct PuzzledRow in "puzzled", key 1, indexes [] {
        /// Nothing ever.
        pub payment_id: String,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_left_events_out_is_named_and_nothing_is_noted_as_checked() {
    let mut projections = models::all();
    projections.push(Arc::new(Puzzled));
    let whole = with_projections(projections, Limits::default()).await;
    let input = file(&[
        "536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France",
        "536366,1,A,6,2010-12-01 08:26:00,2.5,10001,France",
    ]);
    let error = run(options(Some(input)), &whole.engine, &mut Silent).await.unwrap_err();
    assert!(error.to_string().contains("\n  puzzled has parked 2 events\n"), "{error}");
    let noted = testing::events(&whole.engine.bus).await;
    assert!(noted.iter().all(|event| &*event.event_type != "ImportCompleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_has_stopped_is_named_with_the_cause() {
    let mut projections = models::all();
    projections.push(Arc::new(Puzzled));
    let whole = with_projections(projections, Limits { parked_max: 0, ..Limits::default() }).await;
    let input = file(&["536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France"]);
    let error = run(options(Some(input)), &whole.engine, &mut Silent).await.unwrap_err();
    assert!(error.to_string().contains("\n  puzzled has stopped: "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_differs_is_named() {
    let whole = whole().await;
    let input = file(&["536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France"]);
    run(options(Some(input.clone())), &whole.engine, &mut Silent).await.unwrap();
    let (source, survey) = surveyed(&input);
    let mut claimed = survey.totals(1).unwrap();
    claimed.net_minor += 1;
    let inferred = inferred_of(&source, survey.clone());
    let error = compared(&whole, &claimed, &inferred, &source).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "file, log and read models differ:\n  net_minor: the file 1501, the log 1500\n  \
         net_minor: the file 1501, the read model source_documents 1500"
    );
}

#[tokio::test]
async fn a_strict_import_stops_at_the_first_malformed_row_and_appends_nothing() {
    let bus = engine();
    let good = "536365,1,A,6,2010-12-01 08:26:00,2.5,10001,France";
    for bad in ["nonsense", "536366,1,A,-6,2010-12-01 08:26:00,2.5,10001,France"] {
        let options = ImportOptions { strict: true, ..options(Some(file(&[good, bad, "more nonsense"]))) };
        let error = prepare(options, &mut Silent).await.unwrap_err();
        assert!(matches!(&error, ImportError::Malformed(row) if row.line == 3 || bad != "nonsense"), "{error}");
    }
    assert_eq!(bus.log().head().await.unwrap(), tillroll_infra::stream::Position::START);
}

#[tokio::test]
async fn progress_tells_rows_and_documents_of_both_passes() {
    #[derive(Default)]
    struct Told(Vec<Progressed>);
    impl Progress for Told {
        fn progressed(&mut self, progressed: Progressed) {
            self.0.push(progressed);
        }
    }
    let mut told = Told::default();
    prepare(options(None), &mut told).await.unwrap();
    let last = |phase| told.0.iter().rev().find(|told| told.phase == phase).copied().unwrap();
    let (reading, surveying) = (last(Phase::Reading), last(Phase::Surveying));
    assert_eq!((reading.rows_total, reading.documents_total), (None, None));
    assert_eq!(surveying.rows_total, Some(reading.rows));
    assert_eq!((surveying.rows, surveying.documents), (reading.rows, reading.documents));
}
