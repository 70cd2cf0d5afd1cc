//! Stand-ins for real servers, which answer as a test wants.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The answer to a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// This status and this body.
    Http(u16, String),
    /// This status and a `Location`.
    Redirect(u16, String),
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then one more of the second kind from time to time, without end.
    Drip(Vec<u8>, u8),
    /// Nothing, and the connection stays open.
    Never,
}

/// A server on a port of the loopback interface. It lasts as long as the tests.
pub(crate) struct StandIn {
    pub(crate) port: u16,
    /// The requests so far: their lines, headers and bodies.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Starts a server that reads a request over HTTP, and answers it with `answer`.
    pub(crate) fn http(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(move |stream, requests| {
            let request = read_request(stream).unwrap_or_default();
            requests.lock().unwrap().push(request.clone());
            answer(&request)
        })
    }

    /// Starts a server that answers before it is asked.
    pub(crate) fn raw(answer: Answer) -> Self {
        Self::start(move |_, _| answer.clone())
    }

    fn start(respond: impl Fn(&TcpStream, &Mutex<Vec<String>>) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (respond, seen) = (Arc::new(respond), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (respond, seen) = (Arc::clone(&respond), Arc::clone(&seen));
                thread::spawn(move || {
                    let answer = respond(&stream, &seen);
                    // A client that has heard enough closes the connection.
                    let _ = give(&answer, stream);
                });
            }
        });
        Self { port, requests }
    }
}

fn read_request(stream: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut body_bytes) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.to_ascii_lowercase();
        if let Some(length) = lower.strip_prefix("content-length:") {
            body_bytes = length.trim().parse().unwrap();
        }
        request.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; body_bytes];
    reader.read_exact(&mut body)?;
    request.push_str(&String::from_utf8(body).unwrap());
    Ok(request)
}

fn give(answer: &Answer, mut stream: TcpStream) -> std::io::Result<()> {
    match answer {
        Answer::Http(status, body) => stream.write_all(http(*status, "", body).as_bytes()),
        Answer::Redirect(status, location) => {
            stream.write_all(http(*status, &format!("Location: {location}\r\n"), "").as_bytes())
        }
        Answer::Bytes(bytes) => {
            stream.write_all(bytes)?;
            stream.shutdown(std::net::Shutdown::Write)?;
            std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
        }
        Answer::Drip(bytes, drop) => {
            stream.write_all(bytes)?;
            loop {
                thread::sleep(Duration::from_millis(20));
                stream.write_all(&[*drop])?;
            }
        }
        Answer::Never => std::io::copy(&mut stream, &mut std::io::sink()).map(drop),
    }
}

/// Returns an answer as it goes over the wire.
pub(crate) fn http(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    let mut answer = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
    let _ =
        write!(answer, "{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    answer
}
