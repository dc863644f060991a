//! Whether the simulated provider's books allow an operation.

use super::{
    charge::{Charge, ChargeOperation},
    code,
};
use chrono::{DateTime, Utc};
use tillroll_domain::{payment::events::OperationKind, text::Reference};

/// Answers the authorization that a capture or void is about, or the code with which it is refused. Without a named one,
/// the newest is meant. The operation itself must not be among the charge's yet.
pub(super) fn judge(
    charge: &Charge,
    operation: &ChargeOperation,
    named: Option<&Reference>,
    now: DateTime<Utc>,
) -> Result<Option<Reference>, Reference> {
    if operation.amount_minor <= 0 {
        return Err(code("amount_not_positive"));
    }
    match operation.kind {
        OperationKind::Authorize => Ok(None),
        OperationKind::Refund => refund(charge, operation.amount_minor).map(|()| None),
        OperationKind::Capture | OperationKind::Void => {
            let authorization = match named {
                Some(reference) => charge.authorizations().find(|known| known.reference == *reference),
                None => charge.authorizations().next_back(),
            };
            let authorization = authorization.ok_or_else(|| code("no_such_authorization"))?;
            if authorization.has_lapsed(now) {
                return Err(code("authorization_expired"));
            }
            if charge.is_voided(&authorization.reference) {
                return Err(code("authorization_voided"));
            }
            let aside = charge.aside_of(authorization, now);
            match operation.kind {
                OperationKind::Capture if operation.amount_minor > aside => Err(code("amount_exceeds_authorized")),
                OperationKind::Void if aside == 0 => Err(code("nothing_authorized")),
                OperationKind::Capture | OperationKind::Void | OperationKind::Authorize | OperationKind::Refund => {
                    Ok(Some(authorization.reference.clone()))
                }
            }
        }
    }
}

fn refund(charge: &Charge, amount_minor: i64) -> Result<(), Reference> {
    let refundable = charge.refundable_minor();
    if amount_minor <= refundable {
        return Ok(());
    }
    // Which of the two reasons it is makes a difference for whoever has to explain it.
    let is_disputed = amount_minor <= refundable + charge.disputed_minor();
    Err(code(if is_disputed { "charge_disputed" } else { "amount_exceeds_captured" }))
}
