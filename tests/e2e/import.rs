//! `tillroll import`: every sum as recomputed from the file, twice the same, and nothing lost without being reported.

use crate::support::{
    CsvFile, HISTORY, HISTORY_EVENT_TYPES, Recomputed, Shop, retail,
    shop::{assert_same_history, without_run},
};
use serde_json::json;
use std::path::Path;

#[track_caller]
fn assert_imports_as_recomputed(file: &Path) {
    let shop = Shop::new();
    let report = shop.report(file, &[]);
    let totals = Recomputed::of(file);
    totals.assert_reported(&report);
    assert_eq!(report["rejected"], json!([]));
    let appended = report["events"].as_u64().unwrap();
    assert_eq!(appended, shop.events(&[]).len() as u64, "the report counts other events than the log has");

    let again = shop.report(file, &[]);
    assert_eq!(again["events"], 0);
    assert_eq!(without_run(again), without_run(report));
    assert_eq!(appended, shop.events(&[]).len() as u64);
}

#[test]
fn the_sample_is_imported_as_recomputed_from_it_and_a_second_run_changes_nothing() {
    let Some(sample) = retail("sample.csv") else { return };
    assert_imports_as_recomputed(&sample);
}

#[test]
fn half_pence_are_rounded_away_from_zero_on_each_line() {
    let file = CsvFile::of(HISTORY);
    assert_imports_as_recomputed(&file.path());
    let report = Shop::new().report(&file.path(), &[]);
    // 15.30 + 10.01 (10.005) + 25.20 + 18.00 - 5.10 - 37.22 (-37.215)
    assert_eq!(report["net_minor"], 2619);
    assert_eq!(report["by_month"], json!({ "2010-12": 6851, "2011-01": -4232 }));
    let documents = json!({ "sales_orders": 2, "stock_write_offs": 1, "stock_found": 1, "fee_documents": 0 });
    assert_eq!(report["documents"], documents);
}

#[test]
fn a_gzipped_file_imports_like_the_plain_one() {
    let Some(sample) = retail("sample.csv") else { return };
    let (plain, zipped) = (Shop::new(), Shop::new());
    let packed = CsvFile::gzipped(&sample);
    let report = zipped.report(&packed.path(), &[]);
    assert_eq!(without_run(report), without_run(plain.report(&sample, &[])));
    assert_same_history(&zipped.history(), &plain.history());
}

#[test]
fn an_import_in_two_parts_ends_like_one_at_once() {
    let Some(sample) = retail("sample.csv") else { return };
    let (parts, whole) = (Shop::new(), Shop::new());
    let first = parts.report(&sample, &["--until", "2011-03-01"]);
    Recomputed::before(&sample, "2011-03-01").assert_reported(&first);
    assert!(first["left_for_later"].as_u64().unwrap() > 0, "{first}");

    let rest = parts.report(&sample, &[]);
    let at_once = whole.report(&sample, &[]);
    assert_eq!(rest["left_for_later"], 0);
    assert_eq!(without_run(rest), without_run(at_once));
    assert_same_history(&parts.history(), &whole.history());
}

#[test]
fn without_json_the_report_is_for_people() {
    let file = CsvFile::of(HISTORY);
    let ran = Shop::new().import(&file.path(), &[]).succeeded();
    for words in ["8 rows in 6 documents", "net          26.19 GBP", "2010-12", "United Kingdom", "models agree"] {
        assert!(ran.stdout.contains(words), "{words:?} is missing in {}", ran.stdout);
    }
}

#[test]
fn a_history_becomes_events_of_every_kind_that_say_where_they_come_from() {
    let shop = Shop::with(&CsvFile::of(HISTORY).path());
    let events = shop.events(&[]);
    for event_type in HISTORY_EVENT_TYPES {
        assert!(events.iter().any(|event| event.event_type == event_type), "no {event_type}");
    }
    for event in &events {
        let metadata: serde_json::Value = serde_json::from_str(event.metadata.get()).unwrap();
        assert_eq!(metadata["origin"], "import:online-retail", "{event:?}");
    }
}

/// [`HISTORY`] with a malformed row as its fourth, so on line 5 behind the header.
fn with_a_malformed_row() -> CsvFile {
    let mut rows = HISTORY.to_vec();
    rows.insert(3, "100002,A3,VASE,many,2010-12-03 09:00:00,1,12583,France");
    CsvFile::of(&rows)
}

#[test]
fn a_malformed_row_is_reported_with_its_line_and_the_rest_goes_on() {
    let (shop, file) = (Shop::new(), with_a_malformed_row());
    let report = shop.report(&file.path(), &[]);
    let reason = "Quantity is not a whole number";
    assert_eq!(report["rejected"], json!([{ "line": 5, "document": "100002", "reason": reason }]));
    Recomputed::of(&CsvFile::of(HISTORY).path()).assert_reported(&report);

    let for_people = shop.import(&file.path(), &[]).succeeded();
    assert!(for_people.stdout.contains(&format!("line 5 (document 100002): {reason}")), "{}", for_people.stdout);
}

#[test]
fn a_strict_import_stops_at_the_first_malformed_row() {
    let (shop, file) = (Shop::new(), with_a_malformed_row());
    shop.import(&file.path(), &["--strict", "--json"]).failed(1, &["strict", "line 5", "Quantity"]);
    assert_eq!(shop.events(&[]).len(), 0, "documents entered before the file was checked");
    // Without it the same file still enters.
    assert_eq!(shop.report(&file.path(), &[])["rows"], 8);
}

#[test]
fn changed_content_of_a_known_document_is_refused_by_its_number() {
    let shop = Shop::with(&CsvFile::of(HISTORY).path());
    let before = shop.events(&[]).len();
    let changed: Vec<String> = HISTORY.iter().map(|row| row.replace("SMALL\",12,", "SMALL\",13,")).collect();
    shop.import(&CsvFile::of(&changed).path(), &["--json"]).failed(1, &["document 100002", "other content"]);
    assert_eq!(shop.events(&[]).len(), before);
}

#[test]
fn a_file_that_lost_documents_is_refused() {
    let shop = Shop::with(&CsvFile::of(HISTORY).path());
    shop.import(&CsvFile::of(&HISTORY[..5]).path(), &[]).failed(1, &["6 documents have entered", "only 3"]);
}

#[test]
fn documents_behind_the_known_ones_enter() {
    let shop = Shop::with(&CsvFile::of(HISTORY).path());
    let mut rows = HISTORY.to_vec();
    rows.push("100007,A1,\"CUP, SMALL\",5,2011-02-01 08:00:00,2.55,12583,France");
    rows.push("C100008,A1,\"CUP, SMALL\",-5,2011-02-02 08:00:00,2.55,12583,France");
    let longer = CsvFile::of(&rows);
    let report = shop.report(&longer.path(), &[]);
    Recomputed::of(&longer.path()).assert_reported(&report);
    assert!(report["events"].as_u64().unwrap() > 0);
    assert_eq!(shop.report(&longer.path(), &[])["events"], 0);
}

#[test]
fn a_wrong_file_is_refused_with_a_reason() {
    let shop = Shop::new();
    let missing = shop.data().with_file_name("nowhere.csv");
    shop.import(&missing, &["--json"]).failed(1, &["nowhere.csv cannot be opened", "No such file"]);
    shop.import(shop.data().parent().unwrap(), &[]).failed(1, &["cannot be opened", "not a regular file"]);
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
    let others = [b"\x7fELF\x02\x01\x01\0\0\xff\xfe".as_slice(), b"a,b\r\n1,2\r\n", b"", b"\x1f\x8bnot really gzip"];
    for bytes in &others[..3] {
        let file = CsvFile::of_bytes("other.bin", bytes);
        shop.import(&file.path(), &["--json"]).failed(1, &["other.bin is not a file of this kind", header]);
    }
    let file = CsvFile::of_bytes("other.gz", others[3]);
    shop.import(&file.path(), &["--json"]).failed(1, &["other.gz cannot be"]);
}

#[test]
fn a_wrong_date_is_a_wrong_command_line() {
    let file = CsvFile::of(HISTORY);
    Shop::new().import(&file.path(), &["--until", "March"]).failed(2, &["--until"]);
}
