//! The headers of reads and writes: positions, revisions, idempotency keys and preferences.

use crate::problem::Problem;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use std::{fmt::Display, time::Duration};
use tillroll_infra::stream::{Position, Revision};

/// `Tillroll-Position`: what a write reached, or what a read shows.
pub static POSITION: HeaderName = HeaderName::from_static("tillroll-position");
/// `Tillroll-After`: the position that a read must have passed.
pub static AFTER: HeaderName = HeaderName::from_static("tillroll-after");
/// `Idempotency-Key`: the client's name for a request.
pub static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `Prefer` (RFC 7240).
pub static PREFER: HeaderName = HeaderName::from_static("prefer");
/// `Preference-Applied` (RFC 7240).
pub static PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// `Last-Event-ID` of a reader of server-sent events that comes back: the last position it saw.
pub static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The most characters of an idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// `Tillroll-After`, a position in decimal digits; absent if the header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After(pub Option<Position>);

/// `Last-Event-ID`, a position in decimal digits; absent if the header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEventId(pub Option<Position>);

/// `If-Match` with one strong entity tag that begins with a revision, such as `"7"`, or `"7.9120"` of a read over several
/// streams; absent if the header is. Only the revision counts, which is that of the stream that is written to. Lists, `*`
/// and weak tags are refused as malformed: a write states the one revision it was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<Revision>);

/// `Idempotency-Key` as a quoted string of RFC 9651 (draft-ietf-httpapi-idempotency-key-header-07), such as
/// `"8e03978e"`, with 1 to [`IDEMPOTENCY_KEY_CHARS_MAX`] characters; absent if the header is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

/// `Prefer: wait=<seconds>`; other preferences are ignored, as RFC 7240 wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefer {
    /// How long the client is willing to wait.
    pub wait: Option<Duration>,
}

/// In the extensions of an answer: what the client preferred to wait for, besides the read models, has not come to pass. Who
/// waits for the read models then does not say that the preference was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAwaited;

impl IdempotencyKey {
    /// The key of a request that must have one.
    ///
    /// # Errors
    /// 400 if there is none.
    pub fn required(self) -> Result<String, Problem> {
        self.0.ok_or_else(|| {
            Problem::malformed("this request needs an Idempotency-Key, such as Idempotency-Key: \"8e03978e\"")
        })
    }
}

/// The strong entity tag of a revision, such as `"7"`.
#[must_use]
pub fn etag(revision: Revision) -> HeaderValue {
    quoted(&revision.to_string())
}

/// The strong entity tag of a resource that several streams make up, such as `"7.9120"`: the revision of its own stream,
/// for `If-Match`, and whatever else changes what a read of it shows.
#[must_use]
pub fn composite_etag(revision: Revision, rest: impl Display) -> HeaderValue {
    quoted(&composite_tag(revision, rest))
}

/// The text of [`composite_etag`], without quotes.
#[must_use]
pub fn composite_tag(revision: Revision, rest: impl Display) -> String {
    format!("{revision}.{rest}")
}

/// A strong entity tag of any text of printable ASCII without quotes; other characters are left out.
#[must_use]
pub fn quoted(text: &str) -> HeaderValue {
    let kept: String = text.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    HeaderValue::try_from(format!("\"{kept}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The value of `Tillroll-Position`.
#[must_use]
pub fn position(position: Position) -> HeaderValue {
    HeaderValue::from(position.0)
}

/// True if `If-None-Match` holds this tag, compared weakly (RFC 9110, section 13.1.2), or `*`.
#[must_use]
pub fn none_match(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.trim_start_matches("W/") == tag)
}

/// The one value of a header in text; `None` if the header is absent.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::malformed(format!("the header {name} occurs more than once")));
    }
    let text = value.to_str().map_err(|_| Problem::malformed(format!("the header {name} is not plain text")))?;
    Ok(Some(text.trim()))
}

fn digits(text: &str) -> Option<u64> {
    // The standard parser would take a plus sign, and no text has no digits.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// True if a text can stand within the quotes of an entity tag (RFC 9110, section 8.8.3).
fn is_tag(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

fn after(headers: &HeaderMap) -> Result<After, Problem> {
    let Some(text) = single(headers, &AFTER)? else { return Ok(After(None)) };
    let position = digits(text).ok_or_else(|| Problem::malformed("Tillroll-After is a position in decimal digits"))?;
    Ok(After(Some(Position(position))))
}

fn last_event_id(headers: &HeaderMap) -> Result<LastEventId, Problem> {
    let Some(text) = single(headers, &LAST_EVENT_ID)? else { return Ok(LastEventId(None)) };
    let position =
        digits(text).ok_or_else(|| Problem::malformed("Last-Event-ID is the id of an event of this stream"))?;
    Ok(LastEventId(Some(Position(position))))
}

fn if_match(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    let Some(text) = single(headers, &header::IF_MATCH)? else { return Ok(IfMatch(None)) };
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|tag| is_tag(tag));
    let revision = tag.map(|tag| tag.split_once('.').map_or(tag, |(revision, _)| revision)).and_then(digits);
    let revision =
        revision.ok_or_else(|| Problem::malformed("If-Match holds one entity tag of this resource, such as \"7\""))?;
    Ok(IfMatch(Some(Revision(revision))))
}

fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let Some(text) = single(headers, &IDEMPOTENCY_KEY)? else { return Ok(IdempotencyKey(None)) };
    let malformed =
        || Problem::malformed("an Idempotency-Key is a quoted string of 1 to 255 characters, such as \"8e03978e\"");
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    let mut key = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => key.push(chars.next().filter(|next| matches!(next, '"' | '\\')).ok_or_else(malformed)?),
            ' '..='~' if c != '"' => key.push(c),
            _ => return Err(malformed()),
        }
    }
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_CHARS_MAX {
        return Err(malformed());
    }
    Ok(IdempotencyKey(Some(key)))
}

/// What a request prefers; preferences that cannot be read are ignored, as RFC 7240 wants it.
#[must_use]
pub fn prefer(headers: &HeaderMap) -> Prefer {
    let listed = headers
        .get_all(&PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']));
    let waits = listed.filter_map(|preference| preference.trim().strip_prefix("wait=").and_then(digits));
    // The first occurrence counts (RFC 7240, section 2).
    Prefer { wait: waits.map(Duration::from_secs).next() }
}

macro_rules! extractors {
    ($($name:ident = $parse:expr;)+) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let parse: fn(&HeaderMap) -> Result<Self, Problem> = $parse;
                parse(&parts.headers)
            }
        }
    )+};
}

extractors! {
    After = after;
    LastEventId = last_event_id;
    IfMatch = if_match;
    IdempotencyKey = idempotency_key;
    Prefer = |headers| Ok(prefer(headers));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|&value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_position_is_decimal_digits() {
        assert_eq!(after(&HeaderMap::new()).unwrap(), After(None));
        assert_eq!(after(&with(&AFTER, &["42"])).unwrap(), After(Some(Position(42))));
        for text in ["", "+1", "-1", "1.0", "x", "99999999999999999999"] {
            assert_eq!(after(&with(&AFTER, &[text])).unwrap_err().code(), "malformed", "{text}");
        }
        assert_eq!(after(&with(&AFTER, &["1", "2"])).unwrap_err().code(), "malformed");
        assert_eq!(last_event_id(&with(&LAST_EVENT_ID, &["42"])).unwrap(), LastEventId(Some(Position(42))));
        assert_eq!(last_event_id(&with(&LAST_EVENT_ID, &["x"])).unwrap_err().code(), "malformed");
    }

    #[test]
    fn a_precondition_is_one_strong_revision() {
        assert_eq!(if_match(&with(&header::IF_MATCH, &["\"7\""])).unwrap(), IfMatch(Some(Revision(7))));
        assert_eq!(if_match(&with(&header::IF_MATCH, &["\"7.9120-v3\""])).unwrap(), IfMatch(Some(Revision(7))));
        let wrong =
            ["7", "W/\"7\"", "*", "\"7\", \"8\"", "\"7.1\", \"8.1\"", "\"\"x", "\"", "\"\"", "\".7\"", "\"7-1\""];
        for text in wrong {
            assert_eq!(if_match(&with(&header::IF_MATCH, &[text])).unwrap_err().code(), "malformed", "{text}");
        }
    }

    #[test]
    fn an_idempotency_key_is_a_structured_string() {
        let read = |text| idempotency_key(&with(&IDEMPOTENCY_KEY, &[text])).map(|key| key.0);
        assert_eq!(read("\"abc\"").unwrap().as_deref(), Some("abc"));
        assert_eq!(read(r#""a\"b\\c""#).unwrap().as_deref(), Some(r#"a"b\c"#));
        for text in ["abc", "\"\"", "\"a", "\"a\"b\"", r#""a\b""#, r#""a\""#] {
            assert_eq!(read(text).unwrap_err().code(), "malformed", "{text}");
        }
        let long: &'static str = format!("\"{}\"", "k".repeat(256)).leak();
        assert_eq!(read(long).unwrap_err().code(), "malformed");
        assert_eq!(IdempotencyKey(None).required().unwrap_err().code(), "malformed");
    }

    #[test]
    fn a_preference_to_wait_is_read_among_others() {
        let seconds = |values: &[&'static str]| prefer(&with(&PREFER, values)).wait.map(|wait| wait.as_secs());
        assert_eq!(seconds(&["respond-async, wait=10"]), Some(10));
        assert_eq!(seconds(&["respond-async", "wait=3", "wait=9"]), Some(3));
        assert_eq!(seconds(&["wait=soon"]), None);
        assert_eq!(seconds(&[]), None);
    }

    #[test]
    fn an_entity_tag_is_quoted_and_compared_weakly_on_reads() {
        let tag = etag(Revision(3));
        assert_eq!(tag, "\"3\"");
        assert!(none_match(&with(&header::IF_NONE_MATCH, &["\"1\", W/\"3\""]), &tag));
        assert!(!none_match(&with(&header::IF_NONE_MATCH, &["\"1\""]), &tag));
        assert_eq!(quoted("a\"b\n"), "\"ab\"");
        assert_eq!(composite_etag(Revision(7), "9120.v2"), "\"7.9120.v2\"");
    }
}
