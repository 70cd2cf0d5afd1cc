//! Tests of processes that do not come together: who says what.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::super::deadline::Deadline;
use super::super::hello::{RunNumber, VERSION, preamble};
use super::super::hosts::Hosts;
use super::super::link::Link;
use super::super::message::Message;
use super::super::{MeshError, MeshSettings, connect};
use super::party::{LONG, Party, Running, SHORT, hello_of, identity, secret, start_on};

fn text(running: Running) -> String {
    running.error().to_string()
}

/// Starts three processes of which the last one differs, in an `order`, and asserts that all say so.
fn assert_all_hear_who_differs(order: [usize; 3]) {
    let mut party = Party::of(3);
    let expected = format!(
        "process 2 (`{}`) differs from process 0 (`{}`): input length `6`, not `5` (give every process the same)",
        party.host(2),
        party.host(0)
    );
    let running = order.map(|process| {
        let length = if process == 2 { "6" } else { "5" };
        party.start_as(&party.settings(process, LONG), identity(length))
    });
    for running in running {
        let error = running.error();
        assert!(matches!(error, MeshError::Differs { .. }), "{error}");
        assert_eq!(error.to_string(), expected, "{order:?}");
    }
}

#[test]
fn an_identity_that_differs_ends_all() {
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0]] {
        assert_all_hear_who_differs(order);
    }
}

/// Process 0 has ended the run by then.
#[test]
fn who_comes_late_hears_who_differs() {
    let mut party = Party::of(3);
    let zero = party.start(0);
    let two = text(party.start_as(&party.settings(2, LONG), identity("6")));
    assert!(two.contains("input length `6`, not `5`"), "{two}");
    assert!(zero.is_running());
    assert_eq!(text(party.start(1)), two);
    assert_eq!(text(zero), two);
}

#[test]
fn who_is_late_is_not_waited_for_long() {
    let mut party = Party::of(3);
    let settings = MeshSettings { farewell: Duration::from_millis(1), ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let two = text(party.start_as(&party.settings(2, LONG), identity("6")));
    // Process 1 never comes.
    assert_eq!(text(zero), two);
}

#[test]
fn a_list_of_hosts_that_is_longer_differs() {
    let (mut party, more) = (Party::of(2), Party::of(3));
    // Process 1 of its own list never comes.
    let settings = MeshSettings { farewell: Duration::ZERO, ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let list: Vec<_> = [party.host(0), more.host(1), more.host(2)].into();
    let settings = MeshSettings { hosts: Hosts::from_list(&list).unwrap(), ..more.settings(2, LONG) };
    let two = start_on(party.listener(1), &settings, identity("5"));
    for text in [text(zero), text(two)] {
        assert!(text.contains("number of processes `3`, not `2`"), "{text}");
    }
}

#[test]
fn another_secret_is_named() {
    let mut party = Party::of(2);
    let zero = party.start_as(&party.settings(0, SHORT), identity("5"));
    let settings = MeshSettings { secret: Some(secret("t")), ..party.settings(1, LONG) };
    let one = text(party.start_as(&settings, identity("5")));
    let first = party.host(0);
    assert_eq!(
        one,
        format!("process 0 (`{first}`) has another secret (give every process the same `secret_file`)")
    );
    let zero = text(zero);
    assert!(
        zero.starts_with(&format!("process 1 (`{}`) did not come within 700ms: 127.0.0.1:", party.host(1)))
    );
    assert!(zero.contains(", which says that it is process 1, has another secret"), "{zero}");
}

#[test]
fn no_secret_is_another_secret() {
    let mut party = Party::of(2);
    let zero = party.start_as(&party.settings(0, SHORT), identity("5"));
    let settings = MeshSettings { secret: None, ..party.settings(1, LONG) };
    assert!(matches!(party.start_as(&settings, identity("5")).error(), MeshError::SecretDiffers { .. }));
    assert!(matches!(zero.error(), MeshError::NeverCame { .. }));
}

/// A listener cannot pretend to hold the secret by saying that the dialer's proof is right.
#[test]
fn a_listener_without_the_secret_is_found() {
    let mut party = Party::of(2);
    let listener = party.listener(0);
    let one = party.start(1);
    let mut stream = listener.accept().unwrap().0;
    stream.read_exact(&mut [0; 52]).unwrap();
    let mut hello = hello_of(0);
    hello.to = 1;
    stream.write_all(&hello.encode()).unwrap();
    let mut proof = [0; 32];
    stream.read_exact(&mut proof).unwrap();
    // Sent back, the dialer's own proof is none of the listener.
    stream.write_all(&[1]).unwrap();
    stream.write_all(&proof).unwrap();
    assert!(matches!(one.error(), MeshError::SecretDiffers { peer } if peer.process == 0));
}

#[test]
fn a_process_that_never_comes_is_named_by_all() {
    let mut party = Party::of(3);
    drop(party.listener(2));
    let zero = party.start_as(&party.settings(0, SHORT), identity("5"));
    let one = party.start_as(&party.settings(1, SHORT), identity("5"));
    let missing = format!("process 2 (`{}`) did not come within 700ms", party.host(2));
    for text in [text(zero), text(one)] {
        assert!(text.contains(&missing), "{text}");
    }
}

#[test]
fn a_process_0_that_never_comes_is_named() {
    let mut party = Party::of(2);
    drop(party.listener(0));
    let one = text(party.start_as(&party.settings(1, SHORT), identity("5")));
    let expected =
        format!("process 0 (`{}`) did not come within 700ms: it cannot be reached (", party.host(0));
    assert!(one.starts_with(&expected), "{one}");
    assert!(one.ends_with(") (start every process, with the same list of hosts)"), "{one}");
}

#[test]
fn a_process_that_is_not_connected_to_all_is_named() {
    let mut party = Party::of(2);
    let zero = party.start_as(&party.settings(0, SHORT), identity("5"));
    let (_stream, welcome) = party.introduce(1, 0, RunNumber::default(), &identity("5"));
    assert!(matches!(welcome, Ok(Message::Welcome { .. })));
    let MeshError::NotConnected { peer, .. } = zero.error() else { panic!("process 0 says something else") };
    assert_eq!(peer.process, 1);
}

/// Starts processes 0 and 1 of three, with `deadline` for process 1. The third connects to both, and does not say so.
fn wait_for_the_third(party: &mut Party, deadline: Duration) -> (Running, Running, [TcpStream; 2]) {
    let zero = party.start(0);
    let one = party.start_as(&party.settings(1, deadline), identity("5"));
    let (to_zero, welcome) = party.introduce(2, 0, RunNumber::default(), &identity("5"));
    let Ok(Message::Welcome { run, .. }) = welcome else { panic!("not welcome") };
    let (to_one, joined) = party.introduce(2, 1, run, &identity("5"));
    assert!(matches!(joined, Ok(Message::Joined)));
    (zero, one, [to_zero, to_one])
}

#[test]
fn time_that_is_over_in_one_process_ends_all() {
    let mut party = Party::of(3);
    let (zero, one, _third) = wait_for_the_third(&mut party, SHORT);
    let zero = zero.error();
    assert!(matches!(&zero, MeshError::NotConnected { peer, .. } if peer.process == 2), "{zero}");
    assert_eq!(text(one), format!("process 0 (`{}`) ended the run: {zero}", party.host(0)));
}

#[test]
fn a_signal_to_process_0_ends_all() {
    let mut party = Party::of(3);
    let (zero, one, third) = wait_for_the_third(&mut party, LONG);
    zero.stop();
    assert!(matches!(zero.error(), MeshError::Stopped));
    assert_eq!(text(one), format!("process 0 (`{}`) ended the run: it was told to stop", party.host(0)));
    let mut link = Link::new(&third[0], Deadline::after(LONG), &|| false);
    let ended = Message::Ended { process: 0, reason: "it was told to stop".to_owned() };
    assert_eq!(Message::receive(&mut link).unwrap(), ended);
}

#[test]
fn a_signal_to_another_process_ends_all() {
    let mut party = Party::of(3);
    let (zero, one, third) = wait_for_the_third(&mut party, LONG);
    one.stop();
    assert!(matches!(one.error(), MeshError::Stopped));
    assert_eq!(text(zero), format!("process 1 (`{}`) ended the run: it was told to stop", party.host(1)));
    let mut link = Link::new(&third[0], Deadline::after(LONG), &|| false);
    let ended = Message::Ended { process: 1, reason: "it was told to stop".to_owned() };
    assert_eq!(Message::receive(&mut link).unwrap(), ended);
}

#[test]
fn a_signal_ends_the_waiting_for_process_0() {
    let mut party = Party::of(2);
    drop(party.listener(0));
    let one = party.start(1);
    one.stop();
    assert!(matches!(one.error(), MeshError::Stopped));
}

#[test]
fn a_process_that_leaves_ends_all() {
    let mut party = Party::of(3);
    let settings = MeshSettings { farewell: Duration::ZERO, ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let (stream, welcome) = party.introduce(2, 0, RunNumber::default(), &identity("5"));
    assert!(matches!(welcome, Ok(Message::Welcome { .. })));
    drop(stream);
    let expected =
        format!("process 2 (`{}`) is gone (see what it says, and start every process again)", party.host(2));
    assert_eq!(text(zero), expected);
}

#[test]
fn a_process_that_holds_the_secret_and_talks_nonsense_ends_all() {
    for nonsense in [vec![0], vec![200], Message::Go.encode(), [9, 255, 255, 255, 255].into()] {
        let mut party = Party::of(2);
        let zero = party.start(0);
        let (mut stream, welcome) = party.introduce(1, 0, RunNumber::default(), &identity("5"));
        assert!(matches!(welcome, Ok(Message::Welcome { .. })));
        stream.write_all(&nonsense).unwrap();
        assert!(matches!(zero.error(), MeshError::Garbled { peer } if peer.process == 1));
    }
}

#[test]
fn another_version_is_named() {
    let mut party = Party::of(2);
    let listener = party.listener(0);
    let one = party.start(1);
    listener.accept().unwrap().0.write_all(&preamble(VERSION + 1)).unwrap();
    let expected = format!(
        "process 0 (`{}`) speaks version 2 of the protocol, not 1 (run the same program in every process)",
        party.host(0)
    );
    assert_eq!(text(one), expected);
}

#[test]
fn hosts_in_another_order_are_found() {
    let mut party = Party::of(3);
    let running =
        [0, 1].map(|process| party.start_as(&party.settings(process, Duration::from_secs(2)), identity("5")));
    let list = [party.host(1), party.host(0), party.host(2)];
    let settings = MeshSettings { hosts: Hosts::from_list(&list).unwrap(), ..party.settings(2, LONG) };
    let expected = format!(
        "process 0 (`{}`) says that it is process 1 (give every process the same list of hosts, and its own number)",
        party.host(1)
    );
    assert_eq!(text(party.start_as(&settings, identity("5"))), expected);
    for running in running {
        assert!(text(running).contains("process 2"));
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = taken.local_addr().unwrap().to_string();
    let hosts = Hosts::from_list(&[own.as_str(), "127.0.0.1:1"]).unwrap();
    let error = connect(&MeshSettings::new(hosts, 0), &identity("5"), &|| false).unwrap_err();
    assert!(matches!(error, MeshError::CannotListen { .. }));
    let text = error.to_string();
    assert!(text.starts_with(&format!("process 0 (`{own}`) cannot listen: ")), "{text}");
    assert!(text.ends_with("(stop what listens there, or list an address of this machine)"), "{text}");
}

#[test]
fn a_name_without_an_address_is_named() {
    let hosts = Hosts::from_list(&["nobody.invalid:2101", "127.0.0.1:1"]).unwrap();
    let settings = MeshSettings { deadline: SHORT, ..MeshSettings::new(hosts, 0) };
    let error = connect(&settings, &identity("5"), &|| false).unwrap_err();
    assert!(matches!(error, MeshError::Unresolved { .. }));
    let text = error.to_string();
    assert!(text.starts_with("the name of process 0 (`nobody.invalid:2101`) has no address: "), "{text}");

    let mut party = Party::of(2);
    let hosts = Hosts::from_list(&["nobody.invalid:2101".to_owned(), party.host(1)]).unwrap();
    let one = party.start_as(&MeshSettings { hosts, ..party.settings(1, SHORT) }, identity("5")).error();
    assert!(matches!(one, MeshError::Unresolved { peer, .. } if peer.process == 0));
}

#[test]
fn a_process_beyond_the_list_is_refused() {
    let hosts = Hosts::from_list(&["127.0.0.1:1", "127.0.0.1:2"]).unwrap();
    let error = connect(&MeshSettings::new(hosts, 2), &identity("5"), &|| false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no process `2` in a list of 2 hosts (give a number below 2, or add a host)"
    );
}
