//! A receiver of OTLP/HTTP on loopback: it keeps what it is sent, and answers as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) path: String,
    /// The names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// Decompressed.
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Returns the spans in it, decoded with OTLP's own types.
    pub(super) fn decoded(&self) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest::decode(&*self.body).unwrap()
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// A status, header lines, and a body.
    Status(u16, String, Vec<u8>),
    /// These bytes, whatever they are.
    Bytes(&'static [u8]),
    /// None: the connection stays open.
    Hang,
    /// None: the connection is closed.
    Close,
}

impl Reply {
    pub(super) fn ok() -> Self {
        Self::Status(200, "content-type: application/x-protobuf\r\n".to_owned(), Vec::new())
    }

    pub(super) fn status(status: u16) -> Self {
        Self::Status(status, String::new(), Vec::new())
    }
}

/// A receiver; dropped, it takes no connection any more.
pub(super) struct Receiver {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    is_closed: Arc<AtomicBool>,
}

impl Receiver {
    /// Returns a receiver that answers the request of each number, from 0, with what `reply` returns.
    pub(super) fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let is_closed = Arc::<AtomicBool>::default();
        let (kept, closed, reply) = (Arc::clone(&requests), Arc::clone(&is_closed), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(Ordering::Relaxed) {
                    return;
                }
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                thread::spawn(move || serve(stream.unwrap(), &kept, &*reply));
            }
        });
        Self { port, requests, is_closed }
    }

    /// Returns a receiver that takes everything.
    pub(super) fn willing() -> Self {
        Self::start(|_| Reply::ok())
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the sink that sends to it.
    pub(super) fn sink(&self, more: &str) -> String {
        format!("{{kind: otlp, otlp: {{endpoint: '{}'{more}}}}}", self.url())
    }

    /// Returns the requests so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// Returns the URL of a port where nobody listens.
pub(super) fn url_of_nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Request>>, reply: &dyn Fn(usize) -> Reply) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request);
            kept.len() - 1
        };
        let written = match reply(number) {
            Reply::Status(status, headers, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\n\r\n");
                writer.write_all(&[head.as_bytes(), &body].concat())
            }
            Reply::Bytes(bytes) => {
                let written = writer.write_all(bytes);
                drop(writer.shutdown(std::net::Shutdown::Both));
                written
            }
            Reply::Hang => {
                // Until the other side goes away.
                drop(reader.read(&mut [0]));
                return;
            }
            Reply::Close => return,
        };
        if written.is_err() {
            return;
        }
    }
}

/// Reads a request; none if the connection ends.
fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut request = Request { path, headers, body: Vec::new() };
    let mut body = vec![0; request.header("content-length")?.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    if request.header("content-encoding") == Some("gzip") {
        GzDecoder::new(&*body).read_to_end(&mut request.body).unwrap();
    } else {
        request.body = body;
    }
    Some(request)
}
