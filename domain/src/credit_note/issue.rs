//! Issuing a credit note, today or in the past: its lines are checked and added up.

use super::{
    commands::{CreditNoteContent, LINES_MAX, MATCHES_MAX},
    error::CreditNoteError,
    events::{CreditLine, CreditNoteEvent, CreditNoteIssued},
    state::CreditNoteState,
};
use crate::{
    aggregate::Moment,
    common::{Basis, SourceDocument},
    document::{DocumentError, LineAmount, check_numbering, check_sku, checked_sum, checked_tax},
    money::cumulative_share,
};

/// Issues a note under an id that no note has.
pub(super) fn issue(
    state: &CreditNoteState,
    content: &CreditNoteContent,
    moment: &Moment,
) -> Result<Vec<CreditNoteEvent>, CreditNoteError> {
    if *state != CreditNoteState::New {
        return Err(CreditNoteError::AlreadyIssued);
    }
    let issued = issued(content, None, moment)?;
    if let Some(&CreditLine { line, unmatched, .. }) = issued.lines.iter().find(|line| line.unmatched > 0) {
        return Err(CreditNoteError::Unmatched { line, unmatched });
    }
    Ok(vec![issued.into()])
}

/// Records a note of the past.
pub(super) fn record(
    state: &CreditNoteState,
    content: &CreditNoteContent,
    source: &SourceDocument,
    moment: &Moment,
) -> Result<Vec<CreditNoteEvent>, CreditNoteError> {
    match state {
        CreditNoteState::New => Ok(vec![issued(content, Some(source), moment)?.into()]),
        CreditNoteState::Issued { source: None, .. } => Err(CreditNoteError::AlreadyIssued),
        CreditNoteState::Issued { source: Some(recorded), .. } => {
            recorded.check_same(source)?;
            Ok(vec![])
        }
    }
}

/// The fact that a note was issued, once its content has been checked.
fn issued(
    content: &CreditNoteContent,
    source: Option<&SourceDocument>,
    moment: &Moment,
) -> Result<CreditNoteIssued, CreditNoteError> {
    check_numbering(content.lines.iter().map(|line| line.line), LINES_MAX)?;
    let mut total_minor = checked_tax(content.tax)?;
    for line in &content.lines {
        check_sku(line.line, line.kind, line.sku.is_some())?;
        let amount = LineAmount {
            line: line.line,
            units: line.quantity.as_i64(),
            unit_price: line.unit_price,
            amount_minor: line.amount_minor,
            rounding_micros: line.rounding_micros,
        };
        amount.check_price()?;
        amount.check(content.currency, content.rounding)?;
        check_matches(line)?;
        total_minor = checked_sum(total_minor, line.amount_minor)?;
    }
    Ok(CreditNoteIssued {
        customer_id: content.customer_id,
        country: content.country.clone(),
        currency: content.currency,
        lines: content.lines.clone(),
        tax: content.tax,
        total_minor,
        rounding: content.rounding,
        business_date: moment.business_date,
        reason: content.reason.clone(),
        source: source.cloned(),
        basis: Basis::Recorded,
    })
}

/// Checks that matched and unmatched units are the line's, and that the unmatched amount follows from them.
fn check_matches(line: &CreditLine) -> Result<(), CreditNoteError> {
    let (number, quantity, unmatched) = (line.line, line.quantity.get(), line.unmatched);
    if line.matches.len() > MATCHES_MAX {
        let (given, max) = (line.matches.len(), MATCHES_MAX);
        return Err(CreditNoteError::TooManyMatches { line: number, given, max });
    }
    let matched: u64 = line.matches.iter().map(|one| u64::from(one.quantity.get())).sum();
    if matched + u64::from(unmatched) != u64::from(quantity) {
        return Err(CreditNoteError::MatchesDoNotAddUp { line: number, quantity, matched, unmatched });
    }
    // The matched units are a part of the line's, so that the share exists.
    let matched_minor = cumulative_share(line.amount_minor, matched, u64::from(quantity));
    let matched_minor = matched_minor.map_err(|_| DocumentError::TooLarge)?;
    let expected_minor = line.amount_minor - matched_minor;
    if expected_minor != line.unmatched_minor {
        let given_minor = line.unmatched_minor;
        return Err(CreditNoteError::UnmatchedAmountMismatch { line: number, expected_minor, given_minor });
    }
    Ok(())
}
