//! The layers of the workspace: which crate may use which, and which libraries stay out of which layer.
//!
//! Dependencies point one way, `transport → domain → storage ← drivers`, and `server` alone knows them all. What a
//! crate needs for its tests only is not looked at.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What one crate of the workspace may depend on.
struct Layer {
    name: &'static str,
    /// The crates of the workspace that it may name.
    may_use: &'static [&'static str],
    /// Libraries that must not reach it, neither by its own hand nor through a crate that it uses.
    must_not_use: &'static [&'static str],
}

/// Frameworks and formats of a transport.
const HTTP: [&str; 6] = ["axum", "http", "http-body-util", "hyper", "hyper-util", "tower"];
const ASYNC_RUNTIME: [&str; 1] = ["tokio"];
const ENGINES: [&str; 2] = ["redb", "rustix"];

const LAYERS: [Layer; 18] = [
    Layer {
        name: "zaqar-model",
        may_use: &[],
        must_not_use: &["async-trait", "axum", "http", "hyper", "redb", "tokio"],
    },
    Layer {
        name: "zaqar-storage",
        // Drivers bring sections of the configuration.
        may_use: &["zaqar-config", "zaqar-model"],
        must_not_use: &["axum", "http", "hyper", "redb", "rustix", "tokio"],
    },
    Layer {
        name: "zaqar-storage-conformance",
        may_use: &["zaqar-model", "zaqar-storage"],
        must_not_use: &["axum", "http", "hyper", "redb", "rustix"],
    },
    Layer {
        name: "zaqar-storage-embedded",
        may_use: &["zaqar-config", "zaqar-model", "zaqar-storage"],
        must_not_use: &HTTP,
    },
    Layer {
        name: "zaqar-storage-faulty",
        may_use: &["zaqar-config", "zaqar-model", "zaqar-storage"],
        must_not_use: &HTTP,
    },
    Layer {
        name: "zaqar-storage-postgres",
        may_use: &["zaqar-config", "zaqar-model", "zaqar-storage"],
        must_not_use: &HTTP,
    },
    Layer {
        name: "zaqar-storage-pooled",
        // No driver: `zaqar-server` hands them over.
        may_use: &["zaqar-model", "zaqar-storage"],
        must_not_use: &["axum", "http", "hyper", "redb", "rustix"],
    },
    Layer {
        name: "zaqar-storage-redis",
        may_use: &["zaqar-config", "zaqar-model", "zaqar-storage"],
        must_not_use: &HTTP,
    },
    Layer {
        name: "zaqar-domain",
        may_use: &["zaqar-model", "zaqar-storage"],
        must_not_use: &["axum", "http", "http-body-util", "hyper", "hyper-util", "redb", "rustix", "tower"],
    },
    Layer {
        name: "zaqar-authentication",
        // Not `zaqar-domain`: who is asking is told apart from what they may do.
        may_use: &["zaqar-model"],
        must_not_use: &ENGINES,
    },
    // A port knows what is spoken on it by a trait only.
    Layer { name: "zaqar-listener", may_use: &[], must_not_use: &HTTP },
    Layer {
        name: "zaqar-transport-http",
        // Not `zaqar-storage`: a handler that talks to a store has passed over the rules.
        may_use: &["zaqar-authentication", "zaqar-domain", "zaqar-listener", "zaqar-model"],
        must_not_use: &ENGINES,
    },
    Layer {
        name: "zaqar-notifier",
        may_use: &["zaqar-authentication", "zaqar-domain", "zaqar-model", "zaqar-storage"],
        must_not_use: &ENGINES,
    },
    Layer {
        name: "zaqar-transport-websocket",
        // Neither a store nor the other transport.
        may_use: &["zaqar-authentication", "zaqar-domain", "zaqar-listener", "zaqar-model"],
        must_not_use: &ENGINES,
    },
    Layer { name: "zaqar-config", may_use: &[], must_not_use: &ASYNC_RUNTIME },
    // Nobody may use it but tests.
    Layer { name: "zaqar-test-servers", may_use: &[], must_not_use: &HTTP },
    Layer {
        name: "zaqar-server",
        may_use: &[
            "zaqar-authentication",
            "zaqar-config",
            "zaqar-domain",
            "zaqar-listener",
            "zaqar-model",
            "zaqar-notifier",
            "zaqar-storage",
            "zaqar-storage-embedded",
            "zaqar-storage-faulty",
            "zaqar-storage-pooled",
            "zaqar-storage-postgres",
            "zaqar-storage-redis",
            "zaqar-transport-http",
            "zaqar-transport-websocket",
        ],
        must_not_use: &[],
    },
    Layer {
        // An example of the guide: a site's own binary.
        name: "acme-zaqar",
        may_use: &["zaqar-domain", "zaqar-model", "zaqar-server"],
        must_not_use: &[],
    },
];

/// For each crate of a workspace, what it depends on.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Everything in the workspace that goes against the table, one sentence each.
fn violations(layers: &[Layer], workspace: &Dependencies) -> Vec<String> {
    let mut found = Vec::new();
    for layer in layers {
        let Some(dependencies) = workspace.get(layer.name) else {
            found.push(format!(
                "the table of layers names {}, but the workspace has no such crate",
                layer.name
            ));
            continue;
        };
        for used in dependencies.iter().filter(|name| workspace.contains_key(*name)) {
            if !layer.may_use.contains(&used.as_str()) {
                found.push(format!(
                    "{} must not depend on {used}: its layer may use {:?}",
                    layer.name, layer.may_use
                ));
            }
        }
        for (library, path) in reachable(layer.name, workspace) {
            if layer.must_not_use.contains(&library.as_str()) {
                found.push(format!("{} must not depend on {library}: it does by {path}", layer.name));
            }
        }
    }
    for name in workspace.keys().filter(|name| !layers.iter().any(|layer| layer.name == *name)) {
        found.push(format!("{name} has no place in the table of layers in crates/server/tests/layers.rs"));
    }
    found
}

/// The libraries from outside of the workspace that a crate names itself or through crates of the workspace, each with
/// the way to it.
fn reachable(name: &str, workspace: &Dependencies) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut waiting = vec![(name.to_owned(), name.to_owned())];
    while let Some((name, path)) = waiting.pop() {
        for used in workspace.get(&name).into_iter().flatten() {
            let path = format!("{path} → {used}");
            if !workspace.contains_key(used) {
                found.entry(used.clone()).or_insert(path);
            } else if seen.insert(used.clone()) {
                waiting.push((used.clone(), path));
            }
        }
    }
    found
}

/// Reads the workspace that this test belongs to.
fn this_workspace() -> Dependencies {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let used = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
            (package.name.to_string(), used.map(|used| used.name.clone()).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let found = violations(&LAYERS, &this_workspace());
    assert!(found.is_empty(), "\n  {}\n", found.join("\n  "));
}

/// A workspace of `crate: what it uses`.
fn workspace(crates: &[(&str, &[&str])]) -> Dependencies {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    crates.iter().map(|(name, used)| (name.to_string(), owned(used))).collect()
}

const TWO_LAYERS: [Layer; 2] = [
    Layer { name: "nouns", may_use: &[], must_not_use: &["http"] },
    Layer { name: "rules", may_use: &["nouns"], must_not_use: &["http"] },
];

#[test]
fn what_keeps_to_the_table_is_no_violation() {
    let found = violations(&TWO_LAYERS, &workspace(&[("nouns", &["serde"]), ("rules", &["nouns"])]));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_dependency_against_the_direction_is_found() {
    let found = violations(&TWO_LAYERS, &workspace(&[("nouns", &["rules"]), ("rules", &[])]));
    assert_eq!(found, ["nouns must not depend on rules: its layer may use []"]);
}

#[test]
fn a_forbidden_library_is_found_behind_another_crate() {
    let found = violations(&TWO_LAYERS[1..], &workspace(&[("rules", &["nouns"]), ("nouns", &["http"])]));
    assert_eq!(
        found,
        [
            "rules must not depend on http: it does by rules → nouns → http",
            "nouns has no place in the table of layers in crates/server/tests/layers.rs",
        ]
    );
}

#[test]
fn a_crate_that_does_not_exist_is_found() {
    let found = violations(&TWO_LAYERS, &workspace(&[("nouns", &[])]));
    assert_eq!(found, ["the table of layers names rules, but the workspace has no such crate"]);
}
