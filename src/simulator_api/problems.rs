//! What the simulated provider's endpoints refuse, and how that is documented.

use tillroll_http::{Problem, ProblemDocument, ProblemKind, problem::registry::UNAVAILABLE};
use tillroll_infra::payments::simulator::{SimulatorError, script::ScriptError, truth::ControlError};
use utoipa::IntoResponses;

tillroll_http::problem_kinds! {
    /// Every kind that the simulated provider's endpoints answer besides those of the edge.
    PROBLEMS;
    CHARGE_NOT_FOUND = ProblemKind::new("charge_not_found", 404, "No such charge",
        "The simulated provider was never asked anything for this payment.");
    NOTHING_WAITS = ProblemKind::new("nothing_waits_for_the_customer", 409, "Nothing waits for the customer",
        "The simulated provider asked for nothing in this payment, or the customer has answered already.");
    NO_OPEN_DISPUTE = ProblemKind::new("no_open_dispute", 409, "No such open dispute",
        "The simulated provider has no open dispute of this payment, or not the one that is named.");
    TOO_MANY_RULES = ProblemKind::new("too_many_rules", 409, "Too many rules for the simulated provider",
        "The new rules and those that stand are more than it can follow. Send `reset` to forget what it was told before. \
         Members: `max`.");
    REFUSED_BY_SIMULATOR = ProblemKind::new("refused_by_simulator", 409, "The simulated provider refuses it",
        "Its books do not allow it, as a real provider's would not. Members: `provider_code`.");
}

/// A refusal for whoever asked.
pub(super) fn problem_of(error: SimulatorError) -> Problem {
    match error {
        SimulatorError::Control(ControlError::UnknownCharge) => Problem::of(&CHARGE_NOT_FOUND),
        SimulatorError::Control(ControlError::NothingWaiting) => Problem::of(&NOTHING_WAITS),
        SimulatorError::Control(ControlError::NoOpenDispute) => Problem::of(&NO_OPEN_DISPUTE),
        SimulatorError::Control(error @ ControlError::AmountNotPositive) => {
            Problem::bad_value(error.to_string()).with("field", "minor")
        }
        SimulatorError::Control(ControlError::Refused { code }) => {
            Problem::of(&REFUSED_BY_SIMULATOR).with("provider_code", code.as_str())
        }
        SimulatorError::Script(ScriptError::TooManyRules { max }) => Problem::of(&TOO_MANY_RULES).with("max", max),
        SimulatorError::Script(error @ ScriptError::OutOfRange { .. }) => Problem::bad_value(error.to_string()),
        SimulatorError::NotKept { reason } => {
            tracing::error!(reason, "the simulated payment provider cannot keep its books");
            Problem::of(&UNAVAILABLE).detail("the simulated payment provider cannot keep its books at the moment")
        }
    }
}

/// What a look at the simulated provider may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(super) enum ReadProblems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// There is no such charge.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// A value looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    CardNumber(ProblemDocument),
}

/// What a new script may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(super) enum ScriptProblems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// Together with the rules that stand there are too many.
    #[response(status = 409, content_type = "application/problem+json")]
    TooManyRules(ProblemDocument),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body must be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(ProblemDocument),
    /// A value is not possible or looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    BadValue(ProblemDocument),
    /// It cannot be written down at the moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What something done at the simulated provider may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(super) enum ControlProblems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key's role may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// There is no such charge.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// The simulated provider's books do not allow it; `code` says why.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(ProblemDocument),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body must be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(ProblemDocument),
    /// A value is not possible or looks like a payment card's number.
    #[response(status = 422, content_type = "application/problem+json")]
    BadValue(ProblemDocument),
    /// It cannot be written down at the moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}
