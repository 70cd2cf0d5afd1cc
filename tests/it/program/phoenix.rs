//! A receiver that is not ours: Phoenix takes every span, and tells it as it was sent.
//!
//! This needs the program `phoenix` (`pip install arize-phoenix`), in the search path or where `PHOENIX_BIN` names it.
//! Where it is missing, the test says that it was skipped.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use stream_kernel_text::hex;
use stream_kernel_trace::Timestamp;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::otlp_export::spans_in_file;

/// How often it is asked whether it is ready, and whether spans are in its database; with a pause of 100 ms each.
const MAX_QUESTIONS: usize = 600;

/// The server, which ends with the test.
struct Phoenix {
    server: Child,
    port: u16,
}

impl Phoenix {
    /// Starts a server with an empty database in `folder`; says so and returns `None` where there is no program.
    fn start(folder: &Folder) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "where a tool of the tests is")]
        let program = std::env::var_os("PHOENIX_BIN").unwrap_or_else(|| "phoenix".into());
        let [port, grpc_port] = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
        let [port, grpc_port] = [port, grpc_port].map(|listener| listener.local_addr().unwrap().port());
        let server = Command::new(program)
            .arg("serve")
            .env("PHOENIX_HOST", "127.0.0.1")
            .env("PHOENIX_PORT", port.to_string())
            .env("PHOENIX_GRPC_PORT", grpc_port.to_string())
            .env("PHOENIX_WORKING_DIR", folder.path())
            .env("PHOENIX_TELEMETRY_ENABLED", "false")
            .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = match server {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ =
                    writeln!(io::stderr(), "skipped: `phoenix` is not installed (pip install arize-phoenix)");
                return None;
            }
            server => server.unwrap(),
        };
        let mut phoenix = Self { server, port };
        for _ in 0..MAX_QUESTIONS {
            assert_eq!(phoenix.server.try_wait().unwrap(), None, "the server has ended");
            if phoenix.get("/v1/projects").is_some() {
                return Some(phoenix);
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not answer");
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the JSON at a path; none if there is no answer.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// Returns the spans in the database, by id, when there are `count` of them.
    fn spans(&self, count: usize) -> BTreeMap<String, Value> {
        let mut spans = BTreeMap::new();
        for _ in 0..MAX_QUESTIONS {
            spans.clear();
            let mut cursor = String::new();
            loop {
                let page =
                    self.get(&format!("/v1/projects/default/spans?limit=500{cursor}")).unwrap_or_default();
                for span in page["data"].as_array().into_iter().flatten() {
                    spans.insert(span["context"]["span_id"].as_str().unwrap().to_owned(), span.clone());
                }
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            if spans.len() >= count {
                return spans;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{} of {count} spans are there", spans.len());
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Returns a span in the form in which the server tells it.
fn told(span: &Span) -> Value {
    let status = span.status.as_ref().unwrap();
    let events =
        span.events.iter().map(|event| json!({"name": event.name, "attributes": map(&event.attributes)}));
    json!({
        "name": span.name,
        "trace_id": hex(&span.trace_id),
        "parent_id": (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
        "status_code": if status.code == 2 { "ERROR" } else { "UNSET" },
        "status_message": status.message,
        "attributes": map(&span.attributes),
        "events": events.collect::<Vec<_>>(),
    })
}

fn map(attributes: &[KeyValue]) -> BTreeMap<String, Value> {
    attributes.iter().map(|pair| (pair.key.clone(), value(pair.value.as_ref()))).collect()
}

fn value(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()).unwrap() {
        any_value::Value::StringValue(text) => json!(text),
        any_value::Value::BoolValue(value) => json!(value),
        any_value::Value::IntValue(integer) => json!(integer),
        any_value::Value::DoubleValue(number) => json!(number),
        any_value::Value::ArrayValue(array) => {
            array.values.iter().map(|item| self::value(Some(item))).collect()
        }
        other => panic!("not sent: {other:?}"),
    }
}

/// Returns what a server tells of a span, as [`told`] does.
fn of_server(span: &Value) -> Value {
    let events = span["events"].as_array().unwrap().iter();
    let events = events.map(|event| json!({"name": event["name"], "attributes": event["attributes"]}));
    json!({
        "name": span["name"],
        "trace_id": span["context"]["trace_id"],
        "parent_id": span["parent_id"],
        "status_code": span["status_code"],
        "status_message": span["status_message"],
        "attributes": span["attributes"],
        "events": events.collect::<Vec<_>>(),
    })
}

#[test]
fn a_real_receiver_tells_every_span_as_it_was_sent() {
    let database = Folder::new();
    let Some(phoenix) = Phoenix::start(&database) else { return };
    let folder = Folder::with_input(attempts(20) + "no attempt\n" + &attempts(2));
    let sinks =
        |more: &str| format!("runtime.tracing.sinks=[{{kind: jsonl, jsonl: {{path: trace.jsonl}}}}{more}]");
    let run = |sinks: &str, more: &[&str], exit| {
        let set = ["runtime.tracing.enabled=true", "runtime.tracing.context_diff.mode=full", sinks];
        Program::new(&folder).args(["run"]).set(set).set(more).exits_with(exit)
    };
    // One run is sent while it goes on, and another, which fails, afterwards.
    run(&sinks(&format!(", {{kind: otlp, otlp: {{endpoint: '{}'}}}}", phoenix.url())), &[], 0);
    let live = spans_in_file(&folder);
    run(&sinks(""), &["runtime.limits.max_ids=7"], 1);
    let to = phoenix.url();
    let export = ["trace", "export", "trace.jsonl", "--format", "otlp", "--run", "2", "--to", &to];
    Program::new(&folder).args(export).exits_with(0);
    let expected = spans_in_file(&folder);
    assert!(expected.len() > live.len());
    let received = phoenix.spans(expected.len());
    assert_eq!(received.len(), expected.len());
    for (_, span) in &expected {
        let received = &received[&hex(&span.span_id)];
        assert_eq!(of_server(received), told(span));
        for (key, nanos) in [("start_time", span.start_time_unix_nano), ("end_time", span.end_time_unix_nano)]
        {
            let time: Timestamp = received[key].as_str().unwrap().parse().unwrap();
            assert!(time.as_nanos().abs_diff(nanos) <= 1_000, "{key}: it keeps microseconds");
        }
    }
    assert!(expected.iter().any(|(_, span)| span.status.as_ref().is_some_and(|status| status.code == 2)));
}
