//! Clients of the engine's API: requests in process, which may get lost on either way, and answers that are part of the trace.

use crate::{
    crash::{Crasher, Point},
    faults::Faults,
    trace::Trace,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header},
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tillroll_http::Role;
use tillroll_infra::ambient::Clock;
use tokio::time::timeout;

/// The key of a role.
#[must_use]
pub fn key(role: Role) -> String {
    let first = match role {
        Role::Admin => 'A',
        Role::Analyst => 'B',
        Role::Auditor => 'C',
        Role::Storefront => 'D',
        Role::Anonymous => 'E',
    };
    format!("tr_{}_{first}{}", role.name(), "A".repeat(42))
}

/// On whose behalf a request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The shop's staff.
    Staff,
    /// The storefront, for nobody in particular.
    Storefront,
    /// The storefront, for a guest with the secret of their cart.
    Guest(String),
    /// The storefront, for a customer.
    Customer(String),
}

/// A request; all are POSTs.
#[derive(Debug, Clone)]
pub struct Call {
    /// On whose behalf.
    pub caller: Caller,
    /// Behind `/api/v1`.
    pub path: String,
    /// The idempotency key.
    pub key: String,
    /// The body.
    pub body: Value,
    /// How long an answer is waited for.
    pub patience: Duration,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// Whether it was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The id of what it is about.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.body["id"].as_str()
    }

    /// The code of the problem; empty if there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// The way to the engine in one of its lives. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Network {
    /// The API.
    pub router: Router,
    /// The life of the engine.
    pub crasher: Arc<Crasher>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// What is written down.
    pub trace: Arc<Trace>,
    /// The right time, for the trace.
    pub clock: Arc<dyn Clock>,
}

impl Network {
    /// Sends a request. `None` if there is no answer in time: then it may have been carried out or not.
    pub async fn send(&self, call: &Call) -> Option<Answer> {
        if self.crasher.dies_at(Point::Request) {
            std::future::pending::<()>().await;
        }
        let lost = self.faults.weather().lost_requests;
        if self.faults.strike(lost) {
            tokio::time::sleep(call.patience).await;
            return None;
        }
        let answer = timeout(call.patience, self.exchange(call)).await.ok()??;
        if self.faults.strike(lost) {
            return None;
        }
        let status = answer.status.to_le_bytes();
        let body = answer.body.to_string();
        self.trace.step(self.now(), &[call.path.as_bytes(), call.key.as_bytes(), &status, body.as_bytes()], || {
            format!("{:?} POST {} {} -> {} {body}", call.caller, call.path, call.body, answer.status)
        });
        Some(answer)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn exchange(&self, call: &Call) -> Option<Answer> {
        let role = if call.caller == Caller::Staff { Role::Admin } else { Role::Storefront };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/api/v1{}", call.path))
            .header(header::AUTHORIZATION, format!("Bearer {}", key(role)))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("\"{}\"", call.key));
        let request = match &call.caller {
            Caller::Staff | Caller::Storefront => request,
            Caller::Guest(secret) => request.header("tillroll-cart-secret", secret),
            Caller::Customer(id) => request.header("tillroll-customer", id),
        };
        let request = request.body(Body::from(call.body.to_string())).ok()?;
        let response = tower::ServiceExt::oneshot(self.router.clone(), request).await.ok()?;
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.ok()?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Answer { status, body })
    }
}
