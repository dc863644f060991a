//! The canonical form, held against a digest that was computed elsewhere.

use super::super::{
    price,
    samples::{line, request, shipping, tax},
};
use super::*;

/// Computed with Python's hashlib over the documented form; a changed form needs a new first field.
const KNOWN: &str = "50de5563d70a5551c0e5b322a40dfef2050897b3b3ca78e3ee31649a8e680db8";
const KNOWN_INPUTS: &str = "be38685ce5765dae1456f6859f515ee8e7a02f9c7c4c75a0708a474062750f59";

#[test]
fn the_canonical_forms_are_as_documented() {
    let quote = price(&request([line(2, "B", 1, "20"), line(1, "A", 2, "9.99")]), &tax(), &shipping()).unwrap();
    assert_eq!(quote.hash.to_string(), KNOWN);
    assert_eq!(quote.shipping.inputs_hash.to_string(), KNOWN_INPUTS);
}

#[test]
fn a_hash_is_read_back_and_nothing_else_is_read() {
    let hash: QuoteHash = KNOWN.parse().unwrap();
    assert_eq!((hash.to_string(), format!("{hash:?}")), (KNOWN.to_owned(), KNOWN.to_owned()));
    let json = serde_json::to_string(&hash).unwrap();
    assert_eq!(json, format!("\"{KNOWN}\""));
    assert_eq!(serde_json::from_str::<QuoteHash>(&json).unwrap(), hash);
    for text in [
        "",
        &KNOWN[1..],
        &format!("{KNOWN}0"),
        &KNOWN.to_uppercase(),
        &KNOWN.replace(&KNOWN[..1], "g"),
        &"é".repeat(32),
    ] {
        assert_eq!(text.parse::<QuoteHash>(), Err(ParseHashError), "{text}");
    }
}

#[test]
fn fields_do_not_run_into_each_other() {
    let form = |fields: &[&str]| {
        let mut form = Form::new("test");
        fields.iter().for_each(|field| form.field(field));
        form.finish()
    };
    assert_ne!(form(&["ab", "c"]), form(&["a", "bc"]));
    assert_ne!(form(&["a", ""]), form(&["a"]));
}
