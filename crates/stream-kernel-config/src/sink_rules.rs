//! Rules for sinks that the schema cannot express: one key depends on another, or a text has a form of its own.

use serde_json::{Value, json};

use crate::check::Checked;
use crate::layer::Layers;
use crate::masking::without_confidential_parameters;
use crate::mistake::{Findings, Problem};
use crate::rule::Rule;
use crate::sink::BATCH_FLUSH_EVERY_N;
use crate::tracing::{SINK_KEY, SINKS_KEY};

const TRACING: &str = "/runtime/tracing";

/// Returns the same rules for editors: the path of a JSONL sink is required.
pub(crate) fn for_editors() -> Vec<Rule> {
    let [path, kind] = ["jsonl.path", "kind"].map(|key| format!("{SINK_KEY}.{key}"));
    let rule = Rule::required(&path, json!({"type": "string"})).when(SINK_KEY, json!({"type": "object"}));
    vec![rule.unless(&kind, json!({"enum": ["otlp", "stdout"]}))]
}

/// Requires the path of a JSONL sink, fills in the default for flushing batches, checks what is sent to a receiver, and
/// that no kind of sink is there twice.
pub(crate) fn apply(checked: &mut Checked, layers: &Layers, findings: &mut Findings) {
    let Some(tracing) = checked.tree.pointer_mut(TRACING) else { return };
    let shows_tags = shows_tags(tracing);
    let is_enabled = tracing["enabled"] == true;
    let mut kinds: Vec<(String, Value)> = Vec::new();
    let further = tracing["sinks"].as_array().map_or(0, Vec::len);
    let keys =
        (0..further).map(|index| (format!("{SINKS_KEY}.{index}"), format!("/runtime/tracing/sinks/{index}")));
    for (key, pointer) in [(SINK_KEY.to_owned(), "/runtime/tracing/sink".to_owned())].into_iter().chain(keys)
    {
        let Some(sink) = checked.tree.pointer_mut(&pointer).filter(|sink| !sink.is_null()) else { continue };
        let kind = sink["kind"].clone();
        let kind_key = format!("{key}.kind");
        let jsonl = &mut sink["jsonl"];
        if jsonl["write_mode"] == "batch"
            && !checked.provenance.contains_key(&format!("{key}.jsonl.flush_every_n"))
        {
            jsonl["flush_every_n"] = BATCH_FLUSH_EVERY_N.into();
        }
        let path_key = format!("{key}.jsonl.path");
        let is_missing = kind == "jsonl" && jsonl.get("path").unwrap_or(&Value::Null).is_null();
        if is_missing && !findings.is_mistaken(&kind_key) && !findings.is_mistaken(&path_key) {
            let problem = Problem::new("required value is missing: the sink's `kind` is `jsonl`")
                .expected("the path of a file");
            let hint = format!("set `{path_key}`, or `{kind_key}` to `stdout`");
            let provenance = layers.map_provenance(&format!("{key}.jsonl"));
            findings.add_absent(&path_key, provenance, problem.hint(hint));
        }
        let otlp = sink["otlp"].clone();
        check_otlp(checked, findings, &format!("{key}.otlp"), &otlp);
        if kind == "otlp" && is_enabled && !shows_tags {
            check_declined(
                checked,
                findings,
                &format!("{key}.otlp.sample.always"),
                &otlp["sample"]["always"],
            );
        }
        if let Some((other, _)) = kinds.iter().find(|(_, other)| *other == kind) {
            let problem =
                Problem::new(format!("a second sink of the kind `{}`", kind.as_str().unwrap_or_default()))
                    .expected("at most one sink of each kind")
                    .hint(format!("remove it, or `{other}`"));
            findings.add_reported(&kind_key, checked.provenance(&kind_key), problem);
        }
        kinds.push((key, kind));
    }
}

/// Returns whether records show the tags of inputs.
fn shows_tags(tracing: &Value) -> bool {
    let context = &tracing["context_diff"];
    let is_listed = || context["whitelist"].as_array().is_some_and(|list| list.contains(&"tags".into()));
    context["mode"] == "full" || context["mode"] == "whitelist" && is_listed()
}

fn check_declined(checked: &Checked, findings: &mut Findings, key: &str, always: &Value) {
    let at = always.as_array().and_then(|list| list.iter().position(|kind| kind == "declined"));
    let Some(at) = at else { return };
    let key = format!("{key}.{at}");
    let problem = Problem::new("without tags in the records, nobody knows which inputs were declined")
        .expected("records that show tags")
        .hint(
            "set `runtime.tracing.context_diff: {mode: whitelist, whitelist: [tags]}`, or its mode to `full`",
        );
    findings.add_reported(&key, checked.provenance(&key), problem);
}

fn check_otlp(checked: &Checked, findings: &mut Findings, key: &str, otlp: &Value) {
    let endpoint_key = format!("{key}.endpoint");
    let fault = otlp["endpoint"].as_str().and_then(endpoint_fault);
    if let Some(fault) = fault.filter(|_| !findings.is_mistaken(&endpoint_key)) {
        let problem = Problem::new(fault)
            .expected("the URL of a receiver")
            .hint("write it as `http://127.0.0.1:4318/v1/traces`; credentials go into `headers`");
        findings.add_reported(&endpoint_key, checked.provenance(&endpoint_key), problem);
    }
    for (name, value) in otlp["headers"].as_object().into_iter().flatten() {
        let key = crate::key_path::join(&format!("{key}.headers"), name);
        let Some(fault) = header_fault(name, value.as_str().unwrap_or_default()) else { continue };
        let problem = Problem::new(fault).expected(
            "a name of letters, digits and `-`, and a value of visible ASCII characters and blanks",
        );
        findings.add_reported(&key, checked.provenance(&key), problem.hint("leave out other characters"));
    }
}

fn endpoint_fault(url: &str) -> Option<&'static str> {
    let is_http = |scheme: &str| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let rest = url.split_once("://").filter(|(scheme, _)| is_http(scheme)).map(|(_, rest)| rest);
    let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match authority {
        None => Some("not a URL that begins with `http://` or `https://`"),
        Some(authority) if authority.contains('@') || without_confidential_parameters(url) != url => {
            Some("a URL with credentials")
        }
        Some(authority) if authority.is_empty() || authority.starts_with(':') => Some("a URL without a host"),
        Some(authority) if has_wrong_port(authority) => {
            Some("a URL with a port that is not a number up to 65535")
        }
        Some(_) if !url.chars().all(|c| c.is_ascii_graphic()) => {
            Some("a URL with characters that no URL has")
        }
        Some(_) => None,
    }
}

fn has_wrong_port(authority: &str) -> bool {
    // The colons of an IPv6 address are in brackets.
    let port = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    port.is_some_and(|(_, port)| port.parse::<u16>().is_err())
}

fn header_fault(name: &str, value: &str) -> Option<&'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Some("not the name of a header");
    }
    let is_value = |c: char| c.is_ascii_graphic() || c == ' ' || c == '\t';
    (!value.chars().all(is_value))
        .then_some("a value with a line end, or another character that no header can have")
}
