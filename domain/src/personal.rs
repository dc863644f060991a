//! A person's data inside commands, events and states: a value that belongs to a subject and can be erased.
//!
//! Nothing is encrypted here. A value serializes with a marker by which the codec of the event log finds it, seals it
//! under its subject's key before it is stored, and opens it, or marks it erased, before it is read again.
//!
//! **Invariant:** neither `Debug` nor an error message ever shows a value.

use crate::ids::SubjectId;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use std::{
    borrow::Cow,
    fmt::{self, Debug},
    marker::PhantomData,
};

/// What can be personal: an address, a name, a date of birth.
pub trait PersonalData: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name under which values are sealed, `[a-z][a-z0-9_]*` of at most 64 bytes. It is bound into every sealed value,
    /// so it never changes; a shape that changes is upcast like any other, under the same name.
    const FIELD: &'static str;
}

/// Data of one person.
///
/// A payload may hold several values, also of several subjects, but a value holds no other personal value. No text that
/// others choose may become a *name* of a field (as the keys of a map would): names that begin with `$` are the codec's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Personal<T> {
    /// The data.
    Known {
        /// Whose it is.
        subject: SubjectId,
        /// What is known.
        value: T,
    },
    /// The subject was erased; what stood here can be read by nobody.
    Erased {
        /// Whose it was.
        subject: SubjectId,
    },
}

impl<T> Personal<T> {
    /// Data of a subject.
    #[must_use]
    pub const fn known(subject: SubjectId, value: T) -> Self {
        Self::Known { subject, value }
    }

    /// Data that is no more.
    #[must_use]
    pub const fn erased(subject: SubjectId) -> Self {
        Self::Erased { subject }
    }

    /// Whose data it is, or was.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        match self {
            Self::Known { subject, .. } | Self::Erased { subject } => *subject,
        }
    }

    /// The data; `None` if it was erased.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Erased { .. } => None,
        }
    }

    /// The data; `None` if it was erased.
    #[must_use]
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Erased { .. } => None,
        }
    }

    /// Whether the data is no more.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        matches!(self, Self::Erased { .. })
    }

    /// Other data of the same subject, made of this.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Personal<U> {
        match self {
            Self::Known { subject, value } => Personal::Known { subject, value: change(value) },
            Self::Erased { subject } => Personal::Erased { subject },
        }
    }
}

impl<T> Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { subject, .. } => write!(f, "Personal({subject}, ***)"),
            Self::Erased { subject } => write!(f, "Personal({subject}, erased)"),
        }
    }
}

/// True for a name under which values can be sealed.
#[must_use]
pub const fn is_field_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let fits = bytes[at].is_ascii_lowercase() || (at > 0 && (bytes[at].is_ascii_digit() || bytes[at] == b'_'));
        if !fits {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty() && bytes.len() <= 64
}

/// What is written: an externally tagged variant, so that the marker is the first and only name of its object.
#[derive(Serialize)]
enum Written<'a, T> {
    #[serde(rename = "$personal")]
    Known { subject: SubjectId, field: &'static str, value: &'a T },
    #[serde(rename = "$erased")]
    Erased { subject: SubjectId, field: &'static str },
}

impl<T: PersonalData> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const { assert!(is_field_name(T::FIELD), "a field's name matches [a-z][a-z0-9_]* and has at most 64 bytes") };
        let field = T::FIELD;
        match self {
            Self::Known { subject, value } => Written::Known { subject: *subject, field, value },
            Self::Erased { subject } => Written::Erased { subject: *subject, field },
        }
        .serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: PersonalData", expecting = "personal data")]
struct ReadKnown<T> {
    subject: SubjectId,
    field: Field<T>,
    value: Undisclosed<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: PersonalData", expecting = "erased personal data")]
struct ReadErased<T> {
    subject: SubjectId,
    field: Field<T>,
}

/// The name of the field, which must be the one that the type declares: a value must not change its meaning.
struct Field<T>(PhantomData<T>);

impl<'de, T: PersonalData> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = Cow::<str>::deserialize(deserializer)?;
        if found == T::FIELD {
            return Ok(Self(PhantomData));
        }
        Err(serde::de::Error::custom(format_args!("another personal field than {} stands here", T::FIELD)))
    }
}

/// A value whose own error is not passed on, since such errors like to quote what they could not read.
struct Undisclosed<T>(T);

impl<'de, T: PersonalData> Deserialize<'de> for Undisclosed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let reason =
            |_| serde::de::Error::custom(format_args!("the value of the personal field {} does not fit", T::FIELD));
        T::deserialize(deserializer).map(Self).map_err(reason)
    }
}

/// The name in front, and what belongs to it.
enum Marker {
    Known,
    Erased,
    Sealed,
    Other,
}

impl<'de> Deserialize<'de> for Marker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match &*Cow::<str>::deserialize(deserializer)? {
            "$personal" => Self::Known,
            "$erased" => Self::Erased,
            "$sealed" => Self::Sealed,
            _ => Self::Other,
        })
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: PersonalData> Reader<T> {
    /// What stands in the field's place may be the data itself, in a shape from before it was personal: it is not quoted.
    fn misfit<E: serde::de::Error>() -> E {
        E::custom(format_args!("what stands in the place of the personal field {} is something else", T::FIELD))
    }
}

impl<'de, T: PersonalData> Visitor<'de> for Reader<T> {
    type Value = Personal<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("personal data")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Personal<T>, M::Error> {
        let value = match map.next_key()?.ok_or_else(Self::misfit)? {
            Marker::Known => {
                let ReadKnown { subject, field: Field(_), value: Undisclosed(value) } =
                    map.next_value::<ReadKnown<T>>()?;
                Personal::Known { subject, value }
            }
            Marker::Erased => {
                let ReadErased { subject, field: Field(_) } = map.next_value::<ReadErased<T>>()?;
                Personal::Erased { subject }
            }
            Marker::Sealed => {
                let reason = "personal data is still sealed; the codec opens it before it is decoded";
                return Err(serde::de::Error::custom(reason));
            }
            Marker::Other => return Err(Self::misfit()),
        };
        match map.next_key()? {
            None => Ok(value),
            Some(IgnoredAny) => Err(Self::misfit()),
        }
    }

    // The default forms of these quote what they were given.
    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Personal<T>, E> {
        Err(Self::misfit())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Personal<T>, E> {
        Err(Self::misfit())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Personal<T>, E> {
        Err(Self::misfit())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Personal<T>, E> {
        Err(Self::misfit())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Personal<T>, E> {
        Err(Self::misfit())
    }
}

impl<'de, T: PersonalData> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a map, a deserializer that finds something else makes its own error, which quotes it.
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests;
