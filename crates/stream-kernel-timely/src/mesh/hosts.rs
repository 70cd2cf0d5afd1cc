//! Hosts of a run: the list of `host:port`, in the order of the processes.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most processes of a run.
pub(crate) const MAX_HOSTS: usize = 256;
/// The longest file of hosts, in bytes.
pub(crate) const MAX_HOSTS_FILE_BYTES: usize = 64 * 1024;
/// The longest name of a host, in bytes: that of the domain name system.
pub(crate) const MAX_NAME_BYTES: usize = 253;
/// The longest part of a name between dots, in bytes.
const MAX_LABEL_BYTES: usize = 63;
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
    /// Reads `host:port`. An IPv6 address stands in brackets.
    fn parse(text: &str) -> Result<Self, EntryFault> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or(EntryFault::Brackets)?;
                address.parse::<Ipv6Addr>().map_err(|_| EntryFault::Brackets)?;
                if after.is_empty() {
                    return Err(EntryFault::NoPort);
                }
                (address, after.strip_prefix(':').ok_or(EntryFault::Brackets)?)
            }
            None => text.rsplit_once(':').ok_or(EntryFault::NoPort)?,
        };
        if port.is_empty() {
            return Err(EntryFault::NoPort);
        }
        if name.contains(':') && !text.starts_with('[') {
            return Err(EntryFault::Brackets);
        }
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EntryFault::Port);
        }
        let port: u16 = port.parse().map_err(|_| EntryFault::Port)?;
        if port == 0 {
            return Err(EntryFault::PortZero);
        }
        match name.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => return Err(EntryFault::Unspecified),
            Ok(_) => {}
            Err(_) if is_name(name) => {}
            Err(_) => return Err(EntryFault::Name),
        }
        Ok(Self { name: name.to_owned(), port })
    }

    /// Returns the name or address, without brackets.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns what two spellings of one host have in common.
    fn key(&self) -> (String, u16) {
        let name = match self.name.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => self.name.trim_end_matches('.').to_ascii_lowercase(),
        };
        (name, self.port)
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

/// Returns whether `text` can be a host's name. What looks like an IPv4 address and is not one cannot.
fn is_name(text: &str) -> bool {
    let labels = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = labels.rsplit('.').next().unwrap_or_default();
    text.len() <= MAX_NAME_BYTES
        && labels.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a host, given without its port, is this machine alone: `localhost`, an address in 127.0.0.0/8,
/// or `::1`. No name is looked up.
pub(crate) fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// A checked list of hosts: at least one, at most [`MAX_HOSTS`], none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosts(Vec<Host>);

impl Hosts {
    /// Reads the text of a file of hosts: one `host:port` a line. Blank lines, and what follows a `#`, are skipped.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the list, or with its first wrong line.
    pub(crate) fn from_text(text: &str) -> Result<Self, HostsError> {
        if text.len() > MAX_HOSTS_FILE_BYTES {
            return Err(HostsError::FileTooLong { bytes: text.len() });
        }
        let lines = text.lines().zip(1..).map(|(line, number)| {
            (Position::Line(number), line.split('#').next().unwrap_or_default().trim())
        });
        Self::from_entries(lines.filter(|(_, entry)| !entry.is_empty()))
    }

    /// Reads a list from configuration, an entry for each process.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the list, or with its first wrong entry.
    pub(crate) fn from_list<S: AsRef<str>>(list: &[S]) -> Result<Self, HostsError> {
        Self::from_entries(
            list.iter().zip(1..).map(|(entry, number)| (Position::Entry(number), entry.as_ref())),
        )
    }

    fn from_entries<'a>(entries: impl Iterator<Item = (Position, &'a str)>) -> Result<Self, HostsError> {
        let mut hosts = Vec::new();
        let mut seen = HashMap::new();
        for (position, entry) in entries {
            if hosts.len() == MAX_HOSTS {
                return Err(HostsError::TooMany { position });
            }
            let wrong = |fault| HostsError::Entry { position, entry: shown(entry), fault };
            let host = Host::parse(entry).map_err(wrong)?;
            if let Some(first) = seen.insert(host.key(), position) {
                return Err(wrong(EntryFault::Twice { first }));
            }
            hosts.push(host);
        }
        if hosts.is_empty() { Err(HostsError::Empty) } else { Ok(Self(hosts)) }
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

    /// Returns whether every host is this machine alone, see [`is_loopback`].
    pub(crate) fn are_loopback(&self) -> bool {
        self.0.iter().all(|host| is_loopback(&host.name))
    }
}

/// Returns the beginning of an entry, for an error.
fn shown(entry: &str) -> String {
    let escaped: String = entry.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
    if entry.chars().nth(SHOWN_CHARS).is_some() { escaped + ".." } else { escaped }
}

/// Where an entry stands, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// In a file.
    Line(usize),
    /// In a list.
    Entry(usize),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// What is wrong with a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostsError {
    /// It has no entry.
    #[error("the list of hosts is empty (list one `host:port` for each process)")]
    Empty,
    /// It has more than [`MAX_HOSTS`] entries.
    #[error(
        "the list of hosts is too long at {position}: a run has {MAX_HOSTS} processes at most (remove the hosts from there on)"
    )]
    TooMany {
        /// The first entry beyond.
        position: Position,
    },
    /// The file is longer than [`MAX_HOSTS_FILE_BYTES`].
    #[error(
        "the file of hosts has {bytes} bytes, and {MAX_HOSTS_FILE_BYTES} are the most (give a file with one `host:port` a line)"
    )]
    FileTooLong {
        /// Its length.
        bytes: usize,
    },
    /// An entry is wrong.
    #[error("{position} of the hosts, `{entry}`, {fault}")]
    Entry {
        /// Where it stands.
        position: Position,
        /// Its beginning.
        entry: String,
        /// What is wrong with it.
        fault: EntryFault,
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

/// What is wrong with an entry of a list of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EntryFault {
    /// There is no port.
    #[error("has no port (write `host:port`)")]
    NoPort,
    /// The port is not a number below 65,536.
    #[error("has a port that is not a number (write one of 1 to 65535)")]
    Port,
    /// The port is 0, which other processes cannot know.
    #[error("has port 0, which the system would choose (write one of 1 to 65535)")]
    PortZero,
    /// The host is neither a name nor an address.
    #[error("has neither a name nor an address before its port (write `host:port`)")]
    Name,
    /// An IPv6 address does not stand in brackets, or something else does.
    #[error("is not an address in brackets and a port (write `[::1]:2101`)")]
    Brackets,
    /// The address means every address of a machine.
    #[error("has an address that no process can be reached at (write the machine's own address)")]
    Unspecified,
    /// It is there already.
    #[error("is also {first} (give each process a host and port of its own)")]
    Twice {
        /// Where it stands first.
        first: Position,
    },
}
