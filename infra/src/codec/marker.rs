//! The markers of personal data in JSON text: finding, reading and writing them.
//!
//! `{"$personal":{"subject":…,"field":…,"value":…}}` is what the domain writes and reads,
//! `{"$sealed":{"subject":…,"field":…,"box":…}}` is what is stored, and `{"$erased":{"subject":…,"field":…}}` is what the
//! domain reads once the key is gone. Other names that begin with `$` are reserved and refused.

use super::CodecError;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write;
use tillroll_domain::{ids::SubjectId, personal::is_field_name};

/// How a marker begins: an object whose first name begins with a dollar sign.
const START: &[u8] = b"{\"$";

/// Where the next marker begins.
pub(super) fn find(text: &str, from: usize) -> Option<usize> {
    memmem::find(text.as_bytes().get(from..)?, START).map(|at| from + at)
}

/// One marker.
#[derive(Debug, Deserialize)]
pub(super) enum Marker<'a> {
    #[serde(rename = "$personal", borrow)]
    Personal(Personal<'a>),
    #[serde(rename = "$sealed", borrow)]
    Sealed(Sealed<'a>),
    #[serde(rename = "$erased", borrow)]
    Erased(Erased<'a>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Personal<'a> {
    pub(super) subject: SubjectId,
    pub(super) field: &'a str,
    #[serde(borrow)]
    pub(super) value: &'a RawValue,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed<'a> {
    pub(super) subject: SubjectId,
    pub(super) field: &'a str,
    #[serde(rename = "box")]
    pub(super) sealed: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erased<'a> {
    pub(super) subject: SubjectId,
    pub(super) field: &'a str,
}

impl<'a> Marker<'a> {
    /// Reads the marker that begins at `at`, and answers where it ends.
    pub(super) fn parse(text: &'a str, at: usize) -> Result<(Self, usize), CodecError> {
        let malformed = |reason| CodecError::Malformed { at, reason };
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Self>();
        // The parser's own error may quote what it found, which may be personal.
        let marker = values.next().and_then(Result::ok).ok_or(malformed("cannot be read"))?;
        let end = at + values.byte_offset();
        let (Self::Personal(Personal { field, .. })
        | Self::Sealed(Sealed { field, .. })
        | Self::Erased(Erased { field, .. })) = &marker;
        if !is_field_name(field) {
            return Err(malformed("names no field"));
        }
        if let Self::Personal(personal) = &marker
            && find(personal.value.get(), 0).is_some()
        {
            return Err(malformed("holds another one"));
        }
        Ok((marker, end))
    }
}

// Subjects, fields, digests and boxes are of characters that JSON does not escape.

pub(super) fn write_personal(text: &mut String, subject: SubjectId, field: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, r#"{{"$personal":{{"subject":"{subject}","field":"{field}","value":{value}}}}}"#);
}

pub(super) fn write_sealed(text: &mut String, subject: SubjectId, field: &str, sealed: &str) {
    let _ = write!(text, r#"{{"$sealed":{{"subject":"{subject}","field":"{field}","box":"{sealed}"}}}}"#);
}

pub(super) fn write_erased(text: &mut String, subject: SubjectId, field: &str) {
    let _ = write!(text, r#"{{"$erased":{{"subject":"{subject}","field":"{field}"}}}}"#);
}

pub(super) fn write_digest(text: &mut String, subject: SubjectId, field: &str, digest: &str) {
    let _ = write!(text, r#"{{"$digest":{{"subject":"{subject}","field":"{field}","hmac":"{digest}"}}}}"#);
}
