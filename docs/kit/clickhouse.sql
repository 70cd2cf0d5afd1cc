-- A trace in ClickHouse, here with `clickhouse local`; on a server, `CREATE TABLE` with the same columns and
-- `ENGINE = MergeTree ORDER BY (trace_id, step_index, work_index)`, then `INSERT ... FORMAT JSONEachRow`.
-- The columns are named, because types that ClickHouse infers from the first records miss what comes late: an `error`,
-- a tag, a metric with decimals. Notes stay JSON text: `JSONExtractString(ctx_after, 'tags', 'reason')`.
CREATE OR REPLACE VIEW trace AS
SELECT *
FROM file(
    'trace.jsonl',
    'JSONEachRow',
    'trace_id String, scenario String, line_no UInt64, step_index UInt32, step_name String, work_index UInt32,
     t_enter DateTime64(6, \'UTC\'), t_exit DateTime64(6, \'UTC\'), duration_ms Float64,
     msg_in Tuple(type_name String, identity Nullable(String), hash Nullable(String)),
     msg_out Array(Tuple(type_name String, identity Nullable(String), hash Nullable(String))), msg_out_count UInt32,
     ctx_before Nullable(String), ctx_after Nullable(String), ctx_diff Nullable(String), status String,
     error Tuple(type Nullable(String), message Nullable(String), `where` Nullable(String), stack Nullable(String))'
)
SETTINGS date_time_input_format = 'best_effort', input_format_json_read_objects_as_strings = 1;
