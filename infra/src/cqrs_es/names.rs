//! How the free texts by which `cqrs-es` names aggregates become names of streams, and back.
//!
//! An aggregate type is read as `[tenant.]category`: what stands before the first dot is the tenant if it matches
//! `[a-z][a-z0-9_]*` (and is not `default`, which is written without). The rest is the category if it matches the same
//! pattern. A rest that does not, or that begins with `cqrs_`, becomes `cqrs_` and then, letter by letter:
//!
//! | in the type | in the category |
//! |---|---|
//! | `a` to `z`, `0` to `9` | the same |
//! | `A` to `Z` | `_a` to `_z` |
//! | `_` | `__` |
//! | any other byte of its UTF-8 | `_0` and two hex digits |
//!
//! So `order` stays `order`, `Customer` becomes `cqrs__customer`, `BankAccount` `cqrs__bank_account` and `bank-account`
//! `cqrs_bank_02daccount`. An id stands as it is, but `%` and every byte that is not printable ASCII are percent-encoded:
//! `Jane Doe` becomes `Jane%20Doe`. Two aggregates never share a stream; in a tenant's own repository
//! `shop.order` and `order` are one type. Category (64 bytes) and id (200 bytes) are
//! bounded after that; longer ones, and empty ones, are refused.

use crate::stream::{DEFAULT_TENANT, StreamId, StreamIdError};
use std::fmt::Write;
use thiserror::Error;

/// Why an aggregate has no stream, or a stream no aggregate. Ids are not shown: they may name a person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// The type names a tenant, and the repository is another one's.
    #[error("the aggregate type {aggregate_type:?} names another tenant than {tenant:?}, for which the repository is")]
    OtherTenant {
        /// The type.
        aggregate_type: String,
        /// The repository's tenant.
        tenant: String,
    },
    /// Type or id are empty or too long.
    #[error("an aggregate of the type {aggregate_type:?} has no stream")]
    NoStream {
        /// The type.
        aggregate_type: String,
        /// What does not fit.
        #[source]
        source: StreamIdError,
    },
    /// A category or id that no aggregate's would have become.
    #[error("a stream of the category {category:?} has a name that no aggregate gave it")]
    NoAggregate {
        /// The category.
        category: String,
    },
}

/// What every category begins with that does not stand as it is.
const MARK: &str = "cqrs_";

/// The stream of an aggregate, for a repository of this tenant.
///
/// # Errors
/// [`NameError::OtherTenant`] and [`NameError::NoStream`].
pub fn stream_of(tenant: &str, aggregate_type: &str, aggregate_id: &str) -> Result<StreamId, NameError> {
    let (tenant, category) = tenant_and_category(tenant, aggregate_type)?;
    StreamId::for_tenant(&tenant, &category, &encode_id(aggregate_id))
        .map_err(|source| no_stream(aggregate_type, source))
}

/// The type and the id of the aggregate whose stream this is: the way back from [`stream_of`].
///
/// # Errors
/// [`NameError::NoAggregate`].
pub fn aggregate_of(stream: &StreamId) -> Result<(String, String), NameError> {
    let no_aggregate = || NameError::NoAggregate { category: stream.category().to_owned() };
    let name = decode_category(stream.category()).ok_or_else(no_aggregate)?;
    let aggregate_type = match stream.tenant() {
        DEFAULT_TENANT => name,
        tenant => format!("{tenant}.{name}"),
    };
    let aggregate_id = aggregate_id_of(stream)?;
    // What could be read in two ways is taken only in the way in which it is written.
    match stream_of(DEFAULT_TENANT, &aggregate_type, &aggregate_id) {
        Ok(same) if same == *stream => Ok((aggregate_type, aggregate_id)),
        _ => Err(no_aggregate()),
    }
}

/// The tenant and the category of an aggregate type.
pub(super) fn tenant_and_category(tenant: &str, aggregate_type: &str) -> Result<(String, String), NameError> {
    let (named, name) = match aggregate_type.split_once('.') {
        Some((before, after)) if is_name(before) && before != DEFAULT_TENANT => (Some(before), after),
        _ => (None, aggregate_type),
    };
    if named.is_some_and(|named| named != tenant) && tenant != DEFAULT_TENANT {
        return Err(NameError::OtherTenant { aggregate_type: aggregate_type.to_owned(), tenant: tenant.to_owned() });
    }
    if name.is_empty() {
        return Err(no_stream(aggregate_type, StreamIdError::Category));
    }
    Ok((named.unwrap_or(tenant).to_owned(), encode_category(name)))
}

/// The id of the aggregate whose stream this is.
pub(super) fn aggregate_id_of(stream: &StreamId) -> Result<String, NameError> {
    decode_id(stream.id()).ok_or_else(|| NameError::NoAggregate { category: stream.category().to_owned() })
}

fn no_stream(aggregate_type: &str, source: StreamIdError) -> NameError {
    NameError::NoStream { aggregate_type: aggregate_type.to_owned(), source }
}

/// True for what a category may be but for its length, which is the log's to judge.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn encode_category(name: &str) -> String {
    if is_name(name) && !name.starts_with(MARK) {
        return name.to_owned();
    }
    let mut category = MARK.to_owned();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => category.push(byte.into()),
            b'A'..=b'Z' => category.extend(['_', byte.to_ascii_lowercase().into()]),
            b'_' => category.push_str("__"),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(category, "_0{byte:02x}");
            }
        }
    }
    category
}

fn decode_category(category: &str) -> Option<String> {
    let Some(encoded) = category.strip_prefix(MARK) else { return Some(category.to_owned()) };
    let mut bytes = encoded.bytes();
    let mut name = Vec::new();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'_' => match bytes.next()? {
                b'_' => b'_',
                b'0' => hex(bytes.next()?, bytes.next()?)?,
                letter if letter.is_ascii_lowercase() => letter.to_ascii_uppercase(),
                _ => return None,
            },
            _ => byte,
        });
    }
    String::from_utf8(name).ok().filter(|name| encode_category(name) == category)
}

fn encode_id(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            encoded.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode_id(encoded: &str) -> Option<String> {
    let mut bytes = encoded.bytes();
    let mut id = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        id.push(if byte == b'%' { hex(bytes.next()?, bytes.next()?)? } else { byte });
    }
    String::from_utf8(id).ok().filter(|id| encode_id(id) == encoded)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests;
