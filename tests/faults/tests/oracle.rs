//! The check itself: each kind of wrong log is told, and a right one is not.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use tillroll_faults::{
    oracle::{self, Violation},
    workload::{Acknowledged, append},
};
use tillroll_infra::{
    ambient::Ambient,
    event::NewEvent,
    log::{Append, AppendReceipt, EventLog, ExpectedRevision, MemoryLog},
    stream::{Position, Revision, StreamId},
};

fn stream() -> StreamId {
    "order-1".parse().unwrap()
}

fn log() -> MemoryLog {
    MemoryLog::new(Ambient::system().clock)
}

/// Appends to `order-1` and tells what was acknowledged.
async fn put(log: &dyn EventLog, next: Append, number: u64) -> Acknowledged {
    let (stream, count) = (next.stream.clone(), next.events.len());
    let receipt = tillroll_infra::log::append(log, next).await.unwrap();
    Acknowledged { append: number, stream, count, receipt }
}

async fn violations_of(appends: Vec<Append>) -> Vec<Violation> {
    let log = log();
    for next in appends {
        put(&log, next, 0).await;
    }
    oracle::examine_open(&log, &[]).await
}

#[tokio::test]
async fn a_right_log_passes() {
    let log = log();
    let first = put(&log, append(1, 3, &stream(), ExpectedRevision::NoStream), 1).await;
    let second = put(&log, append(2, 2, &stream(), ExpectedRevision::Exact(Revision(2))), 2).await;
    assert_eq!(oracle::examine_open(&log, &[first, second]).await, []);
}

#[tokio::test]
async fn an_acknowledged_append_that_is_missing_or_elsewhere_is_lost() {
    let log = log();
    let right = put(&log, append(1, 3, &stream(), ExpectedRevision::NoStream), 1).await;
    let receipt = right.receipt;
    for wrong in [
        Acknowledged { receipt: AppendReceipt { last_position: Position(4), ..receipt }, ..right.clone() },
        Acknowledged { receipt: AppendReceipt { last_position: Position(2), ..receipt }, ..right.clone() },
        Acknowledged { receipt: AppendReceipt { last_revision: Revision(3), ..receipt }, ..right.clone() },
        Acknowledged { append: 2, ..right.clone() },
        Acknowledged { count: 2, ..right.clone() },
        Acknowledged { stream: "order-2".parse().unwrap(), ..right.clone() },
    ] {
        let violations = oracle::examine_open(&log, std::slice::from_ref(&wrong)).await;
        assert!(matches!(violations[..], [Violation::Lost { .. }]), "{wrong:?}: {violations:?}");
    }
}

#[tokio::test]
async fn two_acknowledgments_of_one_position_are_told() {
    let log = log();
    let one = put(&log, append(1, 1, &stream(), ExpectedRevision::NoStream), 1).await;
    let violations = oracle::examine_open(&log, &[one.clone(), one]).await;
    assert!(matches!(violations[..], [Violation::Repeated(_)]), "{violations:?}");
}

#[tokio::test]
async fn a_changed_byte_is_told() {
    let change: [fn(&mut NewEvent); 4] = [
        |event| event.data = event.data.replace("\"body\":\"", "\"body\":\"x").into(),
        |event| event.metadata = "{}".into(),
        |event| event.id = uuid::Uuid::nil(),
        |event| event.schema_version += 1,
    ];
    for change in change {
        let mut wrong = append(1, 2, &stream(), ExpectedRevision::NoStream);
        change(&mut wrong.events[1]);
        let violations = violations_of(vec![wrong]).await;
        assert!(violations.contains(&Violation::Altered(Position(2))), "{violations:?}");
    }
}

#[tokio::test]
async fn an_append_that_is_there_in_part_is_told() {
    let whole = append(1, 3, &stream(), ExpectedRevision::NoStream);
    for kept in [0..1, 0..2] {
        let wrong = Append { events: whole.events[kept].to_vec(), ..whole.clone() };
        let violations = violations_of(vec![wrong]).await;
        assert!(matches!(violations[..], [Violation::Partial(_)]), "{violations:?}");
    }
    // Its middle is somebody else's.
    let half = Append { events: whole.events[..2].to_vec(), ..whole.clone() };
    let other = append(2, 1, &"order-2".parse().unwrap(), ExpectedRevision::NoStream);
    let rest =
        Append { events: whole.events[2..].to_vec(), expected: ExpectedRevision::Exact(Revision(1)), ..whole.clone() };
    let violations = violations_of(vec![half, other, rest]).await;
    assert!(violations.contains(&Violation::Partial(Position(3))), "{violations:?}");
}

#[tokio::test]
async fn an_append_that_is_there_twice_is_told() {
    let other: StreamId = "order-2".parse().unwrap();
    let first = append(1, 1, &stream(), ExpectedRevision::NoStream);
    let second = append(1, 1, &other, ExpectedRevision::NoStream);
    let violations = violations_of(vec![first, second]).await;
    assert_eq!(violations, [Violation::Repeated(Position(2))]);
}

#[test]
fn an_acknowledgment_survives_the_pipe() {
    let receipt =
        AppendReceipt { first_revision: Revision(7), last_revision: Revision(9), last_position: Position(41) };
    let said = Acknowledged { append: 3 << 32 | 5, stream: stream(), count: 3, receipt };
    assert_eq!(said.to_string().parse::<Acknowledged>().unwrap(), said);
    assert!("12 order-1 3 7".parse::<Acknowledged>().is_err(), "half a line");
}
