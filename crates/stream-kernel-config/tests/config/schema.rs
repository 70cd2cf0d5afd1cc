//! The output for editors and `config env`.

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use stream_kernel_config::{Config, Loader, Rule};

use crate::app::{Adapters, Nodes, loader};

#[test]
fn variables_have_a_type_a_default_and_a_description() {
    let variables = loader().variables::<Config<Nodes, Adapters>>().unwrap();
    let line = |v: &stream_kernel_config::Variable| {
        format!("{} | {} | {} | {}", v.name, v.expected, v.default.as_deref().unwrap_or("-"), v.description)
    };
    assert_snapshot!(variables.iter().map(line).collect::<Vec<_>>().join("\n"), @"
    APP_PROFILE | the name of a profile | - | The profile that counts over the rest of its source.
    APP__VERSION | the number 1 | - | The version of this shape: 1.
    APP__SCENARIO | a map with the keys `name`, `description` | - | What the run is called.
    APP__SCENARIO__NAME | text, not empty | - | The name, which stands in every trace record.
    APP__SCENARIO__DESCRIPTION | text, or null | null | What the scenario is for.
    APP__RUNTIME | a map with the keys `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes` | - | How the pipeline runs and what is recorded.
    APP__RUNTIME__STRICT | `true` or `false` | true | Whether steps that are unknown or do not fit are errors; otherwise they are warnings.
    APP__RUNTIME__PIPELINE | a list, each item text | [parse, decide, write] | The steps by name, in order of execution.
    APP__RUNTIME__ON_STEP_ERROR | one of `stop`, `continue` | stop | What a failing step does to the run.
    APP__RUNTIME__TRACING | a map with the keys `enabled`, `signature`, `context_diff`, `redact`, `sink`, `sinks` | - | What is recorded of a run.
    APP__RUNTIME__TRACING__ENABLED | `true` or `false` | false | Whether anything is recorded.
    APP__RUNTIME__TRACING__SIGNATURE | a map with the keys `mode` | - | How a message is identified in a record.
    APP__RUNTIME__TRACING__SIGNATURE__MODE | one of `type_only`, `type_and_identity`, `hash` | type_only | How much of a message is recorded.
    APP__RUNTIME__TRACING__CONTEXT_DIFF | a map with the keys `mode`, `whitelist` | - | What is recorded of the context of an input.
    APP__RUNTIME__TRACING__CONTEXT_DIFF__MODE | one of `none`, `whitelist`, `full` | none | Which context fields are recorded before and after a step.
    APP__RUNTIME__TRACING__CONTEXT_DIFF__WHITELIST | a list, each item text | [] | The fields that mode `whitelist` records.
    APP__RUNTIME__TRACING__REDACT | a map with the keys `identity`, `tags`, `key_file` | - | What records hide of customers' data.
    APP__RUNTIME__TRACING__REDACT__IDENTITY | one of `none`, `mask`, `hash` | none | How the identities of messages are shown.
    APP__RUNTIME__TRACING__REDACT__TAGS | a list, each item text | [] | The tags whose values are hidden: masked, or hashed if identities are.
    APP__RUNTIME__TRACING__REDACT__KEY_FILE | text, not empty, or null | null | A file whose content, of 1 to 4,096 bytes, is the key of all hashes in the trace. Required when `identity` is `hash`.
    APP__RUNTIME__TRACING__SINK | a map with the keys `kind`, `jsonl`, `otlp`, or null | null | Where records go; without it they stay in memory only.
    APP__RUNTIME__TRACING__SINK__KIND | one of `jsonl`, `stdout`, `otlp` | jsonl | The kind of sink.
    APP__RUNTIME__TRACING__SINK__JSONL | a map with the keys `path`, `write_mode`, `flush_every_n`, `fsync_every_n`, `compress`, `compress_level`, `rotate`, or null | null | The file; required when `kind` is `jsonl`, else ignored.
    APP__RUNTIME__TRACING__SINK__JSONL__PATH | text, not empty, or null | null | The file, relative to the working directory. Required when the sink's `kind` is `jsonl`.
    APP__RUNTIME__TRACING__SINK__JSONL__WRITE_MODE | one of `line`, `batch` | line | Whether records are written one by one or in batches.
    APP__RUNTIME__TRACING__SINK__JSONL__FLUSH_EVERY_N | a whole number of at least 1 | 1 | Records between writes to the file. When `write_mode` is `batch` and this is not given: 100.
    APP__RUNTIME__TRACING__SINK__JSONL__FSYNC_EVERY_N | a whole number of at least 1, or null | null | Records between making the file durable; null for never.
    APP__RUNTIME__TRACING__SINK__JSONL__COMPRESS | one of `none`, `zstd` | none | How what is written at a time is compressed; readers tell by the content.
    APP__RUNTIME__TRACING__SINK__JSONL__COMPRESS_LEVEL | a whole number from 1 to 19 | 1 | How much time compressing takes: from 1, quick, to 19, small.
    APP__RUNTIME__TRACING__SINK__JSONL__ROTATE | a map with the keys `max_bytes`, `keep`, or null | null | When the file gets another name, and how many such files are kept; null for never.
    APP__RUNTIME__TRACING__SINK__JSONL__ROTATE__MAX_BYTES | a whole number of at least 1 | - | How many bytes a file has at most; a record that is larger is alone in one.
    APP__RUNTIME__TRACING__SINK__JSONL__ROTATE__KEEP | a whole number from 1 to 1000 | - | How many old files are kept, `.1` being the newest.
    APP__RUNTIME__TRACING__SINK__OTLP | a map with the keys `endpoint`, `service_name`, `headers`, `timeout_ms`, `queue`, `batch`, `sample`, or null | null | The receiver of spans, when `kind` is `otlp`, else ignored. What is null here, OpenTelemetry's environment variables may say.
    APP__RUNTIME__TRACING__SINK__OTLP__ENDPOINT | text, not empty, or null | null | The URL; `/v1/traces` if it has no path. When it is null and the environment says nothing, `http://127.0.0.1:4318/v1/traces`.
    APP__RUNTIME__TRACING__SINK__OTLP__SERVICE_NAME | text, not empty, or null | null | The name of the service; when it is null and the environment says nothing, the program's.
    APP__RUNTIME__TRACING__SINK__OTLP__HEADERS | a map, each value text, or null | null | The headers of each request, such as `authorization`. Their values are secrets, and shown as `***`.
    APP__RUNTIME__TRACING__SINK__OTLP__TIMEOUT_MS | a whole number from 1 to 600000, or null | null | How many milliseconds a request may take, and the export at the end of a run; by default 10000.
    APP__RUNTIME__TRACING__SINK__OTLP__QUEUE | a whole number from 1 to 1000000, or null | null | How many records may wait for the receiver; by default 16384.
    APP__RUNTIME__TRACING__SINK__OTLP__BATCH | a whole number from 1 to 1000000, or null | null | How many spans a request has at most; by default 2048.
    APP__RUNTIME__TRACING__SINK__OTLP__SAMPLE | a map with the keys `ratio`, `always`, or null | null | The inputs that are exported, each as a whole; by default all.
    APP__RUNTIME__TRACING__SINK__OTLP__SAMPLE__RATIO | a number from 0 to 1 | 1.0 | The share of inputs, chosen by their trace ids.
    APP__RUNTIME__TRACING__SINK__OTLP__SAMPLE__ALWAYS | a list, each item one of `errors`, `declined` | [] | The inputs that are exported whatever the share.
    APP__RUNTIME__TRACING__SINKS | a list, each item a map with the keys `kind`, `jsonl`, `otlp` | [] | Further places where records go; of each kind of sink there is at most one. A failure of one leaves the others.
    APP__RUNTIME__METRICS | a map with the keys `textfile` | - | Figures of the run for monitoring.
    APP__RUNTIME__METRICS__TEXTFILE | a map with the keys `path`, `every_ms`, or null | null | A file that Prometheus can collect; null for none.
    APP__RUNTIME__METRICS__TEXTFILE__PATH | text, not empty | - | The file, relative to the working directory. It is always whole. `node_exporter` reads names that end in `.prom`.
    APP__RUNTIME__METRICS__TEXTFILE__EVERY_MS | a whole number from 100 to 3600000 | 10000 | How many milliseconds pass between two versions of the file. The last one is written at the end of the run.
    APP__RUNTIME__CHECKPOINT | a map with the keys `dir`, `every_lines`, `every_ms`, or null | null | Where and how often a run keeps how far it has come; without it, a run that was killed begins anew.
    APP__RUNTIME__CHECKPOINT__DIR | text, not empty | - | The directory of the checkpoint, kept between runs; made if it is not there.
    APP__RUNTIME__CHECKPOINT__EVERY_LINES | a whole number of at least 1 | 100000 | After how many lines the next commit begins.
    APP__RUNTIME__CHECKPOINT__EVERY_MS | a whole number of at least 1 | 1000 | After how many milliseconds the next commit begins, if lines do not come first.
    APP__RUNTIME__WORKERS | a whole number from 1 to 256 | 1 | The number of threads that run the pipeline; in a cluster, the number of threads of each process.
    APP__RUNTIME__CLUSTER | a map with the keys `hosts`, `process`, `secret_file`, `gather`, `cleartext`, or null | null | The processes that run the pipeline together; without it, one process runs it.
    APP__RUNTIME__CLUSTER__HOSTS | a list, each item text | - | The address of each process, `host:port`; the same list in each of them. An IPv6 address stands in brackets.
    APP__RUNTIME__CLUSTER__PROCESS | a whole number of at least 0 | - | The number of this process: its place in `hosts`, counted from 0.
    APP__RUNTIME__CLUSTER__SECRET_FILE | text, not empty, or null | null | A file whose content, of 16 to 4,096 bytes, is the secret that processes know each other by. Nobody but its owner may read it. Required unless every host is a loopback address.
    APP__RUNTIME__CLUSTER__GATHER | `true` or `false` | false | Whether process 0 writes output and trace for all of them, which then need no file system in common.
    APP__RUNTIME__CLUSTER__CLEARTEXT | `true` or `false` | false | Whether it is known that data travels between processes unencrypted. Required if a host is not a loopback address.
    APP__RUNTIME__EPOCH_BYTES | a whole number from 1 to 1073741824 | 4194304 | How many bytes of input several workers have under way at most, in three parts of at most 256 KiB for each of them, or 128 KiB if they write records. It changes time and memory, and no result.
    APP__NODES | a map with the keys `compute_time_keys`, `evaluate_policies` | - | Parameters by step name.
    APP__NODES__COMPUTE_TIME_KEYS | a map with the keys `week_start` | - | When a week begins.
    APP__NODES__COMPUTE_TIME_KEYS__WEEK_START | one of `MON`, `TUE`, `SUN` | MON | 
    APP__NODES__EVALUATE_POLICIES | a map with the keys `daily_amount`, `daily_attempts` | - | The limits.
    APP__NODES__EVALUATE_POLICIES__DAILY_AMOUNT | a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null | 5000.00 | The most a customer may load in a day; null for no limit.
    APP__NODES__EVALUATE_POLICIES__DAILY_ATTEMPTS | a whole number from 0 to 1000 | 3 | The most attempts in a day.
    APP__ADAPTERS | a map with the keys `input_source`, `labels` | - | What the pipeline is connected to.
    APP__ADAPTERS__INPUT_SOURCE | a map with the keys `path`, `max_line_bytes`, `share` | - | 
    APP__ADAPTERS__INPUT_SOURCE__PATH | text, not empty | input.txt | The input file.
    APP__ADAPTERS__INPUT_SOURCE__MAX_LINE_BYTES | a whole number of at least 0 | 1048576 | The longest line, in bytes.
    APP__ADAPTERS__INPUT_SOURCE__SHARE | a number from 0 to 1 | 1.0 | How much of the input is read, from 0 to 1.
    APP__ADAPTERS__LABELS | a map, each value text | {} | Labels of the run, by name.
    ");
}

#[test]
fn the_editors_schema_asks_for_no_more_than_the_loader() {
    let schema = loader().json_schema::<Config<Nodes, Adapters>>().unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["required"], serde_json::json!(["version", "scenario"]));
    assert_eq!(schema["properties"]["scenario"]["required"], serde_json::json!(["name"]));
    let runtime = &schema["properties"]["runtime"];
    assert_eq!(runtime.get("required"), None, "the application gave a default pipeline");
    assert_eq!(runtime["properties"]["pipeline"]["default"], serde_json::json!(["parse", "decide", "write"]));
    assert_eq!(runtime["properties"]["pipeline"]["description"], "The steps by name, in order of execution.");
    let amount =
        &schema["properties"]["nodes"]["properties"]["evaluate_policies"]["properties"]["daily_amount"];
    assert_eq!(amount["type"], serde_json::json!(["number", "string", "null"]), "bare and quoted decimals");
}

#[test]
fn the_editors_schema_is_standard_and_names_its_keys() {
    let schema = loader().json_schema::<Config<Nodes, Adapters>>().unwrap();
    let text = schema.to_string();
    for keyword in ["\"format\"", "\"x-decimal\""] {
        assert!(!text.contains(keyword), "{keyword}");
    }
    let policies = &schema["properties"]["nodes"]["properties"]["evaluate_policies"];
    let amount = &policies["properties"]["daily_amount"];
    assert_eq!(amount["title"], "nodes.evaluate_policies.daily_amount");
    assert_eq!((&amount["minimum"], &amount["pattern"]), (&0.0.into(), &"^[0-9]+([.][0-9]{1,2})?$".into()));
    assert_eq!(policies.get("default"), None, "its keys have defaults");
    assert_eq!(schema["properties"]["version"]["const"], 1);
    let sink = &schema["properties"]["runtime"]["properties"]["tracing"]["properties"]["sink"];
    assert_eq!(sink.get("default"), None, "a default of null would hide what follows");
}

#[test]
fn names_and_rules_are_for_editors_alone() {
    let steps = ["parse", "decide", "write", "skip"];
    let rule = Rule::new("runtime.workers", json!({"maximum": 1})).when("runtime.checkpoint.dir", json!({}));
    let loader =
        loader().step_names(steps).item_names("runtime.tracing.context_diff.whitelist", ["tags"]).rule(rule);
    let schema = loader.json_schema::<Config<Nodes, Adapters>>().unwrap();
    let runtime = &schema["properties"]["runtime"]["properties"];
    assert_eq!(runtime["pipeline"]["items"]["examples"], json!(steps));
    let whitelist = &runtime["tracing"]["properties"]["context_diff"]["properties"]["whitelist"];
    assert_eq!(whitelist["items"]["enum"], json!(["tags"]));
    assert_eq!(schema["allOf"].as_array().unwrap().len(), 3, "the sink's, that of steps, and the new one");
    let text =
        "{version: 1, scenario: {name: a}, runtime: {pipeline: [other], workers: 2, checkpoint: {dir: c}}}";
    let checked = loader.built_in("text", text).load::<Config<Nodes, Adapters>>().unwrap();
    assert!(checked.finish().is_ok());
}

#[test]
fn without_a_default_the_pipeline_is_required() {
    let schema = Loader::new("APP").json_schema::<Config<Nodes, Adapters>>().unwrap();
    assert_eq!(schema["properties"]["runtime"]["required"], serde_json::json!(["pipeline"]));
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Anything {
    #[serde(default)]
    #[expect(dead_code, reason = "only its schema counts")]
    x: serde_json::Value,
}

#[test]
fn a_type_that_cannot_be_checked_is_a_mistake() {
    let loader = Loader::new("APP");
    let mistakes = [
        loader.clone().load::<Config<Anything, Adapters>>().err(),
        loader.json_schema::<Config<Anything, Adapters>>().err(),
        loader.variables::<Config<Anything, Adapters>>().err(),
    ];
    for mistakes in mistakes.map(Option::unwrap) {
        let expected = "error: `nodes.x`: its type cannot be checked: a schema that allows anything or nothing\n  --> \
                        the types of the application\n  hint: give the type a simpler shape, in the application's code";
        assert_eq!(mistakes.to_string(), expected);
    }
}
