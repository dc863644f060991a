//! The parcel's way: packed, shipped, delivered; or given up before it leaves, or lost after.

use super::{
    error::FulfillmentError,
    events::{
        FulfillmentCancelled, FulfillmentDelivered, FulfillmentEvent, FulfillmentLost, FulfillmentPacked,
        FulfillmentShipped,
    },
    state::KnownFulfillment,
    status::ShipmentStatus,
    track::unknown,
    tracking::Tracking,
};
use crate::{
    aggregate::Moment,
    text::{Name, Note},
};

type Decision = Result<Vec<FulfillmentEvent>, FulfillmentError>;

/// Notes that it is packed.
pub(super) fn pack(fulfillment: &KnownFulfillment) -> Decision {
    match fulfillment.status {
        ShipmentStatus::Created => Ok(vec![FulfillmentPacked {}.into()]),
        ShipmentStatus::Packed | ShipmentStatus::Shipped | ShipmentStatus::Lost | ShipmentStatus::Delivered => {
            Ok(vec![])
        }
        ShipmentStatus::Cancelled => Err(FulfillmentError::Cancelled),
    }
}

/// Notes that it left.
pub(super) fn ship(
    fulfillment: &KnownFulfillment,
    carrier: Option<&Name>,
    tracking: &[Tracking],
    moment: &Moment,
) -> Decision {
    let status = fulfillment.status;
    match status {
        ShipmentStatus::Created | ShipmentStatus::Packed => {
            let tracking = unknown(fulfillment, tracking)?;
            let business_date = moment.business_date;
            Ok(vec![FulfillmentShipped { carrier: carrier.cloned(), tracking, business_date }.into()])
        }
        ShipmentStatus::Shipped | ShipmentStatus::Lost | ShipmentStatus::Delivered => {
            let same_carrier = carrier.is_none_or(|carrier| fulfillment.carrier.as_ref() == Some(carrier));
            let known = tracking.iter().all(|given| fulfillment.tracking.contains(given));
            if same_carrier && known { Ok(vec![]) } else { Err(FulfillmentError::AlreadyShipped { status }) }
        }
        ShipmentStatus::Cancelled => Err(FulfillmentError::Cancelled),
    }
}

/// Notes that it arrived. What was given up as lost may turn up.
pub(super) fn deliver(fulfillment: &KnownFulfillment, moment: &Moment) -> Decision {
    let status = fulfillment.status;
    match status {
        ShipmentStatus::Shipped | ShipmentStatus::Lost => {
            Ok(vec![FulfillmentDelivered { business_date: moment.business_date }.into()])
        }
        ShipmentStatus::Delivered => Ok(vec![]),
        ShipmentStatus::Created | ShipmentStatus::Packed => Err(FulfillmentError::NotShipped { status }),
        ShipmentStatus::Cancelled => Err(FulfillmentError::Cancelled),
    }
}

/// Gives it up before it leaves.
pub(super) fn cancel(fulfillment: &KnownFulfillment, reason: &Note) -> Decision {
    let status = fulfillment.status;
    match status {
        ShipmentStatus::Created | ShipmentStatus::Packed => {
            Ok(vec![FulfillmentCancelled { reason: reason.clone() }.into()])
        }
        ShipmentStatus::Cancelled => Ok(vec![]),
        ShipmentStatus::Shipped | ShipmentStatus::Lost | ShipmentStatus::Delivered => {
            Err(FulfillmentError::AlreadyShipped { status })
        }
    }
}

/// Notes that the carrier cannot find it. A late report never undoes an arrival.
pub(super) fn report_lost(fulfillment: &KnownFulfillment, note: &Note) -> Decision {
    let status = fulfillment.status;
    match status {
        ShipmentStatus::Shipped => Ok(vec![FulfillmentLost { note: note.clone() }.into()]),
        ShipmentStatus::Lost => Ok(vec![]),
        ShipmentStatus::Delivered => Err(FulfillmentError::AlreadyDelivered),
        ShipmentStatus::Created | ShipmentStatus::Packed => Err(FulfillmentError::NotShipped { status }),
        ShipmentStatus::Cancelled => Err(FulfillmentError::Cancelled),
    }
}

#[cfg(test)]
mod tests;
