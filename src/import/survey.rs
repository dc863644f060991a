//! The second pass: what all documents are, what they add up to, how much stock there must have been before them, what
//! products are called, and which sales a credit may yet be set against.
//!
//! **Memory:** some 150 bytes per document, a count and a name per SKU, a key per credited customer and code; no lines.

use super::{
    ImportError,
    document::{ContentDigest, DocumentClass, HistoryDocument, HistoryLineKind, RejectedRow, RollingDigest},
    matching::CreditKey,
    progress::{Phase, Progress, Progressed},
    source::HistorySource,
    totals::{HeadFacts, Totals, sum},
};
use chrono::{NaiveDate, NaiveDateTime};
use std::collections::{BTreeMap, HashMap, HashSet};
use tillroll_domain::{
    common::DocumentForm,
    quantity::Quantity,
    text::{Country, Name, Reference, Sku},
};

/// How many documents are surveyed between two reports of progress.
const DOCUMENTS_PER_REPORT: usize = 512;

/// What is known of a source's documents before the first of them enters.
#[derive(Debug, Default)]
pub struct Survey {
    documents: Vec<DocumentSummary>,
    heads: Vec<HeadSummary>,
    countries: Vec<Country>,
    opening: BTreeMap<Sku, Quantity>,
    names: HashMap<Sku, Name>,
    credited: HashSet<CreditKey>,
    rejected: Vec<RejectedRow>,
}

/// One document that will enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSummary {
    /// Its number.
    pub number: Reference,
    /// What form the number has.
    pub form: DocumentForm,
    /// Its content.
    pub digest: ContentDigest,
    /// The time of its first row by the source's wall clock; it is booked on the date.
    pub local_time: NaiveDateTime,
    /// Its lines.
    pub rows: u64,
    country: usize,
}

#[derive(Debug)]
struct HeadSummary {
    document: usize,
    class: DocumentClass,
    first: bool,
    lines: u64,
    quantity: i64,
    net_minor: i64,
}

/// How far the books fall, and who names a product.
#[derive(Debug, Default)]
struct SkuFacts {
    on_hand: i64,
    lowest: i64,
    sale_name: Option<Name>,
    credit_name: Option<Name>,
}

impl Survey {
    /// Reads all documents of a source. With `strict`, the first rejected row ends it.
    ///
    /// # Errors
    /// A source that cannot be read, too many rejected rows, more opening stock than can be counted, and with `strict` the
    /// first rejected row.
    pub fn of(
        source: &dyn HistorySource,
        strict: bool,
        rejected_max: usize,
        progress: &mut dyn Progress,
    ) -> Result<Self, ImportError> {
        let (rows_total, documents_total) = source.size();
        let mut survey = Self { rejected: source.rejected().to_vec(), ..Self::default() };
        let mut skus: HashMap<Sku, SkuFacts> = HashMap::new();
        let (mut countries, mut rows) = (HashMap::new(), 0);
        let mut report = |rows, documents: usize| {
            progress.progressed(Progressed {
                phase: Phase::Surveying,
                rows,
                rows_total: Some(rows_total),
                documents: documents as u64,
                documents_total: Some(documents_total),
            });
        };
        report(0, 0);
        for document in source.documents()? {
            let document = document?;
            if let (true, Some(row)) = (strict, document.rejected.first()) {
                return Err(ImportError::Malformed(Box::new(row.clone())));
            }
            rows += (document.lines().count() + document.rejected.len()) as u64;
            survey.rejected.extend(document.rejected.iter().cloned());
            if survey.rejected.len() > rejected_max {
                let input = source.identity().name.to_string();
                return Err(ImportError::TooManyRejected { input, limit: rejected_max });
            }
            if !document.parts.is_empty() {
                survey.add(&document, &mut countries)?;
                count_stock(&document, &mut skus);
            }
            if survey.documents.len().is_multiple_of(DOCUMENTS_PER_REPORT) {
                report(rows, survey.documents.len());
            }
        }
        report(rows, survey.documents.len());
        survey.rejected.sort_by_key(|row| row.line);
        for (sku, facts) in skus {
            if facts.lowest < 0 {
                let units = facts.lowest.saturating_neg();
                let units = Quantity::new(units).map_err(|_| ImportError::OpeningStock { sku: sku.clone(), units })?;
                survey.opening.insert(sku.clone(), units);
            }
            if let Some(name) = facts.sale_name.or(facts.credit_name) {
                survey.names.insert(sku, name);
            }
        }
        Ok(survey)
    }

    fn add(&mut self, document: &HistoryDocument, countries: &mut HashMap<Country, usize>) -> Result<(), ImportError> {
        let country = *countries.entry(document.country.clone()).or_insert_with(|| {
            self.countries.push(document.country.clone());
            self.countries.len() - 1
        });
        for (index, part) in document.parts.iter().enumerate() {
            self.heads.push(HeadSummary {
                document: self.documents.len(),
                class: part.class,
                first: index == 0,
                lines: part.lines.len() as u64,
                quantity: sum(part.lines.iter().map(|line| line.quantity))?,
                net_minor: sum(part.lines.iter().map(|line| line.amount_minor))?,
            });
            if part.class == DocumentClass::CreditNote {
                self.credited.extend(part.lines.iter().filter_map(|line| CreditKey::of(document, line)));
            }
        }
        self.documents.push(DocumentSummary {
            number: document.number.clone(),
            form: document.form,
            digest: document.digest,
            local_time: document.local_time,
            rows: document.lines().count() as u64,
            country,
        });
        Ok(())
    }

    /// All documents that will enter, in order.
    #[must_use]
    pub fn documents(&self) -> &[DocumentSummary] {
        &self.documents
    }

    /// True if the document at this place among [`Self::documents`] becomes a head document of this class.
    #[must_use]
    pub fn has_head(&self, document: usize, class: DocumentClass) -> bool {
        let first = self.heads.partition_point(|head| head.document < document);
        let heads = self.heads.iter().skip(first).take_while(|head| head.document == document);
        heads.into_iter().any(|head| head.class == class)
    }

    /// How many documents are dated before a date; all of them without one.
    #[must_use]
    pub fn documents_before(&self, until: Option<NaiveDate>) -> usize {
        let dated_before =
            |until: NaiveDate| self.documents.partition_point(|document| document.local_time.date() < until);
        until.map_or(self.documents.len(), dated_before)
    }

    /// What the first `count` documents add up to.
    ///
    /// # Errors
    /// Sums beyond 64 bits.
    pub fn totals(&self, count: usize) -> Result<Totals, ImportError> {
        let mut totals = Totals::default();
        for head in self.heads.iter().take_while(|head| head.document < count) {
            let document = &self.documents[head.document];
            totals.add(&HeadFacts {
                form: document.form,
                class: head.class,
                counts_number: head.first,
                date: document.local_time.date(),
                country: self.countries[document.country].as_str(),
                lines: head.lines,
                quantity: head.quantity,
                net_minor: head.net_minor,
            })?;
        }
        Ok(totals)
    }

    /// The digest over the first `count` documents.
    #[must_use]
    pub fn digest(&self, count: usize) -> ContentDigest {
        let mut rolling = RollingDigest::default();
        self.documents.iter().take(count).for_each(|document| rolling.add(&document.digest));
        rolling.value()
    }

    /// The least stock that each SKU must have had before the first document, so that no document of the source takes
    /// more than is there; SKUs that needed none are left out.
    #[must_use]
    pub fn opening_stock(&self) -> &BTreeMap<Sku, Quantity> {
        &self.opening
    }

    /// What a product is called: the first text that a sale gave it, else a credit, else its SKU. Texts of stock
    /// documents ("damaged", "found in box") name nothing.
    #[must_use]
    pub fn name(&self, sku: &Sku) -> Name {
        self.names.get(sku).cloned().unwrap_or_else(|| sku.as_str().parse().expect("a SKU can be a name"))
    }

    /// True if some credit of the source may be set against sales under this key.
    #[must_use]
    pub fn is_credited(&self, key: &CreditKey) -> bool {
        self.credited.contains(key)
    }

    /// Every row that becomes no event, in the order of the file.
    #[must_use]
    pub fn rejected(&self) -> &[RejectedRow] {
        &self.rejected
    }
}

/// Books a document's goods and notes how low that brings them. Within one document no SKU goes both ways, except in a
/// mixed stock document, whose write-offs come first, as they do when it is recorded.
fn count_stock(document: &HistoryDocument, skus: &mut HashMap<Sku, SkuFacts>) {
    for part in &document.parts {
        for line in &part.lines {
            let HistoryLineKind::Goods(sku) = &line.kind else { continue };
            if !skus.contains_key(sku) {
                skus.insert(sku.clone(), SkuFacts::default());
            }
            let facts = skus.get_mut(sku).expect("it was inserted if it was absent");
            let moved = match part.class {
                DocumentClass::SalesOrder | DocumentClass::CreditNote => line.quantity.saturating_neg(),
                DocumentClass::StockWriteOff | DocumentClass::StockFound => line.quantity,
                DocumentClass::Expense => 0,
            };
            facts.on_hand = facts.on_hand.saturating_add(moved);
            facts.lowest = facts.lowest.min(facts.on_hand);
            let named = match part.class {
                DocumentClass::SalesOrder => &mut facts.sale_name,
                DocumentClass::CreditNote => &mut facts.credit_name,
                DocumentClass::StockWriteOff | DocumentClass::StockFound | DocumentClass::Expense => continue,
            };
            if named.is_none() {
                *named = name_of(line.description.as_str());
            }
        }
    }
}

/// A text without outer blanks as a name, cut to the longest that a name may be; `None` if nothing is left.
fn name_of(text: &str) -> Option<Name> {
    let short: String = text.trim().chars().take(Name::MAX_CHARS).collect();
    short.trim_end().parse().ok()
}
