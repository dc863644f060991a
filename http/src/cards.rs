//! Finds what looks like a payment card's number, so that none is ever accepted, stored or logged.
//!
//! A card number is 14 to 19 digits of a real issuer's range whose last one is their check digit (Luhn), written in one
//! piece or with blanks or hyphens between. Shops send tokens of a payment provider instead. Of random numbers of the right
//! length and range one in ten passes the check and is refused too; that is the price.
//!
//! What passes: UUIDs and hexadecimal digests, whatever digits they hold; telephone numbers with their plus sign; lists of
//! numbers of two digits, such as sizes; GTINs of 13 digits.

use crate::problem::{Problem, registry};
use axum::http::{Uri, header::HeaderMap};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

mod json;

pub(crate) use json::in_json;

/// Digits of a card's number.
const DIGITS_MIN: usize = 14;
const DIGITS_MAX: usize = 19;
/// The most characters that part two digits of one number.
const SEPARATORS_MAX: usize = 3;
/// The most digits of a telephone number (E.164).
const PHONE_DIGITS_MAX: usize = 15;
/// The most characters of a place that a problem names.
const FIELD_CHARS_MAX: usize = 200;

/// The problem of a card number at a place, which is named and not shown.
pub(crate) fn refused(place: &str) -> Problem {
    let field: String = place.chars().take(FIELD_CHARS_MAX).collect();
    let problem = Problem::of(&registry::CARD_NUMBER_REFUSED)
        .detail("a value looks like a payment card's number, which this server never takes");
    // Names come from the client as well.
    if field.is_empty() || holds_card_number(&field) { problem } else { problem.with("field", field) }
}

/// Refuses card numbers in the path, the query and the headers that are used as names.
pub(crate) fn check_head(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    if uri.path().split('/').any(|segment| holds_card_number(&decoded(segment))) {
        return Err(refused("path"));
    }
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = form_decoded(name);
        if holds_card_number(&name) {
            return Err(refused("query"));
        }
        if holds_card_number(&form_decoded(value)) {
            return Err(refused(&format!("query.{name}")));
        }
    }
    for value in headers.get_all(&crate::headers::IDEMPOTENCY_KEY) {
        if holds_card_number(&String::from_utf8_lossy(value.as_bytes())) {
            return Err(refused("Idempotency-Key"));
        }
    }
    Ok(())
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// True if a text holds what looks like a card's number.
pub(crate) fn holds_card_number(text: &str) -> bool {
    // Nearly every text ends here.
    if text.bytes().filter(u8::is_ascii_digit).count() < DIGITS_MIN {
        return false;
    }
    let mut chain = Chain::default();
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let length = match before {
            // Within a word that is being read character by character.
            Some(last) if char::is_ascii_alphanumeric(&last) => first.len_utf8(),
            _ => opaque(rest).unwrap_or(first.len_utf8()),
        };
        let (piece, after) = rest.split_at(length);
        before = piece.chars().next_back();
        rest = after;
        if length > first.len_utf8() {
            chain.end();
        } else if chain.take(first) {
            return true;
        }
    }
    chain.holds_card_number()
}

/// How many bytes at the beginning of a text are a UUID or a word of hexadecimal digits with letters among them, which
/// are no numbers.
fn opaque(text: &str) -> Option<usize> {
    let is_end = |at: usize| !text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_uuid = text.len() >= 36
        && text.bytes().take(36).enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid && is_end(36) {
        return Some(36);
    }
    let digits = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let has_letters = text.bytes().take(digits).any(|byte| byte.is_ascii_alphabetic());
    (has_letters && is_end(digits)).then_some(digits)
}

/// Groups of digits with nothing but separators between them, of which the last may still grow.
#[derive(Debug, Default)]
struct Chain {
    groups: Vec<String>,
    separators: usize,
    follows_plus: bool,
}

impl Chain {
    /// Takes the next character; true if a chain that it ended holds a card's number.
    fn take(&mut self, c: char) -> bool {
        if c.is_ascii_digit() {
            match self.groups.last_mut() {
                Some(group) if self.separators == 0 => group.push(c),
                _ => self.groups.push(c.into()),
            }
            self.separators = 0;
            return false;
        }
        if is_separator(c) && !self.groups.is_empty() && self.separators < SEPARATORS_MAX {
            self.separators += 1;
            return false;
        }
        let found = self.holds_card_number();
        self.end();
        self.follows_plus = c == '+';
        found
    }

    fn end(&mut self) {
        *self = Self::default();
    }

    /// True if neighboring groups together are a card's number.
    fn holds_card_number(&self) -> bool {
        for start in 0..self.groups.len() {
            let mut digits = String::new();
            let mut groups_of_two = true;
            for (index, group) in self.groups.iter().enumerate().skip(start) {
                digits.push_str(group);
                groups_of_two &= group.len() == 2;
                if digits.len() > DIGITS_MAX {
                    break;
                }
                let is_phone = self.follows_plus && start == 0 && digits.len() <= PHONE_DIGITS_MAX;
                let is_list = groups_of_two && index > start;
                if !is_phone && !is_list && is_card_number(digits.as_bytes()) {
                    return true;
                }
            }
        }
        false
    }
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '-' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{2010}'..='\u{2015}' | '\u{202f}' | '\u{2212}'
    )
}

/// True if digits, and nothing else, are a card's number.
fn is_card_number(digits: &[u8]) -> bool {
    is_issued(digits) && passes_luhn(digits)
}

/// True if an issuer has numbers of this length that begin like this (ISO/IEC 7812 ranges as the networks publish them).
fn is_issued(digits: &[u8]) -> bool {
    let length = digits.len();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&length) {
        return false;
    }
    // The first four digits.
    let start = digits.iter().take(4).fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    match start {
        // Visa.
        4000..=4999 => matches!(length, 16 | 19),
        // Mastercard.
        5100..=5599 | 2221..=2720 => length == 16,
        // American Express.
        3400..=3499 | 3700..=3799 => length == 15,
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => matches!(length, 14 | 16 | 19),
        // JCB, Discover and UnionPay.
        3528..=3589 | 6011 | 6440..=6599 | 6200..=6299 | 8100..=8171 => (16..=19).contains(&length),
        _ => false,
    }
}

/// True if the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
