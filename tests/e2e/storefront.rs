//! `docs/storefront.md` does what it says: its commands run as they are written, in their order, against the program, and
//! what they print is what the document shows.
//!
//! A block ```` ```sh ```` is run. A block ```` ```json ```` or ```` ```text ```` behind it shows what it prints, where `…`
//! stands for what is different every time. Blocks of other languages are for reading only.

use crate::support::Shop;
use serde_json::Value;
use std::{os::unix::fs::symlink, process::Command};

const DOCUMENT: &str = include_str!("../../docs/storefront.md");
/// Where the document expects the program.
const ADDRESS: &str = "http://127.0.0.1:8080";
const DATA: &str = "tillroll-data";
/// In JSON and in text: anything.
const ANYTHING: &str = "…";
/// Stands between the outputs of two blocks.
const MARK: &str = "@@ the next block @@";

/// A block that is run, and what it prints according to the document.
#[derive(Debug)]
struct Step<'a> {
    /// Where it begins.
    line: usize,
    script: String,
    shown: Option<(&'a str, String)>,
}

/// The blocks of a document in Markdown.
fn steps(document: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let text: String = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .flat_map(|line| [line, "\n"])
            .collect();
        match language {
            "sh" => steps.push(Step { line: number + 1, script: text, shown: None }),
            "json" | "text" => {
                let step =
                    steps.last_mut().unwrap_or_else(|| panic!("line {}: there is no command before", number + 1));
                assert!(step.shown.is_none(), "line {}: a command prints once", number + 1);
                step.shown = Some((language, text));
            }
            _ => {}
        }
    }
    steps
}

/// What differs between what is shown and what was found; `None` if nothing does.
fn difference(shown: &Value, found: &Value, at: &str) -> Option<String> {
    match (shown, found) {
        (Value::String(text), _) if text == ANYTHING => None,
        (Value::String(shown), Value::String(found)) if fits(shown, found) => None,
        (Value::Object(shown), Value::Object(found)) => {
            let is_partial = shown.contains_key(ANYTHING);
            let missing = shown.keys().find(|name| *name != ANYTHING && !found.contains_key(*name));
            let more = found.keys().find(|name| !is_partial && !shown.contains_key(*name));
            if let Some(name) = missing.or(more) {
                let what = if missing.is_some() { "is not there" } else { "is not shown" };
                return Some(format!("{at}.{name} {what}"));
            }
            let named = shown.iter().filter(|(name, _)| *name != ANYTHING);
            named.filter_map(|(name, shown)| difference(shown, &found[name], &format!("{at}.{name}"))).next()
        }
        (Value::Array(shown), Value::Array(found)) => {
            let is_partial = shown.last().is_some_and(|last| last == ANYTHING);
            let named = &shown[..shown.len() - usize::from(is_partial)];
            if named.len() > found.len() || (!is_partial && named.len() < found.len()) {
                return Some(format!("{at} has {} elements, {} are shown", found.len(), named.len()));
            }
            let pairs = named.iter().zip(found).enumerate();
            pairs.filter_map(|(index, (shown, found))| difference(shown, found, &format!("{at}[{index}]"))).next()
        }
        _ if shown == found => None,
        _ => Some(format!("{at} is {found}, shown is {shown}")),
    }
}

/// A text with `…` for anything, against a text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((end, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[track_caller]
fn assert_shown(step: &Step<'_>, printed: &str) {
    let Some((language, shown)) = &step.shown else { return };
    let line = step.line;
    if *language == "json" {
        let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("line {line}: {error}: {shown}"));
        let found: Value =
            serde_json::from_str(printed).unwrap_or_else(|error| panic!("line {line}: {error}: {printed}"));
        if let Some(difference) = difference(&shown, &found, "") {
            panic!("docs/storefront.md, line {line}: {difference}\nit printed {found:#}");
        }
    } else {
        let (shown, printed) = (shown.trim(), printed.trim());
        assert!(
            fits(shown, printed),
            "docs/storefront.md, line {line}: it shows\n{shown}\n\nand it printed\n{printed}"
        );
    }
}

#[tokio::test]
async fn the_documents_commands_run_as_written() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    server.ready().await;
    // The document works in the folder where the program was started.
    let folder = shop.data().parent().unwrap().to_owned();
    symlink(shop.data(), folder.join(DATA)).unwrap();

    let steps = steps(DOCUMENT);
    assert!(steps.len() >= 15, "the document has only {} commands", steps.len());
    assert!(steps.iter().filter(|step| step.shown.is_some()).count() >= 10, "the document shows hardly any output");
    assert!(DOCUMENT.contains(ADDRESS));
    let mut script = "set -eu\n".to_owned();
    for step in &steps {
        script.push_str(&step.script.replace(ADDRESS, &format!("http://{}", server.address())));
        script.push_str(&format!("printf '\\n%s\\n' '{MARK}'\n"));
    }
    let mut command = Command::new("sh");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TILLROLL_")) {
        command.env_remove(name);
    }
    let ran = tokio::task::spawn_blocking(move || command.args(["-c", &script]).current_dir(folder).output().unwrap());
    let ran = ran.await.unwrap();
    let (stdout, stderr) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    let printed: Vec<&str> = stdout.split(&format!("\n{MARK}\n")).collect();
    for (step, printed) in steps.iter().zip(&printed) {
        assert_shown(step, printed);
    }
    assert!(ran.status.success(), "{:?} in the block of line {}: {stderr}", ran.status, steps[printed.len() - 1].line);
    assert_eq!(printed.len(), steps.len() + 1);
    assert_eq!(stderr, "");
    assert_eq!(server.stop().code, Some(0));
}

/// The comparison that the test above rests on.
#[test]
fn what_is_shown_must_be_what_is_printed() {
    let differs = |shown: &str, found: &str| {
        difference(&serde_json::from_str(shown).unwrap(), &serde_json::from_str(found).unwrap(), "").is_some()
    };
    for (shown, found) in [
        (r#"{"a":1,"b":"…"}"#, r#"{"b":[2],"a":1}"#),
        (r#"{"a":1,"…":"…"}"#, r#"{"b":[2],"a":1}"#),
        (r#"{"id":"prd_…"}"#, r#"{"id":"prd_017"}"#),
        (r#"[1,"…"]"#, "[1,2,3]"),
        (r#"["…"]"#, "[]"),
    ] {
        assert!(!differs(shown, found), "{shown} {found}");
    }
    for (shown, found) in [
        (r#"{"a":1}"#, r#"{"a":2}"#),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
        (r#"{"a":1,"b":"…"}"#, r#"{"a":1}"#),
        (r#"{"id":"prd_…"}"#, r#"{"id":"ord_017"}"#),
        (r#"{"a":{"b":1,"…":"…"}}"#, r#"{"a":{"c":1}}"#),
        ("[1]", "[1,2]"),
        ("[1,2]", "[1]"),
        (r#"[1,2,"…"]"#, "[1]"),
    ] {
        assert!(differs(shown, found), "{shown} {found}");
    }
    assert!(fits("id: …\nevent: a\n…", "id: 7\nevent: a\ndata: {}"));
    assert!(!fits("id: …\nevent: a", "id: 7\nevent: b"));
    assert!(!fits("a…a", "a"));
}

#[test]
fn a_block_shows_what_the_command_before_it_prints() {
    let document = "text\n```sh\necho 1\n```\nmore\n```json\n1\n```\n```console\nserve\n```\n```sh\ntrue\n```\n";
    let steps = steps(document);
    let seen: Vec<_> = steps.iter().map(|step| (step.line, step.script.as_str(), step.shown.clone())).collect();
    assert_eq!(seen, [(2, "echo 1\n", Some(("json", "1\n".to_owned()))), (12, "true\n", None)]);
}
