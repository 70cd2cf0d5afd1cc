//! Tests of lists of hosts.

use super::super::hosts::{
    EntryFault, Hosts, HostsError, MAX_HOSTS, MAX_HOSTS_FILE_BYTES, MAX_NAME_BYTES, Position, is_loopback,
};

fn shown(hosts: &Hosts) -> Vec<String> {
    hosts.as_slice().iter().map(ToString::to_string).collect()
}

fn fault(entry: &str) -> Option<EntryFault> {
    match Hosts::from_list(&[entry]) {
        Ok(_) => None,
        Err(HostsError::Entry { fault, .. }) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn files_have_a_host_a_line() {
    let text = "# the mesh\n\n10.0.0.1:2101\r\n  host-2.example.org:2101  # the second\n\t[::1]:65535";
    let hosts = Hosts::from_text(text).unwrap();
    assert_eq!(shown(&hosts), ["10.0.0.1:2101", "host-2.example.org:2101", "[::1]:65535"]);
    assert_eq!(hosts.as_slice()[2].name(), "::1");
    assert_eq!(hosts.as_slice()[2].port(), 65535);
}

#[test]
fn lists_without_a_host_are_refused() {
    assert_eq!(Hosts::from_text("\n# nothing\n"), Err(HostsError::Empty));
    assert_eq!(Hosts::from_list::<&str>(&[]), Err(HostsError::Empty));
}

#[test]
fn wrong_entries_are_refused() {
    use EntryFault::{Brackets, Name, NoPort, Port, PortZero, Unspecified};
    for (entry, expected) in [
        ("host", NoPort),
        ("host:", NoPort),
        ("[::1]", NoPort),
        ("[::1]:", NoPort),
        ("host:0", PortZero),
        ("host:65536", Port),
        ("host:+80", Port),
        ("host:http", Port),
        ("host: 80", Port),
        (":2101", Name),
        ("a b:2101", Name),
        ("a..b:2101", Name),
        ("-a:2101", Name),
        ("a-:2101", Name),
        ("10.0.0.256:2101", Name),
        ("10.0.1:2101", Name),
        ("http://host:2101", Brackets),
        ("::1:2101", Brackets),
        ("[host]:2101", Brackets),
        ("[10.0.0.1]:2101", Brackets),
        ("[::1]2101", Brackets),
        ("[::1:2101", Brackets),
        ("0.0.0.0:2101", Unspecified),
        ("[::]:2101", Unspecified),
    ] {
        assert_eq!(fault(entry), Some(expected), "{entry}");
    }
    for entry in ["a:1", "localhost:65535", "a_b.c-d.:80", "10.0.0.255:2101", "[fe80::1]:80", "3com:80"] {
        assert_eq!(fault(entry), None, "{entry}");
    }
}

#[test]
fn a_host_that_is_there_twice_is_refused() {
    let error = Hosts::from_text("a:1\n\nb:1\nA.:1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 4 of the hosts, `A.:1`, is also line 1 (give each process a host and port of its own)"
    );
    let error = Hosts::from_list(&["[::1]:1", "[0:0::1]:1"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry 2 of the hosts, `[0:0::1]:1`, is also entry 1 (give each process a host and port of its own)"
    );
    assert!(Hosts::from_list(&["a:1", "a:2", "b:1"]).is_ok());
}

#[test]
fn errors_show_the_beginning_of_an_entry() {
    let error = |entry: &str| Hosts::from_list(&[entry]).unwrap_err().to_string();
    assert_eq!(
        error(&"x".repeat(80)),
        format!("entry 1 of the hosts, `{}`, has no port (write `host:port`)", "x".repeat(80))
    );
    assert_eq!(
        error(&"x".repeat(81)),
        format!("entry 1 of the hosts, `{}..`, has no port (write `host:port`)", "x".repeat(80))
    );
    assert!(error("\u{1b}[2J").contains(r"`\u{1b}[2J`"));
}

#[test]
fn lists_have_256_hosts_at_most() {
    let list: Vec<_> = (1..=MAX_HOSTS + 1).map(|port| format!("host:{port}")).collect();
    assert_eq!(Hosts::from_list(&list[..MAX_HOSTS]).unwrap().as_slice().len(), MAX_HOSTS);
    assert_eq!(Hosts::from_list(&list), Err(HostsError::TooMany { position: Position::Entry(257) }));
    let text = format!("\n{}", list.join("\n"));
    assert_eq!(Hosts::from_text(&text), Err(HostsError::TooMany { position: Position::Line(258) }));
}

#[test]
fn files_have_64_kib_at_most() {
    let text = |bytes: usize| "\n".repeat(bytes - 3) + "a:1";
    assert!(Hosts::from_text(&text(MAX_HOSTS_FILE_BYTES)).is_ok());
    let bytes = MAX_HOSTS_FILE_BYTES + 1;
    assert_eq!(Hosts::from_text(&text(bytes)), Err(HostsError::FileTooLong { bytes }));
}

#[test]
fn names_have_253_bytes_and_their_parts_63() {
    assert_eq!(fault(&format!("{}:1", "a".repeat(63))), None);
    assert_eq!(fault(&format!("{}:1", "a".repeat(64))), Some(EntryFault::Name));
    let name = |bytes: usize| "a.".repeat(bytes / 2) + &"a".repeat(bytes % 2);
    assert_eq!(fault(&format!("{}:1", name(MAX_NAME_BYTES))), None);
    assert_eq!(fault(&format!("{}:1", name(MAX_NAME_BYTES + 1))), Some(EntryFault::Name));
}

#[test]
fn processes_are_those_of_the_list() {
    let hosts = Hosts::from_list(&["a:1", "b:1"]).unwrap();
    assert_eq!(hosts.of_process(1).unwrap().to_string(), "b:1");
    assert_eq!(hosts.of_process(2), Err(HostsError::NoSuchProcess { process: 2, hosts: 2 }));
}

#[test]
fn loopback_is_localhost_127_and_1() {
    for name in ["localhost", "LOCALHOST", "127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"] {
        assert!(is_loopback(name), "{name}");
    }
    for name in [
        "localhost.example.org",
        "127.0.0.1.example.org",
        "128.0.0.1",
        "::2",
        "::ffff:127.0.0.1",
        "127.1",
        "",
    ] {
        assert!(!is_loopback(name), "{name}");
    }
    assert!(Hosts::from_list(&["localhost:1", "[::1]:1"]).unwrap().are_loopback());
    assert!(!Hosts::from_list(&["localhost:1", "10.0.0.1:1"]).unwrap().are_loopback());
}
