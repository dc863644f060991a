//! Charges of the simulated provider in JSON, and the small bodies of what is done to them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{money::Money, payment::events::OperationKind, text::Reference};
use tillroll_http::{MoneyJson, schema};
use tillroll_infra::payments::simulator::truth::charge::{
    Charge, ChargeDispute, ChargeOperation, DisputeStatus, OperationStatus,
};
use utoipa::ToSchema;

/// What the simulated provider did for one payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedCharge)]
pub(super) struct ChargeJson {
    /// The payment.
    payment_id: String,
    /// The order, as the first request named it.
    order_id: String,
    /// When the first request came.
    began_at: DateTime<Utc>,
    /// Set aside, and neither captured nor free again.
    authorized: MoneyJson,
    /// Taken.
    captured: MoneyJson,
    /// Given back.
    refunded: MoneyJson,
    /// In open disputes and lost ones.
    disputed: MoneyJson,
    /// The operations in the order of their arrival.
    operations: Vec<OperationJson>,
    /// The disputes in the order in which they were opened.
    disputes: Vec<DisputeJson>,
}

/// One operation at the simulated provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedOperation)]
pub(super) struct OperationJson {
    /// The engine's id; `null` for what was done in the provider's dashboard.
    operation_id: Option<String>,
    /// What it does.
    #[schema(value_type = OperationWord)]
    kind: &'static str,
    /// How much.
    amount: MoneyJson,
    /// The provider's name of it.
    reference: String,
    /// Of captures and voids, the authorization that they are about.
    authorization: Option<String>,
    /// How it stands.
    #[schema(value_type = StatusWord)]
    status: &'static str,
    /// Why it failed.
    code: Option<String>,
    /// When it is decided, while it is pending.
    due_at: Option<DateTime<Utc>>,
    /// When it arrived.
    arrived_at: DateTime<Utc>,
    /// When an authorization lapses by itself.
    expires_at: Option<DateTime<Utc>>,
    /// True once an authorization has lapsed.
    lapsed: bool,
}

/// A dispute at the simulated provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedDispute)]
pub(super) struct DisputeJson {
    /// The provider's name of it.
    dispute: String,
    /// How much.
    amount: MoneyJson,
    /// How it stands.
    #[schema(value_type = DisputeWord)]
    status: &'static str,
    /// When it was opened.
    opened_at: DateTime<Utc>,
}

/// What an operation does.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SimulatedOperationKind)]
#[expect(dead_code, reason = "it only documents the words")]
enum OperationWord {
    Authorize,
    Capture,
    Void,
    Refund,
}

/// How an operation stands.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SimulatedOperationStatus)]
#[expect(dead_code, reason = "it only documents the words")]
enum StatusWord {
    Succeeded,
    Failed,
    ActionRequired,
    Pending,
}

/// How a dispute stands.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SimulatedDisputeStatus)]
#[expect(dead_code, reason = "it only documents the words")]
enum DisputeWord {
    Open,
    Won,
    Lost,
}

/// What the customer answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompleteAction {
    /// Whether the customer consents.
    pub(super) approve: bool,
}

/// How much.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HowMuch {
    /// In minor units of the charge's currency; absent or `null`, all that is possible.
    #[schema(minimum = 1)]
    pub(super) minor: Option<i64>,
}

/// How a dispute ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseDispute {
    /// The provider's name of it; absent or `null`, the oldest open one.
    #[schema(value_type = Option<schema::Reference>)]
    pub(super) dispute: Option<Reference>,
    /// Whether the shop wins, and keeps the money.
    pub(super) won: bool,
}

impl ChargeJson {
    pub(super) fn of(charge: &Charge, now: DateTime<Utc>) -> Self {
        let money = |minor| MoneyJson::from(Money::new(minor, charge.currency));
        Self {
            payment_id: charge.payment_id.to_string(),
            order_id: charge.order_id.to_string(),
            began_at: charge.began_at,
            authorized: money(charge.aside_minor(now)),
            captured: money(charge.captured_minor()),
            refunded: money(charge.refunded_minor()),
            disputed: money(charge.disputed_minor()),
            operations: charge.operations.iter().map(|operation| operation_json(operation, &money)).collect(),
            disputes: charge.disputes.iter().map(|dispute| dispute_json(dispute, &money)).collect(),
        }
    }
}

fn operation_json(operation: &ChargeOperation, money: &impl Fn(i64) -> MoneyJson) -> OperationJson {
    let (status, code, due_at) = match &operation.status {
        OperationStatus::Succeeded => ("succeeded", None, None),
        OperationStatus::Failed { code } => ("failed", Some(code.to_string()), None),
        OperationStatus::ActionRequired => ("action_required", None, None),
        OperationStatus::Pending { due_at } => ("pending", None, Some(*due_at)),
    };
    OperationJson {
        operation_id: operation.operation_id.map(|id| id.to_string()),
        kind: OperationKind::as_str(operation.kind),
        amount: money(operation.amount_minor),
        reference: operation.reference.to_string(),
        authorization: operation.authorization.as_ref().map(ToString::to_string),
        status,
        code,
        due_at,
        arrived_at: operation.at,
        expires_at: operation.expires_at,
        lapsed: operation.lapsed,
    }
}

fn dispute_json(dispute: &ChargeDispute, money: &impl Fn(i64) -> MoneyJson) -> DisputeJson {
    DisputeJson {
        dispute: dispute.reference.to_string(),
        amount: money(dispute.amount_minor),
        status: match dispute.status {
            DisputeStatus::Open => "open",
            DisputeStatus::Won => "won",
            DisputeStatus::Lost => "lost",
        },
        opened_at: dispute.opened_at,
    }
}
