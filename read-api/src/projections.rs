//! How the read models are doing.

use crate::{ReadApi, answer::ListProblems};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tillroll_http::{Permission, Principal, Problem, headers};
use tillroll_projections::read::{ProjectionState, ProjectionStatus};
use utoipa::ToSchema;

/// All projections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Projections {
    data: Vec<ProjectionJson>,
}

/// How a projection is doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Projection)]
pub(crate) struct ProjectionJson {
    #[schema(example = "orders")]
    name: String,
    /// The version of its code.
    version: u32,
    /// What its tables show.
    position: u64,
    /// `live`, `rebuilding`, or `stopped`, of which the server's log says why.
    state: String,
    /// How far the tables that are being built have got.
    rebuilt_to: Option<u64>,
    /// How many events wait for an operator.
    parked: usize,
}

impl From<ProjectionStatus> for ProjectionJson {
    fn from(status: ProjectionStatus) -> Self {
        let (state, rebuilt_to) = match status.state {
            ProjectionState::Live => ("live", None),
            ProjectionState::Rebuilding { position } => ("rebuilding", Some(position.0)),
            // The reason is meant for operators and may name what clients must not see.
            ProjectionState::Stopped { reason: _ } => ("stopped", None),
        };
        Self {
            name: status.name.to_owned(),
            version: status.version,
            position: status.position.0,
            state: state.to_owned(),
            rebuilt_to,
            parked: status.parked,
        }
    }
}

/// Show how every projection is doing.
///
/// `Tillroll-Position` is the lowest position of all.
#[utoipa::path(get, path = "/api/v1/projections", tag = "projections", responses(
    (status = 200, description = "All projections", body = Projections), ListProblems))]
pub(crate) async fn list_projections(State(api): State<ReadApi>, principal: Principal) -> Result<Response, Problem> {
    principal.require(Permission::Operate)?;
    let statuses = api.models.statuses();
    let position = statuses.iter().map(|status| status.position).min().unwrap_or_default();
    let data = statuses.into_iter().map(ProjectionJson::from).collect();
    let mut response = Json(Projections { data }).into_response();
    response.headers_mut().insert(&headers::POSITION, headers::position(position));
    Ok(response)
}
