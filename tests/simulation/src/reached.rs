//! Rare states that a campaign must have reached: declared here, counted where they happen.

use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Declares the states: a name and what it stands for.
macro_rules! states {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A state that few schedules lead to, and that every campaign must have seen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum State {
            $(#[doc = $text] $name,)+
        }

        impl State {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What it is.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

states! {
    AckLost = "an append became durable and its acknowledgment was lost",
    AppendLost = "an append was taken in and lost in a crash",
    CrashBeforeEffect = "the engine crashed between recording an effect and attempting it",
    CrashAfterEffect = "the engine crashed between an effect and recording it",
    CrashWithOpenRequest = "the engine crashed while a client waited for an answer",
    KeyRetried = "a client sent a checkout again under the same key",
    TwoKeys = "two checkouts of one cart ran at once under two keys",
    InsufficientByRace = "a checkout lost the last unit to another one",
    Declined = "an authorization was declined",
    PaidAtSecondTry = "a declined order was paid at a later try",
    ActionCompleted = "the customer did what the provider asked for",
    ActionAbandoned = "the customer never did what the provider asked for",
    TimeoutBeforeCharge = "a call timed out and had not reached the provider",
    TimeoutAfterCharge = "a call timed out after the provider had carried it out",
    LateAnswer = "an authorization that took long was answered by a message",
    NotSent = "the provider refused calls for a while",
    SameKeyResent = "an operation was sent to the provider again under its own key",
    LookedUpFound = "a lookup found what had become of an operation",
    LookedUpNothing = "a lookup found nothing, since the call had been lost",
    DuplicateMessage = "a message of the provider came twice",
    MessageBeforeReference = "a message came before the payment knew the provider's reference",
    MessageRefused = "a message was refused because of its time and came again",
    PaymentOverdue = "an order was cancelled because it was not paid in time",
    PaymentAtDeadline = "a payment arrived at the deadline and won",
    CapturedAfterCancel = "money was captured after the order had been cancelled, and given back",
    Voided = "an authorization of a cancelled order was set free",
    HoldExpired = "a hold lapsed by its time",
    ReleasedBeforehand = "a reservation was released before it came, and lost",
    AuthorizationExpired = "an authorization lapsed",
    CancelledByBuyer = "a buyer cancelled an order",
    CancelledConfirmed = "a confirmed order was cancelled and its goods were free again",
    CancelledUnpaid = "an order was cancelled while it was being paid",
    PartialRefund = "a part of what was captured was given back",
    LastRefund = "the rest of what was captured was given back in a further refund",
    RefundRefused = "a refund was refused because there was no more to give back",
    DashboardCapture = "a capture in the provider's dashboard was observed",
    DashboardRefund = "a refund in the provider's dashboard was observed",
    DisputeOpened = "a chargeback was recorded",
    DisputeOnRefunded = "a chargeback came for a payment of which something had been refunded",
    ShipmentSent = "a shipment left",
    ReturnRefunded = "goods came back and were refunded",
    ClockBack = "the clock was set back while orders waited for a deadline",
    ClockForward = "the clock was set forward over a deadline",
    ReadModelsWiped = "the read models were lost and built anew",
    ReadModelsBehind = "the read models lost their last pages",
    ActionInBackOff = "an action failed again and again while others went on",
    CartReaped = "a cart that nobody came back to was given up",
    ZeroTotal = "an order of nothing to pay was placed",
    SplitOverLocations = "one article was taken from several locations",
}

/// How often each state was reached.
#[derive(Debug, Default)]
pub struct Reached(Mutex<BTreeMap<State, u64>>);

impl Reached {
    /// Counts a state.
    pub fn at(&self, state: State) {
        *self.0.lock().entry(state).or_default() += 1;
    }

    /// The counts.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<State, u64> {
        self.0.lock().clone()
    }
}
