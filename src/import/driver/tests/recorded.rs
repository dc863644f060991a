//! What a killed run recorded beyond the cursor must still be in the file, before anything else is appended.

use super::*;

const MIXED: &str = "536368,85123A,HEART,1,2010-12-04 08:26:00,2.55,17850,United Kingdom";
const MIXED_FEE: &str = "536368,CRUK,Commission,-1,2010-12-04 08:26:00,1.5,17850,United Kingdom";
const LAST: &str = "536369,85123A,HEART,1,2010-12-05 08:26:00,2.55,17850,United Kingdom";
const ALL: [&str; 6] = [FIRST, SECOND, CREDIT, MIXED, MIXED_FEE, LAST];
/// How many documents the killed run recorded: all but the last.
const RECORDED: usize = 4;

/// An engine whose import of [`ALL`] was killed with the first documents recorded and the cursor before them all.
async fn killed() -> Bus {
    let bus = engine();
    let (source, survey) = crate::import::testing::surveyed(&file(&ALL));
    let mut mapper = Mapper::new(source.identity().clone(), survey.clone());
    open_stock(&bus, &mapper).await.unwrap();
    cursor::start(&bus, source.identity(), &survey).await.unwrap();
    for document in source.documents().unwrap().take(RECORDED) {
        let mapped = mapper.map(&document.unwrap()).unwrap();
        let (followed, _) = InFlight::begin(&bus, mapped).await.unwrap().follow(&bus).await.unwrap();
        followed.finish().await.unwrap();
    }
    bus
}

/// Drives other rows into an engine, which must refuse them and append nothing; then the right ones end as if nothing had
/// happened.
async fn refused(bus: &Bus, rows: &[&str]) -> ImportError {
    let before = events(bus).await;
    let error = driven(bus, &file(rows), None).await.unwrap_err();
    assert_eq!(events(bus).await, before, "something was appended before the file was refused");
    let whole = engine();
    driven(&whole, &file(&ALL), None).await.unwrap();
    assert_eq!(driven(bus, &file(&ALL), None).await.unwrap().documents, 5, "the right file goes on");
    assert_eq!(history(bus).await, history(&whole).await);
    error
}

#[tokio::test]
async fn a_recorded_document_that_the_file_lacks_is_named() {
    let error = refused(&killed().await, &[FIRST, CREDIT, MIXED, MIXED_FEE, LAST]).await;
    assert_eq!(
        error.to_string(),
        "document 536366 was imported before, but the file does not have it; give the file that was imported before, with \
         new documents only behind the known ones"
    );
}

#[tokio::test]
async fn a_recorded_document_of_several_parts_is_missed_under_its_own_number() {
    let error = refused(&killed().await, &[FIRST, LAST]).await;
    let ImportError::MissingDocuments { documents, more: 0 } = &error else { panic!("{error}") };
    assert_eq!(documents, &["536366", "536368", "C536367"]);
}

#[tokio::test]
async fn a_recorded_document_that_became_another_class_is_changed() {
    let free = SECOND.replace("2.55,17850", "0,");
    let error = refused(&killed().await, &[FIRST, &free, CREDIT, MIXED, MIXED_FEE, LAST]).await;
    assert!(
        matches!(&error, ImportError::ChangedDocuments { documents, more: 0 } if documents == &["536366"]),
        "{error}"
    );
}

#[tokio::test]
async fn a_part_that_changed_names_its_document_once() {
    let fee = MIXED_FEE.replace("1.5", "1.6");
    let error = refused(&killed().await, &[FIRST, SECOND, CREDIT, MIXED, &fee, LAST]).await;
    assert!(
        matches!(&error, ImportError::ChangedDocuments { documents, more: 0 } if documents == &["536368"]),
        "{error}"
    );
}

#[tokio::test]
async fn a_new_document_before_recorded_ones_is_refused() {
    let between = SECOND.replace("536366", "536360");
    let error = refused(&killed().await, &[FIRST, &between, SECOND, CREDIT, MIXED, MIXED_FEE, LAST]).await;
    assert!(matches!(&error, ImportError::OtherDocuments { cursor: 4, first } if first == "536360"), "{error}");
}

#[tokio::test]
async fn a_longer_file_goes_on_behind_what_was_recorded() {
    let bus = killed().await;
    let more = LAST.replace("536369", "536370").replace("12-05", "12-06");
    let rows = [FIRST, SECOND, CREDIT, MIXED, MIXED_FEE, LAST, &more];
    assert_eq!(driven(&bus, &file(&rows), None).await.unwrap().documents, 6);
}

#[tokio::test]
async fn what_was_recorded_beyond_the_date_is_finished_and_counted() {
    let driven = driven(&killed().await, &file(&ALL), date("2010-12-02")).await.unwrap();
    assert_eq!(driven.documents, RECORDED);
}

#[tokio::test]
async fn a_whole_import_is_not_looked_for_in_the_log_again() {
    let input = file(&ALL);
    // The cursor's digest says it all: a log that cannot be scanned is not needed.
    let (ambient, clock) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(), 1);
    let log = Arc::new(MemoryLog::new(clock));
    let first = over(log.clone(), ambient.clone());
    driven(&first, &input, None).await.unwrap();
    let log = ControlledLog::new(log);
    log.refuse_scans();
    let again = over(Arc::new(log), ambient);
    assert_eq!(driven(&again, &input, None).await.unwrap().events, 0);
}
