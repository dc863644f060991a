//! Payloads for readers who may see what happened, and not whose data it holds.

use super::{
    CodecError,
    marker::{self, Marker},
};
use std::{borrow::Cow, fmt::Write};

/// A stored payload with `{"$redacted":"<subject>"}` in the place of each personal value. Needs no key, so that it shows the
/// same before and after an erasure.
///
/// # Errors
/// A payload that holds markers which are never stored.
pub fn redacted(text: &str) -> Result<Cow<'_, str>, CodecError> {
    let Some(mut at) = marker::find(text, 0) else { return Ok(Cow::Borrowed(text)) };
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    loop {
        let (found, end) = Marker::parse(text, at)?;
        let Marker::Sealed(sealed) = found else {
            return Err(CodecError::Malformed { at, reason: "is not sealed" });
        };
        shown.push_str(&text[done..at]);
        // Writing to a string cannot fail.
        let _ = write!(shown, r#"{{"$redacted":"{}"}}"#, sealed.subject);
        done = end;
        match marker::find(text, end) {
            Some(next) => at = next,
            None => break,
        }
    }
    shown.push_str(&text[done..]);
    Ok(Cow::Owned(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "sub_01924c3e-5a00-7000-8000-00000000002a";

    #[test]
    fn every_personal_value_gives_way_to_its_subject() {
        let sealed =
            |field| format!(r#"{{"$sealed":{{"subject":"{SUBJECT}","field":"{field}","box":"bm90aGluZw=="}}}}"#);
        let stored =
            format!(r#"{{"email":{},"country":"DE","profile":{},"n":[1,"}}"]}}"#, sealed("email"), sealed("profile"));
        let redacted_value = format!(r#"{{"$redacted":"{SUBJECT}"}}"#);
        let expected =
            format!(r#"{{"email":{redacted_value},"country":"DE","profile":{redacted_value},"n":[1,"}}"]}}"#);
        assert_eq!(redacted(&stored).unwrap(), expected);
        assert_eq!(redacted(r#"{"country":"DE"}"#).unwrap(), r#"{"country":"DE"}"#);
    }

    #[test]
    fn what_is_not_sealed_is_not_shown() {
        let open =
            format!(r#"{{"email":{{"$personal":{{"subject":"{SUBJECT}","field":"email","value":"a@b.example"}}}}}}"#);
        let erased = format!(r#"{{"email":{{"$erased":{{"subject":"{SUBJECT}","field":"email"}}}}}}"#);
        for text in [open.as_str(), &erased, r#"{"a":{"$other":1}}"#] {
            let error = redacted(text).unwrap_err();
            assert!(!error.to_string().contains("a@b.example"), "{error}");
        }
    }
}
