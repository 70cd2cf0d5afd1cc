//! Hosts of a cluster: the list of `host:port`, an entry for each process, and the files that hold it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// The most hosts of a cluster.
pub const MAX_HOSTS: usize = 256;

/// The longest file of hosts, in bytes.
pub const MAX_HOSTS_FILE_BYTES: usize = 64 * 1_024;

/// The longest name of a host, in bytes: the limit of the domain name system.
pub const MAX_HOST_NAME_BYTES: usize = 253;

/// The longest part of a name between dots, in bytes.
const MAX_LABEL_BYTES: usize = 63;

/// What is wrong with an entry of a list of hosts, or with the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostFault {
    /// The list has no entry.
    #[error("no host is listed")]
    Empty,
    /// The list has more than [`MAX_HOSTS`] entries.
    #[error("more than {MAX_HOSTS} hosts are listed")]
    TooMany,
    /// The entry ends without a port.
    #[error("the port is missing")]
    NoPort,
    /// The port is not a number, or a number beyond 65,535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// The port is 0: the system would choose one that the other processes cannot know.
    #[error("the port is 0")]
    PortZero,
    /// The text before the port is neither a name nor an address.
    #[error("neither a name nor an address stands before the port")]
    Name,
    /// An IPv6 address without brackets, or something else in brackets.
    #[error("not an IPv6 address in brackets and a port")]
    Brackets,
    /// The address means all addresses of a machine, so no other process can reach it.
    #[error("no process can be reached at this address")]
    Unspecified,
    /// The entry names the same host and port as an earlier one.
    #[error("process {first} has the same host and port")]
    Twice {
        /// The earlier entry, counted from 0.
        first: usize,
    },
}

impl HostFault {
    /// Returns the remedy, for people.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Empty => "list one `host:port` for each process",
            Self::TooMany => "list fewer, and let each process have more threads",
            Self::NoPort | Self::Name => "write `host:port`, such as `10.0.0.1:2101`",
            Self::Port | Self::PortZero => "choose a port from 1 to 65535 that is free on that machine",
            Self::Brackets => "write an IPv6 address as in `[::1]:2101`",
            Self::Unspecified => "write the address by which the others know that machine",
            Self::Twice { .. } => "give each process a host and port of its own",
        }
    }
}

/// Returns the faults in a list of hosts, each with the entry's index, counted from 0; none if the list is good.
///
/// If the list is too long, only that is returned, with the first entry beyond. No name is looked up.
///
/// ```
/// use stream_kernel_run::hosts::{HostFault, check_hosts};
///
/// let hosts = ["10.0.0.1:2101".to_owned(), "10.0.0.2".to_owned()];
/// assert_eq!(check_hosts(&hosts), [(1, HostFault::NoPort)]);
/// ```
pub fn check_hosts(hosts: &[String]) -> Vec<(usize, HostFault)> {
    if hosts.is_empty() {
        return vec![(0, HostFault::Empty)];
    }
    if hosts.len() > MAX_HOSTS {
        return vec![(MAX_HOSTS, HostFault::TooMany)];
    }
    let mut seen = HashMap::new();
    let fault = |(index, entry): (usize, &String)| match split(entry) {
        Err(fault) => Some((index, fault)),
        Ok((name, port)) => {
            let first = *seen.entry((canonical(name), port)).or_insert(index);
            (first != index).then_some((index, HostFault::Twice { first }))
        }
    };
    hosts.iter().enumerate().filter_map(fault).collect()
}

/// Returns whether a host, with or without its port, is this machine alone: `localhost`, an address in 127.0.0.0/8, or
/// `::1`. No name is looked up.
pub fn is_loopback(host: &str) -> bool {
    let name = split(host).map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// Returns the entries of a file's text: one per line, without blank lines and without comments after a `#`.
///
/// They are not checked: [`check_hosts`] does that.
pub fn parse_hosts(text: &str) -> Vec<String> {
    let entries = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    entries.filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

/// Why a file of hosts cannot be used. Its `Display` follows the file's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostsFileError {
    /// The file cannot be opened or read.
    #[error("cannot be read (name a file with one `host:port` a line)")]
    Read(#[source] io::Error),
    /// The file has more than [`MAX_HOSTS_FILE_BYTES`].
    #[error("has more than {MAX_HOSTS_FILE_BYTES} bytes (name a file with one `host:port` a line)")]
    TooLong,
    /// The file is not UTF-8.
    #[error("is not text (name a file with one `host:port` a line)")]
    NotText,
}

/// Returns the entries of a file of hosts, see [`parse_hosts`].
///
/// # Errors
///
/// The file cannot be read, is longer than [`MAX_HOSTS_FILE_BYTES`] or is not text. A file without entries is not an
/// error.
pub fn read_hosts_file(path: &Path) -> Result<Vec<String>, HostsFileError> {
    let mut bytes = Vec::new();
    // One byte above the bound shows that there is too much; the rest is not read.
    let read =
        File::open(path).and_then(|file| file.take(MAX_HOSTS_FILE_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(HostsFileError::Read)?;
    if bytes.len() > MAX_HOSTS_FILE_BYTES {
        return Err(HostsFileError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| HostsFileError::NotText)?;
    Ok(parse_hosts(&text))
}

/// Returns name or address, without brackets, and port of an entry.
fn split(entry: &str) -> Result<(&str, u16), HostFault> {
    let (name, port) = if let Some(rest) = entry.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or(HostFault::Brackets)?;
        address.parse::<Ipv6Addr>().map_err(|_| HostFault::Brackets)?;
        if after.is_empty() {
            return Err(HostFault::NoPort);
        }
        (address, after.strip_prefix(':').ok_or(HostFault::Brackets)?)
    } else {
        let (name, port) = entry.rsplit_once(':').ok_or(HostFault::NoPort)?;
        if name.contains(':') {
            return Err(HostFault::Brackets);
        }
        (name, port)
    };
    if port.is_empty() {
        return Err(HostFault::NoPort);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HostFault::Port);
    }
    match port.parse() {
        Err(_) => Err(HostFault::Port),
        Ok(0) => Err(HostFault::PortZero),
        Ok(port) => match name.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => Err(HostFault::Unspecified),
            Err(_) if !is_name(name) => Err(HostFault::Name),
            _ => Ok((name, port)),
        },
    }
}

/// Returns the common form of all spellings of a host.
fn canonical(name: &str) -> String {
    match name.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => name.trim_end_matches('.').to_ascii_lowercase(),
    }
}

/// Returns whether `text` can be the name of a host. A text that looks like an IPv4 address and is not one cannot.
fn is_name(text: &str) -> bool {
    let labels = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = labels.rsplit('.').next().unwrap_or_default();
    text.len() <= MAX_HOST_NAME_BYTES
        && labels.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
