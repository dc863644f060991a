//! A customer is forgotten: first an event that says so, then the key goes without which nothing personal can be read.

use super::{authorize, execute, subject_of};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    chains::carry_through,
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use tillroll_domain::{
    customer::commands::CustomerCommand,
    ids::{CustomerId, SubjectId},
};
use tillroll_http::{Path, Principal, Problem, schema};
use tillroll_infra::bus::{CommandContext, Executed};

/// Forget a customer for ever.
///
/// Everything personal of the customer becomes unreadable, wherever it is stored; orders and their amounts stay. It cannot
/// be undone. Asking again is answered again, and completes what a crash left undone.
#[utoipa::path(post, path = "/api/v1/customers/{id}/erase", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn erase_customer(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    request.no_body()?;
    let context = request.begin(&api, &principal).first();
    // A client that goes away after the event must not keep the key from being destroyed.
    let executed = carry_through(&api.clone(), erase(api, id, subject_of(id), context)).await?;
    Ok(Written::new(id, &executed))
}

/// The event comes first: should the engine stop before the key is destroyed, it finds the event when it starts.
async fn erase(
    api: CommandApi,
    id: CustomerId,
    subject: SubjectId,
    context: CommandContext,
) -> Result<Executed, Problem> {
    let executed = execute(&api, id, CustomerCommand::Erase { subject }, context).await?;
    if let Err(error) = api.bus.erase(&api.tenant, subject).await {
        tracing::error!(%error, "a key was not destroyed; erase the customer again, or restart");
        return Err(Problem::unavailable("the key vault is not available; send the request again"));
    }
    Ok(executed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Request};
    use chrono::DateTime;
    use std::sync::Arc;
    use tillroll_domain::customer::Customer;
    use tillroll_http::{Keys, Role};
    use tillroll_infra::{ambient::Ambient, bus::Bus, log::memory::MemoryLog};
    use tower::ServiceExt;

    #[tokio::test]
    async fn an_erasure_takes_a_permit_like_every_request_of_several_steps() {
        let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
        let bus = Bus::builder(Arc::new(MemoryLog::new(ambient.clock.clone())), ambient).register::<Customer>().build();
        // No two roles share a key, nor the second letter of their names.
        let text = |role: Role| format!("tr_{}_{}{}", role.name(), &role.name()[1..2], "A".repeat(42));
        let api = CommandApi::new(bus, Keys::from_texts(Role::KEYED.map(text), [7; 32]).unwrap());
        let (router, _) = crate::router(api.clone()).split_for_parts();
        let erase = async || {
            let path = format!("/api/v1/customers/{}/erase", CustomerId::new(uuid::Uuid::nil()));
            let request = Request::post(path).header("authorization", format!("Bearer {}", text(Role::Admin)));
            router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
        };
        let all = u32::try_from(api.chains.available_permits()).unwrap();
        let others = Arc::clone(&api.chains).try_acquire_many_owned(all).unwrap();
        assert_eq!(erase().await, 503, "too many are being carried out");
        drop(others);
        assert_eq!(erase().await, 404, "there is no such customer");
    }
}
