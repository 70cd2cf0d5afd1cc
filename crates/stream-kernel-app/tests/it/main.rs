//! What must hold of any application on the kernel, checked in process on the example `access_log`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../examples/access_log/main.rs"]
#[expect(dead_code, reason = "the program's own main is not called here")]
mod access_log;
mod scene;

mod counting;
mod recovery;
mod tracing;

mod configuration;
mod paths;
mod wiring;
mod workers;
