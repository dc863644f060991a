//! Units that are set aside for a shipment or may be on their way back, until they move or are given up.

use super::tables::{OrderPendingRow, OrderRow};
use crate::{
    models::{fold::json, query::text},
    projection::{ApplyError, Tables, TablesExt},
};
use std::fmt::Display;
use tillroll_domain::common::LineQuantity;

/// What an event does to the units that wait.
#[derive(Debug)]
pub(super) enum Pending {
    /// Nothing.
    Stays,
    /// These begin to wait.
    Begins(OrderPendingRow),
    /// Those of this movement, if any, wait no more.
    Ends(String),
}

impl Pending {
    /// Units of a movement begin to wait.
    pub(super) fn begins(
        order_id: &str,
        movement_id: impl Display,
        lines: &[LineQuantity],
    ) -> Result<Self, ApplyError> {
        let (order_id, movement_id, lines) = (order_id.to_owned(), movement_id.to_string(), json(&lines)?);
        Ok(Self::Begins(OrderPendingRow { order_id, movement_id, lines }))
    }

    /// The units of a movement wait no more.
    pub(super) fn ends(movement_id: impl Display) -> Self {
        Self::Ends(movement_id.to_string())
    }

    pub(super) fn write(&self, order_id: &str, tables: &mut dyn Tables) {
        match self {
            Self::Stays => {}
            Self::Begins(row) => tables.put(row),
            Self::Ends(movement_id) => tables.delete::<OrderPendingRow>(vec![text(order_id), text(movement_id)]),
        }
    }
}

/// The units of a movement that wait; none if it never waited.
pub(super) async fn load(
    order: &OrderRow,
    movement_id: impl Display,
    tables: &mut dyn Tables,
) -> Result<Vec<LineQuantity>, ApplyError> {
    // Most orders wait for nothing.
    if order.planned == 0 && order.return_requested == 0 {
        return Ok(vec![]);
    }
    let row: Option<OrderPendingRow> = tables.get(vec![text(&order.order_id), text(movement_id)]).await?;
    let lines = row.map(|row| serde_json::from_str(&row.lines)).transpose();
    Ok(lines
        .map_err(|error| ApplyError::Poison(format!("the units that wait cannot be read: {error}")))?
        .unwrap_or_default())
}
