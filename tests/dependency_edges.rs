//! Holds the edges between the crates, and what the domain may use from outside. A new edge is a decision: it belongs in
//! ARCHITECTURE.md before it belongs here.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Who may use whom.
const EDGES: &[(&str, &[&str])] = &[
    ("tillroll-domain", &[]),
    ("tillroll-infra", &["tillroll-domain"]),
    ("tillroll-projections", &["tillroll-domain", "tillroll-infra"]),
    ("tillroll-sagas", &["tillroll-domain", "tillroll-infra", "tillroll-projections"]),
    ("tillroll-http", &["tillroll-domain", "tillroll-infra"]),
    ("tillroll-command-api", &["tillroll-domain", "tillroll-infra", "tillroll-http"]),
    ("tillroll-read-api", &["tillroll-domain", "tillroll-infra", "tillroll-projections", "tillroll-http"]),
    (
        "tillroll-benches",
        &["tillroll-domain", "tillroll-infra", "tillroll-projections", "tillroll-http", "tillroll-read-api"],
    ),
    ("tillroll-faults", &["tillroll-infra"]),
    (
        "tillroll-simulation",
        &[
            "tillroll-domain",
            "tillroll-infra",
            "tillroll-projections",
            "tillroll-sagas",
            "tillroll-http",
            "tillroll-command-api",
            "tillroll-faults",
        ],
    ),
    (
        "tillroll",
        &[
            "tillroll-domain",
            "tillroll-infra",
            "tillroll-projections",
            "tillroll-http",
            "tillroll-command-api",
            "tillroll-read-api",
            "tillroll-sagas",
        ],
    ),
];

/// What the domain may use from outside: no runtime, no IO. `sha2` computes the hash of a quote.
const DOMAIN_MAY_USE: &[&str] = &["chrono", "serde", "sha2", "thiserror", "uuid"];

/// What only the HTTP crates and the binary may use.
const HTTP_LIBRARIES: &[&str] = &["axum", "hyper", "hyper-util", "tower", "utoipa", "utoipa-axum", "utoipa-swagger-ui"];
const MAY_USE_HTTP: &[&str] =
    &["tillroll-http", "tillroll-command-api", "tillroll-read-api", "tillroll", "tillroll-simulation"];

/// The normal dependencies of each crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo can describe the workspace");
    metadata
        .packages
        .into_iter()
        .map(|package| {
            let normal =
                package.dependencies.into_iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
            (package.name.to_string(), normal.map(|dependency| dependency.name).collect())
        })
        .collect()
}

#[test]
fn crates_use_only_the_crates_that_they_may() {
    let found = dependencies();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(name, edges)| (*name, edges.iter().copied().collect())).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), allowed.keys().copied().collect::<Vec<_>>());
    for (name, dependencies) in &found {
        for edge in dependencies.iter().filter(|dependency| dependency.starts_with("tillroll")) {
            assert!(allowed[name.as_str()].contains(edge.as_str()), "{name} must not use {edge}");
        }
    }
}

#[test]
fn the_domain_uses_no_runtime_and_no_io() {
    let found = dependencies();
    for dependency in &found["tillroll-domain"] {
        assert!(DOMAIN_MAY_USE.contains(&dependency.as_str()), "the domain must not use {dependency}");
    }
}

#[test]
fn only_the_http_crates_know_http() {
    for (name, dependencies) in dependencies() {
        for dependency in dependencies.iter().filter(|dependency| HTTP_LIBRARIES.contains(&dependency.as_str())) {
            assert!(MAY_USE_HTTP.contains(&name.as_str()), "{name} must not use {dependency}");
        }
    }
}
