//! Reading streams and the whole log, and what comes back.

use super::{
    Append, EventFilter, EventLog, ExpectedRevision, LogUnderTest, NewEvent, Position, ReadFrom, Revision, StreamId,
    Trial, append, assert_contiguous, exact, page, start_time, stream, whole_log, whole_stream,
};
use chrono::TimeDelta;
use std::sync::Arc;
use uuid::Uuid;

/// Forwards and backwards, from anywhere, with any limit.
pub async fn a_stream_is_read_both_ways<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let neighbor = stream("order", 10);
    for revision in 0..5 {
        let expected = if revision == 0 { ExpectedRevision::NoStream } else { exact(revision * 2 - 1) };
        append(&log, trial.append(&order, expected, 2)).await;
        append(&log, trial.append(&neighbor, ExpectedRevision::Any, 1)).await;
    }
    let forwards = |from| ReadFrom::Forwards(Revision(from));
    let backwards = |from| ReadFrom::Backwards(Revision(from));
    for (from, limit, want) in [
        (forwards(0), 100, (0..10).collect::<Vec<u64>>()),
        (forwards(0), 3, vec![0, 1, 2]),
        (forwards(7), usize::MAX, vec![7, 8, 9]),
        (forwards(9), 1, vec![9]),
        (forwards(10), 5, vec![]),
        (forwards(u64::MAX), 5, vec![]),
        (forwards(3), 0, vec![]),
        (backwards(9), 100, (0..10).rev().collect()),
        (backwards(4), 2, vec![4, 3]),
        (backwards(0), 5, vec![0]),
        (backwards(10), 2, vec![9, 8]),
        (backwards(u64::MAX), 1, vec![9]),
        (ReadFrom::BackwardsFromEnd, 3, vec![9, 8, 7]),
        (ReadFrom::BackwardsFromEnd, usize::MAX, (0..10).rev().collect()),
        (ReadFrom::BackwardsFromEnd, 0, vec![]),
    ] {
        let events = log.read_stream(&order, from, limit).await.expect("the stream can be read");
        assert!(events.iter().all(|event| event.stream == order));
        let revisions: Vec<_> = events.iter().map(|event| event.revision.0).collect();
        assert_eq!(revisions, want, "{from:?} {limit}");
    }
    for from in [forwards(0), backwards(5), ReadFrom::BackwardsFromEnd] {
        let missing = log.read_stream(&stream("order", 11), from, 10).await.expect("the stream can be read");
        assert!(missing.is_empty());
    }
}

/// Any filter and page size bring exactly what the filter lets pass, and the pages together look at everything.
pub async fn filters_bring_what_they_should_and_tell_how_far_they_looked<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let empty = page(&log, Position::START, &EventFilter::default(), 10).await;
    assert!(empty.at_end && empty.events.is_empty() && empty.scanned_to == Position::START);
    for number in 0..60 {
        let category = ["order", "payment", "stock_item"][number % 3];
        let tenant = ["default", "acme"][number / 3 % 2];
        let stream = StreamId::for_tenant(tenant, category, &(number % 7).to_string()).expect("a valid name");
        let types = [["Placed", "Paid"], ["Moved", "Placed"], ["Paid", "Closed"]][number % 3];
        let events = types.iter().take(1 + number % 2).map(|event_type| trial.event(event_type)).collect();
        append(&log, Append { stream, expected: ExpectedRevision::Any, events }).await;
    }
    let all = whole_log(&log, &EventFilter::default(), 1_000).await;
    assert_eq!(all.len(), 90);
    assert_contiguous(&all);
    let head = log.head().await.expect("the log can be read");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for tenant in [None, Some("default"), Some("acme"), Some("nobody")] {
        for categories in [names(&[]), names(&["order"]), names(&["payment", "stock_item"]), names(&["unknown"])] {
            for event_types in [names(&[]), names(&["Paid"]), names(&["Closed", "Placed"]), names(&["Unknown"])] {
                let filter =
                    EventFilter { tenant: tenant.map(str::to_owned), categories: categories.clone(), event_types };
                let want: Vec<_> =
                    all.iter().filter(|event| filter.accepts(&event.stream, &event.event_type)).cloned().collect();
                for limit in [1, 7, 1_000] {
                    assert_eq!(whole_log(&log, &filter, limit).await, want, "{filter:?} {limit}");
                }
                let whole = page(&log, Position::START, &filter, 1_000).await;
                assert!(whole.at_end && whole.scanned_to == head, "{filter:?}");
            }
        }
    }
    for after in [head, Position(head.0 + 5), Position(u64::MAX)] {
        let behind = page(&log, after, &EventFilter::default(), 10).await;
        assert!(behind.at_end && behind.events.is_empty() && behind.scanned_to == after);
    }
    let nothing = log.read_all(Position::START, &EventFilter::default(), 0).await.expect("the log can be read");
    assert!(nothing.events.is_empty() && !nothing.at_end && nothing.scanned_to == Position::START);
}

/// JSON that a parser or a database would tidy up comes back as it was, also after the log was opened again.
pub async fn text_survives_byte_for_byte<L: LogUnderTest>(trial: Trial<L>) {
    let odd = [
        r#"{"b":1,"a":2,"b":3}"#,
        " { \"spaces\" :\t[ 1 ,\r\n2 ] } ",
        r#"{"big":123456789012345678901234567890,"tiny":1e-400,"plus":1E+2,"zero":-0,"scale":1.00}"#,
        r#"{"escapes":"\/\u00e4\"\\\b\f\n\r\t\u0000","surrogates":"\ud83d\ude00 \ud800"}"#,
        "{\"raw\":\"ä 😀 \u{2028}\u{2029} \u{feff} \u{10ffff} e\u{301}\",\"\":\"\"}",
        r#""""#,
        "null",
        "-1.5e3",
        "[[[[[[[[]]]]]]]]",
    ];
    let metadata = [r#"{"z":"","a":"\u0041","a":"2"}"#, "{\"text\" : \"ä \\\" 😀\"}", "{}"];
    let log = trial.open().await;
    let order = stream("order", 1);
    let events: Vec<_> = odd
        .iter()
        .zip(metadata.iter().cycle())
        .map(|(data, metadata)| NewEvent {
            data: (*data).into(),
            metadata: (*metadata).into(),
            ..trial.event("OrderPlaced")
        })
        .collect();
    append(&log, Append { stream: order.clone(), expected: ExpectedRevision::NoStream, events: events.clone() }).await;
    let want: Vec<_> = events.iter().map(|event| (&*event.metadata, &*event.data)).collect();
    let check = async |log: &Arc<dyn EventLog>| {
        for read in [whole_stream(log, &order, 100).await, whole_log(log, &EventFilter::default(), 100).await] {
            let got: Vec<_> = read.iter().map(|event| (&*event.metadata, &*event.data)).collect();
            assert_eq!(got, want);
        }
    };
    check(&log).await;
    drop(log);
    if trial.store.is_durable() {
        check(&trial.open().await).await;
    }
}

/// Ids, names, versions, times, tenants and the extremes of each.
pub async fn every_field_survives<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let long_id: String = ('!'..='~').cycle().take(200).collect();
    let long_name = "x".repeat(64);
    let streams = [
        StreamId::new("order", "0192f0c1-7a5e-7000-8000-000000000001").expect("a valid name"),
        StreamId::for_tenant("acme", "stock_item", "A-1.b-2").expect("a valid name"),
        StreamId::for_tenant(&long_name, &long_name, &long_id).expect("a valid name"),
    ];
    let events = |number: u16| {
        vec![
            NewEvent { id: Uuid::nil(), schema_version: u16::MAX, ..trial.event("Ünïcode with blanks") },
            NewEvent { id: Uuid::max(), schema_version: 1 + number, ..trial.event("x") },
        ]
    };
    let mut want = Vec::new();
    for (stream, number) in streams.iter().zip(0_u16..) {
        let events = events(number);
        let append_it = Append { stream: stream.clone(), expected: ExpectedRevision::NoStream, events: events.clone() };
        append(&log, append_it).await;
        want.extend(events.into_iter().zip(0..).map(|(event, revision)| (stream.clone(), revision, event)));
    }
    let read = whole_log(&log, &EventFilter::default(), 100).await;
    assert_eq!(read.len(), want.len());
    assert_contiguous(&read);
    for (event, (stream, revision, new)) in read.iter().zip(want) {
        assert_eq!((&event.stream, event.revision), (&stream, Revision(revision)));
        assert_eq!((event.id, &event.event_type, event.schema_version), (new.id, &new.event_type, new.schema_version));
        assert_eq!(event.recorded_at, start_time());
        assert_eq!((&event.metadata, &event.data), (&new.metadata, &new.data));
    }
}

/// The clock is taken when it moves forwards, to the microsecond, and held when it jumps back.
pub async fn recorded_times_never_decrease<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let start = start_time();
    let mut latest = start;
    for (number, seconds) in (0_u64..).zip([0, 10, -3_600, 5, 11, -86_400, 11, 12]) {
        let now = start + TimeDelta::seconds(seconds) + TimeDelta::microseconds(123_457);
        trial.clock.set(now);
        latest = latest.max(now);
        let stream = stream("order", number % 3);
        let receipt = append(&log, trial.append(&stream, ExpectedRevision::Any, 2)).await;
        let read = log.read_stream(&stream, ReadFrom::BackwardsFromEnd, 2).await.expect("the stream can be read");
        assert_eq!(read[0].position, receipt.last_position);
        assert!(read.iter().all(|event| event.recorded_at == latest), "{now}: {read:?}");
    }
    let all = whole_log(&log, &EventFilter::default(), 100).await;
    assert!(all.is_sorted_by_key(|event| event.recorded_at));
}
