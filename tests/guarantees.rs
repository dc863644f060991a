//! Holds docs/guarantees.md to its word: every promise names tests, every test that it names exists and runs, and its
//! figures are those of the code.

use std::{collections::BTreeMap, fs, path::Path};
use tillroll_infra::{
    bus::{COMMANDS_REMEMBERED, NOT_AFTER_AHEAD_MAX, NOT_AFTER_GRACE, TIMED_COMMANDS_MAX},
    log::EVENTS_PER_APPEND_MAX,
};

/// Where a function is a test only if the suite's macro lists it.
const CASES: &str = "infra/src/log/conformance/";
const SUITE: &str = "infra/src/log/conformance.rs";

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A promise and the tests that it names, as written.
#[derive(Debug, Default, PartialEq)]
struct Promise {
    text: String,
    tests: Vec<String>,
}

/// The promises of a page: the items under every heading "Promised". Lines further in that are code name its tests.
fn promises(page: &str) -> Vec<Promise> {
    let mut promises: Vec<Promise> = Vec::new();
    let mut is_promise = false;
    for line in page.lines() {
        if line.starts_with('#') {
            is_promise = line == "### Promised";
        } else if !is_promise {
            // Anything may stand elsewhere.
        } else if let Some(text) = line.strip_prefix("- ") {
            promises.push(Promise { text: text.to_owned(), tests: Vec::new() });
        } else if let (Some(inner), Some(promise)) = (line.strip_prefix("  "), promises.last_mut()) {
            match inner.strip_prefix("- `").and_then(|name| name.strip_suffix('`')) {
                Some(name) => promise.tests.push(name.to_owned()),
                None => {
                    promise.text.push(' ');
                    promise.text.push_str(inner);
                }
            }
        }
    }
    promises
}

/// Every `file.rs::name` of a page, wherever it stands.
fn named_tests(page: &str) -> Vec<&str> {
    page.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs::")).collect()
}

/// Why a source does not hold a test of this name that runs.
fn fault(source: &str, name: &str) -> Option<&'static str> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_function = |line: &str| {
        let line = line.trim_start_matches("pub ").trim_start_matches("async ");
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    let Some(at) = lines.iter().position(|line| is_function(line)) else { return Some("there is no such function") };
    let above: Vec<&str> =
        lines[..at].iter().rev().copied().take_while(|line| line.starts_with("#[") || line.starts_with("//")).collect();
    let has = |start: &str| above.iter().any(|line| line.starts_with(start));
    if has("#[ignore") || has("#[cfg(") {
        return Some("it does not always run");
    }
    (!has("#[test]") && !has("#[tokio::test")).then_some("it is not a test")
}

/// Why a function is not among the cases that the conformance suite runs.
fn fault_of_case(suite: &str, source: &str, module: &str, name: &str) -> Option<&'static str> {
    if !source.contains(&format!("pub async fn {name}<")) {
        return Some("there is no such case");
    }
    let listed = suite.split_once("@cases $store;").and_then(|(_, behind)| behind.split_once('}'));
    let Some((listed, _)) = listed else { return Some("the suite's list of cases cannot be read") };
    let of_module = listed.split(';').filter_map(|part| part.split_once(':'));
    let mut cases = of_module.filter(|(of, _)| of.trim() == module).flat_map(|(_, cases)| cases.split_whitespace());
    (!cases.any(|case| case == name)).then_some("the suite does not run it")
}

#[test]
fn every_promise_names_a_test() {
    let promises = promises(&read("docs/guarantees.md"));
    assert!(promises.len() > 20, "the page is not read as it is written: {promises:?}");
    for promise in promises {
        assert!(!promise.tests.is_empty(), "no test holds: {}", promise.text);
        assert!(promise.text.ends_with('.'), "not a sentence: {}", promise.text);
    }
}

#[test]
fn every_test_that_is_named_exists_and_runs() {
    let page = read("docs/guarantees.md");
    let mut sources = BTreeMap::new();
    let mut faults = Vec::new();
    for named in named_tests(&page) {
        let (path, name) = named.split_once("::").expect("it was chosen for that");
        let source = sources.entry(path).or_insert_with(|| read(path));
        let module =
            path.strip_prefix(CASES).and_then(|file| file.strip_suffix(".rs")).filter(|file| !file.contains('/'));
        let fault = match module {
            Some(module) => fault_of_case(&read(SUITE), source, module, name),
            None => fault(source, name),
        };
        faults.extend(fault.map(|fault| format!("{named}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_figures_are_those_of_the_code() {
    let page = read("docs/guarantees.md");
    let thousands = |number: usize| format!("{},{:03}", number / 1_000, number % 1_000);
    for figure in [
        format!("one to {} events", thousands(EVENTS_PER_APPEND_MAX)),
        format!("the {} commands", thousands(COMMANDS_REMEMBERED)),
        format!("at most {} such commands", thousands(TIMED_COMMANDS_MAX)),
        format!("{} hours ahead", NOT_AFTER_AHEAD_MAX.num_hours()),
        format!("{} minutes apart", NOT_AFTER_GRACE.num_minutes()),
    ] {
        assert!(page.contains(&figure), "the page does not say {figure:?}");
    }
}

#[test]
fn a_page_is_taken_apart_into_promises_and_their_tests() {
    let page = concat!(
        "## A\n\n### Promised\n\n- It holds,\n  always.\n  - `a.rs::one`\n  - `b.rs::two`\n- And this.\n\n",
        "### Not promised\n\n- That.\n"
    );
    let held =
        Promise { text: "It holds, always.".to_owned(), tests: vec!["a.rs::one".to_owned(), "b.rs::two".to_owned()] };
    assert_eq!(promises(page), [held, Promise { text: "And this.".to_owned(), tests: Vec::new() }]);
    assert_eq!(named_tests(page), ["a.rs::one", "b.rs::two"]);
}

#[test]
fn what_is_no_test_is_found() {
    let source = concat!(
        "fn helper() {}\n#[test]\nfn one() {}\n/// Why.\n#[tokio::test]\nasync fn two() {}\n",
        "#[test]\n#[ignore = \"slow\"]\nfn three() {}\n"
    );
    assert_eq!((fault(source, "one"), fault(source, "two")), (None, None));
    for wrong in ["helper", "three", "on", "four"] {
        assert!(fault(source, wrong).is_some(), "{wrong}");
    }
    let suite = "{ @cases $store;\n appends: one\n two;\n reads: three;\n }";
    let cases = "pub async fn one<L>() {}\npub async fn two<L>() {}\npub async fn four<L>() {}";
    assert_eq!(
        (fault_of_case(suite, cases, "appends", "one"), fault_of_case(suite, cases, "appends", "two")),
        (None, None)
    );
    for wrong in ["three", "four", "tw"] {
        assert!(fault_of_case(suite, cases, "appends", wrong).is_some(), "{wrong}");
    }
    assert!(fault_of_case(suite, cases, "reads", "one").is_some());
}
