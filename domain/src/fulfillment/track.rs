//! Numbers at the carrier: a list that only grows.

use super::{
    commands::TRACKING_MAX,
    error::FulfillmentError,
    events::{FulfillmentEvent, FulfillmentTrackingAdded},
    state::KnownFulfillment,
    status::ShipmentStatus,
    tracking::Tracking,
};

/// Adds numbers, also before the parcel leaves (the label is printed first) and after it arrived.
pub(super) fn add_tracking(
    fulfillment: &KnownFulfillment,
    tracking: &[Tracking],
) -> Result<Vec<FulfillmentEvent>, FulfillmentError> {
    if fulfillment.status == ShipmentStatus::Cancelled {
        return Err(FulfillmentError::Cancelled);
    }
    let tracking = unknown(fulfillment, tracking)?;
    Ok(if tracking.is_empty() { vec![] } else { vec![FulfillmentTrackingAdded { tracking }.into()] })
}

/// The numbers that are not known yet, each once.
pub(super) fn unknown(
    fulfillment: &KnownFulfillment,
    tracking: &[Tracking],
) -> Result<Vec<Tracking>, FulfillmentError> {
    let mut fresh: Vec<Tracking> = Vec::new();
    for given in tracking {
        match fulfillment.tracking.iter().chain(&fresh).find(|known| known.number == given.number) {
            Some(known) if known.url == given.url => {}
            Some(_) => return Err(FulfillmentError::TrackingDiffers { number: given.number.clone() }),
            None if fulfillment.tracking.len() + fresh.len() >= TRACKING_MAX => {
                return Err(FulfillmentError::TooMuchTracking { max: TRACKING_MAX });
            }
            None => fresh.push(given.clone()),
        }
    }
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::FulfillmentCommand as Command,
        fixtures::{cancellation, created, delivered, nothing, shipped, tracked, tracking},
    };
    use super::*;

    fn added(tracking: &[Tracking]) -> FulfillmentEvent {
        FulfillmentTrackingAdded { tracking: tracking.to_vec() }.into()
    }

    #[test]
    fn numbers_are_added_at_any_time_but_to_what_was_cancelled() {
        for history in [created(), created().and(Command::Pack), shipped(), delivered()] {
            history.when(tracked(&[tracking("N2", None)])).then([added(&[tracking("N2", None)])]);
        }
        created().and(cancellation()).when(tracked(&[tracking("N2", None)])).then_refused(FulfillmentError::Cancelled);
        nothing().when(tracked(&[])).then_refused(FulfillmentError::NotCreated);
    }

    #[test]
    fn a_number_is_noted_once() {
        let url = Some("https://carrier.example/N1");
        let history = || created().and(tracked(&[tracking("N1", url)]));
        history().when(tracked(&[tracking("N1", url)])).then_nothing();
        history().when(tracked(&[])).then_nothing();
        let more = tracked(&[tracking("N1", url), tracking("N2", None), tracking("N2", None)]);
        history().when(more).then([added(&[tracking("N2", None)])]);
    }

    #[test]
    fn a_number_keeps_its_address() {
        let history = created().and(tracked(&[tracking("N1", None)]));
        let other = tracked(&[tracking("N1", Some("https://carrier.example/N1"))]);
        history.when(other).then_refused(FulfillmentError::TrackingDiffers { number: "N1".parse().unwrap() });
    }

    #[test]
    fn numbers_are_bounded() {
        let many: Vec<Tracking> = (0..=TRACKING_MAX).map(|n| tracking(&n.to_string(), None)).collect();
        let refusal = FulfillmentError::TooMuchTracking { max: 50 };
        created().when(tracked(&many)).then_refused(refusal.clone());
        let full = || created().and(tracked(&many[..50]));
        full().when(tracked(&many[50..])).then_refused(refusal);
        full().when(tracked(&many[..50])).then_nothing();
    }
}
