//! Sums over documents, the same ones whether they come from the file, the log or the read models.

use super::{ImportError, document::DocumentClass};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tillroll_domain::common::DocumentForm;

/// What some documents add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Rows that became lines.
    pub rows: u64,
    /// Distinct document numbers, by their form.
    pub numbers: BTreeMap<DocumentForm, u64>,
    /// Head documents, by form and class; a mixed document has several.
    pub heads: BTreeMap<(DocumentForm, DocumentClass), u64>,
    /// The sum of the rows' quantities, with the source's signs.
    pub quantity: i64,
    /// The sum of the rows' amounts in minor units, each rounded on its own, with the source's signs.
    pub net_minor: i64,
    /// The same by class.
    pub by_class: BTreeMap<DocumentClass, i64>,
    /// The same by month, `YYYY-MM`.
    pub by_month: BTreeMap<String, i64>,
    /// The same by country.
    pub by_country: BTreeMap<String, i64>,
}

/// One head document, as far as sums go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadFacts<'a> {
    /// The form of its number.
    pub form: DocumentForm,
    /// Its class.
    pub class: DocumentClass,
    /// False for the second and later parts of a mixed document.
    pub counts_number: bool,
    /// The date on which it is booked.
    pub date: NaiveDate,
    /// Its country.
    pub country: &'a str,
    /// How many lines it has.
    pub lines: u64,
    /// The sum of their quantities, with the source's signs.
    pub quantity: i64,
    /// The sum of their amounts in minor units, with the source's signs.
    pub net_minor: i64,
}

impl Totals {
    /// Adds a head document.
    ///
    /// # Errors
    /// Sums beyond 64 bits.
    pub fn add(&mut self, head: &HeadFacts<'_>) -> Result<(), ImportError> {
        self.rows += head.lines;
        if head.counts_number {
            *self.numbers.entry(head.form).or_default() += 1;
        }
        *self.heads.entry((head.form, head.class)).or_default() += 1;
        raise(&mut self.quantity, head.quantity)?;
        raise(&mut self.net_minor, head.net_minor)?;
        raise(self.by_class.entry(head.class).or_default(), head.net_minor)?;
        raise(self.by_month.entry(month(head.date)).or_default(), head.net_minor)?;
        raise(entry(&mut self.by_country, head.country), head.net_minor)
    }

    /// How many document numbers have a form.
    #[must_use]
    pub fn numbers_of(&self, form: DocumentForm) -> u64 {
        self.numbers.get(&form).copied().unwrap_or(0)
    }

    /// How many head documents of six-digit numbers have a class.
    #[must_use]
    pub fn orders_of(&self, class: DocumentClass) -> u64 {
        self.heads.get(&(DocumentForm::Order, class)).copied().unwrap_or(0)
    }

    /// How many head documents have a class, whatever their number's form.
    #[must_use]
    pub fn heads_of(&self, class: DocumentClass) -> u64 {
        self.heads.iter().filter(|((_, of), _)| *of == class).map(|(_, count)| count).sum()
    }

    /// The net amount of the head documents of a class.
    #[must_use]
    pub fn net_minor_of(&self, class: DocumentClass) -> i64 {
        self.by_class.get(&class).copied().unwrap_or(0)
    }

    /// What differs between these totals and others, in words; none if nothing does.
    #[must_use]
    pub fn differences(&self, name: &str, other: &Self, other_name: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: String, left: Option<i128>, right: Option<i128>| {
            if left != right {
                let text = |value: Option<i128>| value.map_or("nothing".to_owned(), |value| value.to_string());
                found.push(format!("{what}: {name} {}, {other_name} {}", text(left), text(right)));
            }
        };
        compare("rows".into(), Some(self.rows.into()), Some(other.rows.into()));
        compare("quantity".into(), Some(self.quantity.into()), Some(other.quantity.into()));
        compare("net_minor".into(), Some(self.net_minor.into()), Some(other.net_minor.into()));
        for (key, left, right) in both(&self.numbers, &other.numbers) {
            compare(format!("documents with the form {key:?}"), left.map(i128::from), right.map(i128::from));
        }
        for (key, left, right) in both(&self.heads, &other.heads) {
            compare(
                format!("documents booked as {:?} ({:?})", key.1, key.0),
                left.map(i128::from),
                right.map(i128::from),
            );
        }
        for (key, left, right) in both(&self.by_class, &other.by_class) {
            compare(format!("net_minor booked as {key:?}"), left.map(i128::from), right.map(i128::from));
        }
        for (key, left, right) in both(&self.by_month, &other.by_month) {
            compare(format!("net_minor of {key}"), left.map(i128::from), right.map(i128::from));
        }
        for (key, left, right) in both(&self.by_country, &other.by_country) {
            compare(format!("net_minor of {key}"), left.map(i128::from), right.map(i128::from));
        }
        found
    }
}

/// The keys of two maps with the value of each.
fn both<'a, K: Ord, V: Copy>(
    left: &'a BTreeMap<K, V>,
    right: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, Option<V>, Option<V>)> {
    let only_right = right.keys().filter(|key| !left.contains_key(key));
    left.keys().chain(only_right).map(|key| (key, left.get(key).copied(), right.get(key).copied()))
}

/// The sum of some numbers.
///
/// # Errors
/// Sums beyond 64 bits.
pub(super) fn sum(numbers: impl IntoIterator<Item = i64>) -> Result<i64, ImportError> {
    let whole: i128 = numbers.into_iter().map(i128::from).sum();
    i64::try_from(whole).map_err(|_| ImportError::TooLarge)
}

fn raise(sum: &mut i64, by: i64) -> Result<(), ImportError> {
    *sum = sum.checked_add(by).ok_or(ImportError::TooLarge)?;
    Ok(())
}

/// `YYYY-MM`.
fn month(date: NaiveDate) -> String {
    date.format("%Y-%m").to_string()
}

fn entry<'a>(map: &'a mut BTreeMap<String, i64>, key: &str) -> &'a mut i64 {
    // Two look-ups, but no allocation for a key that is there, which it nearly always is.
    if !map.contains_key(key) {
        map.insert(key.to_owned(), 0);
    }
    map.get_mut(key).expect("it was inserted if it was absent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(country: &str, net_minor: i64) -> HeadFacts<'_> {
        let date = NaiveDate::from_ymd_opt(2010, 12, 1).unwrap();
        let (form, class) = (DocumentForm::Order, DocumentClass::SalesOrder);
        HeadFacts { form, class, counts_number: true, date, country, lines: 2, quantity: 3, net_minor }
    }

    #[test]
    fn equal_totals_do_not_differ() {
        let mut totals = Totals::default();
        totals.add(&head("France", 100)).unwrap();
        assert!(totals.differences("the file", &totals.clone(), "the log").is_empty());
    }

    #[test]
    fn every_difference_is_named() {
        let (mut file, mut log) = (Totals::default(), Totals::default());
        file.add(&head("France", 100)).unwrap();
        log.add(&HeadFacts { class: DocumentClass::StockFound, ..head("Spain", 90) }).unwrap();
        assert_eq!(
            file.differences("file", &log, "log"),
            [
                "net_minor: file 100, log 90",
                "documents booked as SalesOrder (Order): file 1, log nothing",
                "documents booked as StockFound (Order): file nothing, log 1",
                "net_minor booked as SalesOrder: file 100, log nothing",
                "net_minor booked as StockFound: file nothing, log 90",
                "net_minor of 2010-12: file 100, log 90",
                "net_minor of France: file 100, log nothing",
                "net_minor of Spain: file nothing, log 90",
            ]
        );
    }
}
