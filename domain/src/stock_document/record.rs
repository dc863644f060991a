//! A stock document of history is recorded.

use super::{
    StockDocumentState,
    commands::LINES_MAX,
    events::{StockDocumentEvent, StockDocumentKind, StockDocumentLine, StockDocumentRecorded},
};
use crate::{
    common::{Basis, SourceDocument},
    money::Currency,
    text::{Country, Reference},
};
use chrono::NaiveDate;
use thiserror::Error;

/// Why a stock document was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StockDocumentError {
    /// The document is recorded with other content.
    #[error("document {number} was recorded with the digest {recorded}, not {given}")]
    ContentChanged {
        /// The number of the recorded document.
        number: Reference,
        /// The digest of the recorded content.
        recorded: Reference,
        /// The digest of the content that was given now.
        given: Reference,
    },
    /// A document without lines.
    #[error("a stock document has at least one line")]
    NoLines,
    /// More lines than a document may have.
    #[error("a stock document has at most {max} lines, not {given}")]
    TooManyLines {
        /// The bound.
        max: usize,
        /// How many were given.
        given: usize,
    },
    /// The lines are not numbered from 1 without gaps.
    #[error("line {expected} is numbered {given}")]
    LineNumber {
        /// The number that the line should have.
        expected: usize,
        /// The number that it has.
        given: u32,
    },
    /// A line's sign does not fit the kind: a write-off takes, a find adds, and neither is zero.
    #[error("the quantity {quantity} of line {line} does not fit the document: a write-off takes, a find adds")]
    Sign {
        /// The document's kind.
        kind: StockDocumentKind,
        /// The line.
        line: u32,
        /// Its quantity.
        quantity: i64,
    },
}

/// What a stock document says.
pub(super) struct Content<'a> {
    pub(super) kind: StockDocumentKind,
    pub(super) country: &'a Country,
    pub(super) currency: Currency,
    pub(super) lines: &'a [StockDocumentLine],
    pub(super) source: &'a SourceDocument,
}

pub(super) fn record(
    state: &StockDocumentState,
    content: &Content<'_>,
    business_date: NaiveDate,
) -> Result<Vec<StockDocumentEvent>, StockDocumentError> {
    let &Content { kind, country, currency, lines, source } = content;
    if let StockDocumentState::Recorded { number, digest } = state {
        return if *digest == source.digest {
            Ok(vec![])
        } else {
            Err(StockDocumentError::ContentChanged {
                number: number.clone(),
                recorded: digest.clone(),
                given: source.digest.clone(),
            })
        };
    }
    check_lines(kind, lines)?;
    Ok(vec![
        StockDocumentRecorded {
            kind,
            country: country.clone(),
            currency,
            lines: lines.to_vec(),
            business_date,
            source: source.clone(),
            basis: Basis::Recorded,
        }
        .into(),
    ])
}

fn check_lines(kind: StockDocumentKind, lines: &[StockDocumentLine]) -> Result<(), StockDocumentError> {
    if lines.is_empty() {
        return Err(StockDocumentError::NoLines);
    }
    if lines.len() > LINES_MAX {
        return Err(StockDocumentError::TooManyLines { max: LINES_MAX, given: lines.len() });
    }
    for (expected, line) in (1..).zip(lines) {
        if usize::try_from(line.line) != Ok(expected) {
            return Err(StockDocumentError::LineNumber { expected, given: line.line });
        }
        let fits = match kind {
            StockDocumentKind::WriteOff => line.quantity < 0,
            StockDocumentKind::Found => line.quantity > 0,
        };
        if !fits {
            return Err(StockDocumentError::Sign { kind, line: line.line, quantity: line.quantity });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{StockDocument, commands::StockDocumentCommand};
    use super::*;
    use crate::{
        aggregate::{Aggregate, Moment},
        common::DocumentForm,
        testing::{Given, assert_survives_storage, given, moment},
    };
    use proptest::{collection::vec, prelude::*};

    fn source(digest: &str) -> SourceDocument {
        SourceDocument {
            system: "online-retail".parse().unwrap(),
            number: "536589".parse().unwrap(),
            form: DocumentForm::Order,
            digest: digest.parse().unwrap(),
            local_time: moment().now.naive_utc(),
            time_zone: "Europe/London".parse().unwrap(),
        }
    }

    /// Lines numbered from 1 with these quantities.
    fn lines(quantities: &[i64]) -> Vec<StockDocumentLine> {
        let line = |(line, &quantity)| StockDocumentLine {
            line,
            code: "21777".parse().unwrap(),
            sku: Some("21777".parse().unwrap()),
            description: "damaged".parse().unwrap(),
            quantity,
        };
        (1..).zip(quantities).map(line).collect()
    }

    fn ask(kind: StockDocumentKind, lines: Vec<StockDocumentLine>, digest: &str) -> StockDocumentCommand {
        StockDocumentCommand::Record {
            kind,
            country: "GB".parse().unwrap(),
            currency: "GBP".parse().unwrap(),
            lines,
            source: source(digest),
        }
    }

    fn write_off(quantities: &[i64]) -> StockDocumentCommand {
        ask(StockDocumentKind::WriteOff, lines(quantities), "d1")
    }

    fn absent() -> Given<StockDocument> {
        given([])
    }

    #[test]
    fn a_document_is_recorded_on_the_date_of_its_effect() {
        let recorded = |kind, quantities: &[i64]| StockDocumentRecorded {
            kind,
            country: "GB".parse().unwrap(),
            currency: "GBP".parse().unwrap(),
            lines: lines(quantities),
            business_date: NaiveDate::from_ymd_opt(2010, 12, 1).unwrap(),
            source: source("d1"),
            basis: Basis::Recorded,
        };
        let then = Moment { business_date: NaiveDate::from_ymd_opt(2010, 12, 1).unwrap(), ..moment() };
        let event = recorded(StockDocumentKind::WriteOff, &[-10, -1]);
        absent().at(then).when(write_off(&[-10, -1])).then([event.into()]);
        let event = recorded(StockDocumentKind::Found, &[3]);
        absent().at(then).when(ask(StockDocumentKind::Found, lines(&[3]), "d1")).then([event.into()]);
    }

    #[test]
    fn a_document_is_recorded_once() {
        absent().and(write_off(&[-10])).when(write_off(&[-10])).then_nothing();
    }

    #[test]
    fn a_document_whose_content_changed_is_refused() {
        let refusal = StockDocumentError::ContentChanged {
            number: "536589".parse().unwrap(),
            recorded: "d1".parse().unwrap(),
            given: "d2".parse().unwrap(),
        };
        let changed = ask(StockDocumentKind::WriteOff, lines(&[-11]), "d2");
        absent().and(write_off(&[-10])).when(changed).then_refused(refusal);
    }

    #[test]
    fn the_number_of_lines_is_bounded() {
        absent().when(write_off(&[])).then_refused(StockDocumentError::NoLines);
        let many = vec![-1; LINES_MAX + 1];
        let refusal = StockDocumentError::TooManyLines { max: LINES_MAX, given: LINES_MAX + 1 };
        absent().when(write_off(&many)).then_refused(refusal);
        absent().when(write_off(&many[1..])).then_state();
    }

    #[test]
    fn lines_are_numbered_from_one_without_gaps() {
        for (numbers, expected, given) in [([0, 1], 1, 0), ([1, 3], 2, 3), ([1, 1], 2, 1)] {
            let mut wrong = lines(&[-1, -1]);
            for (line, number) in wrong.iter_mut().zip(numbers) {
                line.line = number;
            }
            absent()
                .when(ask(StockDocumentKind::WriteOff, wrong, "d1"))
                .then_refused(StockDocumentError::LineNumber { expected, given });
        }
    }

    #[test]
    fn the_signs_of_the_lines_fit_the_kind() {
        use StockDocumentKind::{Found, WriteOff};
        for (kind, quantity) in [(WriteOff, 1), (WriteOff, 0), (Found, -1), (Found, 0)] {
            let good = if kind == WriteOff { -5 } else { 5 };
            absent().when(ask(kind, lines(&[good, quantity]), "d1")).then_refused(StockDocumentError::Sign {
                kind,
                line: 2,
                quantity,
            });
        }
    }

    proptest! {
        #[test]
        fn what_is_recorded_fits_its_kind_and_stays(quantities in vec(-3..4_i64, 0..6), found in any::<bool>()) {
            let kind = if found { StockDocumentKind::Found } else { StockDocumentKind::WriteOff };
            let command = ask(kind, lines(&quantities), "d1");
            let answer = StockDocument::decide(&StockDocument::initial(), &command, &moment());
            let fits = !quantities.is_empty() && quantities.iter().all(|&q| if found { q > 0 } else { q < 0 });
            prop_assert_eq!(answer.is_ok(), fits);
            let state = StockDocument::fold(&answer.unwrap_or_default());
            assert_survives_storage::<StockDocument>(&state);
            if fits {
                prop_assert_eq!(StockDocument::decide(&state, &command, &moment()), Ok(vec![]));
            }
        }
    }
}
