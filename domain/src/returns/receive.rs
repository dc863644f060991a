//! Goods come back, in one parcel or several, and are inspected.

use super::{
    commands::PARCELS_MAX,
    error::ReturnError,
    events::{InspectedLine, ReceivedLine, ReturnEvent, ReturnInspected, ReturnReceived},
    lines::in_order,
    state::KnownReturn,
    status::{GoodsCondition, ReturnStatus},
};
use crate::{ids::ReceiptId, text::LocationId};
use std::collections::BTreeMap;

/// Notes that a parcel came.
pub(super) fn receive(
    known: &KnownReturn,
    receipt_id: ReceiptId,
    location: Option<&LocationId>,
    lines: &[ReceivedLine],
) -> Result<Vec<ReturnEvent>, ReturnError> {
    let lines = in_order(lines, GoodsCondition::ALL.len(), |line| line.line, |line| (line.line, line.condition))?;
    if let Some(recorded) = known.parcels.get(&receipt_id) {
        let is_same = (recorded.location.as_ref(), &*recorded.lines) == (location, &*lines);
        return if is_same { Ok(vec![]) } else { Err(ReturnError::ReceiptIdReused { receipt_id }) };
    }
    match known.status {
        ReturnStatus::Approved | ReturnStatus::Received => {}
        status @ (ReturnStatus::Requested
        | ReturnStatus::Resolved
        | ReturnStatus::Rejected
        | ReturnStatus::Cancelled) => return Err(ReturnError::WrongStatus { status }),
    }
    if known.parcels.len() >= PARCELS_MAX {
        return Err(ReturnError::TooManyParcels { max: PARCELS_MAX });
    }
    let mut came: BTreeMap<u32, u64> = BTreeMap::new();
    for line in &lines {
        *came.entry(line.line).or_default() += u64::from(line.quantity.get());
    }
    for (line, units) in came {
        let progress = known.lines.get(&line).ok_or(ReturnError::UnknownLine { line })?;
        let (received, requested) = (u64::from(progress.received()) + units, progress.requested.get());
        if received > u64::from(requested) {
            return Err(ReturnError::ReceivedTooMuch { line, received, requested });
        }
    }
    Ok(vec![ReturnReceived { receipt_id, location: location.cloned(), lines }.into()])
}

/// Notes what an inspection came to so far.
pub(super) fn inspect(known: &KnownReturn, lines: &[InspectedLine]) -> Result<Vec<ReturnEvent>, ReturnError> {
    let mut lines = in_order(lines, 1, |line| line.line, |line| line.line)?;
    for &InspectedLine { line, accepted, refused } in &lines {
        let progress = known.lines.get(&line).ok_or(ReturnError::UnknownLine { line })?;
        let (inspected, received) = (u64::from(accepted) + u64::from(refused), progress.received());
        if inspected > u64::from(received) {
            return Err(ReturnError::InspectedTooMuch { line, inspected, received });
        }
        if accepted < progress.accepted || refused < progress.refused {
            let (accepted, refused) = (progress.accepted, progress.refused);
            return Err(ReturnError::InspectionWentBack { line, accepted, refused });
        }
    }
    let news = |line: &InspectedLine| {
        known.lines.get(&line.line).is_none_or(|known| (known.accepted, known.refused) != (line.accepted, line.refused))
    };
    lines.retain(news);
    if lines.is_empty() {
        return Ok(vec![]);
    }
    match known.status {
        ReturnStatus::Received => Ok(vec![ReturnInspected { lines }.into()]),
        status @ (ReturnStatus::Requested
        | ReturnStatus::Approved
        | ReturnStatus::Resolved
        | ReturnStatus::Rejected
        | ReturnStatus::Cancelled) => Err(ReturnError::WrongStatus { status }),
    }
}

#[cfg(test)]
mod tests;
