//! One top-level field of a stored payload, and where it stands among the payload's markers.
//!
//! For those who keep a sealed value as it is, apart from its event, and open it later.

use super::marker;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A field's text as the payload has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredField<'t> {
    /// The JSON text of its value.
    pub text: &'t str,
    /// How many markers the payload has in front of it; a sealed value is bound to that.
    pub markers_before: u32,
}

impl<'t> StoredField<'t> {
    /// The field `name` of a payload that is a JSON object; `None` if it has none.
    #[must_use]
    pub fn find(payload: &'t str, name: &str) -> Option<Self> {
        serde_json::Deserializer::from_str(payload).deserialize_map(Find { name }).ok().flatten()
    }
}

struct Find<'n> {
    name: &'n str,
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<StoredField<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let (mut found, mut markers_before) = (None, 0);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if found.is_some() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let text = map.next_value::<&'de RawValue>()?.get();
            if name == self.name {
                found = Some(StoredField { text, markers_before });
            }
            markers_before += markers(text);
        }
        Ok(found)
    }
}

/// How many markers a text has. A stored marker holds no other.
fn markers(text: &str) -> u32 {
    let (mut count, mut at) = (0, 0);
    while let Some(found) = marker::find(text, at) {
        (count, at) = (count + 1, found + 1);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_knows_how_many_markers_stand_before_it() {
        let payload =
            r#"{"a":{"$sealed":1},"b":[{"$sealed":2},{"$sealed":3}],"c":{"$sealed":4},"d":"{\"$sealed\":5}","e":6}"#;
        let find = |name| StoredField::find(payload, name).map(|field| (field.text, field.markers_before));
        assert_eq!(find("a"), Some((r#"{"$sealed":1}"#, 0)));
        assert_eq!(find("b"), Some((r#"[{"$sealed":2},{"$sealed":3}]"#, 1)));
        assert_eq!(find("c"), Some((r#"{"$sealed":4}"#, 3)));
        assert_eq!(find("e"), Some(("6", 4)));
        assert_eq!(find("f"), None);
        assert_eq!(find("$sealed"), None, "only fields at the top are found");
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for payload in ["", "[]", "7", r#""a""#, r#"{"a":"#] {
            assert_eq!(StoredField::find(payload, "a"), None, "{payload}");
        }
    }
}
