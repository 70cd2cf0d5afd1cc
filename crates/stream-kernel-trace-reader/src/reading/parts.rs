//! A trace cut at line ends into parts, whose lines several threads read.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::mem;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use stream_kernel_trace::TraceRecord;

use super::{Digest, TraceReader};

/// How many bytes a part has, with the lines that end in it: what the next one begins with stands before it.
pub const PART_BYTES: usize = 256 * 1024;

/// The most threads that read one trace. It takes another one to cut it and to put together what they read.
pub const MAX_THREADS: usize = 8;

/// How many parts there are for each thread, read ahead or digested.
pub(super) const PARTS_PER_THREAD: usize = 2;

/// The longest beginning of a line that waits for more.
pub(super) const MAX_BEGINNING_BYTES: usize = 1024 * 1024;

/// The most lines that are digested together; of records, a part has fewer.
pub(super) const MAX_LINES: usize = 2000;

/// Bytes, of which the first `len` count; the others are memory that is used again.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    len: usize,
}

/// Lines of a part, and what is kept of each.
pub(super) struct Digested<K> {
    /// The first `len` count; the memory of the others is used again.
    lines: Vec<DigestedLine<K>>,
    len: usize,
    taken: usize,
    /// How many lines the part has, those of a mark alone included, and how many bytes, once these are its last.
    pub(super) ended: Option<(u64, u64)>,
    /// That of the part, likewise; its memory is used again.
    text: Text,
}

#[derive(Default)]
pub(super) struct DigestedLine<K> {
    /// Within the part, from 1.
    pub(super) line_no: u64,
    /// Why it holds no record.
    pub(super) wrong: Option<String>,
    pub(super) kept: K,
}

impl<K> Default for Digested<K> {
    fn default() -> Self {
        Self { lines: Vec::new(), len: 0, taken: 0, ended: None, text: Text::default() }
    }
}

impl<K: Default> Digested<K> {
    /// Returns the next line.
    pub(super) fn next(&mut self) -> Option<&mut DigestedLine<K>> {
        let line = self.lines[..self.len].get_mut(self.taken)?;
        self.taken += 1;
        Some(line)
    }

    fn add_line(&mut self) -> &mut DigestedLine<K> {
        if self.len == self.lines.len() {
            self.lines.push(DigestedLine::default());
        }
        self.len += 1;
        &mut self.lines[self.len - 1]
    }
}

/// A part to digest, and where that is to go.
struct Job<K> {
    text: Text,
    /// Where it begins.
    offset: u64,
    /// Its memory is used again.
    spent: Digested<K>,
    to: SyncSender<Digested<K>>,
}

/// The lines of a trace, in their order, part by part.
pub(super) struct Parts<G: Digest> {
    input: Box<dyn BufRead>,
    part_bytes: usize,
    /// The beginning of the line at which the next part begins.
    beginning: Vec<u8>,
    /// Where that begins.
    offset: u64,
    /// There are no further parts.
    is_over: bool,
    jobs: Sender<Job<G::Kept>>,
    due: VecDeque<Receiver<Digested<G::Kept>>>,
    max_due: usize,
}

impl<G: Digest> Parts<G> {
    /// Starts `threads` threads; they end once this is dropped. Those that cannot be started are done without. Without any,
    /// there is no part.
    pub(super) fn new(input: Box<dyn BufRead>, threads: usize, part_bytes: usize, digest: &G) -> Self {
        let (jobs, to_do) = mpsc::channel();
        let to_do = Arc::new(Mutex::new(to_do));
        let start = |_: &usize| {
            let (to_do, digest) = (Arc::clone(&to_do), digest.clone());
            thread::Builder::new().name("trace-reader".to_owned()).spawn(move || work(&to_do, digest)).is_ok()
        };
        let started = (0..threads).take_while(start).count();
        Self {
            input,
            part_bytes,
            beginning: Vec::new(),
            offset: 0,
            is_over: started == 0,
            jobs,
            due: VecDeque::new(),
            max_due: started * PARTS_PER_THREAD,
        }
    }

    /// Returns the next lines; `None` if there are no further ones, or none that can be read here. The memory of `spent` is used
    /// again.
    pub(super) fn next(&mut self, mut spent: Digested<G::Kept>) -> io::Result<Option<Digested<G::Kept>>> {
        let is_missing = |_| io::Error::other("a thread that reads the trace ended too early");
        while self.due.len() < self.max_due && !self.is_over {
            let offset = self.offset;
            let Some(text) = self.cut(mem::take(&mut spent.text)) else { break };
            let (to, due) = mpsc::sync_channel(1);
            let job = Job { text, offset, spent: mem::take(&mut spent), to };
            self.jobs.send(job).map_err(|_| is_missing(mpsc::RecvError))?;
            self.due.push_back(due);
        }
        let Some(first) = self.due.front() else { return Ok(None) };
        let digested = first.recv().map_err(is_missing)?;
        if digested.ended.is_some() {
            self.due.pop_front();
        }
        Ok(Some(digested))
    }

    /// Returns what is left to read once there are no further lines here.
    pub(super) fn into_rest(self) -> Box<dyn BufRead> {
        Box::new(io::Cursor::new(self.beginning).chain(self.input))
    }

    /// Reads on to the end of a line, and returns what ends there; `None` if there is no further one, or none that soon. What
    /// cannot be read either, whoever reads the rest will find.
    fn cut(&mut self, mut text: Text) -> Option<Text> {
        text.len = self.beginning.len();
        if text.bytes.len() < text.len {
            text.bytes.resize(text.len, 0);
        }
        text.bytes[..text.len].copy_from_slice(&self.beginning);
        loop {
            let enough = text.len + self.part_bytes;
            if text.bytes.len() < enough {
                text.bytes.resize(enough, 0);
            }
            let block = &mut text.bytes[text.len..enough];
            let read = loop {
                match self.input.read(block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read.unwrap_or(0),
                }
            };
            let line_end = block[..read].iter().rposition(|&byte| byte == b'\n');
            let end = line_end.map_or(0, |line_end| text.len + line_end + 1);
            text.len += read;
            let beginning = &text.bytes[end..text.len];
            self.is_over = read == 0 || beginning.len() > MAX_BEGINNING_BYTES;
            if end > 0 || self.is_over {
                self.beginning.clear();
                self.beginning.extend_from_slice(beginning);
                self.offset += end as u64;
                text.len = end;
                return (end > 0).then_some(text);
            }
        }
    }
}

/// Digests one part after the other.
fn work<G: Digest>(to_do: &Mutex<Receiver<Job<G::Kept>>>, mut digest: G) {
    let next_job = || to_do.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let mut record = TraceRecord::default();
    while let Ok(Job { text, offset, spent: mut digested, to }) = next_job() {
        let lines = &text.bytes[..text.len];
        let mut reader = TraceReader::after(lines, 0, offset);
        (digested.len, digested.taken, digested.ended) = (0, 0, None);
        // To read bytes does not fail.
        while let Ok(Some(read)) = reader.next_into(&mut record) {
            if digested.len == MAX_LINES && to.send(mem::take(&mut digested)).is_err() {
                break;
            }
            let line = digested.add_line();
            line.line_no = reader.line_no();
            line.wrong = read.err().map(|wrong| wrong.why);
            if line.wrong.is_none() {
                digest.digest(&reader, &mut record, &mut line.kept);
            }
        }
        digested.ended = Some((reader.line_no() - 1, lines.len() as u64));
        digested.text = text;
        // Nobody may want it any more.
        drop(to.send(digested));
    }
}
