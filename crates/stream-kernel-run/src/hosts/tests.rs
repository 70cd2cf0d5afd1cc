//! Tests of lists of hosts and their files.

use std::fs;

use super::*;

fn list<S: AsRef<str>>(entries: &[S]) -> Vec<String> {
    entries.iter().map(|entry| entry.as_ref().to_owned()).collect()
}

#[track_caller]
fn check(entry: &str, fault: HostFault) {
    assert_eq!(check_hosts(&list(&["10.0.0.1:1", entry])), [(1, fault)], "{entry}");
}

#[test]
fn names_and_addresses_with_ports_are_hosts() {
    let longest_label = "a".repeat(MAX_LABEL_BYTES);
    let hosts = [
        "10.0.0.1:1",
        "10.0.0.1:65535",
        "[::1]:2101",
        "[2001:db8::7]:2101",
        "localhost:2101",
        "worker-1.example:2101",
        "worker_2.example.:02101",
        "0x7f.example:1",
        &format!("{longest_label}:1"),
    ];
    assert_eq!(check_hosts(&list(&hosts)), []);
}

#[test]
fn each_wrong_entry_is_told() {
    for (entry, fault) in [
        ("", HostFault::NoPort),
        ("10.0.0.2", HostFault::NoPort),
        ("10.0.0.2:", HostFault::NoPort),
        ("[::1]", HostFault::NoPort),
        ("[::1]:", HostFault::NoPort),
        ("10.0.0.2:0", HostFault::PortZero),
        ("10.0.0.2:000", HostFault::PortZero),
        ("10.0.0.2:65536", HostFault::Port),
        ("10.0.0.2:+1", HostFault::Port),
        ("10.0.0.2:2101 ", HostFault::Port),
        ("10.0.0.2:x", HostFault::Port),
        (":2101", HostFault::Name),
        ("10.0.0:2101", HostFault::Name),
        ("10.0.0.256:2101", HostFault::Name),
        ("a..b:2101", HostFault::Name),
        ("-a:2101", HostFault::Name),
        ("a-:2101", HostFault::Name),
        ("a b:2101", HostFault::Name),
        ("http//a:2101", HostFault::Name),
        ("::1:2101", HostFault::Brackets),
        ("http://a:2101", HostFault::Brackets),
        ("[10.0.0.2]:2101", HostFault::Brackets),
        ("[::1:2101", HostFault::Brackets),
        ("[::1]2101", HostFault::Brackets),
        ("0.0.0.0:2101", HostFault::Unspecified),
        ("[::]:2101", HostFault::Unspecified),
        ("10.0.0.1:1", HostFault::Twice { first: 0 }),
        ("10.0.0.1:01", HostFault::Twice { first: 0 }),
    ] {
        check(entry, fault);
    }
    check(&format!("{}:1", "a".repeat(MAX_LABEL_BYTES + 1)), HostFault::Name);
}

#[test]
fn all_faults_of_a_list_are_told() {
    let hosts = list(&["A.example:1", "b", "[::1]:1", "a.example.:1", "[0:0::1]:1", "a.example:2"]);
    let faults =
        [(1, HostFault::NoPort), (3, HostFault::Twice { first: 0 }), (4, HostFault::Twice { first: 2 })];
    assert_eq!(check_hosts(&hosts), faults);
}

#[test]
fn a_list_has_a_least_and_a_greatest_length() {
    let hosts = |count: usize| -> Vec<String> { (1..=count).map(|port| format!("a:{port}")).collect() };
    assert_eq!(check_hosts(&[]), [(0, HostFault::Empty)]);
    assert_eq!(check_hosts(&hosts(MAX_HOSTS)), []);
    assert_eq!(check_hosts(&hosts(MAX_HOSTS + 1)), [(MAX_HOSTS, HostFault::TooMany)]);
}

#[test]
fn a_name_has_a_greatest_length() {
    let labels = [&*"a".repeat(63); 3].join(".");
    let longest = format!("{labels}.{}", "b".repeat(MAX_HOST_NAME_BYTES - labels.len() - 1));
    assert_eq!(check_hosts(&[format!("{longest}:1")]), []);
    assert_eq!(check_hosts(&[format!("{longest}b:1")]), [(0, HostFault::Name)]);
}

#[test]
fn loopback_is_told_from_its_text() {
    for host in ["localhost", "LocalHost:1", "127.0.0.1:1", "127.255.0.9", "::1", "[::1]:1"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in [
        "10.0.0.1:1",
        "128.0.0.1",
        "[::2]:1",
        "localhost.example:1",
        "127.0.0.1.example:1",
        "0x7f000001:1",
        "127.1:1",
        "[::ffff:127.0.0.1]:1",
        "",
    ] {
        assert!(!is_loopback(host), "{host}");
    }
}

#[test]
fn a_file_has_one_host_a_line() {
    let text = "# the cluster\n10.0.0.1:1\r\n\n  10.0.0.2:1 # the second\n#10.0.0.3:1\n[::1]:1";
    assert_eq!(parse_hosts(text), ["10.0.0.1:1", "10.0.0.2:1", "[::1]:1"]);
    assert_eq!(parse_hosts("\n \n# none\n"), [""; 0]);
}

#[test]
fn a_file_is_read_up_to_its_greatest_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    let mut text = "a:1\n#".to_owned();
    text += &"x".repeat(MAX_HOSTS_FILE_BYTES - text.len());
    fs::write(&path, &text).unwrap();
    assert_eq!(read_hosts_file(&path).unwrap(), ["a:1"]);
    fs::write(&path, text + "x").unwrap();
    assert!(matches!(read_hosts_file(&path), Err(HostsFileError::TooLong)));
    assert!(matches!(read_hosts_file(Path::new("/dev/zero")), Err(HostsFileError::TooLong)));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    assert!(matches!(read_hosts_file(&path), Err(HostsFileError::Read(_))));
    assert!(matches!(read_hosts_file(folder.path()), Err(HostsFileError::Read(_))));
    fs::write(&path, b"a:1\n\xff").unwrap();
    assert!(matches!(read_hosts_file(&path), Err(HostsFileError::NotText)));
}
