//! Given events of a return, these rows; and they count what the aggregate itself counts.

use super::*;
use crate::models::testing::{
    History, parse,
    shop::{ORDER_ID, date},
    units,
};
use tillroll_domain::{
    aggregate::Aggregate,
    returns::{
        Return,
        events::{
            ReturnApproved, ReturnCancelled, ReturnInspected, ReturnLine, ReturnReceived, ReturnRejected,
            ReturnResolved,
        },
        status::{ReturnOutcome, ReturnReason},
    },
};

const RETURN: &str = "return-01890000-0000-7000-8000-0000000000a3";
const RETURN_ID: &str = "ret_01890000-0000-7000-8000-0000000000a3";

fn requested() -> ReturnEvent {
    let line = |line, sku, quantity, reason| ReturnLine { line, sku: parse(sku), quantity: units(quantity), reason };
    ReturnRequested {
        order_id: parse(ORDER_ID),
        lines: vec![line(1, "85123A", 5, ReturnReason::Damaged), line(3, "22423", 1, ReturnReason::Unwanted)],
        delivered_on: Some(date("2010-12-05")),
        window_days: 14,
        window_ends_on: Some(date("2010-12-19")),
        business_date: date("2010-12-10"),
    }
    .into()
}

fn received(receipt: char, lines: &[(u32, i64, GoodsCondition)]) -> ReturnEvent {
    let line = |&(line, quantity, condition)| ReceivedLine { line, quantity: units(quantity), condition };
    let receipt_id = parse(&format!("rcp_01890000-0000-7000-8000-00000000000{receipt}"));
    ReturnReceived { receipt_id, location: None, lines: lines.iter().map(line).collect() }.into()
}

fn inspected(lines: &[(u32, u32, u32)]) -> ReturnEvent {
    let line = |&(line, accepted, refused)| InspectedLine { line, accepted, refused };
    ReturnInspected { lines: lines.iter().map(line).collect() }.into()
}

fn history(events: impl IntoIterator<Item = ReturnEvent>) -> History<Returns> {
    let mut history = History::of(Returns);
    history.push::<ReturnEvent>(RETURN, requested());
    events.into_iter().for_each(|event| history.push::<ReturnEvent>(RETURN, event));
    history
}

#[test]
fn a_return_shows_what_is_asked_and_under_which_window() {
    let history = history([]);
    let row: ReturnRow = history.tables.only();
    assert_eq!(
        (row.return_id.as_str(), row.order_id.as_str(), row.status.as_str()),
        (RETURN_ID, ORDER_ID, "requested")
    );
    assert_eq!((row.lines, row.requested, row.window_days), (2, 6, 14));
    assert_eq!((row.delivered_on, row.window_ends_on), (Some(date("2010-12-05")), Some(date("2010-12-19"))));
    let lines: Vec<ReturnLineRow> = history.tables.all();
    let lines: Vec<_> = lines.iter().map(|line| (line.line, line.reason.as_str(), line.requested)).collect();
    assert_eq!(lines, [(1, "damaged", 5), (3, "unwanted", 1)]);
}

/// Case 26: several parcels, a line in both conditions, an inspection that goes on.
#[test]
fn the_rows_count_what_the_aggregate_counts_after_every_event() {
    use GoodsCondition::{Damaged, Resellable};
    let resolved = ReturnResolved { outcome: ReturnOutcome::Refund, note: parse("") }.into();
    let histories: [Vec<ReturnEvent>; 3] = [
        vec![
            ReturnApproved {}.into(),
            received('1', &[(1, 2, Resellable), (1, 1, Damaged)]),
            inspected(&[(1, 1, 1)]),
            received('2', &[(1, 2, Damaged), (3, 1, Resellable)]),
            inspected(&[(1, 3, 2), (3, 1, 0)]),
            resolved,
        ],
        vec![ReturnRejected { reason: parse("worn") }.into()],
        vec![ReturnApproved {}.into(), ReturnCancelled { reason: parse("kept") }.into()],
    ];
    for events in histories {
        let mut rows = history([]);
        let mut state = Return::fold([&requested()]);
        for event in events {
            state = Return::evolve(state, &event);
            rows.push::<ReturnEvent>(RETURN, event.clone());
            let (row, known) = (rows.tables.only::<ReturnRow>(), state.known().unwrap());
            assert_eq!(row.status, known.status.as_str(), "{event:?}");
            assert_eq!(row.outcome.as_deref(), known.outcome.map(ReturnOutcome::as_str), "{event:?}");
            assert_eq!(row.parcels, int(known.parcels.len()));
            let lines: Vec<ReturnLineRow> = rows.tables.all();
            for (line, known) in lines.iter().zip(known.lines.values()) {
                let counted = (line.received_resellable, line.received_damaged, line.accepted, line.refused);
                let expected = (known.received_resellable, known.received_damaged, known.accepted, known.refused);
                let expected = (expected.0.into(), expected.1.into(), expected.2.into(), expected.3.into());
                assert_eq!(counted, expected, "{event:?}");
            }
            let sums = |of: fn(&ReturnLineRow) -> i64| lines.iter().map(of).sum::<i64>();
            assert_eq!(row.received_resellable, sums(|line| line.received_resellable));
            assert_eq!(row.received_damaged, sums(|line| line.received_damaged));
            assert_eq!((row.accepted, row.refused), (sums(|line| line.accepted), sums(|line| line.refused)));
        }
    }
}
