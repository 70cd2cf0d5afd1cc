-- A trace in DuckDB: `duckdb -init docs/kit/duckdb.sql`, then `select * from trace('trace.jsonl')`.
-- The columns are named, because types that DuckDB infers from the first records miss what comes late: an `error`, a
-- tag, a metric with decimals. Notes stay JSON: `ctx_after -> 'tags' ->> 'reason'`.
CREATE OR REPLACE MACRO trace(file) AS TABLE
SELECT *
FROM read_json(
    file,
    format = 'newline_delimited',
    columns = {
        trace_id: 'VARCHAR',
        scenario: 'VARCHAR',
        line_no: 'UBIGINT',
        step_index: 'UINTEGER',
        step_name: 'VARCHAR',
        work_index: 'UINTEGER',
        t_enter: 'TIMESTAMPTZ',
        t_exit: 'TIMESTAMPTZ',
        duration_ms: 'DOUBLE',
        msg_in: 'STRUCT(type_name VARCHAR, "identity" VARCHAR, hash VARCHAR)',
        msg_out: 'STRUCT(type_name VARCHAR, "identity" VARCHAR, hash VARCHAR)[]',
        msg_out_count: 'UINTEGER',
        ctx_before: 'JSON',
        ctx_after: 'JSON',
        ctx_diff: 'JSON',
        status: 'VARCHAR',
        error: 'STRUCT("type" VARCHAR, message VARCHAR, "where" VARCHAR, stack VARCHAR)'
    }
);

-- What was decided: a row for each input, from the notes of its last record.
CREATE OR REPLACE MACRO decisions(file) AS TABLE
SELECT
    trace_id,
    line_no,
    arg_max(ctx_after, (step_index, work_index)) -> 'tags' AS tags,
    arg_max(ctx_after, (step_index, work_index)) -> 'metrics' AS metrics,
    sum(duration_ms) AS duration_ms,
    bool_or(status = 'error') AS has_failed
FROM trace(file)
GROUP BY trace_id, line_no
ORDER BY line_no;

-- What `trace export --format csv` writes. Every note is text: the first rows do not tell what comes later.
CREATE OR REPLACE MACRO decisions_csv(file) AS TABLE
SELECT * REPLACE (line_no::UBIGINT AS line_no, "time"::TIMESTAMPTZ AS "time", duration_ms::DOUBLE AS duration_ms)
FROM read_csv(file, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"');
