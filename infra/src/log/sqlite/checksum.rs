//! A checksum over all that a row says of its event, so that a changed bit is noticed and never folded.
//!
//! It guards against disks, memory and mistakes, not against people: whoever changes a row can compute it too.

use crate::stream::StreamId;
use crc32fast::Hasher;
use uuid::Uuid;

/// What the checksum covers. The names of stream and event type are not in the row itself but behind its keys, so a row
/// that points to another stream is noticed as well.
pub(super) struct Checked<'a> {
    pub(super) position: i64,
    pub(super) stream: &'a StreamId,
    pub(super) revision: i64,
    pub(super) event_type: &'a str,
    pub(super) schema_version: u16,
    /// Microseconds since 1970.
    pub(super) recorded_at: i64,
    pub(super) event_id: &'a Uuid,
    pub(super) metadata: &'a str,
    pub(super) data: &'a str,
}

impl Checked<'_> {
    /// CRC-32 (ISO-HDLC, as in gzip) of the numbers, big-endian, the id, the lengths of the four texts in bytes, and the
    /// texts: position, revision, recorded_at (8 bytes each), schema version (2), id (16), lengths (4 each) of stream,
    /// event type, metadata and data, then these four.
    pub(super) fn sum(&self) -> u32 {
        let texts = [self.stream.as_str(), self.event_type, self.metadata, self.data];
        let mut numbers = [0; 58];
        numbers[..8].copy_from_slice(&self.position.to_be_bytes());
        numbers[8..16].copy_from_slice(&self.revision.to_be_bytes());
        numbers[16..24].copy_from_slice(&self.recorded_at.to_be_bytes());
        numbers[24..26].copy_from_slice(&self.schema_version.to_be_bytes());
        numbers[26..42].copy_from_slice(self.event_id.as_bytes());
        for (place, text) in numbers[42..].chunks_exact_mut(4).zip(texts) {
            // An event has at most a mebibyte; what a damaged row may have instead does not fit the sum either.
            place.copy_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        let mut hasher = Hasher::new();
        hasher.update(&numbers);
        for text in texts {
            hasher.update(text.as_bytes());
        }
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form is stored, so it never changes. The sum was computed with Python's `zlib.crc32`.
    #[test]
    fn the_sum_is_the_documented_one() {
        let stream = StreamId::new("order", "1").unwrap();
        let event_id = Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        let checked = Checked {
            position: 7,
            stream: &stream,
            revision: 3,
            event_type: "OrderPlaced",
            schema_version: 2,
            recorded_at: 1_700_000_000_000_000,
            event_id: &event_id,
            metadata: r#"{"actor":"admin"}"#,
            data: r#"{"total":1}"#,
        };
        assert_eq!(checked.sum(), 0xde1c_c637);
    }
}
