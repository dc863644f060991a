//! `tillroll events`: the log as it stands, for people and for pipes. Reads only, also beside a running server.

use crate::engine;
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use std::{
    io::{self, BufWriter, Write},
    pin::pin,
    time::Duration,
};
use tillroll_infra::{
    config::Settings,
    event::RecordedEvent,
    log::{EventFilter, EventLog, ReadFrom},
    stream::{Position, Revision, StreamId},
};

/// How many events one read brings.
const PAGE: usize = 2_000;
/// How often a followed log is looked at again; another process writes it, so nothing can wake this one.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// What to print.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Only this stream, such as order-0192…
    #[arg(long, value_name = "STREAM", conflicts_with_all = ["category", "event_type"])]
    stream: Option<StreamId>,
    /// Only streams of this category, such as order; may be given several times.
    #[arg(long, value_name = "CATEGORY")]
    category: Vec<String>,
    /// Only events of this type, such as OrderPlaced; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Vec<String>,
    /// Begin at this position (with --stream: at this revision).
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// End after this many events.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Go on with new events as they come; end with Ctrl-C.
    #[arg(long, conflicts_with = "stream")]
    follow: bool,
    /// One JSON object a line, complete.
    #[arg(long)]
    json: bool,
}

/// An event as a line of JSON.
#[derive(Serialize)]
struct JsonEvent<'a> {
    position: u64,
    stream: &'a str,
    revision: u64,
    id: String,
    #[serde(rename = "type")]
    event_type: &'a str,
    schema_version: u16,
    recorded_at: String,
    metadata: &'a RawValue,
    data: &'a RawValue,
}

pub(super) async fn run(settings: &Settings, args: EventsArgs) -> anyhow::Result<()> {
    let log = engine::open_log_read_only(settings)?;
    let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: args.json, left: args.limit };
    let printed = match &args.stream {
        Some(stream) => print_stream(&*log, stream, args.from, &mut printer).await,
        None => print_log(&*log, &args, &mut printer).await,
    };
    match printed.and_then(|()| printer.out.flush().map_err(Into::into)) {
        // Whoever reads the pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

async fn print_stream<W: Write>(
    log: &dyn EventLog,
    stream: &StreamId,
    from: u64,
    printer: &mut Printer<W>,
) -> anyhow::Result<()> {
    let mut from = Revision(from);
    loop {
        let events = log.read_stream(stream, ReadFrom::Forwards(from), PAGE).await?;
        for event in &events {
            if !printer.print(event)? {
                return Ok(());
            }
        }
        match events.last() {
            Some(last) if events.len() == PAGE => from = last.revision.next(),
            _ => return Ok(()),
        }
    }
}

async fn print_log<W: Write>(log: &dyn EventLog, args: &EventsArgs, printer: &mut Printer<W>) -> anyhow::Result<()> {
    let filter = EventFilter { tenant: None, categories: args.category.clone(), event_types: args.event_type.clone() };
    let mut after = Position(args.from.saturating_sub(1));
    // One for all: from the first on, Ctrl-C no longer ends the process by itself.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let page = tokio::select! {
            page = log.read_all(after, &filter, PAGE) => page?,
            heard = &mut interrupted => return heard.context("Ctrl-C cannot be heard"),
        };
        for event in &page.events {
            if !printer.print(event)? {
                return Ok(());
            }
        }
        after = page.scanned_to.max(after);
        if page.at_end {
            if !args.follow {
                return Ok(());
            }
            printer.out.flush()?;
            tokio::select! {
                () = tokio::time::sleep(FOLLOW_EVERY) => {}
                heard = &mut interrupted => return heard.context("Ctrl-C cannot be heard"),
            }
        }
    }
}

struct Printer<W: Write> {
    out: W,
    json: bool,
    left: Option<u64>,
}

impl<W: Write> Printer<W> {
    /// Prints one event; answers whether there is to be another.
    fn print(&mut self, event: &RecordedEvent) -> anyhow::Result<bool> {
        if self.left == Some(0) {
            return Ok(false);
        }
        let recorded_at = event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        if self.json {
            let line = JsonEvent {
                position: event.position.0,
                stream: event.stream.as_str(),
                revision: event.revision.0,
                id: event.id.to_string(),
                event_type: &event.event_type,
                schema_version: event.schema_version,
                recorded_at,
                metadata: serde_json::from_str(&event.metadata)?,
                data: serde_json::from_str(&event.data)?,
            };
            serde_json::to_writer(&mut self.out, &line)?;
            writeln!(self.out)?;
        } else {
            let RecordedEvent { position, stream, revision, event_type, data, .. } = event;
            writeln!(self.out, "{position:>8}  {recorded_at}  {stream}@{revision}  {event_type}  {data}")?;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
            return Ok(*left > 0);
        }
        Ok(true)
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let of_io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let of_json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    of_io.or(of_json) == Some(io::ErrorKind::BrokenPipe)
}
