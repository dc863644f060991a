//! How personal data is written and read, and that it is never shown.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Email(String);

impl PersonalData for Email {
    const FIELD: &'static str = "email";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Birthday {
    year: u16,
    month: u8,
}

impl PersonalData for Birthday {
    const FIELD: &'static str = "birthday";
}

const SUBJECT: SubjectId = SubjectId::new(Uuid::from_u128(0x0192_4c3e_5a00_7000_8000_0000_0000_002a));
const KNOWN: &str =
    r#"{"$personal":{"subject":"sub_01924c3e-5a00-7000-8000-00000000002a","field":"email","value":"ann@example.com"}}"#;
const ERASED: &str = r#"{"$erased":{"subject":"sub_01924c3e-5a00-7000-8000-00000000002a","field":"email"}}"#;

fn ann() -> Personal<Email> {
    Personal::known(SUBJECT, Email("ann@example.com".to_owned()))
}

#[test]
fn the_marker_is_what_the_codec_looks_for() {
    assert_eq!(serde_json::to_string(&ann()).unwrap(), KNOWN);
    assert_eq!(serde_json::to_string(&Personal::<Email>::erased(SUBJECT)).unwrap(), ERASED);
}

#[test]
fn both_forms_are_read_back() {
    assert_eq!(serde_json::from_str::<Personal<Email>>(KNOWN).unwrap(), ann());
    assert_eq!(serde_json::from_str::<Personal<Email>>(ERASED).unwrap(), Personal::erased(SUBJECT));
}

#[test]
fn both_forms_are_read_where_serde_buffers() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind")]
    enum Contact {
        Mail { email: Personal<Email> },
    }
    for (text, expected) in [(KNOWN, ann()), (ERASED, Personal::erased(SUBJECT))] {
        let tagged = format!(r#"{{"email":{text},"kind":"Mail"}}"#);
        assert_eq!(serde_json::from_str::<Contact>(&tagged).unwrap(), Contact::Mail { email: expected });
    }
}

#[test]
fn what_is_still_sealed_is_refused_with_the_reason() {
    let error = serde_json::from_str::<Personal<Email>>(&KNOWN.replace("$personal", "$sealed")).unwrap_err();
    assert!(error.to_string().contains("still sealed"), "{error}");
}

#[test]
fn a_value_of_another_field_is_refused() {
    for text in [KNOWN, ERASED] {
        let error = serde_json::from_str::<Personal<Email>>(&text.replace("email", "phone")).unwrap_err();
        assert!(error.to_string().contains("another personal field than email"), "{error}");
    }
}

#[test]
fn other_shapes_are_refused() {
    for text in [
        r#""ann@example.com""#,
        "null",
        "{}",
        r#"{"$personal":{}}"#,
        r#"{"$other":{}}"#,
        &KNOWN.replace(r#""field""#, r#""more":1,"field""#),
        &KNOWN.replace("}}", r#"},"more":1}"#),
        &ERASED.replace(r#""email"}"#, r#""email","value":"ann@example.com"}"#),
        &KNOWN.replace("sub_", "cus_"),
    ] {
        assert!(serde_json::from_str::<Personal<Email>>(text).is_err(), "{text}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_the_value() {
    let shown = format!("{:?} {:#?} {:?}", ann(), [ann()], Personal::<Email>::erased(SUBJECT));
    assert!(shown.contains("Personal(sub_01924c3e-5a00-7000-8000-00000000002a, ***)"), "{shown}");
    assert!(shown.contains("Personal(sub_01924c3e-5a00-7000-8000-00000000002a, erased)"), "{shown}");
    assert!(!shown.contains("ann@"), "{shown}");

    let text = r#"{"$personal":{"subject":"sub_01924c3e-5a00-7000-8000-00000000002a","field":"birthday","value":{"year":1987,"month":"secret"}}}"#;
    let own = serde_json::from_str::<Birthday>(r#"{"year":1987,"month":"secret"}"#).unwrap_err().to_string();
    assert!(own.contains("secret"), "serde quotes what it cannot read: {own}");
    let error = serde_json::from_str::<Personal<Birthday>>(text).unwrap_err().to_string();
    assert!(error.contains("the value of the personal field birthday does not fit"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn what_stands_there_from_before_it_was_personal_is_not_quoted() {
    for text in [r#""ann@example.com""#, r#"{"ann@example.com":1}"#, "98765", "-98765", "98765.5", "true"] {
        let error = serde_json::from_str::<Personal<Email>>(text).unwrap_err().to_string();
        assert!(error.starts_with("what stands in the place of the personal field email is something else"), "{error}");
        assert!(!error.contains("ann@") && !error.contains("98765") && !error.contains("true"), "{error}");
    }
}

#[test]
fn a_value_that_was_erased_gives_its_subject_and_nothing_else() {
    let gone = Personal::<Email>::erased(SUBJECT);
    assert_eq!((gone.subject(), gone.value(), gone.is_erased()), (SUBJECT, None, true));
    assert_eq!(gone.clone().map(|email| email.0.len()), Personal::erased(SUBJECT));
    assert_eq!(gone.into_value(), None);
    assert_eq!((ann().subject(), ann().is_erased()), (SUBJECT, false));
    assert_eq!(ann().map(|email| email.0.len()), Personal::known(SUBJECT, 15));
    assert_eq!(ann().into_value(), Some(Email("ann@example.com".to_owned())));
}

#[test]
fn names_of_fields_are_plain() {
    let long = "a".repeat(64);
    for good in ["a", "email", "line_1", &long] {
        assert!(is_field_name(good), "{good}");
    }
    let longer = "a".repeat(65);
    for bad in ["", "1a", "_a", "Email", "e-mail", "e mail", "é", "a\"", &longer] {
        assert!(!is_field_name(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn every_value_is_read_back(text in any::<String>(), number in any::<u128>()) {
        let value = Personal::known(SubjectId::new(Uuid::from_u128(number)), Email(text));
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(json.matches(r#"{"$"#).count(), 1, "no value looks like a marker");
        prop_assert_eq!(serde_json::from_str::<Personal<Email>>(&json).unwrap(), value);
    }
}
