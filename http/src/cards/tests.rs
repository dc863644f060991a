//! What is taken for a card's number, and what is not.

use super::*;
use proptest::prelude::*;

/// Numbers that networks and providers publish for tests, one and more per network.
const CARDS: [&str; 14] = [
    "4111111111111111",
    "4242424242424242",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6445644564456445",
    "3056930009020004",
    "36227206271667",
    "30569309025904",
    "3566002020360505",
    "6200000000000005",
];

#[test]
fn the_numbers_of_every_network_are_found() {
    for card in CARDS {
        assert!(holds_card_number(card), "{card}");
        assert!(holds_card_number(&format!("pay with {card}, please")), "{card}");
        assert!(holds_card_number(&format!("card{card}x")), "{card}");
        assert!(holds_card_number(&format!("card_{card}/12-27")), "{card}");
    }
}

#[test]
fn a_number_in_groups_is_found() {
    for text in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\u{a0}1111\u{2013}1111\t1111",
        "3782 822463 10005",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 1111 1111 1111 12 27 123",
        "12 4111 1111 1111 1111",
        "call 0800 4111 1111 1111 1111",
        "+41 4111111111111111",
    ] {
        assert!(holds_card_number(text), "{text}");
    }
}

#[test]
fn other_numbers_pass() {
    for text in [
        "",
        "4111111111111112",
        "411111111111111",
        "1111111111111117",
        "4006381333931",
        "04006381333931",
        "2026-11-20T15:53:07.123456Z",
        "1763653635123456",
        "+378282246310005",
        "sizes 40 41 42 43 44 45 46 47",
        "sizes 36 37 38 39 40 41 42",
        "4111.1111.1111.1111",
        "4111/1111/1111/1111",
        "41111111 x 11111111",
        "4111    1111    1111    1111",
        "ord_41111111-1111-7111-8111-411111111111",
        "41111111-1111-1111-4111-111111111111",
        "a4111111111111111",
        "300000000.123456",
    ] {
        assert!(!holds_card_number(text), "{text}");
    }
}

#[test]
fn every_part_of_the_head_is_looked_at() {
    let check = |uri: &str, key: Option<&'static str>| {
        let headers = key.map(|key| (crate::headers::IDEMPOTENCY_KEY.clone(), key.parse().unwrap()));
        let refused = check_head(&uri.parse().unwrap(), &headers.into_iter().collect()).err()?;
        assert_eq!((refused.code(), refused.status().as_u16()), ("card_number_refused", 422));
        let document = refused.document();
        assert!(!document.to_string().contains("1111"), "{document}");
        Some(document["field"].as_str().unwrap_or_default().to_owned())
    };
    let found = |field: &str| Some(field.to_owned());
    assert_eq!(check("/stock/main/4111111111111111", None), found("path"));
    assert_eq!(check("/stock/main/4111%201111%201111%201111", None), found("path"));
    assert_eq!(check("/products?q=4111+1111+1111+1111", None), found("query.q"));
    assert_eq!(check("/products?q=%34111111111111111", None), found("query.q"));
    assert_eq!(check("/products?4111111111111111=q", None), found("query"));
    assert_eq!(check("/orders", Some("\"4111-1111-1111-1111\"")), found("Idempotency-Key"));
    assert_eq!(check("/orders?limit=20&sort=-placed_at", Some("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")), None);
}

#[test]
fn a_name_that_is_a_card_number_is_not_shown() {
    let document = refused("a.4111111111111111.b").document();
    assert_eq!(document.get("field"), None);
    assert!(!document.to_string().contains("4111"));
    assert!(refused(&"x".repeat(5_000)).document()["field"].as_str().unwrap().len() <= FIELD_CHARS_MAX);
}

/// A card's number: a prefix of an issuer, any digits, and the check digit.
fn card() -> impl Strategy<Value = String> {
    let issuers = prop::sample::select(vec![
        ("4", 16),
        ("4", 19),
        ("51", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("36", 14),
        ("3528", 16),
        ("6011", 16),
        ("65", 19),
        ("62", 17),
    ]);
    (issuers, prop::collection::vec(0_u8..10, 19)).prop_map(|((prefix, length), filling)| {
        let mut digits: Vec<u8> = prefix.bytes().chain(filling.into_iter().map(|digit| digit + b'0')).collect();
        digits.truncate(length - 1);
        let check = (b'0'..=b'9').find(|&check| passes_luhn(&[digits.as_slice(), &[check]].concat()));
        digits.push(check.unwrap());
        String::from_utf8(digits).unwrap()
    })
}

proptest! {
    #[test]
    fn a_card_number_is_found_in_any_text(card in card(), before in "[^0-9a-zA-Z+]{0,9}", after in "[^0-9a-zA-Z]{0,9}") {
        let text = format!("{before}{card}{after}");
        prop_assert!(holds_card_number(&text), "{}", text);
        let body = serde_json::json!({ "lines": [{ "note": text }] }).to_string();
        prop_assert_eq!(in_json(body.as_bytes()), Some("lines[0].note".to_owned()));
        let body = serde_json::json!({ "n": card.parse::<u64>().unwrap() }).to_string();
        prop_assert_eq!(in_json(body.as_bytes()), Some("n".to_owned()));
    }

    #[test]
    fn a_card_number_is_found_however_it_is_grouped(
        card in card(),
        separator in prop::sample::select(vec![" ", "-", " - ", "\u{2009}"]),
        sizes in prop::collection::vec(3_usize..6, 10),
    ) {
        let mut rest = card.as_str();
        let mut groups = Vec::new();
        for size in sizes {
            let (group, after) = rest.split_at(size.min(rest.len()));
            groups.extend((!group.is_empty()).then_some(group));
            rest = after;
        }
        let text = groups.join(separator);
        prop_assert!(holds_card_number(&text), "{}", text);
    }

    #[test]
    fn one_wrong_digit_is_enough_to_pass(card in card(), at in 4_usize..14, by in 1_u8..10) {
        let mut digits = card.into_bytes();
        digits[at] = (digits[at] - b'0' + by) % 10 + b'0';
        prop_assert!(!holds_card_number(&String::from_utf8(digits).unwrap()));
    }

    #[test]
    fn ids_and_digests_pass(number in any::<u128>(), prefix in "[a-z]{3}_", bytes in any::<[u8; 32]>()) {
        let uuid = uuid::Uuid::from_u128(number);
        let id = format!("{prefix}{uuid}");
        prop_assert!(!holds_card_number(&id), "{}", id);
        // Also one whose digits all happen to be decimal.
        let decimal: String = uuid.to_string().chars().map(|c| if c.is_ascii_alphabetic() { '4' } else { c }).collect();
        prop_assert!(!holds_card_number(&decimal), "{}", decimal);
        let digest = data_encoding::HEXLOWER.encode(&bytes);
        prop_assert!(!holds_card_number(&digest));
    }

    #[test]
    fn a_gtin_of_13_digits_passes(number in 0_u64..10_000_000_000_000) {
        let gtin = format!("{number:013}");
        prop_assert!(!holds_card_number(&gtin), "{}", gtin);
    }

    #[test]
    fn looking_never_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        holds_card_number(&text);
        in_json(&bytes);
    }
}
