//! The rules that documents of every kind share: how their lines are numbered, how amounts follow from prices, and
//! when two imported documents are one and the same.

use crate::{
    common::{LineKind, SourceDocument},
    money::Currency,
    order::events::{RoundingPolicy, RoundingStage, Tax},
    price::UnitPrice,
    text::Reference,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is wrong with a document's lines or sums.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// It has no line.
    #[error("a document needs at least one line")]
    NoLines,
    /// It has too many lines.
    #[error("a document has at most {max} lines, not {given}")]
    TooManyLines {
        /// How many it has.
        given: usize,
        /// How many it may have.
        max: usize,
    },
    /// The lines are not numbered 1, 2, 3 …
    #[error("line {expected} is numbered {given}")]
    LineNumber {
        /// The number that the line must have.
        expected: u32,
        /// The number it has.
        given: u32,
    },
    /// A goods line names no SKU.
    #[error("line {line} is for goods and needs a SKU")]
    SkuMissing {
        /// The line.
        line: u32,
    },
    /// A line that is not for goods names a SKU.
    #[error("line {line} is not for goods and has no SKU")]
    SkuUnexpected {
        /// The line.
        line: u32,
        /// What it stands for.
        kind: LineKind,
    },
    /// A line's count is zero or too large.
    #[error("the quantity of line {line} must be other than zero and at most {max} either way, not {given}")]
    QuantityOutOfRange {
        /// The line.
        line: u32,
        /// What was given.
        given: i64,
        /// The largest magnitude.
        max: u32,
    },
    /// A price is below zero.
    #[error("the unit price of line {line} is negative: {unit_price}")]
    NegativePrice {
        /// The line.
        line: u32,
        /// The price.
        unit_price: UnitPrice,
    },
    /// A line's amount is not quantity times unit price under the rounding policy.
    #[error("the amount of line {line} must be {expected_minor} minor units, not {given_minor}")]
    AmountMismatch {
        /// The line.
        line: u32,
        /// What follows from quantity, price and rounding, in minor units.
        expected_minor: i64,
        /// What was given, in minor units.
        given_minor: i64,
    },
    /// A line does not state what its rounding did, or states it where nothing was rounded.
    #[error("the rounding of line {line} must be {expected_micros:?} millionths, not {given_micros:?}")]
    RoundingMismatch {
        /// The line.
        line: u32,
        /// What the rounding did, in millionths of the major unit; absent if nothing.
        expected_micros: Option<i64>,
        /// What was given.
        given_micros: Option<i64>,
    },
    /// The stated tax is below zero.
    #[error("the stated tax is negative: {amount_minor} minor units")]
    NegativeTax {
        /// The amount, in minor units.
        amount_minor: i64,
    },
    /// An amount or a sum does not fit 64 bits.
    #[error("the document's amounts are too large")]
    TooLarge,
}

/// Another document stands under the id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceConflict {
    /// The document was recorded with other content.
    #[error("document {number} was recorded with digest {recorded_digest} and now has {given_digest}")]
    Changed {
        /// The document's number.
        number: Reference,
        /// The digest of what was recorded.
        recorded_digest: Reference,
        /// The digest of what was given.
        given_digest: Reference,
    },
    /// Another document was recorded under the same id.
    #[error("the id stands for document {recorded_number} of {recorded_system}, not {given_number} of {given_system}")]
    AnotherDocument {
        /// The system of the recorded document.
        recorded_system: Reference,
        /// The number of the recorded document.
        recorded_number: Reference,
        /// The system of the given document.
        given_system: Reference,
        /// The number of the given document.
        given_number: Reference,
    },
}

/// What of a source document tells it from others; states keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceKey {
    /// The import's name.
    pub system: Reference,
    /// The document's number there.
    pub number: Reference,
    /// SHA-256 of its content, lower-case hex.
    pub digest: Reference,
}

impl From<&SourceDocument> for SourceKey {
    fn from(source: &SourceDocument) -> Self {
        Self { system: source.system.clone(), number: source.number.clone(), digest: source.digest.clone() }
    }
}

impl SourceKey {
    /// Succeeds if `given` is the very document that was recorded.
    ///
    /// # Errors
    /// [`SourceConflict`] if it is another document or has other content.
    pub fn check_same(&self, given: &SourceDocument) -> Result<(), SourceConflict> {
        if self.system != given.system || self.number != given.number {
            return Err(SourceConflict::AnotherDocument {
                recorded_system: self.system.clone(),
                recorded_number: self.number.clone(),
                given_system: given.system.clone(),
                given_number: given.number.clone(),
            });
        }
        if self.digest != given.digest {
            return Err(SourceConflict::Changed {
                number: self.number.clone(),
                recorded_digest: self.digest.clone(),
                given_digest: given.digest.clone(),
            });
        }
        Ok(())
    }
}

/// What a line says about its number and its money.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineAmount {
    pub(crate) line: u32,
    pub(crate) units: i64,
    pub(crate) unit_price: UnitPrice,
    pub(crate) amount_minor: i64,
    pub(crate) rounding_micros: Option<i64>,
}

impl LineAmount {
    /// Checks that the amount and its rounding follow from units and price.
    pub(crate) fn check(&self, currency: Currency, policy: RoundingPolicy) -> Result<(), DocumentError> {
        let RoundingStage::Line = policy.stage;
        let exact = self.unit_price.times(self.units, currency, policy.mode).map_err(|_| DocumentError::TooLarge)?;
        let line = self.line;
        if exact.minor != self.amount_minor {
            let (expected_minor, given_minor) = (exact.minor, self.amount_minor);
            return Err(DocumentError::AmountMismatch { line, expected_minor, given_minor });
        }
        let expected_micros = (exact.rounding_micros != 0).then_some(exact.rounding_micros);
        if expected_micros != self.rounding_micros {
            let given_micros = self.rounding_micros;
            return Err(DocumentError::RoundingMismatch { line, expected_micros, given_micros });
        }
        Ok(())
    }

    /// Checks that the price is not below zero.
    pub(crate) fn check_price(&self) -> Result<(), DocumentError> {
        if self.unit_price.is_negative() {
            return Err(DocumentError::NegativePrice { line: self.line, unit_price: self.unit_price });
        }
        Ok(())
    }
}

/// Checks that there are 1 to `max` lines, numbered from 1 without gaps.
pub(crate) fn check_numbering(numbers: impl ExactSizeIterator<Item = u32>, max: usize) -> Result<(), DocumentError> {
    match numbers.len() {
        0 => return Err(DocumentError::NoLines),
        given if given > max => return Err(DocumentError::TooManyLines { given, max }),
        _ => {}
    }
    match (1..).zip(numbers).find(|(expected, given)| expected != given) {
        Some((expected, given)) => Err(DocumentError::LineNumber { expected, given }),
        None => Ok(()),
    }
}

/// Checks that a line names a SKU exactly if it is for goods.
pub(crate) fn check_sku(line: u32, kind: LineKind, has_sku: bool) -> Result<(), DocumentError> {
    match (kind, has_sku) {
        (LineKind::Goods, true) | (LineKind::Carriage | LineKind::Discount, false) => Ok(()),
        (LineKind::Goods, false) => Err(DocumentError::SkuMissing { line }),
        (LineKind::Carriage | LineKind::Discount, true) => Err(DocumentError::SkuUnexpected { line, kind }),
    }
}

/// The stated tax in minor units, zero where none is stated.
pub(crate) fn checked_tax(tax: Tax) -> Result<i64, DocumentError> {
    match tax {
        Tax::NotStated => Ok(0),
        Tax::Stated { amount_minor } if amount_minor < 0 => Err(DocumentError::NegativeTax { amount_minor }),
        Tax::Stated { amount_minor } => Ok(amount_minor),
    }
}

/// The sum of two amounts.
pub(crate) fn checked_sum(left: i64, right: i64) -> Result<i64, DocumentError> {
    left.checked_add(right).ok_or(DocumentError::TooLarge)
}
