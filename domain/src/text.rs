//! Bounded texts: codes, names and notes that are checked once, at the edge.

use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseTextError {
    /// Nothing but blanks, where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// The bound, in characters.
        max: usize,
    },
    /// A character that this text may not contain.
    #[error("must not contain {found:?}; {allowed}")]
    Character {
        /// The offending character.
        found: char,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// The text as a whole has another form than it must have.
    #[error("must {expected}")]
    Form {
        /// What it must do, in words.
        expected: &'static str,
    },
}

/// Deserializes through [`FromStr`], borrowing the text where the format allows.
pub(crate) fn deserialize_parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Visitor<T>(std::marker::PhantomData<T>);
    impl<T: FromStr> serde::de::Visitor<'_> for Visitor<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Visitor(std::marker::PhantomData))
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident: $max:literal, $check:expr;)+) => {$(
        $(#[$meta])*
        #[doc = concat!("\n\nAt most ", stringify!($max), " characters.")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters it may have.
            pub const MAX_CHARS: usize = $max;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }

        impl FromStr for $name {
            type Err = ParseTextError;
            fn from_str(text: &str) -> Result<Self, ParseTextError> {
                let check: fn(&str) -> Result<(), ParseTextError> = $check;
                if text.chars().count() > $max {
                    return Err(ParseTextError::TooLong { max: $max });
                }
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> { deserialize_parsed(deserializer) }
        }
    )+};
}

texts! {
    /// A stock keeping unit: what is counted and sold. Upper case, `[A-Z0-9][A-Z0-9._-]*`.
    Sku: 64, |text| code(text, |c| c.is_ascii_uppercase() || c.is_ascii_digit(), "use A-Z, 0-9 and, after the first, . _ or -");
    /// A place that holds stock: `[a-z0-9][a-z0-9_-]*`.
    LocationId: 32, |text| match text.chars().find(|&c| c == '.') {
        Some(found) => Err(ParseTextError::Character { found, allowed: "use a-z, 0-9 and, after the first, _ or -" }),
        None => code(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), "use a-z, 0-9 and, after the first, _ or -"),
    };
    /// What a customer agrees to or not, such as `newsletter`: `[a-z0-9][a-z0-9._-]*`.
    ConsentPurpose: 64, |text| code(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), "use a-z, 0-9 and, after the first, . _ or -");
    /// A name that people read; not blank, no control characters.
    Name: 200, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
    /// A country as the document states it: an ISO 3166-1 alpha-2 code where we chose it, free text where history did.
    Country: 64, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
    /// Free text on a line or an event, which may be empty; no control characters.
    Note: 500, printable;
    /// A code or reference from elsewhere, kept as it came; not blank, no control characters.
    Reference: 100, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
    /// What stands for a product or category in an address: `[a-z0-9]+(-[a-z0-9]+)*`.
    Slug: 100, slug;
    /// Long text that people read, which may be empty and have several lines; no control characters but line feeds and
    /// tabs.
    Description: 20_000, |text| printable(&text.replace(['\n', '\t'], " "));
    /// The address of a picture or film: `https://`, then a host, in printable ASCII without blanks, quotes or angle
    /// brackets, so that it can stand in any document.
    MediaUrl: 2_000, media_url;
    /// Where somebody goes to do what a provider asks for: an `https://` address like [`MediaUrl`], or a path on this server
    /// that begins with exactly one `/`; in printable ASCII without blanks, quotes, backslashes or angle brackets.
    ActionUrl: 500, action_url;
}

fn slug(text: &str) -> Result<(), ParseTextError> {
    let allowed = "use a-z and 0-9, and single hyphens between them";
    let mut after_hyphen = true;
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => after_hyphen = false,
            '-' if !after_hyphen => after_hyphen = true,
            found => return Err(ParseTextError::Character { found, allowed }),
        }
    }
    match (text.is_empty(), after_hyphen) {
        (true, _) => Err(ParseTextError::Empty),
        (false, true) => Err(ParseTextError::Character { found: '-', allowed }),
        (false, false) => Ok(()),
    }
}

fn media_url(text: &str) -> Result<(), ParseTextError> {
    address_characters(text)?;
    let host =
        text.strip_prefix("https://").ok_or(ParseTextError::Form { expected: "begin with https:// and a host" })?;
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    // Credentials in an address, which a shop would show to everybody, are no host.
    let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    if is_host { Ok(()) } else { Err(ParseTextError::Form { expected: "begin with https:// and a host" }) }
}

fn action_url(text: &str) -> Result<(), ParseTextError> {
    // Two slashes would be another server's address.
    if text.starts_with('/') && !text.starts_with("//") { address_characters(text) } else { media_url(text) }
}

fn address_characters(text: &str) -> Result<(), ParseTextError> {
    let allowed = "use an address in ASCII, with everything else percent-encoded";
    match text.chars().find(|&c| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`')) {
        Some(found) => Err(ParseTextError::Character { found, allowed }),
        None => Ok(()),
    }
}

fn code(text: &str, first: fn(char) -> bool, allowed: &'static str) -> Result<(), ParseTextError> {
    let mut chars = text.chars();
    match chars.next() {
        None => return Err(ParseTextError::Empty),
        Some(c) if !first(c) => return Err(ParseTextError::Character { found: c, allowed }),
        Some(_) => {}
    }
    match chars.find(|&c| !(first(c) || matches!(c, '.' | '_' | '-'))) {
        Some(found) => Err(ParseTextError::Character { found, allowed }),
        None => Ok(()),
    }
}

fn printable(text: &str) -> Result<(), ParseTextError> {
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(ParseTextError::Character { found, allowed: "control characters are not allowed" }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal<T: FromStr<Err = ParseTextError> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn a_sku_is_upper_case_and_begins_with_a_letter_or_digit() {
        for text in ["85123A", "A", "7", "DCGS0003", "GIFT_0001_40", "A-B.C_D"] {
            assert_eq!(text.parse::<Sku>().unwrap().as_str(), text);
        }
        let allowed = "use A-Z, 0-9 and, after the first, . _ or -";
        for (text, found) in
            [("85123a", 'a'), ("-A", '-'), (".A", '.'), ("_A", '_'), ("A B", ' '), ("A\n", '\n'), ("Ä", 'Ä')]
        {
            assert_eq!(refusal::<Sku>(text), format!("must not contain {found:?}; {allowed}"));
        }
        assert_eq!(refusal::<Sku>(""), "must not be empty");
    }

    #[test]
    fn a_location_is_lower_case_without_a_dot() {
        for text in ["main", "0", "north-2", "a_b"] {
            assert_eq!(text.parse::<LocationId>().unwrap().as_str(), text);
        }
        // With a dot `location.SKU` would have two readings.
        let allowed = "use a-z, 0-9 and, after the first, _ or -";
        for (text, found) in [("a.b", '.'), (".", '.'), ("Main", 'M'), ("-a", '-'), ("a b", ' ')] {
            assert_eq!(refusal::<LocationId>(text), format!("must not contain {found:?}; {allowed}"));
        }
        assert_eq!(refusal::<LocationId>(""), "must not be empty");
    }

    #[test]
    fn a_purpose_is_lower_case() {
        for text in ["newsletter", "mail.weekly", "profiling-2", "a_b", "0"] {
            assert_eq!(text.parse::<ConsentPurpose>().unwrap().as_str(), text);
        }
        for (text, found) in [("Newsletter", 'N'), (".a", '.'), ("a b", ' '), ("é", 'é')] {
            let expected = format!("must not contain {found:?}; use a-z, 0-9 and, after the first, . _ or -");
            assert_eq!(refusal::<ConsentPurpose>(text), expected);
        }
        assert_eq!(refusal::<ConsentPurpose>(""), "must not be empty");
        assert_eq!(refusal::<ConsentPurpose>(&"a".repeat(65)), "must not be longer than 64 characters");
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let most = "ß".repeat(Name::MAX_CHARS);
        assert_eq!(most.parse::<Name>().unwrap().as_str(), most);
        assert_eq!(refusal::<Name>(&(most + "ß")), "must not be longer than 200 characters");
        assert_eq!(refusal::<Sku>(&"A".repeat(65)), "must not be longer than 64 characters");
        assert_eq!(refusal::<LocationId>(&"a".repeat(33)), "must not be longer than 32 characters");
        assert_eq!(refusal::<Country>(&"a".repeat(65)), "must not be longer than 64 characters");
        assert_eq!(refusal::<Note>(&"a".repeat(501)), "must not be longer than 500 characters");
        assert_eq!(refusal::<Reference>(&"a".repeat(101)), "must not be longer than 100 characters");
    }

    #[test]
    fn only_a_note_may_be_blank() {
        for blank in ["", " ", "\u{a0} "] {
            assert_eq!(blank.parse::<Note>().unwrap().as_str(), blank);
            assert_eq!(refusal::<Name>(blank), "must not be empty");
            assert_eq!(refusal::<Country>(blank), "must not be empty");
            assert_eq!(refusal::<Reference>(blank), "must not be empty");
        }
    }

    #[test]
    fn no_text_has_control_characters() {
        let expected = r"must not contain '\0'; control characters are not allowed";
        assert_eq!(refusal::<Name>("a\0b"), expected);
        assert_eq!(refusal::<Country>("a\0b"), expected);
        assert_eq!(refusal::<Note>("a\0b"), expected);
        assert_eq!(refusal::<Reference>("a\0b"), expected);
        assert!("line\nbreak".parse::<Note>().is_err());
    }

    #[test]
    fn a_slug_is_lower_case_words_between_single_hyphens() {
        for text in ["a", "7", "big-mug", "0-1-2", &"a".repeat(100)] {
            assert_eq!(text.parse::<Slug>().unwrap().as_str(), text);
        }
        let allowed = "use a-z and 0-9, and single hyphens between them";
        for (text, found) in
            [("Mug", 'M'), ("-a", '-'), ("a-", '-'), ("a--b", '-'), ("a b", ' '), ("a.b", '.'), ("ü", 'ü'), ("-", '-')]
        {
            assert_eq!(refusal::<Slug>(text), format!("must not contain {found:?}; {allowed}"), "{text}");
        }
        assert_eq!(refusal::<Slug>(""), "must not be empty");
        assert_eq!(refusal::<Slug>(&"a".repeat(101)), "must not be longer than 100 characters");
    }

    #[test]
    fn a_description_may_have_lines() {
        for text in ["", "one\n\ttwo", &"ß".repeat(20_000)] {
            assert_eq!(text.parse::<Description>().unwrap().as_str(), text);
        }
        assert!("a\rb".parse::<Description>().is_err() && "a\0b".parse::<Description>().is_err());
        assert_eq!(refusal::<Description>(&"a".repeat(20_001)), "must not be longer than 20000 characters");
    }

    #[test]
    fn a_media_address_is_an_https_address_without_credentials() {
        for text in ["https://a", "https://cdn.example:8443/a/b.jpg?w=1#x", "https://1.2.3.4/%20"] {
            assert_eq!(text.parse::<MediaUrl>().unwrap().as_str(), text);
        }
        for text in ["", "http://a", "HTTPS://a", "https://", "https:///a", "https://u:p@a/", "https://?a", "ftp://a"] {
            assert_eq!(refusal::<MediaUrl>(text), "must begin with https:// and a host", "{text}");
        }
        for text in
            ["https://a/ b", "https://a/\"", "https://a/<script>", "https://a/ü", "https://a/\n", "https://a\\b"]
        {
            assert!(refusal::<MediaUrl>(text).starts_with("must not contain "), "{text}");
        }
        assert_eq!(
            refusal::<MediaUrl>(&format!("https://{}", "a".repeat(2_000))),
            "must not be longer than 2000 characters"
        );
    }

    #[test]
    fn an_action_address_is_a_path_of_ours_or_an_https_address() {
        for text in ["/", "/simulator/pay/1?x=2", "https://bank.example/3ds?id=1"] {
            assert_eq!(text.parse::<ActionUrl>().unwrap().as_str(), text);
        }
        for text in ["", "//evil.example/", "http://a", "https://", "javascript:alert(1)", "simulator/pay"] {
            assert_eq!(refusal::<ActionUrl>(text), "must begin with https:// and a host", "{text}");
        }
        for text in ["/a b", "/\"", "/<script>", "/\\evil.example", "/ü", "https://a/\n"] {
            assert!(refusal::<ActionUrl>(text).starts_with("must not contain "), "{text}");
        }
        assert_eq!(refusal::<ActionUrl>(&format!("/{}", "a".repeat(500))), "must not be longer than 500 characters");
    }

    #[test]
    fn texts_are_kept_as_they_came() {
        let text = " WHITE  HANGING HEART ";
        assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
    }

    #[test]
    fn json_that_is_not_such_a_text_is_refused_with_the_reason() {
        let error = serde_json::from_str::<Sku>(r#""a""#).unwrap_err().to_string();
        assert!(error.contains("must not contain 'a'; use A-Z"), "{error}");
        let error = serde_json::from_str::<Sku>("5").unwrap_err().to_string();
        assert!(error.contains("expected a text"), "{error}");
    }

    fn round_trip<T>(text: &str) -> Result<(), TestCaseError>
    where
        T: FromStr<Err = ParseTextError> + fmt::Display + fmt::Debug + PartialEq + Serialize,
        T: serde::de::DeserializeOwned,
    {
        let Ok(value) = text.parse::<T>() else { return Ok(()) };
        prop_assert_eq!(value.to_string(), text);
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(text).unwrap());
        prop_assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
        Ok(())
    }

    proptest! {
        #[test]
        fn every_text_is_read_back_from_its_json(text in any::<String>()) {
            round_trip::<Name>(&text)?;
            round_trip::<Country>(&text)?;
            round_trip::<Note>(&text)?;
            round_trip::<Reference>(&text)?;
            round_trip::<Description>(&text)?;
        }

        #[test]
        fn a_slug_is_read_if_it_is_words_between_hyphens(text in "[a-zA-Z0-9-]{0,8}") {
            let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            prop_assert_eq!(text.parse::<Slug>().is_ok(), text.split('-').all(word));
            round_trip::<Slug>(&text)?;
        }

        #[test]
        fn every_sku_and_location_of_the_grammar_is_read(
            sku in "[A-Z0-9][A-Z0-9._-]{0,63}",
            location in "[a-z0-9][a-z0-9_-]{0,31}",
        ) {
            prop_assert!(sku.parse::<Sku>().is_ok() && location.parse::<LocationId>().is_ok());
            round_trip::<Sku>(&sku)?;
            round_trip::<LocationId>(&location)?;
        }

        #[test]
        fn no_other_sku_is_read(text in "[A-Za-z0-9._ -]{0,4}") {
            let mut chars = text.chars();
            let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            let fits = chars.next().is_some_and(good) && chars.all(|c| good(c) || "._-".contains(c));
            prop_assert_eq!(text.parse::<Sku>().is_ok(), fits);
        }
    }
}
