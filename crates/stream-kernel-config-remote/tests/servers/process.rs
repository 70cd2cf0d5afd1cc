//! Real servers: found, started, and ended whatever happens.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// The longest wait for a server, in tenths of a second: the machine may be busy.
const PATIENCE: usize = 600;

/// A running server, which ends when this value is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
    /// The signal that ends it.
    end: &'static str,
    pub(crate) folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The id of an ended process may be another's by now.
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let signal = format!("kill -{} {}", self.end, self.child.id());
        if Command::new("sh").args(["-c", &signal]).status().is_ok_and(|status| status.success()) {
            for _ in 0..100 {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts the command that `command` makes of a port, in a folder, and waits until `is_ready`. Another test may
    /// take the port first: then it tries another one.
    pub(crate) fn start(
        folder: TempDir,
        end: &'static str,
        command: impl Fn(&Path, u16) -> Command,
        is_ready: impl Fn(u16) -> bool,
    ) -> Self {
        let mut folder = Some(folder);
        for _ in 0..3 {
            let port = free_port();
            let at = folder.take().expect("it is given back when a server does not start");
            let child = command(at.path(), port)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut server = Self { port, child: child.expect("the server starts"), end, folder: at };
            for _ in 0..PATIENCE {
                if is_ready(port) {
                    return server;
                }
                if !matches!(server.child.try_wait(), Ok(None)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            let empty = tempfile::tempdir().expect("there is a temporary folder");
            folder = Some(std::mem::replace(&mut server.folder, empty));
        }
        panic!("the server did not come up");
    }
}

/// Returns a port without a listener, below those that the system assigns: no other test takes it before a server does.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 10_000;
    const PORTS: u16 = 20_000;
    // Other processes that do the same hardly begin at the same port.
    let begin = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(PORTS)).expect("it is smaller");
    let port = |_| FIRST + (begin + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS) % PORTS;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (0..PORTS).map(port).find(is_free).expect("there is a free port")
}

/// Returns whether a port has a listener.
pub(crate) fn listens(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Returns the path of a program, if it is installed; if not, prints the missing package.
///
/// # Panics
///
/// If it is missing and `REQUIRE_SERVERS` is set.
#[expect(
    clippy::disallowed_methods,
    reason = "which servers there are to test against is a matter of the machine"
)]
pub(crate) fn find(program: &str, package: &str) -> Option<PathBuf> {
    let mut folders: Vec<_> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(["/usr/sbin".into(), "/usr/local/bin".into()]);
    // PostgreSQL's programs are not on the path in Debian.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let found = folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file());
    if found.is_none() {
        let missing = format!("`{program}` is not installed: in Debian it is in the package {package}");
        assert!(std::env::var_os("REQUIRE_SERVERS").is_none(), "{missing}");
        let _ = writeln!(std::io::stderr(), "not tested: {missing}");
    }
    found
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
