//! Workers: the keys `runtime.workers` and `runtime.epoch_bytes`, and the group `runtime.cluster`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most threads of a process.
pub const MAX_WORKERS: usize = 256;

/// The most bytes of input that are taken in at a time: 1 GiB.
pub const MAX_EPOCH_BYTES: usize = 1 << 30;

/// The processes that run a pipeline together. Their configurations are the same, but for `process`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cluster {
    /// The address of each process, `host:port`; the same list in each of them. An IPv6 address stands in brackets.
    pub hosts: Vec<String>,
    /// The number of this process: its place in `hosts`, counted from 0.
    pub process: usize,
    /// A file whose content, of 16 to 4,096 bytes, is the secret that processes know each other by. Nobody but its owner may read it. Required unless every host is a loopback address.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub secret_file: Option<PathBuf>,
    /// Whether process 0 writes output and trace for all of them, which then need no file system in common.
    #[serde(default)]
    pub gather: bool,
    /// Whether it is known that data travels between processes unencrypted. Required if a host is not a loopback address.
    #[serde(default)]
    pub cleartext: bool,
}

pub(crate) const fn one_worker() -> NonZeroUsize {
    NonZeroUsize::MIN
}

pub(crate) const fn four_mib() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add((4 << 20) - 1)
}
