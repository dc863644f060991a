//! Pages of lists: the sort that was asked for, the cursor that leads on, and the bound.

use serde::Serialize;
use tillroll_http::{Cursor, Limit, Page, Problem};
use tillroll_infra::bus::Fingerprint;
use tillroll_projections::{
    models::query::{Ordering, key_from_texts, key_to_texts},
    table::{Row, Value},
};

/// Where a page begins, in which order, and how long it may be.
#[derive(Debug)]
pub(crate) struct Paging {
    scope: String,
    pub(crate) after: Option<Vec<Value>>,
    pub(crate) limit: usize,
}

impl Paging {
    /// A page of the list `list` over rows `R`. `scope` is whatever decides order and membership: a cursor works only
    /// where it is the same.
    ///
    /// # Errors
    /// 400 for a cursor that this list did not give.
    pub(crate) fn new<R: Row>(
        list: &str,
        scope: &impl Serialize,
        order: Ordering,
        cursor: Option<&str>,
        limit: Option<Limit>,
    ) -> Result<Self, Problem> {
        let scope = Fingerprint::of(&(list, scope)).to_string();
        let after = match cursor {
            None => None,
            Some(cursor) => {
                let texts: Vec<String> = Cursor::decode(&scope, cursor)?;
                let key = key_from_texts(&R::TABLE, order, &texts);
                Some(key.ok_or_else(|| Problem::malformed("the cursor does not fit this list; start without one"))?)
            }
        };
        let limit = usize::from(limit.unwrap_or_default().get());
        Ok(Self { scope, after, limit })
    }

    /// The page, once its rows are read.
    pub(crate) fn page<T>(&self, data: Vec<T>, next: Option<&[Value]>) -> Page<T> {
        Page { data, next_cursor: next.map(|key| Cursor::encode(&self.scope, &key_to_texts(key))) }
    }
}

/// Leaves the bound and the cursor themselves out of the scope of a cursor. `skip_serializing` would do so too, but would
/// also leave them out of the OpenAPI document.
pub(crate) const fn out_of_scope<T>(_: &T) -> bool {
    true
}

/// Declares the values that `sort` may have, the first of which is the default, and the order that each stands for.
macro_rules! sorts {
    ($(#[$meta:meta])* $sort:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal => $order:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $sort {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant,)+
        }

        // The derive would not see the words that the macro passes on.
        impl utoipa::PartialSchema for $sort {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let words = utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),+]));
                words.into()
            }
        }

        impl utoipa::ToSchema for $sort {}

        impl $sort {
            pub(crate) const fn ordering(self) -> tillroll_projections::models::query::Ordering {
                match self { $(Self::$variant => $order,)+ }
            }
        }

        impl Default for $sort {
            fn default() -> Self {
                [$(Self::$variant),+][0]
            }
        }
    };
}
pub(crate) use sorts;
