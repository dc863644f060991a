//! What really happened at the simulated provider: charges by payment, their operations by idempotency key, their disputes.
//!
//! Pure and deterministic: time, amounts and verdicts come from the caller, and the same calls on the same salt end in the
//! same truth. Whatever happens is told as facts, from which messages are made elsewhere.
//!
//! **Invariant:** of no authorization more is captured than it set aside, and of no charge more is given back than was
//! captured, disputes included when the refund is asked for.
//! **Invariant:** an operation id is one operation; what it answered first, it answers always.

pub mod charge;
mod facts;
mod judgment;
mod settle;

use super::letters;
use crate::payments::OperationRequest;
use charge::{Charge, ChargeDispute, ChargeOperation, DisputeStatus, OperationStatus};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    payment::events::OperationKind,
    provider_message::ProviderFact,
    text::Reference,
};

/// The most charges; further ones are refused with the code `simulator_full`.
pub const CHARGES_MAX: usize = 250_000;
/// The most operations of one charge; further ones are refused with the code `too_many_operations`.
pub const CHARGE_OPERATIONS_MAX: usize = 200;
/// The most disputes of one charge.
pub const CHARGE_DISPUTES_MAX: usize = 20;

/// What the provider makes of a request, if its books allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Carries it out.
    Approve,
    /// Refuses it with this code.
    Decline(Reference),
    /// Asks the customer to do something first.
    AskCustomer,
    /// Decides, in favor if the books then allow it, at this time.
    Later(DateTime<Utc>),
}

/// How an operation stands after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is known, as it was or as it is new.
    Known(ChargeOperation),
    /// It was refused for a reason that is not kept.
    Refused(Reference),
}

/// Why something done at the provider itself was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlError {
    /// There is no charge of this payment.
    #[error("there is no charge of this payment")]
    UnknownCharge,
    /// No operation waits for the customer.
    #[error("nothing waits for the customer")]
    NothingWaiting,
    /// There is no open dispute, or not this one.
    #[error("there is no such open dispute")]
    NoOpenDispute,
    /// An amount is zero or less.
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    /// The provider's books do not allow it.
    #[error("the provider refuses it: {code}")]
    Refused {
        /// The code with which it refuses a request, too.
        code: Reference,
    },
}

/// The provider's books.
#[derive(Debug)]
pub struct Truth {
    salt: [u8; 16],
    /// How many references were made.
    named: u64,
    charges: BTreeMap<PaymentId, Charge>,
    /// When something of a charge falls due by itself. Entries may be outdated, none is missing.
    due: BTreeSet<(DateTime<Utc>, PaymentId)>,
    /// The charges that were changed since they were last taken.
    changed: BTreeSet<PaymentId>,
}

impl Truth {
    /// No charges. The salt keeps references apart from those of other books.
    #[must_use]
    pub fn new(salt: [u8; 16]) -> Self {
        let (charges, due, changed) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { salt, named: 0, charges, due, changed }
    }

    /// What was kept of earlier books.
    #[must_use]
    pub fn restored(salt: [u8; 16], named: u64, charges: impl IntoIterator<Item = Charge>) -> Self {
        let mut truth = Self { named, ..Self::new(salt) };
        for charge in charges {
            let payment_id = charge.payment_id;
            truth.due.extend(charge.due_times().map(|at| (at, payment_id)));
            truth.charges.insert(payment_id, charge);
        }
        truth
    }

    /// How many references were made; needed to restore the books.
    #[must_use]
    pub const fn named(&self) -> u64 {
        self.named
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// All charges, by payment.
    pub fn charges(&self) -> impl DoubleEndedIterator<Item = &Charge> {
        self.charges.values()
    }

    /// Charges behind a payment, by payment.
    pub fn charges_after(&self, after: Option<PaymentId>) -> impl Iterator<Item = &Charge> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.charges.range((after.map_or(Unbounded, Excluded), Unbounded)).map(|(_, charge)| charge)
    }

    /// The charge of a payment.
    #[must_use]
    pub fn charge(&self, payment_id: PaymentId) -> Option<&Charge> {
        self.charges.get(&payment_id)
    }

    /// An operation by our own ids.
    #[must_use]
    pub fn operation(&self, payment_id: PaymentId, operation_id: OperationId) -> Option<&ChargeOperation> {
        self.charges.get(&payment_id)?.operation(operation_id)
    }

    /// The charges that were changed since this was last asked.
    pub fn take_changed(&mut self) -> BTreeSet<PaymentId> {
        std::mem::take(&mut self.changed)
    }

    /// The provider's next reference. Letters only, so that none ever looks like the number of a card.
    pub fn name(&mut self, prefix: &str) -> Reference {
        self.named += 1;
        let digest = Sha256::new().chain_update(self.salt).chain_update(self.named.to_be_bytes()).finalize();
        let text = format!("{prefix}_{}", letters(&digest[..12]));
        text.parse().expect("a prefix and letters are a reference")
    }

    /// A request arrives. The same operation id again changes nothing; with other content it is refused and counted.
    ///
    /// `lifetime` is how long an authorization lasts.
    pub fn request(
        &mut self,
        kind: OperationKind,
        request: &OperationRequest,
        verdict: Verdict,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> (Standing, Vec<ProviderFact>) {
        let payment_id = request.payment_id;
        if !self.charges.contains_key(&payment_id) {
            if self.charges.len() >= CHARGES_MAX {
                return (Standing::Refused(code("simulator_full")), vec![]);
            }
            self.charges.insert(payment_id, Charge::begin(request, now));
        }
        let mut said = self.settle_charge(payment_id, now);
        let reference = self.name(reference_prefix(kind));
        let Some(charge) = self.charges.get_mut(&payment_id) else {
            return (Standing::Refused(code("simulator_full")), said);
        };
        self.changed.insert(payment_id);
        if let Some(known) = charge.operation(request.operation_id) {
            let is_same = (known.kind, known.amount_minor) == (kind, request.amount.minor)
                && charge.currency == request.amount.currency;
            if is_same {
                return (Standing::Known(known.clone()), said);
            }
            charge.reused_keys += 1;
            return (Standing::Refused(code("idempotency_key_reused")), said);
        }
        if charge.operations.len() >= CHARGE_OPERATIONS_MAX {
            return (Standing::Refused(code("too_many_operations")), said);
        }
        let mut operation = ChargeOperation {
            operation_id: Some(request.operation_id),
            kind,
            amount_minor: request.amount.minor,
            authorization: None,
            reference,
            status: OperationStatus::Succeeded,
            at: now,
            expires_at: (kind == OperationKind::Authorize).then_some(now + lifetime),
            lapsed: false,
        };
        let judged =
            judgment::judge(charge, &operation, request.authorization.as_ref(), now).and_then(|authorization| {
                operation.authorization = authorization;
                let is_known = request.captured.as_ref().is_none_or(|captured| charge.has_capture(captured));
                if request.amount.currency != charge.currency {
                    Err(code("currency_differs"))
                } else if kind == OperationKind::Refund && !is_known {
                    Err(code("no_such_capture"))
                } else {
                    Ok(())
                }
            });
        operation.status = match (judged, verdict) {
            (Err(code), _) | (Ok(()), Verdict::Decline(code)) => OperationStatus::Failed { code },
            (Ok(()), Verdict::Approve) => OperationStatus::Succeeded,
            (Ok(()), Verdict::Later(due_at)) => OperationStatus::Pending { due_at },
            // There is no customer behind the other operations.
            (Ok(()), Verdict::AskCustomer) if kind == OperationKind::Authorize => OperationStatus::ActionRequired,
            (Ok(()), Verdict::AskCustomer) => OperationStatus::Succeeded,
        };
        said.extend(charge.fact_of(&operation));
        charge.operations.push(operation.clone());
        self.note_due(payment_id);
        (Standing::Known(operation), said)
    }

    /// The customer does what was asked for, or declines to. Without an operation, the newest that waits is meant.
    ///
    /// # Errors
    /// No such charge, and nothing that waits.
    pub fn complete_action(
        &mut self,
        payment_id: PaymentId,
        operation_id: Option<OperationId>,
        approve: bool,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Vec<ProviderFact>, ControlError> {
        let charge = self.charges.get_mut(&payment_id).ok_or(ControlError::UnknownCharge)?;
        let waiting = charge.operations.iter().rposition(|operation| {
            let is_meant = operation_id.is_none() || operation.operation_id == operation_id;
            is_meant && operation.status == OperationStatus::ActionRequired
        });
        let index = waiting.ok_or(ControlError::NothingWaiting)?;
        let operation = &mut charge.operations[index];
        operation.expires_at = Some(now + lifetime);
        operation.status = match approve {
            true => OperationStatus::Succeeded,
            false => OperationStatus::Failed { code: code("action_declined") },
        };
        let said = charge.fact_of(&charge.operations[index]).into_iter().collect();
        self.changed.insert(payment_id);
        self.note_due(payment_id);
        Ok(said)
    }

    /// Money is taken or given back in the provider's dashboard. Without an amount, all that is possible.
    ///
    /// # Errors
    /// No such charge, an amount of zero or less, and what the books do not allow.
    pub fn by_hand(
        &mut self,
        payment_id: PaymentId,
        kind: OperationKind,
        amount_minor: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Vec<ProviderFact>, ControlError> {
        if !self.charges.contains_key(&payment_id) {
            return Err(ControlError::UnknownCharge);
        }
        let mut said = self.settle_charge(payment_id, now);
        let reference = self.name(reference_prefix(kind));
        let charge = self.charges.get_mut(&payment_id).ok_or(ControlError::UnknownCharge)?;
        let possible = match kind {
            OperationKind::Capture => charge.aside_of_newest(now),
            OperationKind::Refund => charge.refundable_minor(),
            OperationKind::Authorize | OperationKind::Void => charge.aside_minor(now),
        };
        let amount_minor = amount_minor.unwrap_or(possible);
        let mut operation = ChargeOperation {
            operation_id: None,
            kind,
            amount_minor,
            authorization: None,
            reference,
            status: OperationStatus::Succeeded,
            at: now,
            expires_at: None,
            lapsed: false,
        };
        if amount_minor <= 0 && possible > 0 {
            return Err(ControlError::AmountNotPositive);
        }
        if charge.operations.len() >= CHARGE_OPERATIONS_MAX {
            return Err(ControlError::Refused { code: code("too_many_operations") });
        }
        let judged = judgment::judge(charge, &operation, None, now);
        operation.authorization = judged.map_err(|code| ControlError::Refused { code })?;
        said.extend(charge.fact_of(&operation));
        charge.operations.push(operation);
        self.changed.insert(payment_id);
        Ok(said)
    }

    /// The customer's bank asks money back. Without an amount, all that was captured and is not disputed yet.
    ///
    /// # Errors
    /// No such charge, an amount of zero or less, and more than was captured and is not disputed yet. What was refunded
    /// already may be disputed all the same: that is what happens.
    pub fn open_dispute(
        &mut self,
        payment_id: PaymentId,
        amount_minor: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Vec<ProviderFact>, ControlError> {
        if !self.charges.contains_key(&payment_id) {
            return Err(ControlError::UnknownCharge);
        }
        let reference = self.name("sim_dis");
        let charge = self.charges.get_mut(&payment_id).ok_or(ControlError::UnknownCharge)?;
        let possible = charge.captured_minor() - charge.disputed_minor();
        let amount_minor = amount_minor.unwrap_or(possible);
        if amount_minor <= 0 && possible > 0 {
            return Err(ControlError::AmountNotPositive);
        }
        if amount_minor > possible || possible <= 0 {
            return Err(ControlError::Refused { code: code("amount_exceeds_captured") });
        }
        if charge.disputes.len() >= CHARGE_DISPUTES_MAX {
            return Err(ControlError::Refused { code: code("too_many_disputes") });
        }
        let dispute = ChargeDispute { reference, amount_minor, status: DisputeStatus::Open, opened_at: now };
        let said = charge.fact_of_dispute(&dispute);
        charge.disputes.push(dispute);
        self.changed.insert(payment_id);
        Ok(vec![said])
    }

    /// A dispute ends. Without a reference, the oldest open one is meant.
    ///
    /// # Errors
    /// No such charge, and no such open dispute.
    pub fn close_dispute(
        &mut self,
        payment_id: PaymentId,
        dispute: Option<&Reference>,
        won: bool,
    ) -> Result<Vec<ProviderFact>, ControlError> {
        let charge = self.charges.get_mut(&payment_id).ok_or(ControlError::UnknownCharge)?;
        let open = charge.disputes.iter().position(|known| {
            known.status == DisputeStatus::Open && dispute.is_none_or(|dispute| known.reference == *dispute)
        });
        let index = open.ok_or(ControlError::NoOpenDispute)?;
        charge.disputes[index].status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
        let said = charge.fact_of_dispute(&charge.disputes[index]);
        self.changed.insert(payment_id);
        Ok(vec![said])
    }

    /// The provider sets free what is left of all authorizations, as if their time had come.
    ///
    /// # Errors
    /// No such charge, and nothing that is set aside.
    pub fn expire(&mut self, payment_id: PaymentId, now: DateTime<Utc>) -> Result<Vec<ProviderFact>, ControlError> {
        let charge = self.charges.get_mut(&payment_id).ok_or(ControlError::UnknownCharge)?;
        let said = charge.lapse_all(now);
        if said.is_empty() {
            return Err(ControlError::Refused { code: code("nothing_authorized") });
        }
        self.changed.insert(payment_id);
        Ok(said)
    }
}

/// How references of a kind begin.
const fn reference_prefix(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Authorize => "sim_aut",
        OperationKind::Capture => "sim_cap",
        OperationKind::Void => "sim_voi",
        OperationKind::Refund => "sim_ref",
    }
}

/// A code of the simulator's own.
pub(super) fn code(text: &'static str) -> Reference {
    text.parse().expect("the codes of the simulator are references")
}

#[cfg(test)]
mod tests;
