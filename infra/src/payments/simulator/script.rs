//! What the simulated provider was told to do: how it treats requests, and how it sends its messages.

use crate::payments::OperationRequest;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tillroll_domain::{
    ids::{OrderId, PaymentId},
    payment::events::OperationKind,
    text::Reference,
};

/// The most rules of a script.
pub const SCRIPT_RULES_MAX: usize = 200;
/// The longest time that anything in a script takes, in seconds: 35 days.
pub const SCRIPT_SECONDS_MAX: u32 = 35 * 24 * 60 * 60;
/// The most requests for which a rule can hold that does not hold for all.
pub const RULE_TIMES_MAX: u32 = 1_000_000;
/// The most copies of a message.
pub const MESSAGE_COPIES_MAX: u8 = 10;

/// How one request is treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Behavior {
    /// It is carried out, if the provider's books allow it.
    Approve,
    /// It is refused.
    Decline {
        /// With this code, such as `card_declined`.
        code: Reference,
    },
    /// The customer must do something first; of what is not an authorization, the same as approving.
    ActionRequired,
    /// The first request of each operation is lost on its way: nothing happens, and nobody answers. The next one arrives.
    TimeoutBefore {
        /// How long the line is dead until the connection breaks.
        hang_seconds: u32,
    },
    /// It is carried out, and the answer is lost.
    TimeoutAfter {
        /// How long the line is dead until the connection breaks.
        hang_seconds: u32,
    },
    /// It is decided late. Up to five seconds the answer is late, too; beyond, it is that nothing is decided yet, and a
    /// message tells what was.
    Late {
        /// How late.
        seconds: u32,
    },
    /// The provider says "later", and does nothing.
    Unavailable,
}

/// How messages are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageConduct {
    /// Whether any are sent.
    pub enabled: bool,
    /// How often each is sent though it was acknowledged, 1 to 10.
    pub copies: u8,
    /// How long after the fact.
    pub delay_seconds: u32,
    /// How much longer at most, drawn for each copy; so messages overtake each other.
    pub spread_seconds: u32,
    /// Whether our own references are left out, so that only the provider's says what a message is about. What we did not
    /// request has no reference of ours but the payment's, and keeps that.
    pub without_our_references: bool,
}

/// Which requests and messages a rule is about. What is absent is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleScope {
    /// Of this order.
    pub order_id: Option<OrderId>,
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// Authorizations with this instrument; such a rule is about no messages.
    pub instrument: Option<Reference>,
    /// Of this kind.
    pub operation: Option<OperationKind>,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is about.
    pub scope: RuleScope,
    /// How such requests are treated; absent, it is not about requests.
    pub behavior: Option<Behavior>,
    /// How messages about such operations are sent; absent, it is not about messages.
    pub messages: Option<MessageConduct>,
    /// For how many requests it holds, 1 to [`RULE_TIMES_MAX`]; absent, for all.
    pub times: Option<u32>,
}

/// All that the provider was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// How requests are treated of which nothing else is said.
    pub default: Behavior,
    /// How messages are sent of which nothing else is said.
    pub messages: MessageConduct,
    /// How long an authorization lasts, at least 1 s.
    pub authorization_seconds: u32,
    /// The exceptions. The last one that applies holds, and goes before magic instruments.
    pub rules: Vec<Rule>,
}

/// A script that says something impossible.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// Too many rules.
    #[error("a script has at most {max} rules")]
    TooManyRules {
        /// How many it may have.
        max: usize,
    },
    /// A number outside of its range.
    #[error("{what} is a number from {min} to {max}")]
    OutOfRange {
        /// The number's name.
        what: &'static str,
        /// The least it may be.
        min: u32,
        /// The most it may be.
        max: u32,
    },
}

impl Default for MessageConduct {
    /// Each message once, at once, and with our references.
    fn default() -> Self {
        Self { enabled: true, copies: 1, delay_seconds: 0, spread_seconds: 0, without_our_references: false }
    }
}

impl Default for Script {
    /// Everything is approved; authorizations last seven days.
    fn default() -> Self {
        let (messages, authorization_seconds) = (MessageConduct::default(), 7 * 24 * 60 * 60);
        Self { default: Behavior::Approve, messages, authorization_seconds, rules: Vec::new() }
    }
}

/// Instruments that tell the provider what to do with an authorization.
pub const MAGIC_INSTRUMENTS: [&str; 6] =
    ["tok_approve", "tok_decline", "tok_action", "tok_timeout_before", "tok_timeout_after", "tok_late"];

/// How late `tok_late` is: longer than anybody waits.
const LATE_SECONDS: u32 = 60;

fn of_instrument(instrument: &str) -> Option<Behavior> {
    Some(match instrument {
        "tok_approve" => Behavior::Approve,
        "tok_decline" => Behavior::Decline { code: super::truth::code("card_declined") },
        "tok_action" => Behavior::ActionRequired,
        "tok_timeout_before" => Behavior::TimeoutBefore { hang_seconds: 0 },
        "tok_timeout_after" => Behavior::TimeoutAfter { hang_seconds: 0 },
        "tok_late" => Behavior::Late { seconds: LATE_SECONDS },
        _ => return None,
    })
}

impl Script {
    /// Whether it can be followed.
    ///
    /// # Errors
    /// See [`ScriptError`].
    pub fn check(&self) -> Result<(), ScriptError> {
        if self.rules.len() > SCRIPT_RULES_MAX {
            return Err(ScriptError::TooManyRules { max: SCRIPT_RULES_MAX });
        }
        in_range("authorization_seconds", self.authorization_seconds, 1, SCRIPT_SECONDS_MAX)?;
        self.default.check()?;
        self.messages.check()?;
        for rule in &self.rules {
            rule.behavior.as_ref().map_or(Ok(()), Behavior::check)?;
            rule.messages.as_ref().map_or(Ok(()), MessageConduct::check)?;
            in_range("times", rule.times.unwrap_or(1), 1, RULE_TIMES_MAX)?;
        }
        Ok(())
    }

    /// How a request is treated. A rule that holds for so many requests holds for one less then.
    pub(super) fn treat(&mut self, kind: OperationKind, request: &OperationRequest) -> Behavior {
        let instrument = request.instrument.as_ref().filter(|_| kind == OperationKind::Authorize);
        let found = self.rules.iter_mut().enumerate().rev().find_map(|(index, rule)| {
            let applies = rule.scope.covers(kind, request.order_id, request.payment_id)
                && rule.scope.instrument.as_ref().is_none_or(|meant| instrument == Some(meant));
            let behavior = rule.behavior.clone().filter(|_| applies)?;
            rule.times = rule.times.map(|times| times.saturating_sub(1));
            Some((behavior, (rule.times == Some(0)).then_some(index)))
        });
        if let Some((behavior, used_up)) = found {
            if let Some(index) = used_up {
                self.rules.remove(index);
            }
            return behavior;
        }
        instrument.and_then(|token| of_instrument(token.as_str())).unwrap_or_else(|| self.default.clone())
    }

    /// How messages about an operation are sent; without a kind, about a dispute or an authorization's end.
    pub(super) fn conduct(&self, kind: Option<OperationKind>, order: OrderId, payment: PaymentId) -> &MessageConduct {
        let applies = |rule: &&Rule| {
            let scope = &rule.scope;
            let covers = match kind {
                Some(kind) => scope.covers(kind, order, payment),
                None => scope.operation.is_none() && scope.covers_payment(order, payment),
            };
            covers && scope.instrument.is_none() && rule.messages.is_some()
        };
        self.rules.iter().rev().find(applies).and_then(|rule| rule.messages.as_ref()).unwrap_or(&self.messages)
    }
}

impl RuleScope {
    fn covers(&self, kind: OperationKind, order: OrderId, payment: PaymentId) -> bool {
        self.operation.is_none_or(|operation| operation == kind) && self.covers_payment(order, payment)
    }

    fn covers_payment(&self, order: OrderId, payment: PaymentId) -> bool {
        self.order_id.is_none_or(|id| id == order) && self.payment_id.is_none_or(|id| id == payment)
    }
}

impl Behavior {
    fn check(&self) -> Result<(), ScriptError> {
        match *self {
            Self::Approve | Self::Decline { .. } | Self::ActionRequired | Self::Unavailable => Ok(()),
            Self::TimeoutBefore { hang_seconds } | Self::TimeoutAfter { hang_seconds } => {
                in_range("hang_seconds", hang_seconds, 0, SCRIPT_SECONDS_MAX)
            }
            Self::Late { seconds } => in_range("seconds", seconds, 0, SCRIPT_SECONDS_MAX),
        }
    }
}

impl MessageConduct {
    fn check(&self) -> Result<(), ScriptError> {
        in_range("copies", self.copies.into(), 1, MESSAGE_COPIES_MAX.into())?;
        in_range("delay_seconds", self.delay_seconds, 0, SCRIPT_SECONDS_MAX)?;
        in_range("spread_seconds", self.spread_seconds, 0, SCRIPT_SECONDS_MAX)
    }
}

fn in_range(what: &'static str, number: u32, min: u32, max: u32) -> Result<(), ScriptError> {
    if (min..=max).contains(&number) { Ok(()) } else { Err(ScriptError::OutOfRange { what, min, max }) }
}

#[cfg(test)]
mod tests;
