//! `GET /metrics`: how the engine is doing, for Prometheus (OpenMetrics text).

use anyhow::Context;
use axum::{
    Router,
    extract::{FromRef, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};
use std::sync::Arc;
use tillroll_http::{HttpMetrics, Keys, Permission, Principal, Problem};
use tillroll_infra::ambient::Clock;
use tillroll_infra::log::{EventLog, SqliteLog, sqlite::LogMetrics};
use tillroll_infra::stream::Position;
use tillroll_projections::read::{ProjectionState, ProjectionStatus, ReadModels};
use tillroll_sagas::{
    runtime::{ProcessStatus, SagaStatuses},
    work::{ProcessLoad, WorkIndex},
};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is shown and who may see it. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    keys: Keys,
    log: Arc<SqliteLog>,
    read_models: ReadModels,
    /// What counts by itself.
    counting: Arc<Registry>,
    started_at: DateTime<Utc>,
    processes: Option<WatchedProcesses>,
}

/// The processes, and the clock by which their work is old.
#[derive(Debug, Clone)]
struct WatchedProcesses {
    statuses: Arc<Mutex<SagaStatuses>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProjectionLabel {
    projection: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProcessLabel {
    process: String,
}

impl Metrics {
    pub(super) fn new(
        keys: Keys,
        log: Arc<SqliteLog>,
        read_models: ReadModels,
        http: &HttpMetrics,
        started_at: DateTime<Utc>,
    ) -> Self {
        let mut counting = Registry::with_prefix("tillroll");
        http.register(&mut counting);
        Self { keys, log, read_models, counting: Arc::new(counting), started_at, processes: None }
    }

    /// Shows how the processes are doing too.
    pub(super) fn with_processes(self, processes: Arc<Mutex<SagaStatuses>>, clock: Arc<dyn Clock>) -> Self {
        Self { processes: Some(WatchedProcesses { statuses: processes, clock }), ..self }
    }

    /// What the processes have to do, and what they are at; nothing while the index of it is being built.
    async fn work(&self) -> Option<Registry> {
        let WatchedProcesses { statuses, clock } = self.processes.as_ref()?;
        let (statuses, now) = (statuses.lock().get(), clock.now());
        let loads = async { WorkIndex::new(self.read_models.clone()).look().await?.loads(now).await };
        match loads.await {
            Ok(loads) => Some(work(&loads, &statuses, now)),
            Err(error) => {
                tracing::debug!(%error, "the index of open work cannot be read");
                Some(work(&[], &statuses, now))
            }
        }
    }
}

impl FromRef<Metrics> for Keys {
    fn from_ref(metrics: &Metrics) -> Self {
        metrics.keys.clone()
    }
}

pub(super) fn routes(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(show).with_state(metrics))
}

async fn show(State(metrics): State<Metrics>, principal: Principal) -> Result<Response, Problem> {
    principal.require(Permission::Operate)?;
    let head = metrics.log.head().await.map_err(|error| {
        tracing::warn!(%error, "the position of the event log cannot be read");
        Problem::unavailable("the event log cannot be reached at the moment")
    })?;
    let standing = standing(&metrics.log.metrics(), head, &metrics.read_models.statuses(), metrics.started_at);
    let work = metrics.work().await.unwrap_or_default();
    let text = encode(&[&metrics.counting, &standing, &work]).map_err(|error| {
        tracing::error!(error = &*error, "the metrics cannot be written");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}

fn encode(registries: &[&Registry]) -> anyhow::Result<String> {
    let mut text = String::new();
    for registry in registries {
        encode_registry(&mut text, registry).context("a metric cannot be written")?;
    }
    encode_eof(&mut text)?;
    Ok(text)
}

/// What is asked for at each scrape.
fn standing(log: &LogMetrics, head: Position, projections: &[ProjectionStatus], started_at: DateTime<Utc>) -> Registry {
    let mut registry = Registry::default();
    let help = "When the server started, in seconds since 1970";
    registry.register("process_start_time_seconds", help, ConstGauge::new(started_at.timestamp()));

    let engine = registry.sub_registry_with_prefix("tillroll");
    engine.register("log_position", "Where the event log ends", gauge(head.0));
    let counters = [
        ("log_commits", "Groups of appends that were made durable", log.commits_total),
        ("log_appends", "Appends that were answered with a receipt", log.appends_total),
        ("log_refusals", "Appends that were refused, nearly always because of a conflict", log.refusals_total),
        ("log_events", "Events that were added since the start", log.events_total),
    ];
    for (name, help, value) in counters {
        engine.register(name, help, ConstCounter::new(value));
    }
    let failed = "1 if the event log takes no more events until the server is started again";
    engine.register("log_failed", failed, gauge(u64::from(log.has_failed)));

    type PerProjection = Family<ProjectionLabel, Gauge>;
    let [position, lag, parked, live]: [PerProjection; 4] = Default::default();
    for status in projections {
        let label = ProjectionLabel { projection: status.name };
        let set = |family: &PerProjection, value: u64| {
            family.get_or_create(&label).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&position, status.position.0);
        set(&lag, head.0.saturating_sub(status.position.0));
        set(&parked, u64::try_from(status.parked).unwrap_or(u64::MAX));
        set(&live, u64::from(status.state == ProjectionState::Live));
    }
    engine.register("projection_position", "What the tables of a projection show", position);
    engine.register("projection_lag_events", "Events that a projection has not looked at yet", lag);
    engine.register("projection_parked_events", "Events that a projection could not fold", parked);
    engine.register("projection_live", "1 if a projection follows the log, 0 if it is rebuilt or stopped", live);
    registry
}

/// What the processes have to do by the index, on all nodes, and what this node is at.
fn work(loads: &[ProcessLoad], statuses: &[ProcessStatus], now: DateTime<Utc>) -> Registry {
    type PerProcess = Family<ProcessLabel, Gauge>;
    let [open, oldest, armed, due, alarms]: [PerProcess; 5] = Default::default();
    let [failing, waiting, checkpoint]: [PerProcess; 3] = Default::default();
    let inputs: Family<ProcessLabel, Counter> = Family::default();
    let set = |family: &PerProcess, process: &str, value: u64| {
        let label = ProcessLabel { process: process.to_owned() };
        family.get_or_create(&label).set(i64::try_from(value).unwrap_or(i64::MAX));
    };
    for status in statuses {
        let name = status.name;
        // Where the index shows nothing, there is nothing.
        for family in [&open, &oldest, &armed, &due, &alarms] {
            set(family, name, 0);
        }
        set(&failing, name, u64::try_from(status.failing_actions).unwrap_or(u64::MAX));
        set(&waiting, name, u64::try_from(status.waiting_events).unwrap_or(u64::MAX));
        set(&checkpoint, name, status.checkpoint);
        inputs.get_or_create(&ProcessLabel { process: name.to_owned() }).inc_by(status.inputs);
    }
    for load in loads {
        let age = load.oldest_action.map_or(0, |oldest| (now - oldest).num_seconds());
        set(&open, &load.process, load.open_actions);
        set(&oldest, &load.process, u64::try_from(age).unwrap_or(0));
        set(&armed, &load.process, load.armed_timers);
        set(&due, &load.process, load.due_timers);
        set(&alarms, &load.process, load.alarms);
    }
    let mut registry = Registry::with_prefix("tillroll");
    registry.register("process_open_actions", "Actions of a process that have no answer", open);
    let help = "Since when the oldest of them has had none, in seconds";
    registry.register("process_oldest_action_seconds", help, oldest);
    registry.register("process_armed_timers", "Timers of a process that are armed", armed);
    registry.register("process_due_timers", "How many of them should have fired", due);
    registry.register("process_alarms", "Instances of a process that somebody must look at", alarms);
    registry.register("process_failing_actions", "Actions that failed here and are tried again", failing);
    registry.register("process_waiting_events", "Events that are on their way to instances here", waiting);
    registry.register("process_checkpoint", "Up to where all events are handled", checkpoint);
    registry.register("process_inputs", "Inputs that instances were given here", inputs);
    registry
}

fn gauge(value: u64) -> ConstGauge {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_processes_have_to_do_is_shown() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let status =
            |name| ProcessStatus { name, inputs: 9, actions: 3, failing_actions: 2, waiting_events: 1, checkpoint: 70 };
        let load = ProcessLoad {
            process: "checkout".to_owned(),
            open_actions: 4,
            oldest_action: Some(now - chrono::TimeDelta::seconds(90)),
            armed_timers: 5,
            due_timers: 1,
            alarms: 6,
        };
        let text = encode(&[&work(&[load], &[status("checkout"), status("idle")], now)]).unwrap();
        for line in [
            r#"tillroll_process_open_actions{process="checkout"} 4"#,
            r#"tillroll_process_open_actions{process="idle"} 0"#,
            r#"tillroll_process_oldest_action_seconds{process="checkout"} 90"#,
            r#"tillroll_process_armed_timers{process="checkout"} 5"#,
            r#"tillroll_process_due_timers{process="checkout"} 1"#,
            r#"tillroll_process_alarms{process="checkout"} 6"#,
            r#"tillroll_process_alarms{process="idle"} 0"#,
            r#"tillroll_process_failing_actions{process="idle"} 2"#,
            r#"tillroll_process_waiting_events{process="checkout"} 1"#,
            r#"tillroll_process_checkpoint{process="checkout"} 70"#,
            r#"tillroll_process_inputs_total{process="checkout"} 9"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn what_the_engine_stands_at_is_shown() {
        let log =
            LogMetrics { commits_total: 3, appends_total: 5, refusals_total: 1, events_total: 8, has_failed: false };
        let status = |name, position, state| ProjectionStatus {
            name,
            version: 1,
            position: Position(position),
            state,
            parked: 2,
        };
        let stopped = ProjectionState::Stopped { reason: "a secret cause".into() };
        let projections = [status("orders", 8, ProjectionState::Live), status("stock", 6, stopped)];
        let registry = standing(&log, Position(8), &projections, DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let text = encode(&[&registry]).unwrap();
        for line in [
            "process_start_time_seconds 1700000000",
            "tillroll_log_position 8",
            "tillroll_log_commits_total 3",
            "tillroll_log_appends_total 5",
            "tillroll_log_refusals_total 1",
            "tillroll_log_events_total 8",
            "tillroll_log_failed 0",
            r#"tillroll_projection_position{projection="stock"} 6"#,
            r#"tillroll_projection_lag_events{projection="stock"} 2"#,
            r#"tillroll_projection_lag_events{projection="orders"} 0"#,
            r#"tillroll_projection_parked_events{projection="orders"} 2"#,
            r#"tillroll_projection_live{projection="stock"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("secret"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
