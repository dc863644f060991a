//! What a file adds up to, computed anew from its text, in integers, with no code of the program.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Millionths of a pound in a penny.
const MICROS_PER_PENNY: i64 = 10_000;

/// The totals of some rows; every row's amount is rounded to pence on its own, a half away from zero.
#[derive(Debug, Default)]
pub(crate) struct Recomputed {
    rows: u64,
    numbers: BTreeSet<String>,
    quantity: i64,
    net_minor: i64,
    by_month: BTreeMap<String, i64>,
    by_country: BTreeMap<String, i64>,
}

impl Recomputed {
    /// Of all rows of a file.
    pub(crate) fn of(path: &Path) -> Self {
        Self::before(path, "9999")
    }

    /// Of the rows dated before a date, `YYYY-MM-DD`.
    pub(crate) fn before(path: &Path, date: &str) -> Self {
        let mut totals = Self::default();
        for row in fs::read_to_string(path).unwrap().lines().skip(1) {
            totals.add(row, date);
        }
        totals
    }

    fn add(&mut self, row: &str, before: &str) {
        // Only the description may hold commas, so the columns behind it are found from the end.
        let mut from_end = row.rsplitn(6, ',');
        let [country, _customer, price, time, quantity] = [(); 5].map(|()| from_end.next().unwrap());
        if time >= before {
            return;
        }
        let number = from_end.next().unwrap().split(',').next().unwrap();
        let quantity: i64 = quantity.parse().unwrap();
        let minor = rounded(quantity * micros(price));
        self.rows += 1;
        self.numbers.insert(number.to_owned());
        self.quantity += quantity;
        self.net_minor += minor;
        *self.by_month.entry(time[..7].to_owned()).or_default() += minor;
        *self.by_country.entry(country.to_owned()).or_default() += minor;
    }

    /// Checks the members of a report that these totals have too.
    #[track_caller]
    pub(crate) fn assert_reported(&self, report: &Value) {
        let of_form = |letter: &str| self.numbers.iter().filter(|number| number.starts_with(letter)).count();
        let (credit_notes, adjustments) = (of_form("C"), of_form("A"));
        let expected = json!({
            "rows": self.rows,
            "invoices": self.numbers.len(),
            "orders": self.numbers.len() - credit_notes - adjustments,
            "credit_notes": credit_notes,
            "adjustments": adjustments,
            "quantity": self.quantity,
            "net_minor": self.net_minor,
            "by_month": self.by_month,
            "by_country": self.by_country,
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&report[name], value, "{name}");
        }
    }
}

/// `"2.55"` in millionths.
fn micros(price: &str) -> i64 {
    let (sign, digits) = price.strip_prefix('-').map_or((1, price), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 6, "a price with more than six decimals: {price}");
    sign * format!("{whole}{fraction:0<6}").parse::<i64>().unwrap()
}

fn rounded(micros: i64) -> i64 {
    micros.signum() * ((micros.abs() + MICROS_PER_PENNY / 2) / MICROS_PER_PENNY)
}
