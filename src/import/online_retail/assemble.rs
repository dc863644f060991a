//! Puts the rows of a file together to whole documents, in the order of their first rows' times.
//!
//! A first pass over the file learns which rows belong to which document; every later pass streams whole documents.
//!
//! **Memory:** 24 bytes and a map entry per document of the file, and the rows of documents that have begun and may not
//! leave yet, at most [`HELD_ROWS_MAX`] of them: a file whose documents are scattered more widely is refused.

use super::{
    classify::classify,
    reader::RowReader,
    record::{DocumentNumber, Row},
};
use crate::import::{
    ImportError,
    document::{HistoryDocument, RejectedRow},
    input::Input,
    progress::{Phase, Progress, Progressed},
};
use chrono::NaiveDateTime;
use std::collections::HashMap;
use tillroll_domain::money::Currency;

/// The most rows that are held back at a time.
pub(super) const HELD_ROWS_MAX: usize = 250_000;
/// How many rows are read between two reports of progress.
const ROWS_PER_REPORT: u64 = 8_192;

/// Which documents a file has, and where each stands in the order.
#[derive(Debug)]
pub(super) struct Index {
    /// Per document, in order, how many rows it has.
    rows_of: Vec<u32>,
    rank_of: HashMap<DocumentNumber, u32>,
    /// Well-formed rows.
    pub(super) rows: u64,
    /// Rows that have not the columns' form.
    pub(super) rejected: Vec<RejectedRow>,
}

struct Entry {
    number: DocumentNumber,
    first_time: NaiveDateTime,
    rows: u32,
}

impl Index {
    /// The first pass. `reject` decides whether a malformed row ends it.
    pub(super) fn read(
        input: &Input,
        progress: &mut dyn Progress,
        mut reject: impl FnMut(&RejectedRow, usize) -> Result<(), ImportError>,
    ) -> Result<Self, ImportError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut entry_of: HashMap<DocumentNumber, u32> = HashMap::new();
        let (mut rows, mut rejected) = (0, Vec::new());
        for row in RowReader::open(input)? {
            match row? {
                Ok(row) => {
                    rows += 1;
                    let next = u32::try_from(entries.len()).expect("there are at most three million document numbers");
                    let entry = *entry_of.entry(row.number).or_insert(next);
                    if entry == next {
                        entries.push(Entry { number: row.number, first_time: row.local_time, rows: 0 });
                    }
                    if let Some(entry) = entries.get_mut(entry as usize) {
                        entry.rows = entry.rows.saturating_add(1);
                    }
                    if rows % ROWS_PER_REPORT == 0 {
                        progress.progressed(read(rows, entries.len()));
                    }
                }
                Err(row) => {
                    reject(&row, rejected.len() + 1)?;
                    rejected.push(row);
                }
            }
        }
        progress.progressed(read(rows, entries.len()));
        // Stable, so that documents of one time stay in the order of their first rows.
        entries.sort_by_key(|entry| entry.first_time);
        for (entry, rank) in entries.iter().zip(0_u32..) {
            entry_of.insert(entry.number, rank);
        }
        Ok(Self { rows_of: entries.iter().map(|entry| entry.rows).collect(), rank_of: entry_of, rows, rejected })
    }

    /// How many documents the file has, before rows are rejected for what they say.
    pub(super) fn documents(&self) -> usize {
        self.rows_of.len()
    }

    /// A later pass: the whole documents, in order.
    pub(super) fn documents_of(&self, input: &Input, currency: Currency) -> Result<Documents<'_>, ImportError> {
        Ok(Documents {
            rows: RowReader::open(input)?,
            index: self,
            currency,
            input: input.to_string(),
            open: HashMap::new(),
            held: 0,
            next: 0,
        })
    }
}

fn read(rows: u64, documents: usize) -> Progressed {
    let documents = documents as u64;
    Progressed { phase: Phase::Reading, rows, rows_total: None, documents, documents_total: None }
}

/// The whole documents of a file, in order.
pub(super) struct Documents<'a> {
    rows: RowReader,
    index: &'a Index,
    currency: Currency,
    input: String,
    /// Rows of documents that were not given out yet, by their place in the order.
    open: HashMap<u32, Vec<Row>>,
    held: usize,
    next: u32,
}

impl Documents<'_> {
    fn next_document(&mut self) -> Result<Option<HistoryDocument>, ImportError> {
        loop {
            let Some(&wanted) = self.index.rows_of.get(self.next as usize) else {
                return match self.next_row()? {
                    None => Ok(None),
                    Some(_) => Err(self.changed()),
                };
            };
            if self.open.get(&self.next).is_some_and(|rows| rows.len() == wanted as usize) {
                let rows = self.open.remove(&self.next).unwrap_or_default();
                self.held -= rows.len();
                self.next += 1;
                return Ok(classify(rows, self.currency));
            }
            let Some(row) = self.next_row()? else {
                return Err(self.changed());
            };
            let rank = *self.index.rank_of.get(&row.number).ok_or_else(|| self.changed())?;
            if rank < self.next {
                return Err(self.changed());
            }
            if self.held == HELD_ROWS_MAX {
                return Err(ImportError::TooScattered {
                    input: self.input.clone(),
                    line: row.line,
                    limit: HELD_ROWS_MAX,
                });
            }
            self.held += 1;
            self.open.entry(rank).or_default().push(row);
        }
    }

    /// The next well-formed row; the first pass has reported the others.
    fn next_row(&mut self) -> Result<Option<Row>, ImportError> {
        for row in self.rows.by_ref() {
            if let Ok(row) = row? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn changed(&self) -> ImportError {
        ImportError::InputChanged { input: self.input.clone() }
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<HistoryDocument, ImportError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::record::HEADER, *};
    use crate::import::progress::Silent;

    fn input(rows: &[(&str, &str, &str)]) -> Input {
        let mut text = HEADER.join(",");
        for (number, code, minute) in rows {
            text.push_str(&format!("\r\n{number},{code},T,1,2010-12-01 08:{minute}:00,1,17850,France"));
        }
        Input::bytes("a test", text.into_bytes())
    }

    fn documents(input: &Input) -> Vec<(String, Vec<String>)> {
        let index = Index::read(input, &mut Silent, |_, _| Ok(())).unwrap();
        let documents = index.documents_of(input, "GBP".parse().unwrap()).unwrap();
        documents
            .map(|document| {
                let document = document.unwrap();
                let codes = document.lines().map(|line| line.code.to_string()).collect();
                (document.number.to_string(), codes)
            })
            .collect()
    }

    #[test]
    fn the_rows_of_a_document_are_together_in_their_order_wherever_they_stand() {
        let input = input(&[
            ("500001", "1", "01"),
            ("500002", "2", "01"),
            ("500001", "3", "02"),
            ("500003", "4", "02"),
            ("500001", "5", "02"),
        ]);
        assert_eq!(
            documents(&input),
            [
                ("500001".into(), vec!["1".into(), "3".into(), "5".into()]),
                ("500002".into(), vec!["2".into()]),
                ("500003".into(), vec!["4".into()]),
            ]
        );
    }

    #[test]
    fn documents_come_by_the_time_of_their_first_row_and_then_by_its_place() {
        let input =
            input(&[("500009", "1", "05"), ("500002", "2", "01"), ("500001", "3", "01"), ("500009", "4", "00")]);
        let numbers: Vec<String> = documents(&input).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, ["500002", "500001", "500009"]);
    }

    #[test]
    fn a_file_that_changes_between_the_passes_is_refused() {
        let index = Index::read(&input(&[("500001", "1", "01")]), &mut Silent, |_, _| Ok(())).unwrap();
        for rows in [&[][..], &[("500001", "1", "01"), ("500001", "1", "01")], &[("500002", "1", "01")]] {
            let changed = input(rows);
            let documents = index.documents_of(&changed, "GBP".parse().unwrap()).unwrap();
            let outcome: Result<Vec<_>, ImportError> = documents.collect();
            assert!(matches!(outcome, Err(ImportError::InputChanged { .. })), "{outcome:?}");
        }
    }
}
