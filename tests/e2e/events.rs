//! `tillroll events`: what it chooses, how it prints, and how it ends.

use crate::support::{CsvFile, HISTORY, Shop};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    process::Stdio,
};
use tillroll_infra::{
    log::{
        EventFilter, EventLog, PAGE_MAX,
        sqlite::{SqliteLog, SqliteLogOptions},
    },
    stream::Position,
};

fn shop() -> Shop {
    Shop::with(&CsvFile::of(HISTORY).path())
}

#[test]
fn all_events_come_in_the_order_of_their_positions() {
    let events = shop().events(&[]);
    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    assert_eq!(events.iter().map(|event| &event.id).collect::<BTreeSet<_>>().len(), events.len());
    assert!(events.iter().all(|event| event.recorded_at.ends_with('Z')));
}

#[test]
fn categories_and_types_choose_and_may_be_combined() {
    let shop = shop();
    let all = shop.events(&[]);
    let count = |of: &dyn Fn(&crate::support::Event) -> bool| all.iter().filter(|event| of(event)).count();

    let orders = shop.events(&["--category", "order"]);
    assert!(orders.iter().all(|event| event.category() == "order"));
    assert_eq!(orders.len(), count(&|event| event.category() == "order"));

    let two = shop.events(&["--category", "order", "--category", "credit_note"]);
    assert_eq!(two.len(), count(&|event| matches!(event.category(), "order" | "credit_note")));
    assert!(two.len() > orders.len());

    let placed = shop.events(&["--type", "OrderPlaced"]);
    assert_eq!(placed.len(), 2);
    assert!(placed.iter().all(|event| event.event_type == "OrderPlaced"));

    assert_eq!(shop.events(&["--category", "credit_note", "--type", "OrderPlaced"]).len(), 0);
    assert_eq!(shop.events(&["--category", "order", "--type", "OrderPlaced"]).len(), 2);
}

#[test]
fn a_stream_is_printed_by_its_revisions() {
    let shop = shop();
    let stream = shop.events(&["--type", "OrderPlaced"]).remove(0).stream;
    let events = shop.events(&["--stream", &stream]);
    assert!(events.len() > 1, "{events:?}");
    assert!(events.iter().all(|event| event.stream == stream));
    let revisions: Vec<u64> = events.iter().map(|event| event.revision).collect();
    assert_eq!(revisions, (0..revisions.len() as u64).collect::<Vec<_>>());

    let later: Vec<u64> = shop.events(&["--stream", &stream, "--from", "1"]).iter().map(|e| e.revision).collect();
    assert_eq!(later, revisions[1..]);
    assert_eq!(shop.events(&["--stream", &stream, "--limit", "1"]).len(), 1);
    assert_eq!(shop.events(&["--stream", "order-00000000-0000-0000-0000-000000000000"]).len(), 0);
}

#[test]
fn a_range_begins_at_its_position_and_ends_after_its_limit() {
    let shop = shop();
    let last = shop.events(&[]).last().unwrap().position;
    let positions = |arguments: &[&str]| shop.events(arguments).iter().map(|e| e.position).collect::<Vec<_>>();
    assert_eq!(positions(&["--from", "4", "--limit", "3"]), [4, 5, 6]);
    assert_eq!(positions(&["--from", "0", "--limit", "1"]), [1]);
    assert!(positions(&["--limit", "0"]).is_empty());
    assert_eq!(positions(&["--from", &last.to_string()]), [last]);
    assert!(positions(&["--from", &(last + 1).to_string()]).is_empty());
    assert_eq!(positions(&["--limit", "1000000"]).len() as u64, last);
}

#[tokio::test]
async fn data_and_metadata_are_printed_byte_for_byte() {
    let shop = Shop::with_made_up_history();
    let printed = shop.events(&[]);
    let log = SqliteLog::open_read_only(&SqliteLogOptions::new(shop.data().join("log.db"))).unwrap();
    let (mut after, mut index) = (Position::START, 0);
    loop {
        let page = log.read_all(after, &EventFilter::default(), PAGE_MAX).await.unwrap();
        for stored in &page.events {
            let event = &printed[index];
            assert_eq!((event.position, event.revision), (stored.position.0, stored.revision.0));
            assert_eq!(
                (event.stream.as_str(), event.event_type.as_str()),
                (stored.stream.as_str(), &*stored.event_type)
            );
            assert_eq!(event.schema_version, stored.schema_version);
            assert_eq!((event.data.get(), event.metadata.get()), (&*stored.data, &*stored.metadata));
            index += 1;
        }
        after = page.scanned_to;
        if page.at_end {
            break;
        }
    }
    assert_eq!(index, printed.len());
    assert!(index > 1_000, "only {index} events: pages were not crossed");
}

#[test]
fn for_people_an_event_is_a_line() {
    let shop = shop();
    let lines = shop.run(&["events", "--type", "OrderPlaced"]).succeeded().stdout;
    assert_eq!(lines.lines().count(), 2);
    for line in lines.lines() {
        assert!(line.contains("  order-") && line.contains("@0  OrderPlaced  {"), "{line}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let shop = Shop::with_made_up_history();
    let whole = shop.run(&["events", "--json"]).succeeded().stdout.len();
    assert!(whole > 256 * 1024, "{whole} bytes may fit into the pipe");
    for format in [["events", "--json"].as_slice(), &["events"]] {
        let mut child = shop.command(format).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.ends_with('\n'));
        // The pipe is closed by now, while most is still to be written.
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_folder_without_a_log_is_an_error_and_stays_as_it_is() {
    let shop = Shop::new();
    shop.run(&["events"]).failed(1, &["there is no event log at", "log.db"]);
    assert!(!shop.data().exists(), "a command that only reads made a folder");
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_what_is_wrong() {
    let shop = Shop::new();
    for (arguments, word) in [
        (["events", "--nonsense"].as_slice(), "--nonsense"),
        (&["events", "--from", "first"], "--from"),
        (&["events", "--stream", "order-1", "--category", "order"], "--category"),
        (&["events", "--stream", "order-1", "--follow"], "--follow"),
        (&["serve", "--listen", "nowhere"], "--listen"),
        (&["import", "nonsense"], "nonsense"),
        (&["nonsense"], "nonsense"),
    ] {
        shop.run(arguments).failed(2, &[word]);
    }
    assert!(!shop.data().exists());
}

#[test]
fn help_and_version_are_no_errors() {
    let shop = Shop::new();
    let help = shop.run(&["--help"]).succeeded().stdout;
    for command in ["serve", "events", "rebuild", "parked", "import"] {
        assert!(help.contains(command), "{command} is missing in {help}");
    }
    assert!(shop.run(&["--version"]).succeeded().stdout.starts_with("tillroll "));
}
