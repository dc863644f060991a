//! What happens at the simulated provider by itself: late decisions, and authorizations that lapse.

use super::{
    Truth,
    charge::{Charge, OperationStatus},
    judgment,
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    ids::PaymentId,
    money::Money,
    provider_message::{ProviderFact, ProviderFactKind},
};

impl Truth {
    /// When something falls due next; possibly earlier than really.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|&(at, _)| at)
    }

    /// Lets happen what is due by then, in the order in which it fell due.
    pub fn settle(&mut self, now: DateTime<Utc>) -> Vec<ProviderFact> {
        let mut said = Vec::new();
        while let Some(&(at, payment_id)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            said.extend(self.settle_charge(payment_id, at));
        }
        said
    }

    /// The same for one charge.
    pub(super) fn settle_charge(&mut self, payment_id: PaymentId, now: DateTime<Utc>) -> Vec<ProviderFact> {
        let Some(charge) = self.charges.get_mut(&payment_id) else { return vec![] };
        let mut said = Vec::new();
        let mut due: Vec<_> = charge.due_times().filter(|at| *at <= now).collect();
        due.sort_unstable();
        for at in due {
            said.extend(charge.lapse(at));
            said.extend(charge.decide(at));
            self.changed.insert(payment_id);
        }
        // A late authorization has an end, too.
        self.note_due_after(payment_id, now);
        said
    }

    /// Takes note of when something of a charge falls due.
    pub(super) fn note_due(&mut self, payment_id: PaymentId) {
        let times = self.charges.get(&payment_id).into_iter().flat_map(Charge::due_times);
        self.due.extend(times.map(|at| (at, payment_id)));
    }

    fn note_due_after(&mut self, payment_id: PaymentId, now: DateTime<Utc>) {
        let times = self.charges.get(&payment_id).into_iter().flat_map(Charge::due_times);
        self.due.extend(times.filter(|at| *at > now).map(|at| (at, payment_id)));
    }
}

impl Charge {
    /// The authorizations whose time has come lapse.
    fn lapse(&mut self, now: DateTime<Utc>) -> Vec<ProviderFact> {
        self.lapse_those(|expires_at| expires_at <= now, now)
    }

    /// All authorizations lapse.
    pub(super) fn lapse_all(&mut self, now: DateTime<Utc>) -> Vec<ProviderFact> {
        self.lapse_those(|_| true, now)
    }

    fn lapse_those(&mut self, is_meant: impl Fn(DateTime<Utc>) -> bool, now: DateTime<Utc>) -> Vec<ProviderFact> {
        let mut said = Vec::new();
        for index in 0..self.operations.len() {
            let operation = &self.operations[index];
            let expires_at = match operation.status {
                OperationStatus::Succeeded if !operation.lapsed => operation.expires_at,
                _ => None,
            };
            let Some(expires_at) = expires_at.filter(|at| is_meant(*at)) else { continue };
            // What it was worth the moment before.
            let before = now.min(expires_at) - chrono::TimeDelta::microseconds(1);
            let amount_minor = self.aside_of(operation, before);
            let (operation_id, reference) = (operation.operation_id, operation.reference.clone());
            self.operations[index].lapsed = true;
            if amount_minor > 0 {
                said.push(ProviderFact {
                    payment_id: Some(self.payment_id),
                    operation_id,
                    provider_reference: Some(reference),
                    amount: Some(Money::new(amount_minor, self.currency)),
                    ..ProviderFact::of(ProviderFactKind::AuthorizationExpired)
                });
            }
        }
        said
    }

    /// The operations that were to be decided by then are decided.
    fn decide(&mut self, now: DateTime<Utc>) -> Vec<ProviderFact> {
        let mut said = Vec::new();
        for index in 0..self.operations.len() {
            match self.operations[index].status {
                OperationStatus::Pending { due_at } if due_at <= now => {}
                _ => continue,
            }
            // Taken out, so that it does not count against itself.
            let mut operation = self.operations.remove(index);
            let named = operation.authorization.clone();
            operation.status = match judgment::judge(self, &operation, named.as_ref(), now) {
                Ok(_) => OperationStatus::Succeeded,
                Err(code) => OperationStatus::Failed { code },
            };
            said.extend(self.fact_of(&operation));
            self.operations.insert(index, operation);
        }
        said
    }
}
