//! The sizes of appends and pages.

use super::{
    Append, AppendError, EventFilter, ExpectedRevision, LogUnderTest, NewEvent, Position, Trial, append,
    assert_contiguous, page, refused, stream, whole_stream,
};
use crate::log::{APPEND_BYTES_MAX, EVENT_BYTES_MAX, EVENT_TYPE_BYTES_MAX, EVENTS_PER_APPEND_MAX, PAGE_BYTES_MAX};

/// A JSON string of so many bytes.
fn text(bytes: usize) -> Box<str> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into()
}

/// No events, too many, too large, not JSON, or without a proper name: refused before anything is written.
pub async fn malformed_appends_are_refused_and_leave_no_trace<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let event = || trial.event("OrderPlaced");
    let large = |bytes| NewEvent { data: text(bytes - 2), metadata: "{}".into(), ..event() };
    let malformed = [
        Vec::new(),
        trial.events(EVENTS_PER_APPEND_MAX + 1),
        vec![large(EVENT_BYTES_MAX + 1)],
        (0..=APPEND_BYTES_MAX / EVENT_BYTES_MAX).map(|_| large(EVENT_BYTES_MAX)).collect(),
        vec![event(), NewEvent { data: "{".into(), ..event() }],
        vec![NewEvent { data: "".into(), ..event() }],
        vec![NewEvent { metadata: "[]".into(), ..event() }],
        vec![NewEvent { metadata: r#"{"a":{"b":"c"}}"#.into(), ..event() }],
        vec![event(), NewEvent { event_type: "".into(), ..event() }],
        vec![NewEvent { event_type: "x".repeat(EVENT_TYPE_BYTES_MAX + 1).into(), ..event() }],
        vec![NewEvent { event_type: "Order\0Placed".into(), ..event() }],
        vec![NewEvent { schema_version: 0, ..event() }],
    ];
    for (number, events) in malformed.into_iter().enumerate() {
        let append = Append { stream: order.clone(), expected: ExpectedRevision::Any, events };
        let error = refused(&log, append).await;
        assert!(matches!(error, AppendError::Invalid(_)), "append {number}: {error}");
    }
    assert_eq!(log.head().await.expect("the log can be read"), Position::START);
    assert!(whole_stream(&log, &order, 10).await.is_empty());
    append(&log, trial.append(&order, ExpectedRevision::NoStream, 1)).await;
}

/// What is exactly at the limits is taken and comes back whole.
pub async fn the_largest_appends_are_taken<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let many = trial.append(&stream("order", 1), ExpectedRevision::NoStream, EVENTS_PER_APPEND_MAX);
    assert_eq!(append(&log, many).await.last_position, Position(1_000));
    let large = |_| NewEvent {
        data: text(EVENT_BYTES_MAX - 2),
        metadata: "{}".into(),
        event_type: "x".repeat(EVENT_TYPE_BYTES_MAX).into(),
        ..trial.event("")
    };
    let events: Vec<_> = (0..APPEND_BYTES_MAX / EVENT_BYTES_MAX).map(large).collect();
    let order = stream("order", 2);
    append(&log, Append { stream: order.clone(), expected: ExpectedRevision::NoStream, events: events.clone() }).await;
    let read = whole_stream(&log, &order, 100).await;
    assert!(read.iter().map(|event| &event.data).eq(events.iter().map(|event| &event.data)));
}

/// However many events a caller asks for, a page ends when it holds enough bytes, and says so.
pub async fn pages_are_bounded_by_bytes<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let large = |_| NewEvent { data: text(900_000), ..trial.event("OrderPlaced") };
    for _ in 0..5 {
        let events = (0..8).map(large).collect();
        append(&log, Append { stream: order.clone(), expected: ExpectedRevision::Any, events }).await;
    }
    let (mut after, mut all, mut pages) = (Position::START, Vec::new(), 0);
    loop {
        let page = page(&log, after, &EventFilter::default(), 1_000).await;
        let bytes: usize = page.events.iter().map(super::RecordedEvent::bytes).sum();
        assert!(bytes < PAGE_BYTES_MAX + EVENT_BYTES_MAX, "a page of {bytes} bytes");
        after = page.scanned_to;
        all.extend(page.events);
        pages += 1;
        if page.at_end {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(all.len(), 40);
    assert_contiguous(&all);
    assert_eq!(whole_stream(&log, &order, 1_000).await, all);
}
