//! The customer's page at the simulated provider: two buttons, and what became of the payment. Needs no key; the token in
//! its address cannot be guessed.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use std::sync::Arc;
use tillroll_domain::{ids::PaymentId, money::Money};
use tillroll_http::{Path, Problem};
use tillroll_infra::payments::simulator::{
    PAY_PATH, Simulator, SimulatorError,
    truth::{
        ControlError,
        charge::{Charge, ChargeOperation, OperationStatus},
    },
};

/// The page may be styled and may send its buttons to where it came from, and nothing else.
const PAGE_POLICY: (HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
);

/// What the customer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Approve,
    Decline,
}

/// `GET /simulator/pay/{payment_id}/{token}`, and `POST` with `/approve` or `/decline` behind it.
pub fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route(&format!("{PAY_PATH}/{{payment_id}}/{{token}}"), get(show))
        .route(&format!("{PAY_PATH}/{{payment_id}}/{{token}}/{{decision}}"), post(decide))
        .with_state(simulator)
}

fn no_page() -> Problem {
    Problem::not_found("such page")
}

async fn show(
    State(simulator): State<Arc<Simulator>>,
    Path((payment_id, token)): Path<(PaymentId, String)>,
) -> Result<Response, Problem> {
    let (charge, operation) = simulator.page(payment_id, &token).ok_or_else(no_page)?;
    Ok(([PAGE_POLICY], Html(page(&charge, &operation, &token))).into_response())
}

async fn decide(
    State(simulator): State<Arc<Simulator>>,
    Path((payment_id, token, decision)): Path<(PaymentId, String, Decision)>,
) -> Result<Redirect, Problem> {
    let (_, operation) = simulator.page(payment_id, &token).ok_or_else(no_page)?;
    let approve = decision == Decision::Approve;
    match simulator.complete_action(payment_id, operation.operation_id, approve).await {
        // A second click finds what the first one did.
        Ok(()) | Err(SimulatorError::Control(ControlError::NothingWaiting)) => {
            Ok(Redirect::to(&format!("{PAY_PATH}/{payment_id}/{token}")))
        }
        Err(error) => Err(super::problems::problem_of(error)),
    }
}

/// Everything on it is a number, an id or a token in letters, so that nothing needs to be escaped.
fn page(charge: &Charge, operation: &ChargeOperation, token: &str) -> String {
    let amount = Money::new(operation.amount_minor, charge.currency);
    let (payment_id, currency) = (charge.payment_id, charge.currency);
    let body = match &operation.status {
        OperationStatus::ActionRequired => {
            let form = |decision: &str, words: &str| {
                let action = format!("{PAY_PATH}/{payment_id}/{token}/{decision}");
                format!("<form method=\"post\" action=\"{action}\"><button>{words}</button></form>")
            };
            format!(
                "<p>Your bank asks whether you agree to this payment.</p>{}{}",
                form("approve", "I agree"),
                form("decline", "I do not agree")
            )
        }
        OperationStatus::Succeeded => "<p>You agreed to this payment. Go back to the shop.</p>".to_owned(),
        OperationStatus::Failed { .. } => {
            "<p>This payment was not made. Go back to the shop to try again.</p>".to_owned()
        }
        OperationStatus::Pending { .. } => "<p>This payment is being worked on. Go back to the shop.</p>".to_owned(),
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Simulated payment</title>\
         <style>body{{font-family:sans-serif;max-width:30em;margin:3em auto;padding:0 1em}}form{{display:inline}}\
         button{{font-size:1em;padding:.5em 1em;margin-right:1em}}</style>\
         <h1>{amount} {currency}</h1><p>This is a simulation: no money moves.</p>{body}</html>"
    )
}
