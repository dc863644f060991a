//! What a fulfillment's decisions need to know of its past, and how each event changes it.

use super::{
    error::FulfillmentError,
    events::{FulfillmentEvent, FulfillmentLine},
    status::ShipmentStatus,
    tracking::Tracking,
};
use crate::{
    ids::OrderId,
    text::{LocationId, Name},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A fulfillment as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentState {
    /// Nothing was planned.
    New,
    /// It was.
    Known(Box<KnownFulfillment>),
}

/// A fulfillment that was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFulfillment {
    /// The order.
    pub order_id: OrderId,
    /// Where the goods are, or were.
    pub location: LocationId,
    /// Which; shared, since a state is cloned for every command.
    pub lines: Arc<[FulfillmentLine]>,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// Who carries it.
    pub carrier: Option<Name>,
    /// Its numbers at the carrier, in the order in which they became known.
    pub tracking: Vec<Tracking>,
}

impl FulfillmentState {
    /// The fulfillment, if it was planned.
    ///
    /// # Errors
    /// [`FulfillmentError::NotCreated`] otherwise.
    pub fn known(&self) -> Result<&KnownFulfillment, FulfillmentError> {
        match self {
            Self::New => Err(FulfillmentError::NotCreated),
            Self::Known(fulfillment) => Ok(fulfillment),
        }
    }

    pub(super) fn evolve(self, event: &FulfillmentEvent) -> Self {
        match (self, event) {
            (state, FulfillmentEvent::FulfillmentCreated(created)) => {
                debug_assert_eq!(state, Self::New, "a fulfillment is created once");
                Self::Known(Box::new(KnownFulfillment {
                    order_id: created.order_id,
                    location: created.location.clone(),
                    lines: created.lines.as_slice().into(),
                    status: ShipmentStatus::Created,
                    carrier: None,
                    tracking: Vec::new(),
                }))
            }
            (Self::New, _) => {
                debug_assert!(false, "a fulfillment's history starts with its creation, not with {event:?}");
                Self::New
            }
            (Self::Known(mut fulfillment), _) => {
                fulfillment.apply(event);
                Self::Known(fulfillment)
            }
        }
    }
}

impl KnownFulfillment {
    fn apply(&mut self, event: &FulfillmentEvent) {
        match event {
            FulfillmentEvent::FulfillmentCreated(_) => debug_assert!(false, "a fulfillment is created once"),
            FulfillmentEvent::FulfillmentPacked(_) => self.status = ShipmentStatus::Packed,
            FulfillmentEvent::FulfillmentShipped(shipped) => {
                self.status = ShipmentStatus::Shipped;
                self.carrier.clone_from(&shipped.carrier);
                self.tracking.extend_from_slice(&shipped.tracking);
            }
            FulfillmentEvent::FulfillmentTrackingAdded(added) => self.tracking.extend_from_slice(&added.tracking),
            FulfillmentEvent::FulfillmentDelivered(_) => self.status = ShipmentStatus::Delivered,
            FulfillmentEvent::FulfillmentCancelled(_) => self.status = ShipmentStatus::Cancelled,
            FulfillmentEvent::FulfillmentLost(_) => self.status = ShipmentStatus::Lost,
        }
    }
}
