//! The JSON Schema of a record, as a validator reads it, compared with written records and with `trace check`.

use serde_json::{Value, json};

use super::attempts::{attempt, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::json_schemas::validator_of;

const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");
const REASONS: &str = include_str!("../../../fixtures/reasons.ndjson");

/// Returns the records of a run over `input`, as in its trace.
#[track_caller]
fn written(input: &str, settings: &[&str], exit: i32) -> Vec<String> {
    let folder = Folder::with_input(input);
    folder.write("exp_mp.yaml", EXP_MP);
    Program::new(&folder)
        .args(["run", "--config", "exp_mp.yaml", "--input", "input.txt", "--output", "out"])
        .args(["--trace-path", "trace.jsonl"])
        .set(settings)
        .exits_with(exit);
    folder.read("trace.jsonl").lines().map(str::to_owned).collect()
}

/// Returns a record of a successful step, with every optional part.
fn ok_record() -> Value {
    let settings = ["runtime.tracing.signature.mode=hash", "runtime.tracing.context_diff.mode=full"];
    serde_json::from_str(&written(&attempts(1), &settings, 0)[0]).unwrap()
}

/// Returns the record of a failed step, alone as if its line and it were the first.
fn error_record() -> Value {
    let nothing_before = "runtime.tracing.context_diff={mode: whitelist, whitelist: [flags]}";
    let records = written(&attempts(2), &["runtime.limits.max_ids=1", nothing_before], 1);
    let first =
        records.last().unwrap().replace("\"run:2\"", "\"run:1\"").replace("\"line_no\":2", "\"line_no\":1");
    serde_json::from_str(&first).unwrap()
}

/// Returns whether `trace check` accepts the trace.
fn is_sound(trace: &str) -> bool {
    let outcome = Program::new(&Folder::new()).args(["trace", "check", "-"]).stdin(trace).run();
    assert!(outcome.exit <= 1, "{}", outcome.stderr);
    outcome.exit == 0
}

#[test]
fn every_record_that_a_run_writes_is_valid() {
    let validator = validator_of(&["trace", "schema"]);
    let check = |records: &[String]| {
        for record in records {
            let value: Value = serde_json::from_str(record).unwrap();
            let mistakes: Vec<String> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(mistakes.is_empty(), "{mistakes:?}: {record}");
        }
    };
    for signature in ["type_only", "type_and_identity", "hash"] {
        for diff in [
            "{mode: none}",
            "{mode: whitelist, whitelist: []}",
            "{mode: whitelist, whitelist: [tags, metrics]}",
            "{mode: full}",
        ] {
            let settings = [
                format!("runtime.tracing.signature.mode={signature}"),
                format!("runtime.tracing.context_diff={diff}"),
            ];
            // Also texts at their bound.
            let input = REASONS.to_owned() + &attempt(&"é".repeat(300));
            let records = written(&input, &settings.each_ref().map(String::as_str), 0);
            assert!(records.len() > 200, "{}", records.len());
            check(&records);
        }
    }
    let failed = error_record();
    assert_eq!(failed["status"], "error");
    check(&[failed.to_string()]);
}

#[test]
fn the_schema_and_the_check_agree_on_every_key_and_type() {
    let validator = validator_of(&["trace", "schema"]);
    let (mut agreed, mut refused) = (0, 0);
    for (record, objects) in [
        (ok_record(), ["", "/msg_in", "/msg_out/0", "/ctx_diff", "/ctx_diff/tags"].as_slice()),
        (error_record(), ["", "/error"].as_slice()),
    ] {
        assert!(validator.is_valid(&record) && is_sound(&record.to_string()), "{record}");
        for object in objects {
            for (what, mutation) in mutations(&record, object) {
                let (is_valid, is_sound) = (validator.is_valid(&mutation), is_sound(&mutation.to_string()));
                assert_eq!(is_valid, is_sound || is_beyond_a_schema(&what), "{what}: {mutation}");
                agreed += 1;
                refused += u32::from(!is_valid);
            }
        }
    }
    assert!(agreed > 200 && refused > 150, "{agreed} {refused}");
}

/// Returns the record with each key of one of its objects removed, with another type for it, and with an additional
/// key.
fn mutations(record: &Value, object: &str) -> Vec<(String, Value)> {
    let mut mutations = Vec::new();
    let mut add = |what: String, mutate: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut mutation = record.clone();
        mutate(mutation.pointer_mut(object).unwrap().as_object_mut().unwrap());
        mutations.push((what, mutation));
    };
    add(format!("{object}/more"), &|object| drop(object.insert("more".into(), json!(1))));
    for key in record.pointer(object).unwrap().as_object().unwrap().keys() {
        let is_field = object == "/ctx_diff";
        if !is_field {
            add(format!("{object}/{key} missing"), &|object| drop(object.shift_remove(key)));
        }
        for value in [json!(null), json!(true), json!(-1), json!(0.5), json!("x"), json!([]), json!({})] {
            add(format!("{object}/{key} {value}"), &|object| object[key] = value.clone());
        }
    }
    mutations
}

/// Returns whether the mutation is wrong only in combination with another key.
fn is_beyond_a_schema(mutation: &str) -> bool {
    let is_changed_otherwise = |mutation: &str| {
        let change = mutation.strip_prefix("/ctx_diff/tags/");
        change.is_some_and(|change| ["before ", "after "].iter().any(|key| change.starts_with(key)))
            && !mutation.ends_with(" missing")
    };
    [
        "/duration_ms 0.5",
        "/msg_out []",
        "/step_name \"x\"",
        "/error/where \"x\"",
        "/ctx_before {}",
        "/ctx_after {}",
        "/ctx_diff {}",
    ]
    .contains(&mutation)
        || is_changed_otherwise(mutation)
}

#[test]
fn the_schema_and_the_check_agree_on_values() {
    const OK: bool = true;
    const WRONG: bool = false;
    let validator = validator_of(&["trace", "schema"]);
    let (mut ok, error) = (ok_record(), error_record());
    // A step of zero duration: only the form of its times can be wrong.
    ok["t_exit"] = ok["t_enter"].clone();
    ok["duration_ms"] = json!(0.0);
    let text = |chars: usize| json!("é".repeat(chars));
    let date = |time: &str| json!(time.to_owned() + "T00:00:00.000000Z");
    let list_of = |object: &Value| json!(object.as_object().unwrap().values().collect::<Vec<_>>());
    for (record, place, value, expected) in [
        (&ok, "", list_of(&ok), WRONG),
        (&ok, "/trace_id", json!("a:b:1"), OK),
        (&ok, "/trace_id", json!("run:01"), WRONG),
        (&ok, "/scenario", text(270), OK),
        (&ok, "/scenario", text(271), WRONG),
        (&ok, "/line_no", json!(0), WRONG),
        (&ok, "/t_enter", date("2000-02-29"), OK),
        (&ok, "/t_enter", date("2001-02-29"), WRONG),
        (&ok, "/t_enter", date("2001-13-01"), WRONG),
        (&ok, "/t_enter", date("2001-1-01"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01T24:00:00.000000Z"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01T23:59:60.000000Z"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01 00:00:00.000000Z"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01T00:00:00.000000z"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01T00:00:00.00000Z"), WRONG),
        (&ok, "/t_enter", json!("2001-01-01T00:00:00.000000+00:00"), WRONG),
        (&ok, "/duration_ms", json!(-0.001), WRONG),
        (&ok, "/duration_ms", json!(0), OK),
        (&ok, "/duration_ms", json!(0.000_999), OK),
        (&ok, "/msg_in", list_of(&ok["msg_in"]), WRONG),
        (&ok, "/msg_in/identity", text(270), OK),
        (&ok, "/msg_in/identity", text(271), WRONG),
        (&ok, "/msg_out/0/hash", json!("0123456789abcdef0123456789abcde"), WRONG),
        (&ok, "/msg_out/0/hash", json!("0123456789ABCDEF0123456789ABCDEF"), WRONG),
        (&ok, "/msg_out/0/hash", json!("0123456789abcdef0123456789abcdef"), OK),
        (&ok, "/ctx_diff/tags", json!([{}, {}]), WRONG),
        (&ok, "/ctx_diff/tags", json!({"before": 1, "after": [null]}), OK),
        (&ok, "/status", json!("error"), WRONG),
        (&ok, "/status", json!("OK"), WRONG),
        (&ok, "/status", json!({"ok": null}), WRONG),
        (&error, "/status", json!("ok"), WRONG),
        (&error, "/error", list_of(&error["error"]), WRONG),
        (&error, "/error/type", text(271), WRONG),
        (&error, "/error/message", text(270), OK),
        (&error, "/error/message", text(271), WRONG),
        (&error, "/error/stack", json!("at main"), WRONG),
    ] {
        let mut mutation = record.clone();
        *mutation.pointer_mut(place).unwrap() = value;
        assert_eq!(validator.is_valid(&mutation), expected, "the schema: {place} in {mutation}");
        change_along(&mut mutation, place);
        assert_eq!(is_sound(&mutation.to_string()), expected, "the check: {place} in {mutation}");
    }
}

/// Updates the keys that the check, unlike a schema, compares with the one changed in `place`.
fn change_along(record: &mut Value, place: &str) {
    match place {
        "/t_enter" => record["t_exit"] = record["t_enter"].clone(),
        "/ctx_diff/tags" => {
            for (snapshot, key) in [("ctx_before", "before"), ("ctx_after", "after")] {
                record[snapshot]["tags"] = record["ctx_diff"]["tags"][key].clone();
            }
        }
        _ => (),
    }
}

#[test]
fn the_check_finds_faults_beyond_the_schema() {
    let validator = validator_of(&["trace", "schema"]);
    let ok = ok_record().to_string();
    for (from, to) in [
        (r#""trace_id":"run:1""#, r#""trace_id":"run:2""#),
        (r#""msg_out_count":1"#, r#""msg_out_count":2"#),
        // For a schema, this is a whole number.
        (r#""line_no":1"#, r#""line_no":1.0"#),
        (r#""t_exit":"2"#, r#""t_exit":"1"#),
        // 50 ms, or more than the difference of the times.
        (r#""duration_ms":"#, r#""duration_ms":5"#),
        (r#""amount_cents":"#, r#""amount_cents":1"#),
        (r#""status":"ok","error":null"#, r#""error":null,"status":"ok""#),
        (r#""status":"ok""#, r#""status":"ok","status":"ok""#),
    ] {
        let mutation = ok.replacen(from, to, 1);
        assert_ne!(mutation, ok, "{from}");
        assert!(validator.is_valid(&serde_json::from_str(&mutation).unwrap()), "{mutation}");
        assert!(!is_sound(&mutation), "{mutation}");
    }
}
