//! The answer to a write that was not refused, and the problems it may be refused with.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::fmt::Display;
use tillroll_domain::ids::{
    AddressId, CartLineId, OperationId, PriceRowId, ReceiptId, ReservationId, ReturnId, ShipmentId,
};
use tillroll_http::{ProblemDocument, headers};
use tillroll_infra::{
    bus::{Executed, PastAnswer},
    stream::{Position, Revision},
};
use utoipa::{IntoResponses, ToSchema};

/// What a write came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Written {
    /// The resource: an id, or for stock `location/SKU`, or for prices the SKU.
    #[schema(example = "prd_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// The resource's revision, also the `ETag`; absent if there was nothing to do and there is no such resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// The position in the event log, also `Tillroll-Position`.
    position: u64,
    /// The receipt that was booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<String>,
    /// The reservation that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<String>,
    /// The shipment that was booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment_id: Option<String>,
    /// The return that was booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_id: Option<String>,
    /// The price of the schedule that was set, ended or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_row_id: Option<String>,
    /// The address that was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    address_id: Option<String>,
    /// The line of the cart to which units were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    line_id: Option<String>,
    /// The operation that was requested of a payment's provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_id: Option<String>,
}

impl Written {
    pub(crate) fn new(id: impl Display, executed: &Executed) -> Self {
        Self::at(id, executed.revision, executed.position)
    }

    pub(crate) fn before(id: impl Display, answer: &PastAnswer) -> Self {
        Self::at(id, Some(answer.revision), answer.position)
    }

    fn at(id: impl Display, revision: Option<Revision>, position: Position) -> Self {
        Self {
            id: id.to_string(),
            revision: revision.map(|revision| revision.0),
            position: position.0,
            receipt_id: None,
            reservation_id: None,
            shipment_id: None,
            return_id: None,
            price_row_id: None,
            address_id: None,
            line_id: None,
            operation_id: None,
        }
    }

    pub(crate) fn receipt(self, id: ReceiptId) -> Self {
        Self { receipt_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn reservation(self, id: ReservationId) -> Self {
        Self { reservation_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn shipment(self, id: ShipmentId) -> Self {
        Self { shipment_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn price_row(self, id: PriceRowId) -> Self {
        Self { price_row_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn returned(self, id: ReturnId) -> Self {
        Self { return_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn line(self, id: CartLineId) -> Self {
        Self { line_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn operation(self, id: OperationId) -> Self {
        Self { operation_id: Some(id.to_string()), ..self }
    }

    pub(crate) fn address(self, id: AddressId) -> Self {
        Self { address_id: Some(id.to_string()), ..self }
    }

    /// As the answer to a request that created the resource in a collection, such as `/api/v1/orders`.
    pub(crate) fn created(self, collection: &str) -> Response {
        let location = HeaderValue::try_from(format!("{collection}/{}", self.id));
        let mut response = (StatusCode::CREATED, self).into_response();
        if let Ok(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let (revision, position) = (self.revision, self.position);
        let mut response = Json(self).into_response();
        response.headers_mut().insert(&headers::POSITION, headers::position(Position(position)));
        if let Some(revision) = revision {
            response.headers_mut().insert(header::ETAG, headers::etag(Revision(revision)));
        }
        response
    }
}

/// The answers of a write that creates something.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum Created {
    /// Created; `Location` names it. A repeated request is answered the same.
    #[response(
        status = 201,
        headers(
            ("Location" = String, description = "The address of what was created"),
            ("ETag" = String, description = "The revision, for If-Match"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
            ("Preference-Applied" = String, description = "That the read models show it, where Prefer asked to wait for that"),
        )
    )]
    Created(Written),
}

/// The answers of a write that changes something.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum Changed {
    /// Carried out, now or when it was first sent, or there was nothing to do.
    #[response(
        status = 200,
        headers(
            ("ETag" = String, description = "The revision, for If-Match"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
            ("Preference-Applied" = String, description = "That the read models show it, where Prefer asked to wait for that"),
        )
    )]
    Done(Written),
}

/// The problems that every write can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum Refusals {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// There is no such resource.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// A rule refuses it; `code` says which.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(ProblemDocument),
    /// `If-Match` names another revision than the current one.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(ProblemDocument),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body must be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(ProblemDocument),
    /// A value is not possible or looks like a payment card's number, or the idempotency key was used with another body.
    #[response(status = 422, content_type = "application/problem+json")]
    BadValue(ProblemDocument),
    /// The server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// Not now; `Retry-After` says when.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}
