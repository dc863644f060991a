//! What the folds share: identities of streams, times, checked sums, and the texts of enumerations.

use crate::projection::{ApplyError, Incoming};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tillroll_domain::{
    aggregate::EventType,
    common::{Basis, DocumentForm, LineKind},
    order::events::{OrderLine, Tax},
};
use tillroll_infra::{
    event::{Metadata, RecordedEvent},
    stream::DEFAULT_TENANT,
};
use uuid::Uuid;

/// The names of a family of events, for [`crate::projection::Projection::event_types`].
pub(crate) const fn names<const N: usize>(types: &[EventType]) -> [&'static str; N] {
    assert!(types.len() == N, "the family has as many types as the array has places");
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        names[index] = types[index].name;
        index += 1;
    }
    names
}

/// Whether the event belongs to the tenant that the read models show.
pub(crate) fn is_shown(event: &Incoming) -> bool {
    event.recorded().stream.tenant() == DEFAULT_TENANT
}

/// The UUID that names the event's stream.
pub(crate) fn stream_uuid(event: &RecordedEvent) -> Result<Uuid, ApplyError> {
    Uuid::try_parse(event.stream.id())
        .map_err(|_| ApplyError::Poison(format!("the id of the stream {} is not a UUID", event.stream)))
}

/// The event's metadata.
pub(crate) fn metadata(event: &RecordedEvent) -> Result<Metadata, ApplyError> {
    event.metadata().map_err(|error| ApplyError::Poison(format!("the metadata cannot be read: {error}")))
}

/// When the fact took effect: the stated time, or when the log took it.
pub(crate) fn effective_at(event: &RecordedEvent) -> Result<DateTime<Utc>, ApplyError> {
    Ok(metadata(event)?.effective_at.unwrap_or(event.recorded_at))
}

/// The event's place in its stream, as a column holds it.
pub(crate) fn revision(event: &RecordedEvent) -> i64 {
    int(event.revision.0)
}

/// The event's place in the log, as a column holds it.
pub(crate) fn position(event: &RecordedEvent) -> i64 {
    int(event.position.0)
}

/// A count as a column holds it; no log reaches 2^63 events and no document as many lines.
pub(crate) fn int<T: TryInto<i64>>(count: T) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// The row that an earlier event of the stream must have written.
pub(crate) fn known<R>(row: Option<R>, event: &RecordedEvent) -> Result<R, ApplyError> {
    row.ok_or_else(|| {
        ApplyError::Poison(format!(
            "{} speaks of something that no earlier event of {} made",
            event.event_type, event.stream
        ))
    })
}

/// A checked sum.
pub(crate) fn sum(left: i64, right: i64) -> Result<i64, ApplyError> {
    left.checked_add(right).ok_or_else(|| ApplyError::Poison(format!("{left} + {right} does not fit 64 bits")))
}

/// A checked difference.
pub(crate) fn difference(left: i64, right: i64) -> Result<i64, ApplyError> {
    left.checked_sub(right).ok_or_else(|| ApplyError::Poison(format!("{left} - {right} does not fit 64 bits")))
}

/// A checked sum of many.
pub(crate) fn total(amounts: impl IntoIterator<Item = i64>) -> Result<i64, ApplyError> {
    amounts.into_iter().try_fold(0, sum)
}

/// The JSON text of a value that always is JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, ApplyError> {
    serde_json::to_string(value).map_err(|error| ApplyError::Poison(error.to_string()))
}

/// The text of a basis.
pub(crate) fn basis(basis: Basis) -> String {
    match basis {
        Basis::Recorded => "recorded",
        Basis::Inferred => "inferred",
    }
    .to_owned()
}

/// The text of a line's kind.
pub(crate) fn line_kind(kind: LineKind) -> String {
    match kind {
        LineKind::Goods => "goods",
        LineKind::Carriage => "carriage",
        LineKind::Discount => "discount",
    }
    .to_owned()
}

/// The units of an order's line with the sign that a source states: a discount is a negative quantity at a price.
pub(crate) fn source_units(line: &OrderLine) -> i64 {
    match line.kind {
        LineKind::Goods | LineKind::Carriage => line.quantity.as_i64(),
        LineKind::Discount => -line.quantity.as_i64(),
    }
}

/// The text of a document's form.
pub(crate) fn document_form(form: DocumentForm) -> String {
    match form {
        DocumentForm::Order => "order",
        DocumentForm::CreditNote => "credit_note",
        DocumentForm::Adjustment => "adjustment",
    }
    .to_owned()
}

/// The stated tax in minor units; nothing where none is stated.
pub(crate) fn stated_tax(tax: Tax) -> Option<i64> {
    match tax {
        Tax::NotStated => None,
        Tax::Stated { amount_minor } => Some(amount_minor),
    }
}
