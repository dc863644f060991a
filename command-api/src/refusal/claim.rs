//! Refusals of claims. Whoever claims for a purpose answers with that purpose's own code; see [`crate::skus`].

use super::Refusal;
use crate::problems::REFUSED;
use tillroll_domain::claim::ClaimError;
use tillroll_http::Problem;

impl Refusal for ClaimError {
    fn problem(&self) -> Problem {
        match self {
            Self::OwnedByAnother { owner } => Problem::of(&REFUSED).detail(self.to_string()).with("owner", owner),
        }
    }
}
