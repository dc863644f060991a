//! What the answer to a checkout says, and how the document describes it.

use super::progress::{Seen, Stage};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tillroll_domain::ids::OrderId;
use tillroll_http::{headers, schema};
use tillroll_infra::stream::{Position, Revision};
use utoipa::{IntoResponses, ToSchema};

/// How a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckoutStatus {
    /// Whether there is enough stock is not decided yet.
    Pending,
    /// The stock is held for the order, and its payment goes on by itself.
    StockReserved,
    /// The buyer has to do something about the payment, at `payment.action_url`.
    ActionRequired,
    /// The payment was declined; the buyer may try another one with `POST /orders/{id}/pay`.
    PaymentDeclined,
    /// The order is paid as far as it has to be, and promised.
    Confirmed,
    /// The order is cancelled; `cancelled` says why.
    Cancelled,
}

/// How far a checkout has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedOut {
    /// The order.
    #[schema(value_type = schema::OrderId)]
    id: String,
    /// How it stands.
    status: CheckoutStatus,
    /// The order's revision, also the `ETag`; absent if it is not placed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// The position in the event log, also `Tillroll-Position`.
    position: u64,
    /// The payment; absent if there is nothing to pay, or its time has not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<CheckoutPayment>,
    /// Why the order is cancelled: `buyer`, `staff`, `payment_overdue`, `stock_lost` or `withdrawn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<&'static str>,
}

/// The payment of a checkout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckoutPayment {
    /// The payment.
    #[schema(value_type = schema::PaymentId)]
    payment_id: String,
    /// Where to send the buyer, if they have to do something: an `https` address, or a path on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_url: Option<String>,
}

impl CheckedOut {
    pub(super) fn new(order_id: OrderId, seen: &Seen) -> Self {
        let (status, action_url, cancelled) = match &seen.stage {
            Stage::Undecided | Stage::Failed => (CheckoutStatus::Pending, None, None),
            Stage::Held => (CheckoutStatus::StockReserved, None, None),
            Stage::ActionRequired(url) => (CheckoutStatus::ActionRequired, Some(url.to_string()), None),
            Stage::Declined => (CheckoutStatus::PaymentDeclined, None, None),
            Stage::Confirmed => (CheckoutStatus::Confirmed, None, None),
            Stage::Cancelled(cause) => (CheckoutStatus::Cancelled, None, Some(cause.as_str())),
        };
        let payment = seen.payment_id.map(|id| CheckoutPayment { payment_id: id.to_string(), action_url });
        let revision = seen.revision.map(|revision| revision.0);
        Self { id: order_id.to_string(), status, revision, position: seen.position.0, payment, cancelled }
    }

    /// As an answer: 202 as long as nothing is decided, 201 from then on.
    pub(super) fn into_response(self, is_settled: bool) -> Response {
        let status = if self.status == CheckoutStatus::Pending { StatusCode::ACCEPTED } else { StatusCode::CREATED };
        let location = HeaderValue::try_from(format!("/api/v1/orders/{}", self.id));
        let (revision, position) = (self.revision, self.position);
        let mut response = (status, Json(self)).into_response();
        if !is_settled {
            response.extensions_mut().insert(headers::NotAwaited);
        }
        let answered = response.headers_mut();
        answered.insert(&headers::POSITION, headers::position(Position(position)));
        if let Ok(location) = location {
            answered.insert(header::LOCATION, location);
        }
        if let Some(revision) = revision {
            answered.insert(header::ETAG, headers::etag(Revision(revision)));
        }
        response
    }
}

/// The answers of a checkout that is not refused.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum CheckoutAnswers {
    /// The order is placed, and there was enough stock for it. A repeated request tells how the same order stands now.
    #[response(
        status = 201,
        headers(
            ("Location" = String, description = "The address of the order"),
            ("ETag" = String, description = "The order's revision, for If-Match"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
            ("Preference-Applied" = String, description = "That it is settled and the read models show it, where Prefer asked to wait for that"),
        )
    )]
    Created(CheckedOut),
    /// The checkout goes on, and it is not decided yet whether there is enough stock.
    #[response(
        status = 202,
        headers(
            ("Location" = String, description = "The address at which the order will be"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
        )
    )]
    Accepted(CheckedOut),
}
