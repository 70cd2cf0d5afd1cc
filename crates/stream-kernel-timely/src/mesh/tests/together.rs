//! Tests of processes that do come together.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use rustix::net::sockopt;

use super::super::sockets::SILENCE;
use super::super::{Mesh, MeshSettings, connect};
use super::party::{LONG, Party, Running, identity, secret, start_on};

fn come_together(processes: usize) -> Vec<Mesh> {
    let mut party = Party::of(processes);
    // The last ones first, so that they have to wait.
    let mut running: Vec<_> = (0..processes).rev().map(|process| party.start(process)).collect();
    running.reverse();
    running.into_iter().map(Running::mesh).collect()
}

/// Asserts that all have the same numbers, and that each connection leads where it should, with nothing in it.
fn assert_connected(meshes: &[Mesh]) {
    for (own, mesh) in meshes.iter().enumerate() {
        assert_eq!((mesh.seed, mesh.run), (meshes[0].seed, meshes[0].run));
        assert_ne!(mesh.run, [0; 16]);
        assert_eq!(mesh.sockets.len(), meshes.len());
        for (other, socket) in mesh.sockets.iter().enumerate() {
            assert_eq!(socket.is_none(), own == other);
            if let Some(mut socket) = socket.as_ref() {
                socket.write_all(&[u8::try_from(10 * own + other).unwrap()]).unwrap();
            }
        }
    }
    for (own, mesh) in meshes.iter().enumerate() {
        for (other, socket) in mesh.sockets.iter().enumerate() {
            let Some(mut socket) = socket.as_ref() else { continue };
            let mut bytes = [0];
            socket.read_exact(&mut bytes).unwrap();
            assert_eq!(usize::from(bytes[0]), 10 * other + own);
        }
    }
}

#[test]
fn one_process_needs_nobody() {
    assert_connected(&come_together(1));
}

#[test]
fn two_processes_come_together() {
    assert_connected(&come_together(2));
}

#[test]
fn three_processes_come_together() {
    assert_connected(&come_together(3));
}

#[test]
fn five_processes_come_together() {
    assert_connected(&come_together(5));
}

#[test]
fn every_run_draws_its_own_numbers() {
    let (first, second) = (come_together(1), come_together(1));
    assert_ne!(first[0].run, second[0].run);
    assert_ne!(first[0].seed, second[0].seed);
}

#[test]
fn processes_without_a_secret_come_together() {
    let mut party = Party::of(2);
    let running = [0, 1].map(|process| {
        let settings = MeshSettings { secret: None, ..party.settings(process, LONG) };
        party.start_as(&settings, identity("5"))
    });
    assert_connected(&running.map(Running::mesh));
}

#[test]
fn a_process_that_starts_early_waits() {
    let mut party = Party::of(2);
    // Nobody listens at the address of process 0 until process 1 has tried.
    let address = party.host(0);
    drop(party.listener(0));
    let late = party.start(1);
    let stranger = TcpListener::bind(&address).unwrap();
    drop(stranger.accept().unwrap());
    let first = start_on(stranger, &party.settings(0, LONG), identity("5"));
    assert_connected(&[first.mesh(), late.mesh()]);
}

#[test]
fn connections_fail_after_silence() {
    for mesh in come_together(2) {
        let socket = mesh.sockets.iter().flatten().next().unwrap();
        assert!(socket.nodelay().unwrap());
        assert_eq!(socket.read_timeout().unwrap(), None);
        assert_eq!(socket.write_timeout().unwrap(), None);
        assert!(sockopt::socket_keepalive(socket).unwrap());
        let probes = sockopt::tcp_keepintvl(socket).unwrap() * sockopt::tcp_keepcnt(socket).unwrap();
        assert_eq!(sockopt::tcp_keepidle(socket).unwrap() + probes, SILENCE);
        #[cfg(target_os = "linux")]
        assert_eq!(u128::from(sockopt::tcp_user_timeout(socket).unwrap()), SILENCE.as_millis());
        let flags = rustix::fs::fcntl_getfl(socket).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
    }
}

/// Addresses that no other test uses: a port that was free on them is.
#[cfg(target_os = "linux")]
#[test]
fn a_process_listens_on_its_own_address_only() {
    let free = |address: &str| TcpListener::bind(address).unwrap().local_addr().unwrap();
    let (first, second) = (free("127.83.20.1:0"), free("127.83.20.2:0"));
    let hosts = super::super::hosts::Hosts::from_list(&[first.to_string(), second.to_string()]).unwrap();
    let settings = |process| MeshSettings {
        secret: Some(secret("s")),
        deadline: LONG,
        ..MeshSettings::new(hosts.clone(), process)
    };
    thread::scope(|scope| {
        let zero = scope.spawn(|| connect(&settings(0), &identity("5"), &|| false));
        while TcpStream::connect(first).is_err() {
            thread::yield_now();
        }
        assert!(TcpStream::connect(("127.83.20.3", first.port())).is_err());
        let one = connect(&settings(1), &identity("5"), &|| false).unwrap();
        assert_connected(&[zero.join().unwrap().unwrap(), one]);
    });
}
