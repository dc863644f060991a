//! Names and places in the log: streams, revisions, positions.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use thiserror::Error;

/// One aggregate's stream: tenant, category and id.
///
/// In text `category-id` for the default tenant and `tenant.category-id` otherwise. Tenant and category match
/// `[a-z][a-z0-9_]*` (at most 64 bytes each); the id has 1 to 200 bytes of printable ASCII without blanks.
/// Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    text: Arc<str>,
    /// Bytes of the tenant; 0 for the default tenant.
    tenant: u8,
    /// Bytes of the category.
    category: u8,
}

/// Why a text or its parts do not name a stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StreamIdError {
    /// There is no hyphen between category and id.
    #[error("a stream is written category-id or tenant.category-id")]
    NoHyphen,
    /// The tenant is malformed.
    #[error("a tenant matches [a-z][a-z0-9_]* and has at most 64 characters")]
    Tenant,
    /// The category is malformed.
    #[error("a category matches [a-z][a-z0-9_]* and has at most 64 characters")]
    Category,
    /// The id is malformed.
    #[error("the id of a stream has 1 to 200 printable ASCII characters without blanks")]
    Id,
}

/// The tenant of streams that name none.
pub const DEFAULT_TENANT: &str = "default";

impl StreamId {
    /// A stream of the default tenant.
    ///
    /// # Errors
    /// Parts that do not fit the grammar.
    pub fn new(category: &str, id: &str) -> Result<Self, StreamIdError> {
        Self::for_tenant(DEFAULT_TENANT, category, id)
    }

    /// A stream of any tenant.
    ///
    /// # Errors
    /// Parts that do not fit the grammar.
    pub fn for_tenant(tenant: &str, category: &str, id: &str) -> Result<Self, StreamIdError> {
        if !is_name(tenant) {
            return Err(StreamIdError::Tenant);
        }
        if !is_name(category) {
            return Err(StreamIdError::Category);
        }
        if id.is_empty() || id.len() > 200 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(StreamIdError::Id);
        }
        let (text, tenant_len) = if tenant == DEFAULT_TENANT {
            (format!("{category}-{id}"), 0)
        } else {
            (format!("{tenant}.{category}-{id}"), tenant.len())
        };
        // is_name bounds both lengths by 64.
        let len = |bytes: usize| u8::try_from(bytes).unwrap_or(u8::MAX);
        Ok(Self { text: text.into(), tenant: len(tenant_len), category: len(category.len()) })
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &str {
        if self.tenant == 0 { DEFAULT_TENANT } else { &self.text[..usize::from(self.tenant)] }
    }

    /// The category.
    #[must_use]
    pub fn category(&self) -> &str {
        let start = self.category_start();
        &self.text[start..start + usize::from(self.category)]
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[self.category_start() + usize::from(self.category) + 1..]
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn category_start(&self) -> usize {
        if self.tenant == 0 { 0 } else { usize::from(self.tenant) + 1 }
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 64
        && bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl FromStr for StreamId {
    type Err = StreamIdError;
    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let (name, id) = text.split_once('-').ok_or(StreamIdError::NoHyphen)?;
        match name.split_once('.') {
            Some((tenant, category)) => Self::for_tenant(tenant, category, id),
            None => Self::new(name, id),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The next one.
            #[must_use]
            pub const fn next(self) -> Self { Self(self.0 + 1) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
    )+};
}

numbers! {
    /// The place of an event in its stream: 0, 1, 2 … without gaps.
    Revision;
    /// The place of an event in the whole log, in commit order, from 1. As a cursor, 0 stands before the first event.
    Position;
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}
