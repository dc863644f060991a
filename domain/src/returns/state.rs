//! What a return's decisions need to know of its past, and how each event changes it.

use super::{
    error::ReturnError,
    events::{ReceivedLine, ReturnEvent, ReturnRequested},
    status::{GoodsCondition, ReturnOutcome, ReturnReason, ReturnStatus},
};
use crate::{
    common::LineQuantity,
    ids::{OrderId, ReceiptId},
    quantity::Quantity,
    text::{LocationId, Sku},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A return as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// Nobody asked.
    New,
    /// Somebody did.
    Known(Box<KnownReturn>),
}

/// A return that was requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownReturn {
    /// The order.
    pub order_id: OrderId,
    /// How far it has come.
    pub status: ReturnStatus,
    /// What was requested and what came of it, by the line's number.
    pub lines: BTreeMap<u32, ReturnLineProgress>,
    /// What was in each parcel; shared, since a state is cloned for every command.
    pub parcels: BTreeMap<ReceiptId, Parcel>,
    /// What was decided.
    pub outcome: Option<ReturnOutcome>,
}

/// What came in one parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Where it came, if that is known.
    pub location: Option<LocationId>,
    /// What was in it.
    pub lines: Arc<[ReceivedLine]>,
}

/// How far one line has come, in units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnLineProgress {
    /// What it was.
    pub sku: Sku,
    /// Why it comes back.
    pub reason: ReturnReason,
    /// Asked for.
    pub requested: Quantity,
    /// Came and can be sold again.
    pub received_resellable: u32,
    /// Came and cannot.
    pub received_damaged: u32,
    /// Taken back.
    pub accepted: u32,
    /// Not taken back.
    pub refused: u32,
}

impl ReturnLineProgress {
    /// What came, in whatever condition.
    #[must_use]
    pub const fn received(&self) -> u32 {
        self.received_resellable.saturating_add(self.received_damaged)
    }

    /// What came and was not inspected yet.
    #[must_use]
    pub const fn waiting(&self) -> u32 {
        self.received().saturating_sub(self.accepted).saturating_sub(self.refused)
    }
}

impl ReturnState {
    /// The return, if it was requested.
    ///
    /// # Errors
    /// [`ReturnError::NotRequested`] otherwise.
    pub fn known(&self) -> Result<&KnownReturn, ReturnError> {
        match self {
            Self::New => Err(ReturnError::NotRequested),
            Self::Known(known) => Ok(known),
        }
    }

    pub(super) fn evolve(self, event: &ReturnEvent) -> Self {
        match (self, event) {
            (state, ReturnEvent::ReturnRequested(requested)) => {
                debug_assert_eq!(state, Self::New, "a return is requested once");
                Self::Known(Box::new(KnownReturn::from(requested)))
            }
            (Self::New, _) => {
                debug_assert!(false, "a return's history starts with its request, not with {event:?}");
                Self::New
            }
            (Self::Known(mut known), _) => {
                known.apply(event);
                Self::Known(known)
            }
        }
    }
}

impl From<&ReturnRequested> for KnownReturn {
    fn from(requested: &ReturnRequested) -> Self {
        let line = |line: &super::events::ReturnLine| ReturnLineProgress {
            sku: line.sku.clone(),
            reason: line.reason,
            requested: line.quantity,
            received_resellable: 0,
            received_damaged: 0,
            accepted: 0,
            refused: 0,
        };
        Self {
            order_id: requested.order_id,
            status: ReturnStatus::Requested,
            lines: requested.lines.iter().map(|requested| (requested.line, line(requested))).collect(),
            parcels: BTreeMap::new(),
            outcome: None,
        }
    }
}

impl KnownReturn {
    /// What was asked for, in the order of the lines' numbers: what the order counts as on its way back.
    #[must_use]
    pub fn requested(&self) -> Vec<LineQuantity> {
        self.lines.iter().map(|(&line, progress)| LineQuantity { line, quantity: progress.requested }).collect()
    }

    /// What was taken back, in the order of the lines' numbers; lines of which nothing was are left out.
    #[must_use]
    pub fn accepted(&self) -> Vec<LineQuantity> {
        let accepted = |(&line, progress): (&u32, &ReturnLineProgress)| {
            let quantity = Quantity::new(i64::from(progress.accepted)).ok()?;
            Some(LineQuantity { line, quantity })
        };
        self.lines.iter().filter_map(accepted).collect()
    }

    fn apply(&mut self, event: &ReturnEvent) {
        match event {
            ReturnEvent::ReturnRequested(_) => debug_assert!(false, "a return is requested once"),
            ReturnEvent::ReturnApproved(_) => self.status = ReturnStatus::Approved,
            ReturnEvent::ReturnRejected(_) => self.status = ReturnStatus::Rejected,
            ReturnEvent::ReturnReceived(received) => {
                self.status = ReturnStatus::Received;
                for ReceivedLine { line, quantity, condition } in &received.lines {
                    self.with_line(*line, |progress| {
                        let count = match condition {
                            GoodsCondition::Resellable => &mut progress.received_resellable,
                            GoodsCondition::Damaged => &mut progress.received_damaged,
                        };
                        *count = count.saturating_add(quantity.get());
                    });
                }
                let parcel = Parcel { location: received.location.clone(), lines: received.lines.as_slice().into() };
                self.parcels.insert(received.receipt_id, parcel);
            }
            ReturnEvent::ReturnInspected(inspected) => {
                for line in &inspected.lines {
                    self.with_line(line.line, |progress| {
                        progress.accepted = line.accepted;
                        progress.refused = line.refused;
                    });
                }
            }
            ReturnEvent::ReturnResolved(resolved) => {
                self.status = ReturnStatus::Resolved;
                self.outcome = Some(resolved.outcome);
            }
            ReturnEvent::ReturnCancelled(_) => self.status = ReturnStatus::Cancelled,
        }
    }

    fn with_line(&mut self, number: u32, change: impl FnOnce(&mut ReturnLineProgress)) {
        match self.lines.get_mut(&number) {
            Some(line) => change(line),
            None => debug_assert!(false, "the return has no line {number}"),
        }
    }
}
