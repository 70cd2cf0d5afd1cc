//! Connections to a server, made within the deadline.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use stream_kernel_config::SourceError;

use crate::address::Address;
use crate::deadline::Deadline;

/// Returns a connection to the first address of the server that accepts one.
pub(crate) fn connect(address: &Address, deadline: Deadline) -> Result<TcpStream, SourceError> {
    let mut refusal = None;
    for socket_address in addresses(address, deadline)? {
        let wait = deadline.remaining().ok_or_else(|| address.timed_out())?;
        match TcpStream::connect_timeout(&socket_address, wait) {
            Ok(stream) => {
                // Requests are small, and each is waited for. Without this they only take longer.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => refusal = Some(error),
        }
    }
    Err(match refusal {
        Some(_) if deadline.has_passed() => address.timed_out(),
        Some(error) => address.disconnected(&error),
        None => address.unreachable_because("its name stands for no address"),
    })
}

fn addresses(address: &Address, deadline: Deadline) -> Result<Vec<SocketAddr>, SourceError> {
    let (host, port) = (address.bare_host().to_owned(), address.port);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let wait = deadline.remaining().ok_or_else(|| address.timed_out())?;
    // The system's look-up has no deadline: a slow one ends by itself, and nobody listens.
    let (found, finds) = mpsc::sync_channel(1);
    let look_up = move || found.send((host.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    thread::Builder::new().spawn(look_up).map_err(|error| address.disconnected(&error))?;
    match finds.recv_timeout(wait) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(address.unreachable_because(&error.to_string())),
        Err(_) => Err(address.timed_out()),
    }
}
