//! A trace cut at line ends into parts, whose lines several threads read.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::mem;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use stream_kernel_trace::TraceRecord;

use super::{Digest, TraceReader};

/// The bytes that are read for a part. It has the lines that end in them, so the beginning of its first line may be
/// carried over from the part before.
pub const PART_BYTES: usize = 256 * 1024;

/// The most threads that read one trace. One more thread cuts it and puts the results together.
pub const MAX_THREADS: usize = 8;

/// The number of parts for each thread, read ahead or digested.
pub(super) const PARTS_PER_THREAD: usize = 2;

/// The longest beginning of a line that is carried over.
pub(super) const MAX_BEGINNING_BYTES: usize = 1024 * 1024;

/// The most lines that are digested together; a part of real records has fewer.
pub(super) const MAX_LINES: usize = 2000;

/// A buffer whose first `len` bytes are valid; the rest is memory for reuse.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    len: usize,
}

/// The lines of a part, and their digests.
pub(super) struct Digested<K> {
    /// The first `len` are valid; the memory of the others is reused.
    lines: Vec<DigestedLine<K>>,
    len: usize,
    taken: usize,
    /// The number of lines in the part, including lines of a byte order mark only, and of bytes, if these are its last
    /// lines.
    pub(super) ended: Option<(u64, u64)>,
    /// The text of the part, likewise; its memory is reused.
    text: Text,
}

#[derive(Default)]
pub(super) struct DigestedLine<K> {
    /// The number within the part, from 1.
    pub(super) line_no: u64,
    /// Why the line holds no record.
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

/// A part to digest, and the channel for the result.
struct Job<K> {
    text: Text,
    /// Its offset.
    offset: u64,
    /// Memory for reuse.
    spent: Digested<K>,
    to: SyncSender<Digested<K>>,
}

/// The lines of a trace, in their order, part by part.
pub(super) struct Parts<G: Digest> {
    input: Box<dyn BufRead>,
    part_bytes: usize,
    /// The beginning of the first line of the next part.
    beginning: Vec<u8>,
    /// Its offset.
    offset: u64,
    /// There are no further parts.
    is_over: bool,
    jobs: Sender<Job<G::Kept>>,
    due: VecDeque<Receiver<Digested<G::Kept>>>,
    max_due: usize,
}

impl<G: Digest> Parts<G> {
    /// Starts `threads` threads, which end when this is dropped. Threads that cannot be started are left out. Without
    /// any, there is no part.
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

    /// Returns the next lines; `None` if there are no further ones, or the rest cannot be read here. The memory of
    /// `spent` is reused.
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

    /// Returns the rest to read once there are no further lines here.
    pub(super) fn into_rest(self) -> Box<dyn BufRead> {
        Box::new(io::Cursor::new(self.beginning).chain(self.input))
    }

    /// Reads on to the end of a line, and returns the lines up to it; `None` if there is none, or none soon. Read
    /// errors are left to the reader of the rest, which will see them again.
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

/// Digests parts one after the other.
fn work<G: Digest>(to_do: &Mutex<Receiver<Job<G::Kept>>>, mut digest: G) {
    let next_job = || to_do.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let mut record = TraceRecord::default();
    while let Ok(Job { text, offset, spent: mut digested, to }) = next_job() {
        let lines = &text.bytes[..text.len];
        let mut reader = TraceReader::after(lines, 0, offset);
        (digested.len, digested.taken, digested.ended) = (0, 0, None);
        // Reading from bytes does not fail.
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
        // The receiver may have gone.
        drop(to.send(digested));
    }
}
