//! What happens to single lines: cancelled, shipped, returned, credited.

use super::tables::{OrderLineRow, OrderRow};
use crate::{
    models::{
        fold::{difference, json, known, line_kind, sum},
        query::text,
    },
    projection::{ApplyError, Tables, TablesExt},
    table::Value,
};
use tillroll_domain::{
    common::LineQuantity,
    money::cumulative_share,
    order::events::{CreditedLine, OrderLine, OrderPlaced},
};
use tillroll_infra::event::RecordedEvent;

/// The rows of an order that was just placed.
pub(super) fn placed(order_id: &str, placed: &OrderPlaced) -> Result<Vec<OrderLineRow>, ApplyError> {
    placed.lines.iter().map(|line| row(order_id, line)).collect()
}

fn row(order_id: &str, line: &OrderLine) -> Result<OrderLineRow, ApplyError> {
    Ok(OrderLineRow {
        order_id: order_id.to_owned(),
        line: i64::from(line.line),
        kind: line_kind(line.kind),
        code: line.code.to_string(),
        sku: line.sku.as_ref().map(ToString::to_string),
        description: line.description.to_string(),
        quantity: line.quantity.as_i64(),
        unit_price: line.unit_price.to_string(),
        amount_minor: line.amount_minor,
        rounding_micros: line.rounding_micros.unwrap_or(0),
        tax_minor: line.tax_minor,
        options: json(&line.options)?,
        cancelled: 0,
        planned: 0,
        shipped: 0,
        return_requested: 0,
        returned: 0,
        credited: 0,
        credited_minor: 0,
    })
}

async fn load(
    order: &OrderRow,
    line: i64,
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<OrderLineRow, ApplyError> {
    known(tables.get(vec![text(&order.order_id), Value::Int(line)]).await?, event)
}

/// Units that will not be delivered.
pub(super) async fn cancel(
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| cancel_units(order, row, line.quantity.as_i64()),
    )
    .await
}

/// All that is not cancelled yet, on every line.
pub(super) async fn cancel_all(
    order: &mut OrderRow,
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    let mut changed = Vec::new();
    for line in 1..=order.lines {
        let mut row = load(order, line, event, tables).await?;
        let rest = row.quantity - row.cancelled - row.shipped;
        if rest > 0 {
            cancel_units(order, &mut row, rest)?;
            changed.push(row);
        }
    }
    Ok(changed)
}

fn cancel_units(order: &mut OrderRow, row: &mut OrderLineRow, units: i64) -> Result<(), ApplyError> {
    let before = share(row)?;
    row.cancelled = sum(row.cancelled, units)?;
    // The share of all units so far less the share before makes the last cancellation take the residue.
    let amount = share(row)? - before;
    order.cancelled_minor = sum(order.cancelled_minor, if row.kind == "discount" { -amount } else { amount })?;
    if row.kind == "goods" {
        order.goods_cancelled = sum(order.goods_cancelled, units)?;
    }
    Ok(())
}

/// The part of the line's amount that belongs to its cancelled units.
fn share(row: &OrderLineRow) -> Result<i64, ApplyError> {
    let units = |count: i64| u64::try_from(count).unwrap_or(0);
    cumulative_share(row.amount_minor, units(row.cancelled), units(row.quantity))
        .map_err(|error| ApplyError::Poison(format!("line {} cannot lose that many units: {error}", row.line)))
}

/// Goods are set aside for a shipment.
pub(super) async fn plan(
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| {
            row.planned = sum(row.planned, line.quantity.as_i64())?;
            order.planned = sum(order.planned, line.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// Goods that were set aside are not any more.
pub(super) async fn release(
    order: &mut OrderRow,
    pending: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        pending,
        |pending| pending.line,
        event,
        tables,
        |order, row, pending| {
            row.planned = difference(row.planned, pending.quantity.as_i64())?;
            order.planned = difference(order.planned, pending.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// Goods left; what had been set aside for their shipment is the same goods.
pub(super) async fn ship(
    order: &mut OrderRow,
    lines: &[LineQuantity],
    pending: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| {
            if let Some(planned) = pending.iter().find(|planned| planned.line == line.line) {
                row.planned = difference(row.planned, planned.quantity.as_i64())?;
                order.planned = difference(order.planned, planned.quantity.as_i64())?;
            }
            row.shipped = sum(row.shipped, line.quantity.as_i64())?;
            order.shipped = sum(order.shipped, line.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// Goods may be on their way back.
pub(super) async fn expect_back(
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| {
            row.return_requested = sum(row.return_requested, line.quantity.as_i64())?;
            order.return_requested = sum(order.return_requested, line.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// Goods are not on their way back any more.
pub(super) async fn expect_no_more(
    order: &mut OrderRow,
    pending: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        pending,
        |pending| pending.line,
        event,
        tables,
        |order, row, pending| {
            row.return_requested = difference(row.return_requested, pending.quantity.as_i64())?;
            order.return_requested = difference(order.return_requested, pending.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// Goods came back.
pub(super) async fn take_back(
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| {
            row.returned = sum(row.returned, line.quantity.as_i64())?;
            order.returned = sum(order.returned, line.quantity.as_i64())?;
            Ok(())
        },
    )
    .await
}

/// A credit note was set against the lines.
pub(super) async fn credit(
    order: &mut OrderRow,
    lines: &[CreditedLine],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    change_each(
        order,
        lines,
        |line| line.line,
        event,
        tables,
        |order, row, line| {
            row.credited = sum(row.credited, line.quantity.as_i64())?;
            row.credited_minor = sum(row.credited_minor, line.amount_minor)?;
            order.credited_minor = sum(order.credited_minor, line.amount_minor)?;
            Ok(())
        },
    )
    .await
}

/// Loads the row of each line an event names, and changes it together with the order's; nothing is written yet.
async fn change_each<L: Sync>(
    order: &mut OrderRow,
    lines: &[L],
    number: impl Fn(&L) -> u32 + Send,
    event: &RecordedEvent,
    tables: &mut dyn Tables,
    change: impl Fn(&mut OrderRow, &mut OrderLineRow, &L) -> Result<(), ApplyError> + Send,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    let mut changed = Vec::with_capacity(lines.len());
    for line in lines {
        let mut row = load(order, i64::from(number(line)), event, tables).await?;
        change(order, &mut row, line)?;
        changed.push(row);
    }
    Ok(changed)
}
