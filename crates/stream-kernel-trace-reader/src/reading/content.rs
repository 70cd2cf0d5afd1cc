//! The content of a trace, decompressed if it consists of zstd frames.

use std::fmt;
use std::io::{self, BufRead, Read};

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

/// The largest window of a readable frame, in bytes; a frame that asks for more is refused. zstd up to level 19 needs
/// no more.
pub const MAX_WINDOW_BYTES: usize = 1 << MAX_WINDOW_LOG;
const MAX_WINDOW_LOG: u32 = 23;

/// The most bytes of content that are held back until their frame is known to be whole. Sinks make larger frames only
/// for a single huge record; of such a frame, content is handed out earlier.
pub const MAX_HELD_FRAME_BYTES: usize = 4 * 1024 * 1024;

/// The memory for the first frames.
const USUAL_FRAME_BYTES: usize = 256 * 1024;

/// The first bytes of a frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Returns whether a trace with these first bytes, four or more, is compressed.
pub fn is_compressed(beginning: &[u8]) -> bool {
    let len = beginning.len().min(MAGIC.len());
    len > 0 && beginning[..len] == MAGIC[..len]
}

/// The content of a trace: the bytes of an input, or, if that begins with a zstd frame, the content of its frames. It
/// is handed out by whole frames, so that nothing of a torn one is seen.
///
/// ```
/// use std::io::Read;
/// use stream_kernel_trace_reader::reading::TraceInput;
///
/// let mut content = String::new();
/// TraceInput::new(&b"as it is\n"[..]).read_to_string(&mut content)?;
/// assert_eq!(content, "as it is\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TraceInput<R> {
    input: R,
    kind: Kind,
    /// The number of bytes taken from the input.
    bytes: u64,
}

#[derive(Debug)]
enum Kind {
    /// No input has arrived yet.
    Unknown,
    Plain,
    Frames(Box<Frames>),
}

/// The last frame of a trace, if it is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TornFrame {
    /// Its offset, in bytes from the beginning of the input.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// Whether some of its content was handed out, because it has more than [`MAX_HELD_FRAME_BYTES`].
    pub is_partly_read: bool,
}

impl<R> TraceInput<R> {
    /// Returns the content of the trace in `input`.
    pub fn new(input: R) -> Self {
        Self { input, kind: Kind::Unknown, bytes: 0 }
    }

    /// Returns the bytes of `input` unchanged, even if they look like a frame: it is not the beginning of a trace.
    pub(super) fn plain(input: R) -> Self {
        Self { input, kind: Kind::Plain, bytes: 0 }
    }

    /// Returns the number of bytes read from the input; of a compressed trace, those of its frames.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Returns whether the trace is compressed; `false` while nothing has arrived.
    pub fn is_compressed(&self) -> bool {
        matches!(self.kind, Kind::Frames(_))
    }

    /// Returns the incomplete last frame of a compressed trace, once its end is reached. If the trace grows, the frame
    /// may be completed later.
    pub fn torn_frame(&self) -> Option<TornFrame> {
        match &self.kind {
            Kind::Frames(frames) if frames.is_within => Some(TornFrame {
                offset: frames.begins_at,
                bytes: self.bytes - frames.begins_at,
                is_partly_read: frames.is_partly_read,
            }),
            _ => None,
        }
    }
}

impl<R: BufRead> BufRead for TraceInput<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if matches!(self.kind, Kind::Unknown) {
            let beginning = self.input.fill_buf()?;
            if beginning.is_empty() {
                return Ok(&[]);
            }
            self.kind =
                if is_compressed(beginning) { Kind::Frames(Box::new(Frames::new()?)) } else { Kind::Plain };
        }
        match &mut self.kind {
            Kind::Frames(frames) => {
                frames.fill(&mut self.input, &mut self.bytes)?;
                Ok(&frames.content[frames.given..frames.ready])
            }
            Kind::Unknown | Kind::Plain => self.input.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.kind {
            Kind::Frames(frames) => frames.given = frames.ready.min(frames.given + amount),
            Kind::Unknown | Kind::Plain => {
                self.bytes += amount as u64;
                self.input.consume(amount);
            }
        }
    }
}

impl<R: BufRead> Read for TraceInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// A decompressor of consecutive frames.
struct Frames {
    decoder: DCtx<'static>,
    /// Content up to `given` was handed out, up to `ready` it may be, up to `filled` it was decompressed; the rest is
    /// free.
    content: Vec<u8>,
    given: usize,
    ready: usize,
    filled: usize,
    /// The offset of the present or next frame.
    begins_at: u64,
    is_within: bool,
    is_zeros: bool,
    is_partly_read: bool,
}

impl fmt::Debug for Frames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Frames").field("begins_at", &self.begins_at).finish_non_exhaustive()
    }
}

impl Frames {
    fn new() -> io::Result<Self> {
        let mut decoder = DCtx::create();
        decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG)).map_err(failure)?;
        Ok(Self {
            decoder,
            content: vec![0; USUAL_FRAME_BYTES],
            given: 0,
            ready: 0,
            filled: 0,
            begins_at: 0,
            is_within: false,
            is_zeros: false,
            is_partly_read: false,
        })
    }

    /// Decompresses until there is something to hand out, or no more input.
    fn fill(&mut self, input: &mut impl BufRead, bytes: &mut u64) -> io::Result<()> {
        while self.given == self.ready {
            if self.ready == self.filled {
                (self.given, self.ready, self.filled) = (0, 0, 0);
            }
            let there = input.fill_buf()?;
            if there.is_empty() {
                return Ok(());
            }
            if !self.is_within {
                // A power cut may leave zeros in the place of a frame.
                (self.is_within, self.is_zeros) = (true, there[0] == 0);
                (self.is_partly_read, self.begins_at) = (false, *bytes);
            }
            if self.is_zeros && there.iter().all(|byte| *byte == 0) {
                let len = there.len();
                *bytes += len as u64;
                input.consume(len);
                continue;
            }
            if self.filled == self.content.len() {
                self.content.resize((MAX_HELD_FRAME_BYTES + 1).min(2 * self.content.len()), 0);
            }
            let (mut from, mut to) =
                (InBuffer::around(there), OutBuffer::around(&mut self.content[self.filled..]));
            let decoded = self.decoder.decompress_stream(&mut to, &mut from);
            let (read, written) = (from.pos(), to.pos());
            let left = decoded.map_err(|code| {
                let why = format!("the frame at byte {}: {}", self.begins_at, get_error_name(code));
                io::Error::new(io::ErrorKind::InvalidData, why)
            })?;
            input.consume(read);
            *bytes += read as u64;
            self.filled += written;
            if left == 0 {
                (self.is_within, self.ready) = (false, self.filled);
            } else if self.filled > MAX_HELD_FRAME_BYTES {
                (self.is_partly_read, self.ready) = (true, self.filled);
            }
        }
        Ok(())
    }
}

fn failure(code: usize) -> io::Error {
    io::Error::other(get_error_name(code))
}

#[cfg(test)]
mod tests;
