//! Whether a customer may buy: asked before a cart is begun and before an order is placed.

use crate::{CommandApi, problems::CUSTOMER_INACTIVE, refusal::problem_of};
use tillroll_domain::{
    customer::{Customer, CustomerState},
    ids::CustomerId,
};
use tillroll_http::Problem;

/// Refuses those who may not buy.
///
/// # Errors
/// `customer_inactive` for whoever is deactivated or was erased; the given refusal for whoever was never registered, which
/// depends on where the request names the customer.
pub(crate) async fn check(api: &CommandApi, id: CustomerId, unknown: impl FnOnce() -> Problem) -> Result<(), Problem> {
    let customer = api.bus.load::<Customer>(&api.tenant, &id.uuid().to_string()).await.map_err(problem_of)?;
    match customer.state {
        CustomerState::Known(customer) if customer.active => Ok(()),
        CustomerState::Known(_) | CustomerState::Erased(_) => {
            Err(Problem::of(&CUSTOMER_INACTIVE).detail("the customer is deactivated").with("customer_id", id))
        }
        CustomerState::Unknown => Err(unknown()),
    }
}
