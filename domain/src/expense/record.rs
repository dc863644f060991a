//! Recording an expense document of the past.

use super::{
    commands::{ExpenseCommand, LINES_MAX},
    error::ExpenseError,
    events::{ExpenseEvent, ExpenseLine, ExpenseRecorded},
    state::ExpenseState,
};
use crate::{
    aggregate::Moment,
    common::Basis,
    document::{DocumentError, LineAmount, check_numbering, checked_sum},
    quantity::Quantity,
};

/// Checks the lines, adds them up, and records the document once.
pub(super) fn record(
    state: &ExpenseState,
    command: &ExpenseCommand,
    moment: &Moment,
) -> Result<Vec<ExpenseEvent>, ExpenseError> {
    let ExpenseCommand::Record { customer_id, country, currency, lines, rounding, source } = command;
    if let ExpenseState::Recorded { source: recorded } = state {
        recorded.check_same(source)?;
        return Ok(vec![]);
    }
    check_numbering(lines.iter().map(|line| line.line), LINES_MAX)?;
    let mut total_minor = 0;
    for line in lines {
        check_quantity(line)?;
        let amount = LineAmount {
            line: line.line,
            units: line.quantity,
            unit_price: line.unit_price,
            amount_minor: line.amount_minor,
            rounding_micros: line.rounding_micros,
        };
        amount.check(*currency, *rounding)?;
        total_minor = checked_sum(total_minor, line.amount_minor)?;
    }
    let recorded = ExpenseRecorded {
        customer_id: *customer_id,
        country: country.clone(),
        currency: *currency,
        lines: lines.clone(),
        total_minor,
        rounding: *rounding,
        business_date: moment.business_date,
        source: source.clone(),
        basis: Basis::Recorded,
    };
    Ok(vec![recorded.into()])
}

fn check_quantity(line: &ExpenseLine) -> Result<(), DocumentError> {
    if line.quantity == 0 || line.quantity.unsigned_abs() > u64::from(Quantity::MAX) {
        let (given, max) = (line.quantity, Quantity::MAX);
        return Err(DocumentError::QuantityOutOfRange { line: line.line, given, max });
    }
    Ok(())
}
