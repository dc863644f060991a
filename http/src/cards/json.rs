//! Looks for card numbers in JSON: in texts, in names of members, and in numbers.

use super::holds_card_number;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, fmt, fmt::Write as _};

/// Where JSON holds what looks like a card's number, such as `lines[0].note`; empty for the value itself or one of its
/// members' names. `None` if it holds none, as far as it can be read.
pub(crate) fn in_json(bytes: &[u8]) -> Option<String> {
    // Digits may be written as escapes, whose codes are digits too.
    if bytes.iter().filter(|byte| byte.is_ascii_digit()).count() < super::DIGITS_MIN {
        return None;
    }
    let mut search = Search { place: String::new(), found: false };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // Whether it is JSON at all is for those to say who read it in earnest.
    let _ = (Here(&mut search)).deserialize(&mut deserializer);
    search.found.then_some(search.place)
}

struct Search {
    /// Where the search is, and stays once it has found something.
    place: String,
    found: bool,
}

/// Searches the value that comes.
struct Here<'s>(&'s mut Search);

impl Search {
    fn look<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        self.found |= holds_card_number(text);
        // Nothing of the text: errors are shown. This one only ends the search.
        if self.found { Err(E::custom("found")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Here<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.0.look(&number.unsigned_abs().to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.0.look(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        // 4.1e15 and its like. What is displayed has no exponent.
        self.0.look(&number.abs().to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.look(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let length = self.0.place.len();
        for index in 0_usize.. {
            let _ = write!(self.0.place, "[{index}]");
            let more = items.next_element_seed(Here(self.0))?;
            self.0.place.truncate(length);
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let length = self.0.place.len();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            self.0.look::<A::Error>(&name)?;
            if length > 0 {
                self.0.place.push('.');
            }
            self.0.place.push_str(&name);
            members.next_value_seed(Here(self.0))?;
            self.0.place.truncate(length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "4111111111111111";

    fn place(text: &str) -> Option<String> {
        in_json(text.as_bytes())
    }

    #[test]
    fn a_card_number_is_found_wherever_it_stands() {
        for (text, found) in [
            (format!(r#""{CARD}""#), ""),
            (CARD.to_owned(), ""),
            (format!("-{CARD}"), ""),
            (format!("{CARD}.0"), ""),
            ("4.111111111111111e15".to_owned(), ""),
            (format!(r#"{{"note":"pay with {CARD}"}}"#), "note"),
            (format!(r#"{{"lines":[{{"sku":"A"}},{{"sku":{CARD}}}]}}"#), "lines[1].sku"),
            (format!(r#"{{"a":{{"{CARD}":1}}}}"#), "a"),
            (r#"{"note":"\u0034\u0031\u0031\u0031 1111-1111 1111"}"#.to_owned(), "note"),
            (format!(r#"{{"note":"{CARD}","note":"fine"}}"#), "note"),
            (format!(r#"{{"note":"{CARD}","unfinished":"#), "note"),
        ] {
            assert_eq!(place(&text).as_deref(), Some(found), "{text}");
        }
    }

    #[test]
    fn json_without_a_card_number_is_left_to_its_reader() {
        for text in [
            r#"{"position":1763653635123456,"price":"123456789.123456","amounts":[4111,1111,1111,1111]}"#,
            r#"{"id":"ord_01924c3e-5a00-7000-8000-00000000002a","barcode":"4006381333931"}"#,
            "[41111111, 11111111",
            "12345678901234567890123456789",
            "",
        ] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
