//! The schema of the configuration in the tools of editors: `yaml-language-server` and `ajv`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::editor_cases;
use super::folder::Folder;
use super::harness::Program;
use super::language_server::LanguageServer;
use super::tools::npm_packages;

const HEAD: &str = "version: 1\nscenario: {name: typed}\n";

/// Returns the server with the schema that the program prints.
fn server(folder: &Folder) -> Option<LanguageServer> {
    LanguageServer::start(&schema(folder))
}

fn schema(folder: &Folder) -> PathBuf {
    folder.write("schema.json", Program::new(folder).args(["config", "schema"]).exits_with(0).stdout);
    folder.path_of("schema.json")
}

#[test]
fn the_language_server_marks_each_mistake() {
    let folder = Folder::new();
    let Some(mut server) = server(&folder) else { return };
    for yaml in editor_cases::sound() {
        assert_eq!(server.diagnostics(&yaml), [], "{yaml}");
    }
    for (yaml, marked) in editor_cases::mistaken() {
        let diagnostics = server.diagnostics(&yaml);
        assert!(diagnostics.iter().any(|(text, _)| text == marked), "{diagnostics:?}\n{yaml}");
    }
}

#[test]
fn the_language_server_completes_keys_and_names() {
    let folder = Folder::new();
    let Some(mut server) = server(&folder) else { return };
    let mut labels = |text: &str| -> Vec<String> {
        server.completions(&format!("{HEAD}{text}")).into_iter().map(|completion| completion.label).collect()
    };
    // A key without completion hides those after it.
    assert_eq!(labels("|"), ["runtime", "nodes", "adapters", "profiles"]);
    let runtime = labels("runtime:\n  |");
    for key in ["pipeline", "limits", "tracing", "checkpoint", "workers", "cluster", "epoch_bytes"] {
        assert_eq!(runtime.iter().filter(|label| *label == key).count(), 1, "{key}: {runtime:?}");
    }
    let tracing = labels("runtime:\n  tracing:\n    |");
    assert_eq!(tracing, ["enabled", "signature", "context_diff", "redact", "sink", "sinks"]);
    assert_eq!(labels("runtime:\n  tracing:\n    sink:\n      kind: |"), ["jsonl", "stdout", "otlp"]);
    for items in [" [|]", "\n        - |"] {
        let steps = labels(&format!("runtime:\n  pipeline:{items}"));
        assert_eq!((steps.len(), &*steps[0]), (8, "parse_load_attempt"), "{steps:?}");
        let fields = labels(&format!("runtime:\n  tracing:\n    context_diff:\n      whitelist:{items}"));
        assert!(fields.iter().any(|field| field == "tags"), "{fields:?}");
        assert!(!fields.iter().any(|field| field == "trace"), "{fields:?}");
    }
}

#[test]
fn what_the_language_server_inserts_is_valid() {
    let folder = Folder::new();
    let Some(mut server) = server(&folder) else { return };
    let mut inserted = |text: &str, label: &str| {
        let completions = server.completions(&format!("{HEAD}{text}"));
        let found = completions.into_iter().find(|completion| completion.label == label);
        found.map(|completion| completion.inserted)
    };
    let limits = inserted("nodes:\n  evaluate_policies:\n    |", "limits").unwrap();
    assert!(limits.contains("daily_amount: ${1:5000.00}"), "{limits}");
    let windows = inserted("nodes:\n  update_windows:\n    |", "daily_attempts").unwrap();
    assert!(windows.contains("enabled: ${1:true}"), "the default of the map around it counts: {windows}");
    assert_eq!(
        inserted("runtime:\n  tracing:\n    sink:\n      |", "runtime.tracing.sink").as_deref(),
        Some("jsonl:\n  path: "),
        "the keys that are required, under the name of the map"
    );
}

#[test]
fn the_language_server_names_the_key_that_it_explains() {
    let folder = Folder::new();
    let Some(mut server) = server(&folder) else { return };
    let hover = server.hover(&format!("{HEAD}runtime:\n  tracing:\n    signature:\n      mo|de: hash\n"));
    assert!(hover.starts_with("#### runtime.tracing.signature.mode\n"), "{hover}");
}

#[test]
fn ajv_agrees_with_the_program() {
    const SCRIPT: &str = "
        const Ajv = require('ajv');
        const {schema, documents} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        // Unknown keywords and formats are errors.
        const ajv = new Ajv({strict: true, strictTypes: false, allErrors: true});
        const validate = ajv.compile(schema);
        console.log(JSON.stringify(documents.map(document => validate(document))));
    ";
    let folder = Folder::new();
    let Some(packages) = npm_packages(&["ajv"]) else { return };
    let schema: Value = serde_json::from_slice(&std::fs::read(schema(&folder)).unwrap()).unwrap();
    let sound = editor_cases::sound().into_iter().map(|yaml| (yaml, true));
    let mistaken = editor_cases::mistaken().into_iter().map(|(yaml, _)| (yaml, false));
    let cases: Vec<(String, bool)> = sound.chain(mistaken).collect();
    let documents = cases.iter().map(|(yaml, _)| serde_yaml::from_str(yaml).unwrap());
    let documents: Vec<Value> = documents.collect();
    let mut node = Command::new("node")
        .args(["-e", SCRIPT])
        .env("NODE_PATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = json!({"schema": schema, "documents": documents}).to_string();
    node.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    let valid: Vec<bool> = serde_json::from_slice(&output.stdout).expect("ajv takes the schema");
    for ((yaml, is_sound), is_valid) in cases.iter().zip(valid) {
        assert_eq!(*is_sound, is_valid, "{yaml}");
    }
}
