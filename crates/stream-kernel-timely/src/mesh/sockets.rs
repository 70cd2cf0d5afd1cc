//! Sockets as the run uses them: how they send, and when they fail.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt;

/// How long the other machine may not answer before a connection fails.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
/// How long a connection is idle before the system asks whether the other machine is there.
const IDLE: Duration = Duration::from_secs(10);
/// How long the system waits between such questions; [`PROBES`] of them after [`IDLE`] make [`SILENCE`].
const BETWEEN_PROBES: Duration = Duration::from_secs(5);
/// How many unanswered questions end a connection.
const PROBES: u32 = 4;

/// Sets the options of a connection for the run: it blocks without a time-out, sends at once, and fails when the other machine
/// has not answered for 30 s.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(None)?;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, IDLE)?;
    sockopt::set_tcp_keepintvl(stream, BETWEEN_PROBES)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, u32::try_from(SILENCE.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}
