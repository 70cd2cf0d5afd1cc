//! Tests of each length at its bound and one beyond.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::super::deadline::Deadline;
use super::super::error::MeshError;
use super::super::fields::{put_text, put_u16, put_u32};
use super::super::hello::{Hello, version_of};
use super::super::hosts::Hosts;
use super::super::identity::{
    Difference, Identity, IdentityError, MAX_DIFFERENCES_BYTES, MAX_FACTS, MAX_IDENTITY_BYTES,
};
use super::super::link::Link;
use super::super::message::{MAX_REASON_BYTES, Message};
use super::super::secret::{InvalidSecret, MAX_SECRET_BYTES, MIN_SECRET_BYTES, Secret};
use super::party::LONG;

fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dialed = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (dialed, listener.accept().unwrap().0)
}

/// Returns the message that is read where `bytes` come and then the end.
fn receive(bytes: &[u8]) -> Option<Message> {
    let (mut from, to) = connection();
    from.write_all(bytes).unwrap();
    drop(from);
    Message::receive(&mut Link::new(&to, Deadline::after(LONG), &|| false)).ok()
}

#[test]
fn secrets_have_16_to_4096_bytes() {
    for bytes in [0, MIN_SECRET_BYTES - 1, MAX_SECRET_BYTES + 1] {
        assert_eq!(Secret::new(&vec![1; bytes]).unwrap_err(), InvalidSecret { bytes });
    }
    for bytes in [MIN_SECRET_BYTES, MAX_SECRET_BYTES] {
        assert_eq!(format!("{:?}", Secret::new(&vec![1; bytes]).unwrap()), "Secret(..)");
    }
}

#[test]
fn identities_have_bounds() {
    let facts = |count| vec![("name", "value".to_owned()); count];
    assert!(Identity::new(facts(MAX_FACTS)).is_ok());
    assert_eq!(Identity::new(facts(MAX_FACTS + 1)), Err(IdentityError::TooMany { facts: MAX_FACTS + 1 }));
    assert!(Identity::new(vec![("name", "v".repeat(1024))]).is_ok());
    assert_eq!(Identity::new(vec![("name", "v".repeat(1025))]), Err(IdentityError::TooLong { name: "name" }));
    let name: &'static str = "n".repeat(65).leak();
    assert!(Identity::new(vec![(&name[..64], String::new())]).is_ok());
    assert!(Identity::new(vec![(name, String::new())]).is_err());
}

/// Returns an identity as bytes whose first name and value are as long as said.
fn encoded(facts: u16, name: usize, value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    put_u16(&mut out, facts);
    for _ in 0..facts {
        put_text(&mut out, &"n".repeat(name), u16::MAX);
        put_text(&mut out, &"v".repeat(value), u16::MAX);
    }
    out
}

#[test]
fn identities_are_read_within_bounds() {
    let longest = encoded(32, 64, 1024);
    assert_eq!(longest.len(), MAX_IDENTITY_BYTES);
    assert_eq!(Identity::decode(&longest).unwrap().encode(), longest);
    for beyond in [encoded(33, 1, 1), encoded(1, 65, 1), encoded(1, 1, 1025)] {
        assert_eq!(Identity::decode(&beyond), None);
    }
    let all = encoded(2, 3, 3);
    assert!(Identity::decode(&all).is_some());
    for end in 0..all.len() {
        assert_eq!(Identity::decode(&all[..end]), None, "{end}");
    }
    assert_eq!(Identity::decode(&[&all[..], &[0]].concat()), None);
    assert_eq!(Identity::decode(&[0, 1, 0, 1, 255, 0, 0]), None, "a name that is not UTF-8");
}

#[test]
fn differences_are_facts_that_differ() {
    let zero = Identity::new(vec![("a", "1".to_owned()), ("b", "2".to_owned())]).unwrap();
    let other = Identity::new(vec![("c", "3".to_owned()), ("b", "2".to_owned())]).unwrap();
    let shown: Vec<_> = zero.differences(&other).iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["a ``, not `1`", "c `3`, not ``"]);
    assert_eq!(zero.differences(&zero), []);
}

fn differs(count: usize, name: usize, value: usize) -> Message {
    let (here, there) = ("v".repeat(value), "w".repeat(value));
    let difference = Difference { name: "n".repeat(name), here, there };
    Message::Differs { process: 3, differences: vec![difference; count] }
}

#[test]
fn messages_are_read_as_they_were_sent() {
    let ended = |bytes| Message::Ended { process: 3, reason: "r".repeat(bytes) };
    for message in [
        Message::Welcome { seed: u64::MAX - 1, run: [5; 16] },
        Message::Joined,
        Message::Taken,
        Message::OtherRun,
        Message::Complete,
        Message::Go,
        Message::Stopped,
        Message::GaveUp,
        ended(0),
        ended(usize::from(MAX_REASON_BYTES)),
        differs(0, 0, 0),
        differs(64, 64, 1024),
    ] {
        let bytes = message.encode();
        assert_eq!(receive(&bytes), Some(message));
        assert_eq!(receive(&bytes[..bytes.len() - 1]), None);
    }
    assert_eq!(differs(64, 64, 1024).encode().len(), 1 + 4 + 4 + MAX_DIFFERENCES_BYTES);
    assert_eq!(receive(&differs(65, 1, 1).encode()), None);
    assert_eq!(receive(&[0]), None);
    assert_eq!(receive(&[11]), None);
}

/// What has begun already takes them for data: a header of timely's is longer.
#[test]
fn messages_to_who_may_have_begun_are_one_byte() {
    for message in [Message::Stopped, Message::GaveUp] {
        assert_eq!(message.encode().len(), 1);
    }
}

#[test]
fn reasons_are_cut_between_characters() {
    let sent = |reason: String| match receive(&Message::Ended { process: 0, reason }.encode()) {
        Some(Message::Ended { reason, .. }) => reason.len(),
        other => panic!("{other:?}"),
    };
    let most = usize::from(MAX_REASON_BYTES);
    assert_eq!(sent("r".repeat(most + 1)), most);
    assert_eq!(sent("r".repeat(most - 1) + "é"), most - 1);

    let mut beyond = Vec::new();
    put_u32(&mut beyond, 0);
    put_text(&mut beyond, &"r".repeat(most + 1), u16::MAX);
    let mut message = vec![9];
    put_u32(&mut message, beyond.len());
    message.append(&mut beyond);
    assert_eq!(receive(&message), None);
}

#[test]
fn what_others_say_cannot_steer_a_terminal() {
    let hosts = Hosts::from_list(&["127.0.0.1:1"]).unwrap();
    assert_eq!(
        MeshError::ended(&hosts, 7, "a\u{1b}[2Jb").to_string(),
        r"process 7 (`not listed`) ended the run: a\u{1b}[2Jb"
    );
    let long = MeshError::ended(&hosts, 0, &"\n".repeat(usize::from(MAX_REASON_BYTES)));
    assert!(matches!(long, MeshError::Ended { reason, .. } if reason.len() == usize::from(MAX_REASON_BYTES)));
    let difference = Difference { name: "n\n".to_owned(), here: "\r".to_owned(), there: "\u{1b}".to_owned() };
    assert_eq!(difference.to_string(), r"n\n `\u{1b}`, not `\r`");
}

#[test]
fn sizes_are_read_up_to_a_bound() {
    let read = |length: u32, most| {
        let (mut from, to) = connection();
        from.write_all(&length.to_be_bytes()).unwrap();
        from.write_all(&[1; 10]).unwrap();
        Link::new(&to, Deadline::after(LONG), &|| false).read_sized(most).map(|bytes| bytes.len()).ok()
    };
    assert_eq!(read(10, 10), Some(10));
    assert_eq!(read(10, 9), None);
    assert_eq!(read(u32::MAX, 10), None);
    assert_eq!(read(0, 0), Some(0));
}

#[test]
fn links_end_at_their_deadline_or_when_told() {
    let (_from, to) = connection();
    let mut late = Link::new(&to, Deadline::after(Duration::from_millis(30)), &|| false);
    assert_eq!(late.read::<1>().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    // A link that does not ask would wait for an hour.
    let mut told = Link::new(&to, Deadline::after(Duration::from_hours(1)), &|| true);
    assert_eq!(told.read::<1>().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    // Nobody reads: more than the system keeps is not written.
    let mut full = Link::new(&to, Deadline::after(Duration::from_millis(300)), &|| false);
    assert_eq!(full.write(&vec![0; 64 << 20]).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn hellos_are_read_as_they_were_sent() {
    let hello = Hello { processes: 256, from: 255, to: 1, run: [1; 16], nonce: [2; 16] };
    let bytes = hello.encode();
    assert_eq!(version_of(bytes[..8].try_into().unwrap()), Some(1));
    assert_eq!(Hello::decode(bytes[8..].try_into().unwrap()), Some(hello));
    assert_eq!(version_of(*b"skmesi\0\x01"), None);
}
