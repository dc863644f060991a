//! Disputes: the customer's bank asks money back, and the provider tells how that goes.
//!
//! **Invariant:** open and lost disputes count against what can be refunded, so nobody is paid back twice.

use super::{
    commands::DISPUTES_MAX,
    create::check_positive,
    error::PaymentError,
    events::{DisputeOutcome, PaymentDisputeClosed, PaymentDisputeOpened, PaymentEvent},
    state::CreatedPayment,
};
use crate::text::Reference;
use serde::{Deserialize, Serialize};

/// How a dispute stands. It only ever moves down this list, in whatever order the news comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The bank has not decided.
    Open,
    /// The shop keeps the money.
    Won,
    /// The money is gone.
    Lost,
}

impl From<DisputeOutcome> for DisputeStatus {
    fn from(outcome: DisputeOutcome) -> Self {
        match outcome {
            DisputeOutcome::Won => Self::Won,
            DisputeOutcome::Lost => Self::Lost,
        }
    }
}

/// A dispute as decisions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// How much it is about, in minor units.
    pub amount_minor: i64,
    /// How it stands.
    pub status: DisputeStatus,
}

/// The provider tells of a dispute.
pub(super) fn record(
    payment: &CreatedPayment,
    dispute: &Reference,
    amount_minor: i64,
    status: DisputeStatus,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    check_positive(amount_minor)?;
    match payment.disputes.get(dispute) {
        Some(known) if known.status >= status => return Ok(vec![]),
        Some(_) => {}
        None if payment.disputes.len() >= DISPUTES_MAX => {
            return Err(PaymentError::TooManyDisputes { max: DISPUTES_MAX });
        }
        None => {}
    }
    let dispute = dispute.clone();
    let outcome = match status {
        DisputeStatus::Open => return Ok(vec![PaymentDisputeOpened { dispute, amount_minor }.into()]),
        DisputeStatus::Won => DisputeOutcome::Won,
        DisputeStatus::Lost => DisputeOutcome::Lost,
    };
    Ok(vec![PaymentDisputeClosed { dispute, amount_minor, outcome }.into()])
}

#[cfg(test)]
mod tests;
