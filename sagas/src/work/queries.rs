//! What the runtime and operators ask of the index.

use super::{
    ActionRow, CartDeadlineRow, PROCESS_WORK, StockHoldRow, TimerRow,
    carts::{KEPT_AS, kept_for},
};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tillroll_domain::cart::commands::IdleLimits;
use tillroll_infra::stream::Position;
use tillroll_projections::{
    read::{ReadModelError, ReadModels, Snapshot},
    store::Due,
    table::{ColumnSpec, ColumnType, Row, Value},
};

/// The index as the runtime asks it.
#[derive(Debug, Clone)]
pub struct WorkIndex(ReadModels);

/// How much there is for one process to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLoad {
    /// The process.
    pub process: String,
    /// How many actions have no answer.
    pub open_actions: u64,
    /// When the oldest of them was recorded.
    pub oldest_action: Option<DateTime<Utc>>,
    /// How many timers are armed.
    pub armed_timers: u64,
    /// How many of them should have fired by the time asked about.
    pub due_timers: u64,
    /// How many instances have given up.
    pub alarms: u64,
}

impl WorkIndex {
    /// The index among these read models.
    #[must_use]
    pub fn new(read_models: ReadModels) -> Self {
        Self(read_models)
    }

    /// Waits until the index shows what stands at a position; answers whether it did within the time.
    pub async fn shows(&self, position: Position, within: Duration) -> bool {
        self.0.wait_for(&[PROCESS_WORK], position, within).await.is_ok()
    }

    /// A consistent look at it.
    ///
    /// # Errors
    /// See [`ReadModels::snapshot`].
    pub async fn look(&self) -> Result<Look, ReadModelError> {
        Ok(Look(self.0.snapshot(&[PROCESS_WORK]).await?))
    }
}

/// A consistent look at the index. Keep it short.
#[derive(Debug)]
pub struct Look(Snapshot);

impl Look {
    /// Actions without an answer that were recorded by a time, the oldest first, behind one of them.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn actions(
        &mut self,
        up_to: Option<DateTime<Utc>>,
        after: Option<&ActionRow>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, ReadModelError> {
        let after = after.map(Row::to_values);
        let (table, column) = (ActionRow::TABLE, "queued_at");
        self.0.due(Due { table, scope: None, column, up_to, after: after.as_deref(), limit }).await
    }

    /// Armed timers that are due by a time, the earliest first.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn timers(
        &mut self,
        up_to: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, ReadModelError> {
        let (table, column) = (TimerRow::TABLE, "due_at");
        self.0.due(Due { table, scope: None, column, up_to, after: None, limit }).await
    }

    /// Holds on stock whose time is over by a time, the earliest first.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn holds(
        &mut self,
        up_to: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<Vec<StockHoldRow>, ReadModelError> {
        let (table, column) = (StockHoldRow::TABLE, "expires_at");
        self.0.due(Due { table, scope: None, column, up_to, after: None, limit }).await
    }

    /// Carts that may be given up by a time, with the time from which on that is so; the earliest first of each kind, at most
    /// `limit` of each.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn carts(
        &mut self,
        up_to: Option<DateTime<Utc>>,
        limits: IdleLimits,
        limit: usize,
    ) -> Result<Vec<(DateTime<Utc>, CartDeadlineRow)>, ReadModelError> {
        let mut found = Vec::new();
        for kept_as in KEPT_AS {
            let kept_for = kept_for(kept_as, limits);
            let up_to = up_to.map(|up_to| up_to - kept_for);
            let scope = Value::Text(kept_as.to_owned());
            let scope = Some(("kept_as", &scope));
            let (table, column) = (CartDeadlineRow::TABLE, "last_activity");
            let rows: Vec<CartDeadlineRow> =
                self.0.due(Due { table, scope, column, up_to, after: None, limit }).await?;
            found.extend(rows.into_iter().map(|row| (row.last_activity + kept_for, row)));
        }
        Ok(found)
    }

    /// How much there is to do, by process; only on a database that answers SQL.
    ///
    /// # Errors
    /// A database that fails, or answers no SQL.
    pub async fn loads(&mut self, now: DateTime<Utc>) -> Result<Vec<ProcessLoad>, ReadModelError> {
        const INT: ColumnType = ColumnType::Int;
        const COLUMNS: [ColumnSpec; 6] = [
            ColumnSpec { name: "process", column_type: ColumnType::Text, nullable: false },
            ColumnSpec { name: "open_actions", column_type: INT, nullable: false },
            ColumnSpec { name: "oldest_action", column_type: ColumnType::Time, nullable: true },
            ColumnSpec { name: "armed_timers", column_type: INT, nullable: false },
            ColumnSpec { name: "due_timers", column_type: INT, nullable: false },
            ColumnSpec { name: "alarms", column_type: INT, nullable: false },
        ];
        let sql = "SELECT process, SUM(open_actions), MIN(oldest_action), SUM(armed_timers), SUM(due_timers), \
                   SUM(alarms) FROM ( \
                   SELECT process, COUNT(*) AS open_actions, MIN(queued_at) AS oldest_action, 0 AS armed_timers, \
                   0 AS due_timers, 0 AS alarms FROM process_actions GROUP BY process \
                   UNION ALL SELECT process, 0, NULL, COUNT(*), 0, 0 FROM process_timers GROUP BY process \
                   UNION ALL SELECT process, 0, NULL, 0, COUNT(*), 0 FROM process_timers WHERE due_at <= $1 \
                   GROUP BY process \
                   UNION ALL SELECT process, 0, NULL, 0, 0, COUNT(*) FROM process_instances \
                   WHERE alarm IS NOT NULL GROUP BY process) AS work GROUP BY process ORDER BY process";
        let rows = self.0.query(sql, &COLUMNS, &[Value::Time(now)]).await?;
        Ok(rows.into_iter().filter_map(load).collect())
    }
}

fn load(row: Vec<Value>) -> Option<ProcessLoad> {
    let count = |value: Option<Value>| match value {
        Some(Value::Int(count)) => u64::try_from(count).unwrap_or(0),
        _ => 0,
    };
    let mut values = row.into_iter();
    let Some(Value::Text(process)) = values.next() else { return None };
    let open_actions = count(values.next());
    let oldest_action = match values.next() {
        Some(Value::Time(time)) => Some(time),
        _ => None,
    };
    let (armed_timers, due_timers, alarms) = (count(values.next()), count(values.next()), count(values.next()));
    Some(ProcessLoad { process, open_actions, oldest_action, armed_timers, due_timers, alarms })
}
