//! Tests of strangers on the port: they are turned away, and the processes come together all the same.

use std::io::{Read, Write};
use std::time::Duration;

use super::super::accept::MAX_HANDSHAKES;
use super::super::handshake::Refusal;
use super::super::hello::{Hello, RunNumber, VERSION, preamble};
use super::super::identity::MAX_IDENTITY_BYTES;
use super::super::message::Message;
use super::super::secret::{PROOF_BYTES, Role};
use super::super::{Identity, MeshError, MeshSettings};
use super::party::{LONG, Party, Running, exchange_hellos, hello_of, identity, is_closed, secret};

/// Starts process 0 of two, has `stranger` do something, and asserts that process 1 can come all the same.
fn meets(stranger: impl FnOnce(&Party)) {
    let mut party = Party::of(2);
    let zero = party.start(0);
    stranger(&party);
    let one = party.start(1);
    assert_eq!(zero.mesh().run, one.mesh().run);
}

/// Shows the secret to process 0 as who says `hello`, and returns the connection.
fn proved(party: &Party, hello: &Hello) -> std::net::TcpStream {
    let mut stream = party.connect(0);
    let theirs = exchange_hellos(&stream, hello);
    let transcript = [hello.encode(), theirs.encode()].concat();
    stream.write_all(&secret("s").prove(Role::Dialer, &transcript)).unwrap();
    let mut answer = [0; 1 + PROOF_BYTES];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[0], 1);
    assert!(secret("s").verify(Role::Listener, &transcript, answer[1..].try_into().unwrap()));
    stream
}

#[test]
fn who_says_nothing_is_turned_away_in_time() {
    let mut party = Party::of(2);
    let settings = party.settings(0, LONG);
    let zero = party
        .start_as(&MeshSettings { handshake: Duration::from_millis(50), ..settings.clone() }, identity("5"));
    assert!(is_closed(&party.connect(0)));
    zero.stop();
    assert!(matches!(zero.error(), MeshError::Stopped));
}

#[test]
fn who_says_a_byte_at_a_time_is_turned_away_in_time() {
    let mut party = Party::of(2);
    let settings = MeshSettings { handshake: Duration::from_millis(200), ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let mut slow = party.connect(0);
    let hello = hello_of(1).encode();
    // Too slow for the whole, though it never stops for long: it takes 2.6 s.
    let is_refused = hello.iter().any(|byte| {
        std::thread::sleep(Duration::from_millis(50));
        slow.write_all(&[*byte]).is_err()
    });
    assert!(is_refused || is_closed(&slow));
    zero.stop();
    assert!(matches!(zero.error(), MeshError::Stopped));
}

#[test]
fn who_says_nothing_holds_nobody_up() {
    let mut party = Party::of(2);
    // Whoever waited for the handshake to end would wait for an hour.
    let settings = MeshSettings { handshake: Duration::from_hours(1), ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let silent = party.connect(0);
    let one = party.start(1);
    assert_eq!(zero.mesh().run, one.mesh().run);
    assert!(is_closed(&silent));
}

#[test]
fn many_who_say_nothing_hold_nobody_up() {
    // One more than there are handshakes: with that many, process 1 would wait for 60 s.
    let mut silent = Vec::new();
    meets(|party| silent.extend((0..=MAX_HANDSHAKES).map(|_| party.connect(0))));
}

#[test]
fn garbage_is_turned_away() {
    meets(|party| {
        let mut stream = party.connect(0);
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert!(is_closed(&stream));
    });
}

#[test]
fn who_leaves_at_once_is_forgotten() {
    meets(|party| drop(party.connect(0)));
}

#[test]
fn another_version_is_told_of_this_one() {
    meets(|party| {
        let mut stream = party.connect(0);
        stream.write_all(&preamble(VERSION + 1)).unwrap();
        stream.write_all(&[0; 100]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, preamble(VERSION));
    });
}

#[test]
fn another_secret_is_turned_away_without_a_proof() {
    meets(|party| {
        let mut stream = party.connect(0);
        let theirs = exchange_hellos(&stream, &hello_of(1));
        let transcript = [hello_of(1).encode(), theirs.encode()].concat();
        stream.write_all(&secret("t").prove(Role::Dialer, &transcript)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, [0; 1 + PROOF_BYTES]);
    });
}

#[test]
fn a_proof_of_an_earlier_connection_is_turned_away() {
    meets(|party| {
        let mut first = party.connect(0);
        let theirs = exchange_hellos(&first, &hello_of(1));
        let proof = secret("s").prove(Role::Dialer, &[hello_of(1).encode(), theirs.encode()].concat());
        first.write_all(&proof).unwrap();
        let mut answer = [0; 1 + PROOF_BYTES];
        first.read_exact(&mut answer).unwrap();
        assert_eq!(answer[0], 1);
        drop(first);

        let mut second = party.connect(0);
        exchange_hellos(&second, &hello_of(1));
        second.write_all(&proof).unwrap();
        let mut answer = Vec::new();
        second.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, [0; 1 + PROOF_BYTES]);
    });
}

#[test]
fn a_proof_holds_for_one_role_and_transcript() {
    let (ours, other) = (secret("s"), secret("t"));
    let proof = ours.prove(Role::Listener, b"transcript");
    assert!(ours.verify(Role::Listener, b"transcript", &proof));
    assert!(!ours.verify(Role::Dialer, b"transcript", &proof));
    assert!(!ours.verify(Role::Listener, b"transcripu", &proof));
    assert!(!other.verify(Role::Listener, b"transcript", &proof));
    for byte in 0..PROOF_BYTES {
        let mut changed = proof;
        changed[byte] ^= 1;
        assert!(!ours.verify(Role::Listener, b"transcript", &changed));
    }
}

#[test]
fn numbers_out_of_range_are_turned_away() {
    // The second one is the first beyond the list; its identity is that of two processes.
    for from in [0, 2, usize::try_from(u32::MAX).unwrap()] {
        meets(|party| {
            let mut stream = proved(party, &hello_of(from));
            let identity = identity("5").with_processes(2).encode();
            let length = u32::try_from(identity.len()).unwrap();
            stream.write_all(&[&length.to_be_bytes()[..], &identity].concat()).unwrap();
            assert!(is_closed(&stream));
        });
    }
}

#[test]
fn who_means_another_process_is_turned_away() {
    meets(|party| assert!(is_closed(&proved(party, &Hello { to: 1, ..hello_of(1) }))));
}

#[test]
fn a_huge_identity_is_turned_away_unread() {
    for length in [u32::try_from(MAX_IDENTITY_BYTES).unwrap() + 1, u32::MAX] {
        meets(|party| {
            let mut stream = proved(party, &hello_of(1));
            stream.write_all(&length.to_be_bytes()).unwrap();
            assert!(is_closed(&stream));
        });
    }
}

#[test]
fn an_identity_that_is_garbage_is_turned_away() {
    meets(|party| {
        let mut stream = proved(party, &hello_of(1));
        let length = u32::try_from(MAX_IDENTITY_BYTES).unwrap();
        stream.write_all(&length.to_be_bytes()).unwrap();
        stream.write_all(&vec![255; MAX_IDENTITY_BYTES - 1]).unwrap();
        // As long as a byte is missing, it is waited for.
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(!is_closed(&stream));
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(&[255]).unwrap();
        assert!(is_closed(&stream));
    });
}

/// Starts processes 0 and 1 of three, has `stranger` do something, and asserts that process 2 can come all the same.
fn two_of_three_meet(stranger: impl FnOnce(&Party)) {
    let mut party = Party::of(3);
    let (zero, one) = (party.start(0), party.start(1));
    stranger(&party);
    let run = party.start(2).mesh().run;
    assert_eq!((zero.mesh().run, one.mesh().run), (run, run));
}

#[test]
fn a_number_that_has_come_already_is_turned_away() {
    let mut party = Party::of(3);
    let settings = MeshSettings { farewell: Duration::ZERO, ..party.settings(0, LONG) };
    let zero = party.start_as(&settings, identity("5"));
    let (first, welcome) = party.introduce(1, 0, RunNumber::default(), &identity("5"));
    assert!(matches!(welcome, Ok(Message::Welcome { .. })));
    let second = party.start(1).error();
    assert_eq!(
        second.to_string(),
        format!(
            "process 1 (`{}`) is there twice: process 0 (`{}`) knows another one (give every process its own number)",
            party.host(1),
            party.host(0)
        )
    );
    // The one that came first is still in the run.
    assert!(zero.is_running());
    drop(first);
    let MeshError::Gone { peer } = zero.error() else { panic!("process 0 goes on") };
    assert_eq!(peer.process, 1);
}

#[test]
fn processes_of_another_run_are_turned_away() {
    two_of_three_meet(|party| {
        let (_, answer) = party.introduce(2, 1, [3; 16], &identity("5"));
        let Err(Refusal::ForNow(because)) = answer else { panic!("it was taken in") };
        assert_eq!(because, "belongs to another run");
    });
}

#[test]
fn the_longest_identity_is_compared() {
    let long = || {
        let names: [&'static str; 31] = std::array::from_fn(|fact| &*format!("{fact:064}").leak());
        Identity::new(names.into_iter().map(|name| (name, "v".repeat(1024))).collect()).unwrap()
    };
    let mut party = Party::of(2);
    let running = [0, 1].map(|process| party.start_as(&party.settings(process, LONG), long()));
    let [zero, one] = running.map(Running::mesh);
    assert_eq!(zero.run, one.run);
}
