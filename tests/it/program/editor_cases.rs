//! Configurations as people type them in editors, for the schema, for `check` and for the editors' own tools.

/// What every configuration needs.
const HEAD: &str = "version: 1\nscenario: {name: typed}\n";

/// Returns configurations that load.
pub(super) fn sound() -> Vec<String> {
    let bodies = [
        "",
        "runtime: {strict: false, pipeline: [parse_load_attempt, anything, format_output, write_output]}",
        "runtime: {tracing: {sink: {kind: stdout}}}",
        "runtime: {tracing: {sink: null, redact: {identity: mask, key_file: null}}}",
        "runtime: {tracing: {enabled: true, sink: {jsonl: {path: t, fsync_every_n: null, rotate: {max_bytes: 9, \
         keep: 1000}}}}}",
        "runtime: {tracing: {context_diff: {whitelist: [tags, metrics, errors]}}}",
        "runtime: {metrics: {textfile: {path: run.prom, every_ms: 100}}}",
        "runtime: {checkpoint: {dir: c}, limits: {max_ids: null, max_customers: 1}}",
        "runtime: {workers: 2, tracing: {enabled: true, sink: {jsonl: {path: t, write_mode: batch}}}}",
        "runtime: {workers: 2, tracing: {enabled: false, sink: {kind: stdout}}}",
        "adapters: {output_sink: {settings: {path: '-'}}, input_source: {settings: {path: '-'}}}",
        "nodes: {evaluate_policies: {limits: {daily_amount: '5000.00', weekly_amount: 0, daily_attempts: null}}}",
        "nodes: {update_windows: {daily_attempts: {enabled: false}}, \
         evaluate_policies: {limits: {daily_attempts: null}}}",
        "nodes: {update_windows: {daily_prime_gate: {enabled: true}}, compute_features: {prime_gate: {enabled: true}}, \
         evaluate_policies: {prime_gate: {enabled: true}}}",
        "profiles: {near: {runtime: {tracing: {enabled: true, sink: {jsonl: {write_mode: batch}}}}}}",
    ];
    bodies.map(|body| format!("{HEAD}{body}\n")).to_vec()
}

/// Returns configurations with one mistake each, and the text in which an editor shows it.
pub(super) fn mistaken() -> Vec<(String, &'static str)> {
    let bodies = [
        ("runtime: {strikt: true}", "strikt"),
        ("runtime: {pipeline: [parse_load_attempts]}", "parse_load_attempts"),
        (
            "runtime: {strict: false, pipeline: [format_output, format_output]}",
            "[format_output, format_output]",
        ),
        ("runtime: {metrics: {textfile: {path: '-'}}}", "'-'"),
        ("runtime: {metrics: {textfile: {path: run.prom, every_ms: 99}}}", "99"),
        ("runtime: {metrics: {textfile: {every_ms: 100}}}", "textfile"),
        ("runtime: {workers: 257}", "257"),
        ("runtime: {epoch_bytes: 0}", "0"),
        ("runtime: {limits: {max_ids: 0}}", "0"),
        ("runtime: {limits: {max_weeks: 1}}", "max_weeks"),
        ("runtime: {checkpoint: {every_ms: 1}}", "checkpoint"),
        ("runtime: {tracing: {context_diff: {whitelist: [tag]}}}", "tag"),
        ("runtime: {tracing: {redact: {identity: hash}}}", "redact"),
        ("runtime: {tracing: {sink: {kind: jsonl}}}", "sink"),
        ("runtime: {tracing: {sink: {}}}", "sink"),
        ("runtime: {tracing: {sink: {jsonl: {write_mode: batch}}}}", "jsonl"),
        ("runtime: {tracing: {sink: {jsonl: {path: t, compress_level: 20}}}}", "20"),
        ("runtime: {tracing: {enabled: true, sink: {jsonl: {path: '-'}}}}", "'-'"),
        (
            "runtime: {tracing: {enabled: true, \
             sink: {kind: stdout}}}\nadapters: {output_sink: {settings: {path: '-'}}}",
            "stdout",
        ),
        ("runtime: {checkpoint: {dir: c}}\nadapters: {input_source: {settings: {path: '-'}}}", "'-'"),
        ("runtime: {checkpoint: {dir: c}}\nadapters: {output_sink: {settings: {parts: true}}}", "true"),
        ("runtime: {checkpoint: {dir: c}, tracing: {enabled: true, sink: {kind: stdout}}}", "stdout"),
        (
            "runtime: {checkpoint: {dir: c}, tracing: {enabled: true, sink: {jsonl: {path: t, \
             rotate: {max_bytes: 9, keep: 1}}}}}",
            "{max_bytes: 9, keep: 1}",
        ),
        ("runtime: {workers: 2}\nadapters: {output_sink: {settings: {path: '-'}}}", "'-'"),
        ("runtime: {workers: 2, tracing: {enabled: true, sink: {jsonl: {path: t, compress: zstd}}}}", "zstd"),
        ("runtime: {workers: 2, tracing: {enabled: true, sink: {jsonl: {path: t, fsync_every_n: 8}}}}", "8"),
        ("runtime: {workers: 2, tracing: {enabled: true, sink: {jsonl: {path: t, flush_every_n: 1}}}}", "1"),
        (
            "runtime: {workers: 2, tracing: {enabled: true, sink: {jsonl: {path: t, write_mode: line}}}}",
            "line",
        ),
        ("runtime: {cluster: {hosts: [], process: 0}}", "[]"),
        (
            "runtime: {cluster: {hosts: ['127.0.0.1:1'], process: 0, gather: true}}\n\
             adapters: {output_sink: {settings: {parts: true}}}",
            "true",
        ),
        ("nodes: {evaluate_policies: {limits: {daily_amount: -1}}}", "-1"),
        ("nodes: {evaluate_policies: {limits: {daily_amount: '1,5'}}}", "'1,5'"),
        ("nodes: {compute_features: {monday_multiplier: {multiplier: 0.5}}}", "0.5"),
        ("nodes: {update_windows: {daily_attempts: {enabled: false}}}", "false"),
        ("nodes: {compute_features: {prime_gate: {enabled: true}}}", "nodes"),
        ("nodes: {idempotency_gate: {remember_days: 0}}", "0"),
        ("adapters: {input_source: {settings: {max_line_bytes: 0}}}", "0"),
    ];
    let whole = |(body, shown)| (format!("{HEAD}{body}\n"), shown);
    bodies.map(whole).to_vec()
}
