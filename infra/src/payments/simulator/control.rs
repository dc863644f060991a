//! What the simulated provider is told and asked by whoever runs it: its script, its truth, its dashboard, and the page on
//! which the customer agrees to a payment.

use super::{
    PAY_PATH, Simulator, SimulatorError, is_kept, letters,
    script::Script,
    signature,
    truth::{
        ControlError, Truth,
        charge::{Charge, ChargeOperation},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    payment::events::OperationKind,
    provider_message::ProviderFact,
    text::{ActionUrl, Reference},
};

/// Bytes of the token in the address of a customer's page.
const TOKEN_BYTES: usize = 16;

/// The bytes that were written in letters; none if they are not.
fn unlettered(text: &str) -> Vec<u8> {
    let is_token = text.len() == 2 * TOKEN_BYTES && text.bytes().all(|letter| (b'a'..=b'p').contains(&letter));
    let pairs = text.as_bytes().chunks_exact(2).filter(|_| is_token);
    pairs.map(|pair| (pair[0] - b'a') << 4 | (pair[1] - b'a')).collect()
}

impl Simulator {
    /// What it was told.
    #[must_use]
    pub fn script(&self) -> Script {
        self.state.lock().script.clone()
    }

    /// Tells it something else, and answers that. Nothing changes unless the whole script is possible.
    ///
    /// # Errors
    /// A script that is not possible, and one that cannot be kept.
    pub async fn tell_script(&self, change: impl FnOnce(&mut Script)) -> Result<Script, SimulatorError> {
        let (script, kept) = {
            let mut state = self.state.lock();
            let mut script = state.script.clone();
            change(&mut script);
            script.check()?;
            state.script.clone_from(&script);
            state.script_changed = true;
            (script, self.keep(&mut state))
        };
        is_kept(kept).await.map_err(|reason| SimulatorError::NotKept { reason })?;
        Ok(script)
    }

    /// The truth about a payment.
    #[must_use]
    pub fn charge(&self, payment_id: PaymentId) -> Option<Charge> {
        self.settled().truth.charge(payment_id).cloned()
    }

    /// The truth about payments behind one, by payment, at most so many.
    #[must_use]
    pub fn charges_after(&self, after: Option<PaymentId>, max: usize) -> Vec<Charge> {
        self.settled().truth.charges_after(after).take(max).cloned().collect()
    }

    /// The truth about all payments, by payment.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.settled().truth.charges().cloned().collect()
    }

    /// How many deliveries of messages are not acknowledged yet.
    #[must_use]
    pub fn undelivered(&self) -> usize {
        self.state.lock().outbox.len()
    }

    /// The customer does what was asked for, or declines to. Without an operation, the newest that waits is meant.
    ///
    /// # Errors
    /// No such charge, nothing that waits, and books that cannot be kept.
    pub async fn complete_action(
        &self,
        payment_id: PaymentId,
        operation_id: Option<OperationId>,
        approve: bool,
    ) -> Result<(), SimulatorError> {
        self.control(|truth, lifetime, now| truth.complete_action(payment_id, operation_id, approve, lifetime, now))
            .await
    }

    /// Money is taken in the provider's dashboard; without an amount in minor units, all that the newest authorization set
    /// aside.
    ///
    /// # Errors
    /// No such charge, what its books do not allow, and books that cannot be kept.
    pub async fn capture_by_hand(&self, payment_id: PaymentId, minor: Option<i64>) -> Result<(), SimulatorError> {
        self.control(|truth, _, now| truth.by_hand(payment_id, OperationKind::Capture, minor, now)).await
    }

    /// Money is given back in the provider's dashboard; without an amount in minor units, all that is possible.
    ///
    /// # Errors
    /// As for [`Self::capture_by_hand`].
    pub async fn refund_by_hand(&self, payment_id: PaymentId, minor: Option<i64>) -> Result<(), SimulatorError> {
        self.control(|truth, _, now| truth.by_hand(payment_id, OperationKind::Refund, minor, now)).await
    }

    /// The customer's bank asks money back; without an amount in minor units, all that was captured and is not disputed.
    ///
    /// # Errors
    /// As for [`Self::capture_by_hand`].
    pub async fn open_dispute(&self, payment_id: PaymentId, minor: Option<i64>) -> Result<(), SimulatorError> {
        self.control(|truth, _, now| truth.open_dispute(payment_id, minor, now)).await
    }

    /// A dispute ends: won by the shop or not. Without a reference, the oldest open one is meant.
    ///
    /// # Errors
    /// No such charge, no such open dispute, and books that cannot be kept.
    pub async fn close_dispute(
        &self,
        payment_id: PaymentId,
        dispute: Option<&Reference>,
        won: bool,
    ) -> Result<(), SimulatorError> {
        self.control(|truth, _, _| truth.close_dispute(payment_id, dispute, won)).await
    }

    /// The provider sets free what is left of all authorizations of a payment, as if their time had come.
    ///
    /// # Errors
    /// No such charge, nothing that is set aside, and books that cannot be kept.
    pub async fn expire(&self, payment_id: PaymentId) -> Result<(), SimulatorError> {
        self.control(|truth, _, now| truth.expire(payment_id, now)).await
    }

    /// The operation for which a customer's page is, if the token is right, and how it stands.
    #[must_use]
    pub fn page(&self, payment_id: PaymentId, token: &str) -> Option<(Charge, ChargeOperation)> {
        let charge = self.charge(payment_id)?;
        let operation = charge.operations.iter().find(|operation| {
            operation.operation_id.is_some_and(|id| self.token_of(id).verify_truncated_left(&unlettered(token)).is_ok())
        })?;
        let operation = operation.clone();
        Some((charge, operation))
    }

    async fn control(
        &self,
        act: impl FnOnce(&mut Truth, TimeDelta, DateTime<Utc>) -> Result<Vec<ProviderFact>, ControlError>,
    ) -> Result<(), SimulatorError> {
        let kept = {
            let now = self.ambient.clock.now();
            let mut state = self.settled();
            let lifetime = TimeDelta::seconds(state.script.authorization_seconds.into());
            let said = act(&mut state.truth, lifetime, now)?;
            self.tell(&mut state, said, now);
            self.keep(&mut state)
        };
        is_kept(kept).await.map_err(|reason| SimulatorError::NotKept { reason })
    }

    fn token_of(&self, operation_id: OperationId) -> hmac::Hmac<sha2::Sha256> {
        let mut mac = signature::mac(&self.secret);
        // Signed messages begin with the digits of a time.
        mac.update(b"customer's page\0");
        mac.update(operation_id.uuid().as_bytes());
        mac
    }

    pub(super) fn action_url(&self, payment_id: PaymentId, operation_id: OperationId) -> ActionUrl {
        let token = letters(&self.token_of(operation_id).finalize().into_bytes()[..TOKEN_BYTES]);
        let url = format!("{PAY_PATH}/{payment_id}/{token}");
        url.parse().expect("a path of ids and letters is an address")
    }
}
