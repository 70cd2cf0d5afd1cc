//! The program `fund-load` from outside, tested against its contract: input, configuration, files, signals, traces.

mod browser;
mod editor_cases;
mod folder;
mod harness;
mod language_server;
mod pseudo_terminal;
mod rules_in_force;
mod running;
mod tools;

mod attempts;
mod checkpointing;
mod records;

mod lines;
mod unterminated_lines;

mod declined;
mod spellings;
mod unreadable_lines;
mod unusable_values;

mod echoed_texts;
mod empty_traces;

mod config_commands;
mod config_layers;
mod config_mistakes;
mod config_refusals;
mod config_switches;
mod config_values;
mod editors;
mod parts;
mod pipeline_mistakes;
mod wiring;
mod worker_checkpoints;
mod worker_settings;
mod workers;

mod changed_files;
mod compressed_traces;
mod file_size_limits;
mod hostile_volume;
mod latest_day;
mod limits;
mod metrics;
mod output_files;
mod private_files;
mod prometheus;
mod rotated_traces;
mod same_paths;
mod streams;
mod summaries;
mod trace_cadence;
mod trace_files;
mod tracing_flags;

mod redaction;
mod steering_characters;

mod shared_files;
mod shell_support;
mod signals;
mod usage;

mod checkpoint_commands;
mod checkpoint_ends;
mod checkpoint_kills;
mod checkpoint_refusals;
mod checkpoint_settings;
mod checkpoints;

mod explain;
mod explain_figures;
mod guide;
mod kit;
mod trace_notes;
mod trace_records;
mod trace_view;
mod trace_view_inputs;
mod trace_view_pair;
mod trace_view_search;

mod bad_traces;
mod export_formats;
mod following;
mod otlp_export;
mod otlp_faults;
mod otlp_receiver;
mod otlp_settings;
mod otlp_sink;
mod phoenix;
mod repairs;
mod terminals;
mod trace_export;

mod appended_runs;
mod config_schema;
mod config_sources;
mod json_schemas;
mod record_schema;
