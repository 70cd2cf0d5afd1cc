//! Layers: the crates of the workspace import only downwards, and a crate used alone brings nothing that it does not
//! need.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// The dependencies of each crate within the workspace, from the bottom up.
const LAYERS: [(&str, &[&str]); 15] = [
    ("stream-kernel-text", &[]),
    ("stream-kernel-config", &["stream-kernel-text"]),
    ("stream-kernel-config-remote", &["stream-kernel-config"]),
    ("stream-kernel-trace", &["stream-kernel-text"]),
    ("stream-kernel-trace-reader", &["stream-kernel-text", "stream-kernel-trace"]),
    ("stream-kernel-sinks", &["stream-kernel-trace"]),
    ("stream-kernel-otlp", &["stream-kernel-text", "stream-kernel-trace", "stream-kernel-trace-reader"]),
    ("stream-kernel-derive", &[]),
    ("stream-kernel-exec", &["stream-kernel-derive", "stream-kernel-trace"]),
    ("stream-kernel-disk", &[]),
    ("stream-kernel-checkpoint", &["stream-kernel-disk"]),
    (
        "stream-kernel-run",
        &[
            "stream-kernel-checkpoint",
            "stream-kernel-config",
            "stream-kernel-disk",
            "stream-kernel-exec",
            "stream-kernel-sinks",
            "stream-kernel-text",
            "stream-kernel-trace",
        ],
    ),
    ("stream-kernel-timely", &["stream-kernel-exec", "stream-kernel-run", "stream-kernel-text"]),
    (
        "stream-kernel-app",
        &[
            "stream-kernel-config-remote",
            "stream-kernel-disk",
            "stream-kernel-otlp",
            "stream-kernel-run",
            "stream-kernel-text",
            "stream-kernel-timely",
            "stream-kernel-trace",
            "stream-kernel-trace-reader",
        ],
    ),
    (
        "fund-load",
        &[
            "stream-kernel-app",
            "stream-kernel-exec",
            "stream-kernel-run",
            "stream-kernel-text",
            "stream-kernel-trace",
            "stream-kernel-trace-reader",
        ],
    ),
];

/// Packages that no crate may depend on, because they are not published.
const FOR_CONTRIBUTORS: [&str; 3] = ["stream-kernel-benches", "stream-kernel-tests", "xtask"];

/// Tracing libraries in benchmarks, by the beginnings of their names.
const PEERS: [&str; 4] = ["fastrace", "opentelemetry", "slog", "tracing"];

/// The part of a peer that a feature brings along, for a sink on its subscribers. The features of the tests turn it on.
const BRIDGE: &str = "tracing-core";

#[test]
fn crates_are_built_on_those_below_them_and_on_no_other() {
    let mut built_on = BTreeMap::new();
    for (from, to) in edges(&metadata(), DependencyKind::Normal) {
        built_on.entry(from).or_insert_with(BTreeSet::new).insert(to);
    }
    for (name, expected) in LAYERS {
        let actual = built_on.remove(name).unwrap_or_default();
        let expected = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(actual, expected, "`{name}` is built on other crates than its layer allows");
    }
    built_on.retain(|name, _| !FOR_CONTRIBUTORS.contains(&name.as_str()));
    assert!(built_on.is_empty(), "no layer is known of {built_on:?}: add it to `LAYERS`");
}

#[test]
fn tests_and_build_scripts_import_only_downwards_too() {
    let metadata = metadata();
    for kind in [DependencyKind::Development, DependencyKind::Build] {
        for (from, to) in edges(&metadata, kind) {
            let is_below = below(&from).contains(to.as_str()) || FOR_CONTRIBUTORS.contains(&from.as_str());
            assert!(is_below, "`{from}` has `{to}` as a {kind} dependency, which is not below it");
        }
    }
}

#[test]
fn every_dependency_on_a_crate_of_the_workspace_has_a_version() {
    for package in metadata().workspace_packages() {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let (name, to) = (&package.name, &dependency.name);
            assert_ne!(
                dependency.req.to_string(),
                "*",
                "`{name}` names no version of `{to}`: it cannot be packaged"
            );
        }
    }
}

/// Tracing and running steps need no configuration files.
#[test]
fn trace_and_exec_need_neither_figment_nor_yaml() {
    let metadata = metadata();
    for name in ["stream-kernel-trace", "stream-kernel-trace-reader", "stream-kernel-exec"] {
        let tree = normal_dependencies(&metadata, name);
        assert!(tree.contains("serde_json"), "the tree of `{name}` was not found: {tree:?}");
        let unwanted: Vec<_> = tree
            .iter()
            .filter(|name| *name == "figment" || name.contains("yaml") || name.contains("saphyr"))
            .collect();
        assert!(unwanted.is_empty(), "`{name}` brings along {unwanted:?}");
    }
}

/// Configuration from files needs no network.
#[test]
fn config_brings_along_no_client_of_a_store() {
    let metadata = metadata();
    let clients_of = |name: &str| -> Vec<_> {
        let is_client = |name: &String| ["rustls", "tokio", "ureq"].contains(&name.as_str());
        normal_dependencies(&metadata, name).into_iter().filter(is_client).collect()
    };
    assert_eq!(clients_of("stream-kernel-config-remote").len(), 3, "the clients have other names by now");
    assert_eq!(clients_of("stream-kernel-config"), [""; 0]);
}

/// An application in a service or a test needs no terminal.
#[test]
fn run_brings_along_no_command_line() {
    let metadata = metadata();
    let terminal_crates_of = |name: &str| -> Vec<_> {
        let is_one =
            |name: &String| ["anstream", "clap", "indicatif", "signal-hook"].contains(&name.as_str());
        normal_dependencies(&metadata, name).into_iter().filter(is_one).collect()
    };
    assert_eq!(terminal_crates_of("stream-kernel-app").len(), 4, "they have other names by now");
    assert_eq!(terminal_crates_of("stream-kernel-run"), [""; 0]);
}

/// The library of fund-load has no command line: the program and `explain` are its feature `cli`.
#[test]
fn fund_load_as_a_library_has_no_command_line() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let fund_load = packages.iter().find(|package| package.name.as_str() == "fund-load").unwrap();
    let of_program = ["clap", "stream-kernel-app"];
    let of_program = fund_load.dependencies.iter().filter(|it| of_program.contains(&it.name.as_str()));
    assert_eq!(of_program.map(|dependency| dependency.optional).collect::<Vec<_>>(), [true, true]);
}

/// The peers of the benchmarks are for contributors only.
#[test]
fn no_released_crate_brings_along_another_tracing_library() {
    let metadata = metadata();
    let peers_of = |name: &str| -> Vec<_> {
        let is_peer = |name: &String| name != BRIDGE && PEERS.iter().any(|peer| name.starts_with(peer));
        normal_dependencies(&metadata, name).into_iter().filter(is_peer).collect()
    };
    for (name, _) in LAYERS {
        assert_eq!(peers_of(name), [""; 0], "`{name}` brings along a tracing library");
    }
    let found = peers_of("stream-kernel-benches");
    for peer in PEERS {
        assert!(
            found.iter().any(|name| name.starts_with(peer)),
            "no benchmark uses `{peer}` any longer: {found:?}"
        );
    }
}

/// Only who asks for a sink on a `tracing` subscriber gets a part of that library.
#[test]
fn the_bridge_to_tracing_is_off_by_default() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let released = packages.iter().filter(|package| !FOR_CONTRIBUTORS.contains(&package.name.as_str()));
    let bridges: Vec<_> = released
        .flat_map(|package| {
            assert!(!package.features.get("default").is_some_and(|it| it.join(" ").contains("tracing")));
            package.dependencies.iter().filter(|dependency| dependency.name == BRIDGE)
        })
        .collect();
    assert_eq!(bridges.iter().map(|dependency| dependency.optional).collect::<Vec<_>>(), [true]);
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        // An inspection must not change the workspace.
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .unwrap()
}

/// Returns the dependencies of a kind between crates of the workspace, each as dependent and dependency.
fn edges(metadata: &Metadata, kind: DependencyKind) -> Vec<(String, String)> {
    let packages = metadata.workspace_packages();
    let is_ours = |name: &str| packages.iter().any(|package| package.name.as_str() == name);
    let edges_from = |package: &&cargo_metadata::Package| -> Vec<_> {
        let of_kind = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
        of_kind.map(|dependency| (package.name.to_string(), dependency.name.clone())).collect()
    };
    packages.iter().flat_map(edges_from).filter(|(_, to)| is_ours(to)).collect()
}

/// Returns all direct and indirect dependencies of the crate.
fn below(name: &str) -> BTreeSet<&'static str> {
    let direct = LAYERS.iter().find(|(layer, _)| *layer == name).map_or(&[][..], |(_, below)| below);
    direct.iter().flat_map(|name| below(name).into_iter().chain([*name])).collect()
}

/// Returns the names of all packages that a user of the package `name` compiles.
fn normal_dependencies(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let packages = metadata.workspace_packages();
    let root = packages.iter().find(|package| package.name.as_str() == name).unwrap();
    let mut found: BTreeSet<&PackageId> = BTreeSet::new();
    let mut open = vec![&root.id];
    while let Some(id) = open.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == *id).unwrap();
        for dependency in &node.deps {
            let is_normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if is_normal && found.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    found.into_iter().map(|id| metadata[id].name.to_string()).collect()
}
