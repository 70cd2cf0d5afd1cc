//! Metrics of runs in Prometheus itself, and on the dashboard for Grafana.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use super::checkpointing::run_checkpointed;
use super::folder::Folder;
use super::metrics::{REASONS, with_metrics};
use super::running::within_reason;
use super::tools::program;

const DASHBOARD: &str = include_str!("../../../docs/kit/grafana-dashboard.json");

#[test]
fn promtool_has_nothing_to_say() {
    let Some(promtool) = program("promtool", "--version", "prometheus") else { return };
    let folder = Folder::with_input(REASONS);
    with_metrics(run_checkpointed(&folder)).args(["--trace-path", "trace"]).exits_with(0);
    let file = std::fs::File::open(folder.path_of("run.prom")).unwrap();
    let checked = Command::new(promtool).args(["check", "metrics"]).stdin(file).output().unwrap();
    let said = [checked.stdout, checked.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!((checked.status.code(), said.concat().as_str()), (Some(0), ""));
}

#[test]
fn prometheus_scrapes_what_the_file_says() {
    let Some(prometheus) = program("prometheus", "--version", "prometheus") else { return };
    let folder = Folder::with_input(REASONS);
    with_metrics(run_checkpointed(&folder)).args(["--trace-path", "trace"]).exits_with(0);
    let server = StaticServer::start(folder.read("run.prom"));
    let target = format!("127.0.0.1:{}", server.port);
    folder.write(
        "prometheus.yml",
        format!(
            "scrape_configs: [{{job_name: run, scrape_interval: 1s, \
             static_configs: [{{targets: ['{target}']}}]}}]"
        ),
    );
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut scraping = Command::new(prometheus)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let query = "/api/v1/query?query=stream_kernel_outcomes_total";
    let answer = std::panic::catch_unwind(|| {
        within_reason("the samples in Prometheus", || {
            let answer: Value = serde_json::from_str(&get(port, query)?).ok()?;
            let found = answer["data"]["result"].as_array().is_some_and(|result| !result.is_empty());
            found.then_some(answer)
        })
    });
    let metadata = get(port, "/api/v1/metadata");
    let panels: Vec<_> = dashboard().into_iter().map(|query| (ask(port, &query), query)).collect();
    let _ = scraping.kill();
    scraping.wait().unwrap();
    let result = answer.unwrap()["data"]["result"].take();
    let value = |labels: [(&str, &str); 2]| {
        let has = |one: &&Value| labels.iter().all(|(name, value)| one["metric"][*name] == *value);
        result.as_array().unwrap().iter().find(has).map(|one| one["value"][1].clone())
    };
    assert_eq!(value([("outcome", "declined"), ("reason", "DAILY_AMOUNT_LIMIT")]), Some("4".into()));
    assert_eq!(value([("outcome", "accepted"), ("program", "fund-load")]), Some("17".into()));
    let metadata: Value = serde_json::from_str(&metadata.unwrap()).unwrap();
    for (metric, kind) in [
        ("stream_kernel_lines_total", "counter"),
        ("stream_kernel_step_duration_seconds", "histogram"),
        ("stream_kernel_table_entries", "gauge"),
    ] {
        assert_eq!(metadata["data"][metric][0]["type"], kind, "{metric}");
    }
    assert!(panels.len() >= 10, "{}", panels.len());
    for (answer, query) in panels {
        let answer = answer.unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        // A rate needs two samples, and a share needs rates.
        if !query.contains("rate(") {
            assert!(!answer["data"]["result"].as_array().unwrap().is_empty(), "{query}");
        }
    }
}

/// Returns the queries of the dashboard, with what Grafana puts in place of its variables.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let query = |target: &Value| {
        let query = target["expr"].as_str().unwrap();
        query.replace("$program", ".*").replace("$scenario", ".*").replace("$__rate_interval", "1m")
    };
    targets.map(query).collect()
}

#[test]
fn the_dashboard_knows_no_other_metrics() {
    let folder = Folder::with_input(REASONS);
    with_metrics(run_checkpointed(&folder)).args(["--trace-path", "trace"]).exits_with(0);
    let text = folder.read("run.prom");
    for name in DASHBOARD.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
        if name.starts_with("stream_kernel_") {
            assert!(text.contains(&format!("\n{name}{{")), "{name}");
        }
    }
}

/// Asks Prometheus for the present result of a query.
fn ask(port: u16, query: &str) -> Option<Value> {
    let encode = |encoded: String, byte: u8| encoded + &format!("%{byte:02x}");
    let encoded = query.bytes().fold(String::new(), encode);
    serde_json::from_str(&get(port, &format!("/api/v1/query?query={encoded}"))?).ok()
}

/// Serves one text at every path, on loopback, until it is dropped.
struct StaticServer {
    port: u16,
    has_ended: Arc<AtomicBool>,
}

impl StaticServer {
    fn start(text: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if ended.load(Ordering::Acquire) {
                    return;
                }
                let mut connection = connection.unwrap();
                let _ = connection.read(&mut [0; 4096]);
                let length = text.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n"
                );
                let _ = connection.write_all((head + &text).as_bytes());
            }
        });
        Self { port, has_ended }
    }
}

impl Drop for StaticServer {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Release);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// Returns the body of the answer to a request on loopback; nothing if there is none.
fn get(port: u16, path: &str) -> Option<String> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    write!(connection, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}
