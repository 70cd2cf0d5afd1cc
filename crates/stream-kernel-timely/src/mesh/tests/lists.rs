//! Tests of lists of hosts.

use super::super::hosts::{Hosts, HostsError};

#[test]
fn hosts_are_told_as_they_were_listed() {
    let list = ["10.0.0.1:2101", "host-2.example.org:2101", "[::1]:65535"];
    let hosts = Hosts::from_list(&list).unwrap();
    assert_eq!(hosts.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>(), list);
    assert_eq!((hosts.as_slice()[2].name(), hosts.as_slice()[2].port()), ("::1", 65535));
}

#[test]
fn a_wrong_list_is_refused_with_its_first_wrong_entry() {
    let error = |list: &[&str]| Hosts::from_list(list).unwrap_err().to_string();
    assert_eq!(error(&[]), "host 0, ``: no host is listed (list one `host:port` for each process)");
    assert_eq!(
        error(&["a:1", "\u{1b}[2J"]),
        r"host 1, `\u{1b}[2J`: the port is missing (write `host:port`, such as `10.0.0.1:2101`)"
    );
    let long = "x".repeat(81);
    assert!(error(&[&long]).contains(&format!("`{}..`", &long[..80])), "the beginning is shown");
}

#[test]
fn processes_are_those_of_the_list() {
    let hosts = Hosts::from_list(&["a:1", "b:1"]).unwrap();
    assert_eq!(hosts.of_process(1).unwrap().to_string(), "b:1");
    assert_eq!(hosts.of_process(2), Err(HostsError::NoSuchProcess { process: 2, hosts: 2 }));
}
