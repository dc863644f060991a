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
    quantity::Quantity,
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

/// Units that a line and its order count alike.
#[derive(Clone, Copy)]
pub(super) struct Count {
    of_line: fn(&mut OrderLineRow) -> &mut i64,
    of_order: fn(&mut OrderRow) -> &mut i64,
}

impl Count {
    /// Set aside for a shipment.
    pub(super) const PLANNED: Self = Self { of_line: |row| &mut row.planned, of_order: |order| &mut order.planned };
    /// May be on their way back.
    pub(super) const RETURN_REQUESTED: Self =
        Self { of_line: |row| &mut row.return_requested, of_order: |order| &mut order.return_requested };
    /// Left.
    const SHIPPED: Self = Self { of_line: |row| &mut row.shipped, of_order: |order| &mut order.shipped };
    /// Came back.
    pub(super) const RETURNED: Self = Self { of_line: |row| &mut row.returned, of_order: |order| &mut order.returned };

    fn change(
        self,
        order: &mut OrderRow,
        row: &mut OrderLineRow,
        units: Quantity,
        change: fn(i64, i64) -> Result<i64, ApplyError>,
    ) -> Result<(), ApplyError> {
        for count in [(self.of_line)(row), (self.of_order)(order)] {
            *count = change(*count, units.as_i64())?;
        }
        Ok(())
    }
}

/// Counts units of lines.
pub(super) async fn add(
    count: Count,
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    let add = |order: &mut _, row: &mut _, line: &LineQuantity| count.change(order, row, line.quantity, sum);
    change_each(order, lines, |line| line.line, event, tables, add).await
}

/// Counts units of lines no more.
pub(super) async fn remove(
    count: Count,
    order: &mut OrderRow,
    lines: &[LineQuantity],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<OrderLineRow>, ApplyError> {
    let remove = |order: &mut _, row: &mut _, line: &LineQuantity| count.change(order, row, line.quantity, difference);
    change_each(order, lines, |line| line.line, event, tables, remove).await
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
                Count::PLANNED.change(order, row, planned.quantity, difference)?;
            }
            Count::SHIPPED.change(order, row, line.quantity, sum)
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
