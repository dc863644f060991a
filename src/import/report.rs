//! What an import tells in the end: one JSON object for programs, some lines for people.

use super::{
    document::{DocumentClass, RejectedRow},
    mapping::{Inferred, UnmatchedCredits},
    source::SourceIdentity,
    survey::Survey,
    totals::Totals,
};
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt};
use tillroll_domain::{
    common::DocumentForm,
    money::{Currency, Money},
};

/// The most rejected rows that the readable form lists; the JSON has them all.
const REJECTED_SHOWN_MAX: usize = 20;

/// What an import came to. Sums are over all documents that have entered, in this run or before; `events` and `seconds`
/// are of this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The import's name.
    pub import: String,
    /// Rows that became lines.
    pub rows: u64,
    /// Distinct document numbers: the next three together.
    pub invoices: u64,
    /// Distinct order numbers.
    pub orders: u64,
    /// Distinct credit-note numbers.
    pub credit_notes: u64,
    /// Distinct adjustment numbers.
    pub adjustments: u64,
    /// What the documents with order numbers are.
    pub documents: DocumentCounts,
    /// The sum of the rows' quantities.
    pub quantity: i64,
    /// The sum of the rows' amounts in minor units, each rounded on its own.
    pub net_minor: i64,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The same by month, `YYYY-MM`.
    pub by_month: BTreeMap<String, i64>,
    /// The same by country.
    pub by_country: BTreeMap<String, i64>,
    /// Credits that no known sale answers for.
    pub unmatched_credits: UnmatchedCredits,
    /// What no document states.
    pub inferred: Inferred,
    /// Documents of the source that were left for a later run.
    pub left_for_later: u64,
    /// Rows of the whole source that became no event, in its order.
    pub rejected: Vec<RejectedRow>,
    /// How many events this run appended.
    pub events: u64,
    /// How long this run took.
    #[serde(serialize_with = "thousandths")]
    pub seconds: Millis,
}

/// What the documents with order numbers are. A mixed document counts in each of its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DocumentCounts {
    /// Sales.
    pub sales_orders: u64,
    /// Goods taken off the books.
    pub stock_write_offs: u64,
    /// Goods that the books did not have.
    pub stock_found: u64,
    /// Costs.
    pub fee_documents: u64,
}

/// A time in thousandths of a second; written as seconds with three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(pub u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

fn thousandths<S: Serializer>(millis: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    // A number in JSON, made of its decimals so that nothing is computed with floats.
    let number: serde_json::Number = millis.to_string().parse().map_err(serde::ser::Error::custom)?;
    number.serialize(serializer)
}

impl ImportReport {
    /// The report on what has entered of a source.
    pub(super) fn new(
        identity: &SourceIdentity,
        survey: &Survey,
        totals: &Totals,
        inferred: Inferred,
        events: u64,
        millis: i64,
    ) -> Self {
        let invoices = totals.numbers.values().sum();
        Self {
            import: identity.name.to_string(),
            rows: totals.rows,
            invoices,
            orders: totals.numbers_of(DocumentForm::Order),
            credit_notes: totals.numbers_of(DocumentForm::CreditNote),
            adjustments: totals.numbers_of(DocumentForm::Adjustment),
            documents: DocumentCounts {
                sales_orders: totals.orders_of(DocumentClass::SalesOrder),
                stock_write_offs: totals.orders_of(DocumentClass::StockWriteOff),
                stock_found: totals.orders_of(DocumentClass::StockFound),
                fee_documents: totals.orders_of(DocumentClass::Expense),
            },
            quantity: totals.quantity,
            net_minor: totals.net_minor,
            currency: identity.currency,
            by_month: totals.by_month.clone(),
            by_country: totals.by_country.clone(),
            unmatched_credits: inferred.unmatched_credits(),
            inferred,
            left_for_later: (survey.documents().len() as u64).saturating_sub(invoices),
            rejected: survey.rejected().to_vec(),
            events,
            seconds: Millis(u64::try_from(millis).unwrap_or(0)),
        }
    }

    /// The report as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    fn money(&self, minor: i64) -> String {
        format!("{} {}", Money::new(minor, self.currency), self.currency)
    }
}

/// For people.
impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { documents, inferred, unmatched_credits, .. } = self;
        writeln!(f, "Import {}: {} rows in {} documents", self.import, self.rows, self.invoices)?;
        writeln!(
            f,
            "  numbers      {} orders, {} credit notes, {} adjustments",
            self.orders, self.credit_notes, self.adjustments
        )?;
        writeln!(
            f,
            "  order forms  {} sales orders, {} stock write-offs, {} found stock, {} fee documents",
            documents.sales_orders, documents.stock_write_offs, documents.stock_found, documents.fee_documents
        )?;
        writeln!(f, "  net          {}", self.money(self.net_minor))?;
        writeln!(f, "  quantity     {}", self.quantity)?;
        writeln!(f, "  by month")?;
        for (month, &minor) in &self.by_month {
            writeln!(f, "    {month}  {:>18}", self.money(minor))?;
        }
        writeln!(f, "  by country")?;
        let mut countries: Vec<_> = self.by_country.iter().collect();
        countries.sort_by_key(|&(name, &minor)| (std::cmp::Reverse(minor), name));
        for (country, &minor) in countries {
            writeln!(f, "    {country:<24}  {:>18}", self.money(minor))?;
        }
        writeln!(f, "  inferred")?;
        writeln!(
            f,
            "    payments       {} assumed settled, {}",
            inferred.payments.count,
            self.money(inferred.payments.minor)
        )?;
        writeln!(f, "    shipments      {} with {} units", inferred.shipments.count, inferred.shipments.units)?;
        writeln!(f, "    returns        {} with {} units", inferred.returns.count, inferred.returns.units)?;
        writeln!(
            f,
            "    opening stock  {} SKUs with {} units",
            inferred.opening_stock.items, inferred.opening_stock.units
        )?;
        writeln!(f, "    tax is not stated, cost is unknown")?;
        writeln!(
            f,
            "  unmatched    {} credit lines, {}",
            unmatched_credits.lines,
            self.money(unmatched_credits.minor)
        )?;
        if self.left_for_later > 0 {
            writeln!(f, "  left         {} documents for a later run", self.left_for_later)?;
        }
        if !self.rejected.is_empty() {
            writeln!(f, "  rejected     {} rows", self.rejected.len())?;
            for row in self.rejected.iter().take(REJECTED_SHOWN_MAX) {
                writeln!(f, "    {row}")?;
            }
            if self.rejected.len() > REJECTED_SHOWN_MAX {
                writeln!(f, "    and {} more; --json lists them all", self.rejected.len() - REJECTED_SHOWN_MAX)?;
            }
        }
        write!(f, "File, log and read models agree. {} events in {} s.", self.events, self.seconds)
    }
}
