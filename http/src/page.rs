//! Pages of lists, and the opaque cursors between them.

use crate::problem::Problem;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

/// Some items of a list, and where the rest begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order that `sort` asked for.
    pub data: Vec<T>,
    /// Send it as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<String>,
}

/// How many items a page has at most: 1 to [`Limit::MAX`], by default [`Limit::DEFAULT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Limit(u16);

impl Limit {
    /// Where nothing is asked for.
    pub const DEFAULT: u16 = 20;
    /// The most that can be asked for.
    pub const MAX: u16 = 100;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

impl TryFrom<u16> for Limit {
    type Error = String;
    fn try_from(limit: u16) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(format!("a limit lies between 1 and {}", Self::MAX))
        }
    }
}

/// Makes and reads opaque cursors: base64url over JSON that names the list it belongs to.
///
/// A cursor is no secret and no permission: whatever it holds, a query must be safe with it.
#[derive(Debug)]
pub struct Cursor;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CursorJson<K> {
    /// The list with its sort and filters.
    of: String,
    /// The sort key of the last item shown.
    after: K,
}

/// The most characters of a cursor that is read.
pub(crate) const CURSOR_CHARS_MAX: usize = 2_048;

impl Cursor {
    /// The cursor behind an item. `scope` names the list and whatever decides order and membership: sort and filters.
    ///
    /// # Panics
    /// If the key cannot be JSON, which tuples of numbers and texts always can.
    #[must_use]
    pub fn encode<K: Serialize>(scope: &str, after: &K) -> String {
        let json = serde_json::to_vec(&CursorJson { of: scope.to_owned(), after }).expect("a sort key is JSON");
        BASE64URL_NOPAD.encode(&json)
    }

    /// The sort key of a cursor.
    ///
    /// # Errors
    /// 400 if it is not one of ours, or belongs to another list, sort or filter.
    pub fn decode<K: DeserializeOwned>(scope: &str, cursor: &str) -> Result<K, Problem> {
        let malformed = || Problem::malformed("the cursor is not one that this list gave; start without one");
        if cursor.len() > CURSOR_CHARS_MAX {
            return Err(malformed());
        }
        let json = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| malformed())?;
        let read: CursorJson<K> = serde_json::from_slice(&json).map_err(|_| malformed())?;
        if read.of != scope {
            return Err(Problem::malformed("the cursor belongs to another list, sort or filter; start without one"));
        }
        Ok(read.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_key() {
        let cursor = Cursor::encode("orders?-placed_at", &(5_i64, "ord_1"));
        let key: (i64, String) = Cursor::decode("orders?-placed_at", &cursor).unwrap();
        assert_eq!(key, (5, "ord_1".to_owned()));
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nobody_is_malformed() {
        let cursor = Cursor::encode("orders?-placed_at", &5_i64);
        assert_eq!(Cursor::decode::<i64>("orders?placed_at", &cursor).unwrap_err().code(), "malformed");
        assert_eq!(Cursor::decode::<String>("orders?-placed_at", &cursor).unwrap_err().code(), "malformed");
        assert_eq!(Cursor::decode::<i64>("orders?-placed_at", "e30").unwrap_err().code(), "malformed");
        assert_eq!(Cursor::decode::<i64>("orders?-placed_at", "!").unwrap_err().code(), "malformed");
        assert_eq!(Cursor::decode::<i64>("x", &"A".repeat(4_096)).unwrap_err().code(), "malformed");
    }

    #[test]
    fn a_limit_is_bounded() {
        assert_eq!(Limit::default().get(), 20);
        assert_eq!(Limit::try_from(100).unwrap().get(), 100);
        assert!(Limit::try_from(0).is_err());
        assert!(Limit::try_from(101).is_err());
    }
}
