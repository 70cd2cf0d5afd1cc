//! Checks of a cluster: its hosts, the place of this process among them, and its secret.

use std::path::Path;

use stream_kernel_config::{Cluster, Config, Loaded, Problem};

use crate::cluster_secret::{ClusterSecret, MAX_SECRET_BYTES, MIN_SECRET_BYTES, SecretFault};
use crate::hosts::{HostFault, MAX_HOSTS, check_hosts, is_loopback};
use crate::worker_checks::WORKERS_KEY;

/// The most workers of a cluster: threads of all processes.
pub const MAX_CLUSTER_WORKERS: usize = 1_024;

pub(crate) const SECRET_FILE_KEY: &str = "runtime.cluster.secret_file";
pub(crate) const HOSTS_KEY: &str = "runtime.cluster.hosts";
const PROCESS_KEY: &str = "runtime.cluster.process";
const CLEARTEXT_KEY: &str = "runtime.cluster.cleartext";
const HOW_TO_MAKE_A_SECRET: &str =
    "make one with `(umask 77; head -c 32 /dev/urandom > FILE)`, and give each process a copy";

/// Reports mistakes in the cluster, including an unusable secret, and returns the secret, if there is one.
///
/// Without a cluster nothing is read.
pub(crate) fn check<N, A>(loaded: &mut Loaded<Config<N, A>>) -> Option<ClusterSecret> {
    let runtime = &loaded.config().runtime;
    let (cluster, workers) = (runtime.cluster.clone()?, runtime.workers.get());
    if !loaded.is_mistaken(HOSTS_KEY) {
        let faults = check_hosts(&cluster.hosts);
        for (index, fault) in &faults {
            report_fault(loaded, &cluster.hosts, *index, *fault);
        }
        if faults.is_empty() {
            check_size(loaded, &cluster, workers);
            check_trust(loaded, &cluster);
        }
    }
    let path = cluster.secret_file.filter(|_| !loaded.is_mistaken(SECRET_FILE_KEY))?;
    ClusterSecret::read(&path).map_err(|fault| loaded.report(SECRET_FILE_KEY, unusable(&path, &fault))).ok()
}

fn report_fault<N, A>(loaded: &mut Loaded<Config<N, A>>, hosts: &[String], index: usize, fault: HostFault) {
    let (key, what, expected) = match fault {
        HostFault::Empty => (HOSTS_KEY.to_owned(), fault.to_string(), "at least one host".to_owned()),
        HostFault::TooMany => (
            HOSTS_KEY.to_owned(),
            format!("{} hosts are listed", hosts.len()),
            format!("at most {MAX_HOSTS}"),
        ),
        _ => {
            let entry = hosts.get(index).map(String::as_str).unwrap_or_default();
            let expected = "`host:port`, each once".to_owned();
            (format!("{HOSTS_KEY}.{index}"), format!("host `{entry}`: {fault}"), expected)
        }
    };
    loaded.report(&key, Problem::new(what).expected(expected).hint(fault.remedy()));
}

/// Reports a process that is not listed, and too many workers.
fn check_size<N, A>(
    loaded: &mut Loaded<Config<N, A>>,
    Cluster { hosts, process, .. }: &Cluster,
    workers: usize,
) {
    if *process >= hosts.len() && !loaded.is_mistaken(PROCESS_KEY) {
        let listed =
            if let [_] = &**hosts { "1 host is".to_owned() } else { format!("{} hosts are", hosts.len()) };
        let problem = Problem::new(format!("there is no process {process}: {listed} listed"))
            .expected(format!("a number from 0 to {}", hosts.len() - 1))
            .hint("give each process its place in the list, counted from 0");
        loaded.report(PROCESS_KEY, problem);
    }
    let all = hosts.len() * workers;
    if all > MAX_CLUSTER_WORKERS && !loaded.is_mistaken(WORKERS_KEY) {
        let processes = hosts.len();
        let problem =
            Problem::new(format!("{processes} processes with {workers} threads each are {all} workers"))
                .expected(format!("at most {MAX_CLUSTER_WORKERS} workers"))
                .hint("use fewer threads, or list fewer hosts");
        loaded.report(WORKERS_KEY, problem);
    }
}

/// Reports remote hosts that are reached without a secret, or unencrypted without the user's consent.
fn check_trust<N, A>(loaded: &mut Loaded<Config<N, A>>, cluster: &Cluster) {
    let elsewhere = cluster.hosts.iter().enumerate().find(|(_, host)| !is_loopback(host));
    let Some((index, host)) = elsewhere else { return };
    let key = format!("{HOSTS_KEY}.{index}");
    if cluster.secret_file.is_none() && !loaded.is_mistaken(SECRET_FILE_KEY) {
        let problem =
            Problem::new(format!("host `{host}` is not a loopback address, and the cluster has no secret"))
                .expected(format!("`{SECRET_FILE_KEY}`, the path of a file that holds a secret"))
                .hint(HOW_TO_MAKE_A_SECRET);
        loaded.report(&key, problem);
    }
    if !cluster.cleartext && !loaded.is_mistaken(CLEARTEXT_KEY) {
        let problem = Problem::new(format!(
            "host `{host}` is not a loopback address, and data travels in the clear"
        ))
        .expected(format!("`{CLEARTEXT_KEY}: true`, which says that somebody knows"))
        .hint(
            "send it through a tunnel such as WireGuard or stunnel, or trust the network; then set that key",
        );
        loaded.report(&key, problem);
    }
}

fn unusable(path: &Path, fault: &SecretFault) -> Problem {
    let hint = match fault {
        SecretFault::Open { .. } => "close it with `chmod 600 FILE`",
        SecretFault::Unreadable(_) | SecretFault::TooShort | SecretFault::TooLong => HOW_TO_MAKE_A_SECRET,
    };
    Problem::new(format!("the secret file `{}` {fault}", path.display()))
        .expected(format!(
            "a file of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes that only its owner can read (mode 0600)"
        ))
        .hint(hint)
}
