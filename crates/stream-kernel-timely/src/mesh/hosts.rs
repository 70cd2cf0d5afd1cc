//! Hosts of a run: the list of `host:port`, in the order of the processes.

use std::fmt;

use stream_kernel_run::hosts::{HostFault, check_hosts};

/// How much of an entry an error shows, in characters.
const SHOWN_CHARS: usize = 80;

/// Where a process listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// Name or address, without brackets.
    name: String,
    port: u16,
}

impl Host {
    /// Returns the name or address, without brackets.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

/// A checked list of hosts: at least one, as many as a run has processes at most, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosts(Vec<Host>);

impl Hosts {
    /// Reads a list, an entry for each process.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the list, or with its first wrong entry.
    pub(crate) fn from_list<S: AsRef<str>>(list: &[S]) -> Result<Self, HostsError> {
        let list: Vec<_> = list.iter().map(|entry| entry.as_ref().to_owned()).collect();
        if let Some(&(index, fault)) = check_hosts(&list).first() {
            let entry = list.get(index).map(|entry| shown(entry)).unwrap_or_default();
            return Err(HostsError::Entry { index, entry, fault });
        }
        let host = |entry: String| {
            // A list without faults has nothing else.
            let (name, port) = entry.rsplit_once(':').unwrap_or_default();
            let name = name.trim_start_matches('[').trim_end_matches(']');
            Host { name: name.to_owned(), port: port.parse().unwrap_or_default() }
        };
        Ok(Self(list.into_iter().map(host).collect()))
    }

    /// Returns the hosts in the order of the processes.
    pub(crate) fn as_slice(&self) -> &[Host] {
        &self.0
    }

    /// Returns the host of `process`.
    ///
    /// # Errors
    ///
    /// The list has no such process.
    pub(crate) fn of_process(&self, process: usize) -> Result<&Host, HostsError> {
        self.0.get(process).ok_or(HostsError::NoSuchProcess { process, hosts: self.0.len() })
    }
}

/// Returns the beginning of an entry, for an error.
fn shown(entry: &str) -> String {
    let escaped: String = entry.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
    if entry.chars().nth(SHOWN_CHARS).is_some() { escaped + ".." } else { escaped }
}

/// What is wrong with a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostsError {
    /// An entry is wrong, or there are too few or too many.
    #[error("host {index}, `{entry}`: {fault} ({})", fault.remedy())]
    Entry {
        /// Its process.
        index: usize,
        /// Its beginning.
        entry: String,
        /// What is wrong with it.
        fault: HostFault,
    },
    /// The number of the process is beyond the list.
    #[error(
        "there is no process `{process}` in a list of {hosts} hosts (give a number below {hosts}, or add a host)"
    )]
    NoSuchProcess {
        /// The number.
        process: usize,
        /// How many hosts there are.
        hosts: usize,
    },
}
