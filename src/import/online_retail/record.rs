//! One physical line of the file, split into its fields and parsed.
//!
//! The `csv` crate is not used here on purpose: after a stray quote it takes the rest of the file for one field, while
//! every malformed row must cost only itself. No field of this source spans lines, so a row is a line.

use chrono::{NaiveDate, NaiveDateTime};
use std::{borrow::Cow, fmt, str::FromStr};
use tillroll_domain::{
    common::DocumentForm,
    price::UnitPrice,
    quantity::Quantity,
    text::{Country, Note, Reference},
};

/// The columns, in their order.
pub(super) const HEADER: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

/// A document's number: six digits with `C` or `A` before them, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DocumentNumber {
    /// What the letter says.
    pub(super) form: DocumentForm,
    digits: u32,
}

impl FromStr for DocumentNumber {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (form, digits) = match text.as_bytes().first() {
            Some(b'C') => (DocumentForm::CreditNote, &text[1..]),
            Some(b'A') => (DocumentForm::Adjustment, &text[1..]),
            _ => (DocumentForm::Order, text),
        };
        match digits.parse() {
            Ok(number) if digits.len() == 6 && is_digits(digits) => Ok(Self { form, digits: number }),
            _ => Err("InvoiceNo is not six digits, or C or A and six digits"),
        }
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.form {
            DocumentForm::Order => "",
            DocumentForm::CreditNote => "C",
            DocumentForm::Adjustment => "A",
        };
        write!(f, "{letter}{:06}", self.digits)
    }
}

/// A row whose every field has the column's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The line of the file, from 1.
    pub(super) line: u64,
    pub(super) number: DocumentNumber,
    pub(super) code: Reference,
    pub(super) description: Note,
    /// Not zero.
    pub(super) quantity: i64,
    pub(super) local_time: NaiveDateTime,
    pub(super) unit_price: UnitPrice,
    pub(super) customer: Option<Reference>,
    pub(super) country: Country,
}

/// Splits a line into exactly as many fields as there are columns.
///
/// Quotes follow RFC 4180; a quote inside a field that does not begin with one is an ordinary character.
pub(super) fn split(line: &str) -> Result<[Cow<'_, str>; HEADER.len()], String> {
    let mut fields: [Cow<'_, str>; HEADER.len()] = Default::default();
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted)?,
            None => match text.split_once(',') {
                Some((field, after)) => (Cow::Borrowed(field), Some(after)),
                None => (Cow::Borrowed(text), None),
            },
        };
        if let Some(slot) = fields.get_mut(count) {
            *slot = field;
        }
        count += 1;
        rest = after;
    }
    if count == fields.len() { Ok(fields) } else { Err(format!("{count} fields instead of {}", fields.len())) }
}

/// The field behind an opening quote, and what follows the comma after it.
fn split_quoted(text: &str) -> Result<(Cow<'_, str>, Option<&str>), String> {
    let mut from = 0;
    loop {
        let Some(quote) = text[from..].find('"').map(|at| from + at) else {
            return Err("a quote is not closed on its line".to_owned());
        };
        let after = &text[quote + 1..];
        if after.starts_with('"') {
            from = quote + 2;
            continue;
        }
        let field = &text[..quote];
        let field = if field.contains('"') { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) };
        return match after.strip_prefix(',') {
            Some(rest) => Ok((field, Some(rest))),
            None if after.is_empty() => Ok((field, None)),
            None => Err("a closing quote is not followed by a comma".to_owned()),
        };
    }
}

impl Row {
    /// Parses the fields of one row; the error says which column does not have its form.
    pub(super) fn parse(line: u64, fields: &[Cow<'_, str>; HEADER.len()]) -> Result<Self, String> {
        let [number, code, description, quantity, time, price, customer, country] = fields;
        Ok(Self {
            line,
            number: number.parse()?,
            code: code.parse().map_err(|error| format!("StockCode {error}"))?,
            description: description.parse().map_err(|error| format!("Description {error}"))?,
            quantity: parse_quantity(quantity)?,
            local_time: parse_time(time).ok_or("InvoiceDate is not a time such as 2010-12-01 08:26:00")?,
            unit_price: price.parse().map_err(|error| format!("UnitPrice: {error}"))?,
            customer: parse_customer(customer)?,
            country: country.parse().map_err(|error| format!("Country {error}"))?,
        })
    }
}

fn parse_quantity(text: &str) -> Result<i64, String> {
    let quantity: Option<i64> =
        if is_digits(text.strip_prefix('-').unwrap_or(text)) { text.parse().ok() } else { None };
    match quantity {
        Some(0) => Err("Quantity is zero".to_owned()),
        Some(units) if units.unsigned_abs() <= u64::from(Quantity::MAX) => Ok(units),
        Some(_) => Err(format!("Quantity is beyond {} either way", Quantity::MAX)),
        None => Err("Quantity is not a whole number".to_owned()),
    }
}

fn parse_customer(text: &str) -> Result<Option<Reference>, String> {
    match text {
        "" => Ok(None),
        digits if digits.len() == 5 && is_digits(digits) => {
            Ok(Some(digits.parse().map_err(|error| format!("CustomerID {error}"))?))
        }
        _ => Err("CustomerID is not five digits".to_owned()),
    }
}

/// `2010-12-01 08:26:00`, exactly so.
fn parse_time(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let separated = bytes.len() == 19
        && [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')].iter().all(|&(at, byte)| bytes[at] == byte);
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to).filter(|digits| is_digits(digits))?;
        digits.parse().ok()
    };
    if !separated {
        return None;
    }
    let year = i32::try_from(number(0, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?.and_hms_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
    )
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Row, String> {
        Row::parse(2, &split(line)?)
    }

    const GOOD: &str = "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom";

    #[test]
    fn a_row_keeps_what_the_line_states() {
        let row = parse(GOOD).unwrap();
        assert_eq!(row.number.to_string(), "536365");
        assert_eq!((row.quantity, row.unit_price.micros()), (6, 2_550_000));
        assert_eq!(row.customer.unwrap().as_str(), "17850");
        assert_eq!(row.local_time.to_string(), "2010-12-01 08:26:00");
    }

    #[test]
    fn quotes_protect_commas_and_doubled_quotes_stand_for_one() {
        let row = parse("C536365,1,\"A \"\"B\"\", C\",-1,2010-12-01 08:26:00,1,,France").unwrap();
        assert_eq!(row.description.as_str(), "A \"B\", C");
        assert_eq!(row.number.form, DocumentForm::CreditNote);
        assert_eq!(row.customer, None);
    }

    #[test]
    fn a_blank_at_either_end_of_a_text_stays() {
        let row = parse(&GOOD.replace("WHITE HANGING HEART", " WHITE ")).unwrap();
        assert_eq!(row.description.as_str(), " WHITE ");
    }

    #[test]
    fn a_field_without_its_columns_form_is_named() {
        for (from, to, reason) in [
            ("536365", "53636", "InvoiceNo is not six digits, or C or A and six digits"),
            ("536365", "+36365", "InvoiceNo is not six digits, or C or A and six digits"),
            ("536365", "X536365", "InvoiceNo is not six digits, or C or A and six digits"),
            ("85123A", "", "StockCode must not be empty"),
            (",6,", ",six,", "Quantity is not a whole number"),
            (",6,", ",+6,", "Quantity is not a whole number"),
            (",6,", ",0,", "Quantity is zero"),
            (",6,", ",-1000000001,", "Quantity is beyond 1000000000 either way"),
            ("2010-12-01 08:26:00", "12/1/2010 8:26", "InvoiceDate is not a time such as 2010-12-01 08:26:00"),
            ("2010-12-01 08:26:00", "2010-02-30 08:26:00", "InvoiceDate is not a time such as 2010-12-01 08:26:00"),
            ("2.55", "2,55", "9 fields instead of 8"),
            ("2.55", "", "UnitPrice: a unit price is a decimal number such as 2.55"),
            ("17850", "17850.0", "CustomerID is not five digits"),
            ("United Kingdom", "", "Country must not be empty"),
            (
                "WHITE HANGING HEART",
                "WHITE\tHEART",
                "Description must not contain '\\t'; control characters are not allowed",
            ),
            ("WHITE", "\"WHITE", "a quote is not closed on its line"),
            ("WHITE HANGING", "\"WHITE\" HANGING", "a closing quote is not followed by a comma"),
        ] {
            let line = GOOD.replacen(from, to, 1);
            assert_eq!(parse(&line).unwrap_err(), reason, "{line}");
        }
    }
}
