//! The simulated provider's script in JSON.

use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{OrderId, PaymentId},
    payment::events::OperationKind,
    text::Reference,
};
use tillroll_http::schema;
use tillroll_infra::payments::simulator::script::{Behavior, MessageConduct, Rule, RuleScope, Script};
use utoipa::ToSchema;

/// How one request to the simulated provider is treated. Members that a kind does not have are passed over, as the document
/// cannot rule them out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = SimulatedBehavior)]
pub(super) enum BehaviorJson {
    /// It is carried out, if the provider's books allow it.
    Approve {},
    /// It is refused.
    Decline {
        /// With this code, such as `card_declined`.
        #[schema(value_type = schema::Reference)]
        code: Reference,
    },
    /// The customer must do something first.
    ActionRequired {},
    /// The first request of each operation is lost on its way; the next one arrives.
    TimeoutBefore {
        /// How long the line is dead until the connection breaks.
        #[serde(default)]
        #[schema(maximum = 3_024_000)]
        hang_seconds: u32,
    },
    /// It is carried out, and the answer is lost.
    TimeoutAfter {
        /// How long the line is dead until the connection breaks.
        #[serde(default)]
        #[schema(maximum = 3_024_000)]
        hang_seconds: u32,
    },
    /// It is decided late. Up to five seconds the answer is late, too; beyond, it is that nothing is decided yet, and a
    /// message tells what was.
    Late {
        /// How late.
        #[schema(maximum = 3_024_000)]
        seconds: u32,
    },
    /// The provider says "later", and does nothing.
    Unavailable {},
}

/// How the simulated provider sends messages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SimulatedMessages)]
pub(super) struct ConductJson {
    /// Whether any are sent.
    #[schema(default = true)]
    enabled: bool,
    /// How often each is sent though it was acknowledged.
    #[schema(minimum = 1, maximum = 10, default = 1)]
    copies: u8,
    /// How long after the fact.
    #[schema(maximum = 3_024_000, default = 0)]
    delay_seconds: u32,
    /// How much longer at most, drawn for each copy; so messages overtake each other.
    #[schema(maximum = 3_024_000, default = 0)]
    spread_seconds: u32,
    /// Whether the engine's own references are left out, so that only the provider's says what a message is about.
    #[schema(default = false)]
    without_our_references: bool,
}

/// An exception from what the simulated provider does otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SimulatedRule)]
pub(super) struct RuleJson {
    /// Only for this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderId>)]
    order_id: Option<OrderId>,
    /// Only for this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::PaymentId>)]
    payment_id: Option<PaymentId>,
    /// Only for authorizations with this instrument; then it is about requests alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Reference>)]
    instrument: Option<Reference>,
    /// Only for operations of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<KindJson>,
    /// How such requests are treated; absent, it is not about requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<BehaviorJson>,
    /// How messages about such operations are sent; absent, it is not about messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<ConductJson>,
    /// For how many requests it holds; absent, for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    times: Option<u32>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SimulatedKind)]
pub(super) enum KindJson {
    /// Set the money aside.
    Authorize,
    /// Take it.
    Capture,
    /// Set it free.
    Void,
    /// Give it back.
    Refund,
}

/// All that the simulated provider was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedScript)]
pub(super) struct ScriptJson {
    /// How requests are treated of which nothing else is said.
    default: BehaviorJson,
    /// How messages are sent of which nothing else is said.
    messages: ConductJson,
    /// How long an authorization lasts.
    authorization_seconds: u32,
    /// The exceptions. The last one that applies holds, and goes before magic instruments such as `tok_decline`.
    rules: Vec<RuleJson>,
}

/// What the simulated provider is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BehaviorChange {
    /// Forget first whatever it was told before.
    #[serde(default)]
    reset: bool,
    /// How requests are treated of which nothing else is said.
    default: Option<BehaviorJson>,
    /// How messages are sent of which nothing else is said.
    messages: Option<ConductJson>,
    /// How long an authorization lasts: at most 35 days.
    #[schema(minimum = 1, maximum = 3_024_000)]
    authorization_seconds: Option<u32>,
    /// Exceptions to add behind those that stand; together at most 200.
    #[serde(default)]
    #[schema(max_items = 200)]
    rules: Vec<RuleJson>,
}

impl BehaviorChange {
    pub(super) fn apply(self, script: &mut Script) {
        if self.reset {
            *script = Script::default();
        }
        if let Some(default) = self.default {
            script.default = default.into();
        }
        if let Some(messages) = self.messages {
            script.messages = messages.into();
        }
        if let Some(seconds) = self.authorization_seconds {
            script.authorization_seconds = seconds;
        }
        script.rules.extend(self.rules.into_iter().map(Rule::from));
    }
}

impl Default for ConductJson {
    fn default() -> Self {
        MessageConduct::default().into()
    }
}

impl From<Script> for ScriptJson {
    fn from(script: Script) -> Self {
        let Script { default, messages, authorization_seconds, rules } = script;
        let rules = rules.into_iter().map(RuleJson::from).collect();
        Self { default: default.into(), messages: messages.into(), authorization_seconds, rules }
    }
}

impl From<BehaviorJson> for Behavior {
    fn from(behavior: BehaviorJson) -> Self {
        match behavior {
            BehaviorJson::Approve {} => Self::Approve,
            BehaviorJson::Decline { code } => Self::Decline { code },
            BehaviorJson::ActionRequired {} => Self::ActionRequired,
            BehaviorJson::TimeoutBefore { hang_seconds } => Self::TimeoutBefore { hang_seconds },
            BehaviorJson::TimeoutAfter { hang_seconds } => Self::TimeoutAfter { hang_seconds },
            BehaviorJson::Late { seconds } => Self::Late { seconds },
            BehaviorJson::Unavailable {} => Self::Unavailable,
        }
    }
}

impl From<Behavior> for BehaviorJson {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::Approve => Self::Approve {},
            Behavior::Decline { code } => Self::Decline { code },
            Behavior::ActionRequired => Self::ActionRequired {},
            Behavior::TimeoutBefore { hang_seconds } => Self::TimeoutBefore { hang_seconds },
            Behavior::TimeoutAfter { hang_seconds } => Self::TimeoutAfter { hang_seconds },
            Behavior::Late { seconds } => Self::Late { seconds },
            Behavior::Unavailable => Self::Unavailable {},
        }
    }
}

impl From<ConductJson> for MessageConduct {
    fn from(conduct: ConductJson) -> Self {
        let ConductJson { enabled, copies, delay_seconds, spread_seconds, without_our_references } = conduct;
        Self { enabled, copies, delay_seconds, spread_seconds, without_our_references }
    }
}

impl From<MessageConduct> for ConductJson {
    fn from(conduct: MessageConduct) -> Self {
        let MessageConduct { enabled, copies, delay_seconds, spread_seconds, without_our_references } = conduct;
        Self { enabled, copies, delay_seconds, spread_seconds, without_our_references }
    }
}

impl From<RuleJson> for Rule {
    fn from(rule: RuleJson) -> Self {
        let RuleJson { order_id, payment_id, instrument, operation, behavior, messages, times } = rule;
        let scope = RuleScope { order_id, payment_id, instrument, operation: operation.map(OperationKind::from) };
        Self { scope, behavior: behavior.map(Behavior::from), messages: messages.map(MessageConduct::from), times }
    }
}

impl From<Rule> for RuleJson {
    fn from(rule: Rule) -> Self {
        let Rule { scope, behavior, messages, times } = rule;
        let RuleScope { order_id, payment_id, instrument, operation } = scope;
        let (operation, behavior) = (operation.map(KindJson::from), behavior.map(BehaviorJson::from));
        Self { order_id, payment_id, instrument, operation, behavior, messages: messages.map(ConductJson::from), times }
    }
}

impl From<KindJson> for OperationKind {
    fn from(kind: KindJson) -> Self {
        match kind {
            KindJson::Authorize => Self::Authorize,
            KindJson::Capture => Self::Capture,
            KindJson::Void => Self::Void,
            KindJson::Refund => Self::Refund,
        }
    }
}

impl From<OperationKind> for KindJson {
    fn from(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Authorize => Self::Authorize,
            OperationKind::Capture => Self::Capture,
            OperationKind::Void => Self::Void,
            OperationKind::Refund => Self::Refund,
        }
    }
}
