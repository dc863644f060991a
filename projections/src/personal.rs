//! Personal data in read models: kept sealed, exactly as the event has it, and opened when it is read.
//!
//! So destroying a person's key erases what the tables hold of the person as well, in every copy of them, before any fold
//! has seen the erasure. Nothing can be searched or sorted by such a column.

use crate::{
    projection::{ApplyError, Incoming},
    table::{Column, ColumnType, Value},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData};
use thiserror::Error;
use tillroll_domain::personal::{Personal, PersonalData};
use tillroll_infra::{
    codec::{Codec, CodecError, Place, StoredField, is_plain},
    stream::StreamId,
};
use uuid::Uuid;

/// A column that holds one person's sealed `T`, with the place that the value is bound to.
///
/// As a text it is JSON: `{"stream":…,"event":…,"markers_before":…,"value":{"$sealed":…}}`.
pub struct PersonalCell<T> {
    text: String,
    holds: PhantomData<fn() -> T>,
}

/// Why the personal data of a row cannot be read.
#[derive(Debug, Clone, Error)]
pub enum PersonalCellError {
    /// The codec cannot open it; that its person was erased is no error.
    #[error("sealed data cannot be opened")]
    Sealed(#[from] CodecError),
    /// The column holds something else. What it is, is not shown.
    #[error("a column of personal data holds something else")]
    Malformed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    stream: StreamText,
    event: Uuid,
    markers_before: u32,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// A stream by its name.
struct StreamText(StreamId);

impl Serialize for StreamText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StreamText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl<T: PersonalData> PersonalCell<T> {
    /// Takes a top-level field out of an event, sealed as the log has it; `None` if the event has none, or a null.
    ///
    /// # Errors
    /// [`ApplyError::Poison`] if something else than sealed data stands there.
    pub fn take(event: &Incoming, field: &str) -> Result<Option<Self>, ApplyError> {
        let event = event.recorded();
        let Some(stored) = StoredField::find(&event.data, field) else { return Ok(None) };
        if stored.text == "null" {
            return Ok(None);
        }
        let unsealed = || ApplyError::Poison(format!("the field {field} of {} is not sealed", event.event_type));
        if is_plain(stored.text) || !stored.text.starts_with(r#"{"$sealed":"#) {
            return Err(unsealed());
        }
        let value: &RawValue = serde_json::from_str(stored.text).map_err(|_| unsealed())?;
        let stream = StreamText(event.stream.clone());
        let written = Written { stream, event: event.id, markers_before: stored.markers_before, value };
        let text = serde_json::to_string(&written).map_err(|_| unsealed())?;
        Ok(Some(Self { text, holds: PhantomData }))
    }

    /// As [`Self::take`], of a field that the event always has.
    ///
    /// # Errors
    /// [`ApplyError::Poison`] also if there is no such field.
    pub fn take_required(event: &Incoming, field: &str) -> Result<Self, ApplyError> {
        let missing = || ApplyError::Poison(format!("{} has no field {field}", event.recorded().event_type));
        Self::take(event, field)?.ok_or_else(missing)
    }

    /// Opens it. Erased if the person's key was destroyed.
    ///
    /// # Errors
    /// A vault that does not work or is not the log's, and a column that holds something else.
    pub async fn open(&self, codec: &Codec) -> Result<Personal<T>, PersonalCellError> {
        let malformed = |_| PersonalCellError::Malformed;
        let written: Written<'_> = serde_json::from_str(&self.text).map_err(malformed)?;
        let place = Place::Event { stream: &written.stream.0, id: written.event };
        let stored = StoredField { text: written.value.get(), markers_before: written.markers_before };
        let opened = codec.open_field(place, stored).await?;
        serde_json::from_str(&opened).map_err(malformed)
    }
}

impl<T> Clone for PersonalCell<T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), holds: PhantomData }
    }
}

impl<T> PartialEq for PersonalCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for PersonalCell<T> {}

/// Sealed, and thus safe to show, but of no use to anybody.
impl<T> fmt::Debug for PersonalCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalCell(***)")
    }
}

impl<T> Column for PersonalCell<T> {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.text.clone())
    }

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Text(text) => Ok(Self { text, holds: PhantomData }),
            other @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Time(_) | Value::Date(_)) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests;
