//! What is read as an address, a number or a name, and that none of it is shown.

use super::*;
use crate::{ids::SubjectId, personal::Personal};
use proptest::prelude::*;
use uuid::Uuid;

fn email(text: &str) -> Result<String, ParseEmailError> {
    text.parse::<Email>().map(|email| email.as_str().to_owned())
}

fn address() -> Address {
    Address {
        recipient: "Anna Berg".parse().unwrap(),
        line1: "Torggata 1".parse().unwrap(),
        line2: None,
        city: "Oslo".parse().unwrap(),
        region: None,
        postal_code: Some("0181".parse().unwrap()),
        country: "NO".parse().unwrap(),
        phone: Some("+47 22 33 44 55".parse().unwrap()),
    }
}

#[test]
fn an_email_is_the_same_however_it_was_typed() {
    assert_eq!(email("Anna.Berg+Shop@Example.COM"), Ok("anna.berg+shop@example.com".to_owned()));
    assert_eq!("A@b.no".parse::<Email>(), "a@B.NO".parse::<Email>());
}

#[test]
fn what_is_no_address_is_no_email() {
    for text in [
        "",
        "anna",
        "@",
        "@example.com",
        "anna@",
        "anna@example",
        "anna@@example.com",
        "a@b@example.com",
        "anna@.com",
        "anna@example..com",
        "anna@example.com.",
        "anna@-example.com",
        "anna@example-.com",
        "an na@example.com",
        " anna@example.com",
        "anna@example.com\n",
        "ännä@example.com",
        "anna@exämple.com",
        "anna@exa_mple.com",
        "\"anna\"@example.com",
        "anna\0@example.com",
    ] {
        assert_eq!(email(text), Err(ParseEmailError::Malformed), "{text:?}");
    }
}

#[test]
fn an_email_is_bounded() {
    let longest = format!("{}@{}.{}.{}.no", "l".repeat(59), "a".repeat(63), "b".repeat(63), "c".repeat(63));
    assert_eq!(longest.len(), Email::MAX_CHARS);
    assert_eq!(email(&longest), Ok(longest.clone()));
    assert_eq!(email(&format!("l{longest}")), Err(ParseEmailError::TooLong));
    assert_eq!(email(&format!("anna@{}.no", "a".repeat(64))), Err(ParseEmailError::Malformed), "a label has 63");
    assert!(email(&format!("{}@example.com", "l".repeat(64))).is_ok());
    assert_eq!(email(&format!("{}@example.com", "l".repeat(65))), Err(ParseEmailError::TooLong));
}

#[test]
fn a_phone_number_is_kept_as_it_came() {
    for text in ["112", "+47 22 33 44 55", "(089) 123-456", "+1 (555) 010.9999", "030/901820", "123456789012345"] {
        assert_eq!(text.parse::<Phone>().unwrap().as_str(), text);
    }
}

#[test]
fn what_nobody_can_dial_is_no_phone_number() {
    for text in ["", "+", "12", "1234567890123456", "12a34", "+47+22", "22 33 ", "1    234", "１２３", "112\n"] {
        assert_eq!(text.parse::<Phone>(), Err(ParsePhoneError::Malformed), "{text:?}");
    }
    assert_eq!("1".repeat(33).parse::<Phone>(), Err(ParsePhoneError::TooLong));
}

#[test]
fn nothing_of_a_person_is_shown() {
    let profile =
        Profile { first_name: "Anna".parse().unwrap(), last_name: "Berg".parse().unwrap(), phone: address().phone };
    let subject = SubjectId::new(Uuid::nil());
    let known = Personal::known(subject, address());
    let shown = format!("{:?} {profile:?} {:?} {:?} {known:?}", address(), "a@b.no".parse::<Email>(), profile.phone);
    assert_eq!(
        shown,
        "Address(***) Profile(***) Ok(Email(***)) Some(Phone(***)) \
         Personal(sub_00000000-0000-0000-0000-000000000000, ***)"
    );
}

#[test]
fn an_address_is_read_back_and_what_is_missing_is_not_written() {
    let json = serde_json::to_string(&address()).unwrap();
    assert_eq!(
        json,
        r#"{"recipient":"Anna Berg","line1":"Torggata 1","city":"Oslo","postal_code":"0181","country":"NO","phone":"+47 22 33 44 55"}"#
    );
    assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address());
    assert!(serde_json::from_str::<Address>(&json.replace("line1", "street")).is_err());
}

proptest! {
    #[test]
    fn every_email_of_the_grammar_is_read_and_is_its_own_reading(
        text in "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?){1,4}",
    ) {
        let read = email(&text);
        prop_assert_eq!(read.as_ref().map(String::as_str), Ok(&*text.to_ascii_lowercase()));
        prop_assert_eq!(email(&read.clone().unwrap()), read);
    }

    #[test]
    fn every_phone_number_of_the_pattern_is_read(text in "\\+?[ ()./-]{0,3}[0-9]([ ()./-]{0,1}[0-9]){2,13}") {
        let phone = text.parse::<Phone>();
        prop_assert_eq!(phone.as_ref().map(Phone::as_str), Ok(&*text));
    }

    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = (text.parse::<Email>(), text.parse::<Phone>());
    }
}
