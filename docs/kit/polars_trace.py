"""A trace in Polars: `from polars_trace import scan_trace`, then `scan_trace("trace.jsonl")`.

The columns are named, because types that Polars infers from the first records miss what comes late: an `error`, a tag,
a metric with decimals. Name the notes that you need: `scan_trace(path, tags=["reason"], metrics=["amount_cents"])`.
"""

import polars as pl

MESSAGE = pl.Struct({"type_name": pl.String, "identity": pl.String, "hash": pl.String})

ERROR = pl.Struct({"type": pl.String, "message": pl.String, "where": pl.String, "stack": pl.String})


def trace_schema(tags=(), metrics=()):
    """Return the columns of a trace. The context has these tags, as text, and these metrics, as numbers."""
    context = {}
    if tags:
        context["tags"] = pl.Struct({name: pl.String for name in tags})
    if metrics:
        context["metrics"] = pl.Struct({name: pl.Float64 for name in metrics})
    schema = {
        "trace_id": pl.String,
        "scenario": pl.String,
        "line_no": pl.UInt64,
        "step_index": pl.UInt32,
        "step_name": pl.String,
        "work_index": pl.UInt32,
        "t_enter": pl.String,
        "t_exit": pl.String,
        "duration_ms": pl.Float64,
        "msg_in": MESSAGE,
        "msg_out": pl.List(MESSAGE),
        "msg_out_count": pl.UInt32,
    }
    if context:
        schema["ctx_after"] = pl.Struct(context)
    return schema | {"status": pl.String, "error": ERROR}


def scan_trace(path, tags=(), metrics=()):
    """Return the records of the trace, lazily, with times as times."""
    time = pl.col("t_enter", "t_exit").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us", time_zone="UTC")
    return pl.scan_ndjson(path, schema=trace_schema(tags, metrics)).with_columns(time)


def read_decisions(path):
    """Return what `trace export --format csv` has written: every note as text, because its first rows do not tell
    what comes later."""
    numbers = {"run": pl.UInt64, "line_no": pl.UInt64, "duration_ms": pl.Float64, "records": pl.UInt64}
    return pl.read_csv(path, infer_schema=False).cast(numbers)
