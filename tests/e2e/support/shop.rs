//! A data folder of its own, and the program run over it.

use super::Server;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A data folder; it goes with this value.
pub(crate) struct Shop {
    folder: TempDir,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A line of `events --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) revision: u64,
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) schema_version: u16,
    pub(crate) recorded_at: String,
    pub(crate) metadata: Box<RawValue>,
    pub(crate) data: Box<RawValue>,
}

impl Event {
    pub(crate) fn category(&self) -> &str {
        self.stream.split_once('-').unwrap().0
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A shop that has imported a file.
    #[track_caller]
    pub(crate) fn with(file: &Path) -> Self {
        let shop = Self::new();
        shop.report(file, &[]);
        shop
    }

    /// A shop with the history that the program makes itself.
    #[track_caller]
    pub(crate) fn with_made_up_history() -> Self {
        let shop = Self::new();
        shop.run(&["import", "made-up"]).succeeded();
        shop
    }

    /// The folder, which the program makes at its first writing.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The program over this folder. Nothing of the caller's environment steers it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tillroll"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TILLROLL_")) {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).args(arguments).arg("--data").arg(self.data());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// The command that imports a file.
    pub(crate) fn import_command(&self, file: &Path, arguments: &[&str]) -> Command {
        let mut command = self.command(&["import", "online-retail"]);
        command.arg(file).args(arguments);
        command
    }

    pub(crate) fn import(&self, file: &Path, arguments: &[&str]) -> Ran {
        self.import_command(file, arguments).output().unwrap().into()
    }

    /// Imports a file, which must succeed, and answers the report.
    #[track_caller]
    pub(crate) fn report(&self, file: &Path, arguments: &[&str]) -> Value {
        let ran = self.import_command(file, arguments).arg("--json").output().unwrap();
        Ran::from(ran).last_line()
    }

    /// Serves on a free port.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        Server::start(self.command(&all), &self.data())
    }

    /// What `events --json` prints.
    #[track_caller]
    pub(crate) fn events(&self, arguments: &[&str]) -> Vec<Event> {
        let mut all = vec!["events", "--json"];
        all.extend(arguments);
        let ran = self.run(&all).succeeded();
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// What every stream holds, in its order: types, data and metadata, byte for byte. Event ids and times of recording
    /// are left out, and so is the import's own stream: how its cursor moved depends on when it was interrupted.
    #[track_caller]
    pub(crate) fn history(&self) -> BTreeMap<String, Vec<String>> {
        let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in self.events(&[]) {
            if event.category() != "import" {
                let Event { event_type, schema_version, data, metadata, .. } = &event;
                let text = format!("{event_type} {schema_version} {data} {metadata}");
                let stream = streams.entry(event.stream).or_default();
                assert_eq!(event.revision, stream.len() as u64, "a revision is missing or repeated");
                stream.push(text);
            }
        }
        streams
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Checks that it failed, said so on standard error only, and with all these words.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "a failure belongs on standard error");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is missing in: {}", self.stderr);
        }
    }

    /// The object on the last line of standard output, after success.
    #[track_caller]
    pub(crate) fn last_line(self) -> Value {
        let ran = self.succeeded();
        let report: Value = serde_json::from_str(ran.stdout.lines().last().unwrap_or_default()).unwrap();
        assert!(report.is_object(), "{report}");
        report
    }
}

/// A report without what belongs to its run alone.
pub(crate) fn without_run(mut report: Value) -> Value {
    for name in ["events", "seconds"] {
        assert!(report.as_object_mut().unwrap().remove(name).is_some(), "{name} is missing");
    }
    report
}

/// Compares histories stream by stream, so that a difference can be read.
#[track_caller]
pub(crate) fn assert_same_history(found: &BTreeMap<String, Vec<String>>, expected: &BTreeMap<String, Vec<String>>) {
    for (stream, events) in expected {
        assert_eq!(found.get(stream), Some(events), "{stream}");
    }
    let more: Vec<&String> = found.keys().filter(|stream| !expected.contains_key(*stream)).collect();
    assert!(more.is_empty(), "streams that should not be there: {more:?}");
}
