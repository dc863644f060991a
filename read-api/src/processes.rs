//! What the processes have to do: instances with open work, and those that somebody must look at.

use crate::{
    ReadApi,
    answer::{ListProblems, ReadHeaders, ReadRequest, failed},
    paging::Paging,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_http::{Limit, Page, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::process_work::{self, BY_PROCESS, InstanceRow};
use utoipa::{IntoParams, ToSchema};

/// Which instances to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProcesses {
    /// Only of this process, such as `checkout`.
    #[param(value_type = String, required = false)]
    process: Option<String>,
    /// Only those that have given up, or only the others.
    #[param(value_type = bool, required = false)]
    alarmed: Option<bool>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// An instance of a process.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcessInstance {
    /// The process: the category of its streams.
    #[schema(example = "checkout")]
    process: String,
    /// Which instance: the UUID of what it is about, such as that of the order of a checkout.
    #[schema(example = "01980000-0000-7000-8000-000000000000")]
    instance: String,
    /// Actions that have no answer yet.
    open_actions: i64,
    /// Times that it waits for.
    armed_timers: i64,
    /// Why it can neither go on nor back by itself, as a stable code; `null` if it can.
    alarm: Option<String>,
    /// Since when it has had something to do, waited for a time, or given up.
    open_since: DateTime<Utc>,
    /// When it advanced last.
    advanced_at: DateTime<Utc>,
}

impl From<InstanceRow> for ProcessInstance {
    fn from(row: InstanceRow) -> Self {
        Self {
            process: row.process,
            instance: row.instance,
            open_actions: row.open_actions,
            armed_timers: row.armed_timers,
            alarm: row.alarm,
            open_since: row.open_since,
            advanced_at: row.advanced_at,
        }
    }
}

/// List what processes have to do.
///
/// Shown are instances with open actions or armed timers, and those that somebody must look at, by process and instance.
#[utoipa::path(get, path = "/api/v1/processes", tag = "processes", params(ListProcesses, ReadHeaders), responses(
    (status = 200, description = "Some instances", body = Page<ProcessInstance>), ListProblems))]
pub(crate) async fn list_processes(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListProcesses>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadOrders)?;
    let paging = Paging::new::<InstanceRow>("processes", &query, BY_PROCESS, query.cursor.as_deref(), query.limit)?;
    let mut view = request.open(&api, &[process_work::NAME]).await?;
    let (process, after) = (query.process.as_deref(), paging.after.as_deref());
    let slice = process_work::instances(&mut view.snapshot, process, query.alarmed, after, paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(ProcessInstance::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}
