//! Compressed traces: cut anywhere, growing, damaged, and at each bound.

use std::io::BufReader;

use zstd_safe::{CCtx, CParameter, compress_bound};

use super::*;

/// A frame in the form that sinks write.
fn frame(content: &[u8]) -> Vec<u8> {
    let mut encoder = CCtx::create();
    encoder.set_parameter(CParameter::ChecksumFlag(true)).unwrap();
    let mut frame = Vec::with_capacity(compress_bound(content.len()));
    encoder.compress2(&mut frame, content).unwrap();
    frame
}

/// Reads `trace` in chunks of several sizes, and returns its content and its torn frame.
fn check(trace: &[u8]) -> Result<(String, Option<TornFrame>), String> {
    let read_by_chunks_of = |chunk_bytes| {
        let mut input = TraceInput::new(BufReader::with_capacity(chunk_bytes, trace));
        let mut content = String::new();
        input.read_to_string(&mut content).map_err(|error| error.to_string())?;
        assert_eq!(input.bytes_read(), trace.len() as u64, "all of it was looked at");
        Ok((content, input.torn_frame()))
    };
    let read = read_by_chunks_of(100_000);
    for chunk_bytes in [1, 7] {
        assert_eq!(read_by_chunks_of(chunk_bytes), read);
    }
    read
}

/// From a trace cut anywhere, all whole frames are read and nothing of the torn one, whose offset is reported.
#[test]
fn a_trace_cut_anywhere_gives_its_whole_frames() {
    let contents = ["first\n", "", "second\nthird\n", "fourth\n"];
    let frames = contents.map(|content| frame(content.as_bytes()));
    let trace = frames.concat();
    for len in 0..=trace.len() {
        let (mut expected, mut begins_at) = (String::new(), 0);
        for (content, frame) in contents.iter().zip(&frames) {
            if begins_at + frame.len() <= len {
                (expected, begins_at) = (expected + content, begins_at + frame.len());
            } else {
                break;
            }
        }
        let bytes = (len - begins_at) as u64;
        let torn =
            (bytes > 0).then_some(TornFrame { offset: begins_at as u64, bytes, is_partly_read: false });
        assert_eq!(check(&trace[..len]), Ok((expected, torn)), "{len} bytes");
    }
}

/// A reader that follows a trace sees a frame once it is whole.
#[test]
fn a_growing_trace_is_read_on() {
    /// Returns its pieces one after the other, with an end of file between them.
    struct Growing(Vec<Vec<u8>>, bool);
    impl Read for Growing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 || self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }
    let trace = [frame(b"first\n"), frame(b"second\n")].concat();
    let pieces = trace.chunks(5).map(<[u8]>::to_vec).collect();
    let mut input = TraceInput::new(BufReader::new(Growing(pieces, false)));
    let (mut content, mut ends) = (String::new(), Vec::new());
    for _ in 0..2 * trace.len() {
        let len = input.read_to_string(&mut content).unwrap();
        if len > 0 {
            ends.push((len, input.bytes_read()));
        }
    }
    assert_eq!((&*content, input.torn_frame()), ("first\nsecond\n", None));
    assert_eq!(ends.iter().map(|(len, _)| *len).collect::<Vec<_>>(), [6, 7], "frame by frame");
}

#[test]
fn plain_content_is_passed_on_unchanged() {
    for content in ["", "x", "{\"trace_id\":1}\n", "x("] {
        assert_eq!(check(content.as_bytes()), Ok((content.to_owned(), None)));
    }
    assert!(
        is_compressed(&frame(b"x"))
            && is_compressed(&MAGIC[..1])
            && !is_compressed(b"")
            && !is_compressed(b"(ab")
    );
}

#[test]
fn a_damaged_frame_is_an_error_with_its_offset() {
    let first = frame(b"first\n");
    let mut second = frame(b"second\n");
    let last = second.len() - 1;
    second[last] ^= 1;
    let at = first.len();
    let told = format!("the frame at byte {at}: Restored data doesn't match checksum");
    assert_eq!(check(&[&first[..], &second].concat()), Err(told));
    let told = format!("the frame at byte {at}: Unknown frame descriptor");
    for garbage in [&b"{\"trace_id\":1}\n"[..], b"\0\0x\0"] {
        assert_eq!(check(&[&first[..], garbage].concat()), Err(told.clone()));
    }
}

/// As for lines: the file has its length, but the content is lost.
#[test]
fn zeros_after_the_last_frame_are_a_torn_frame() {
    let first = frame(b"first\n");
    let torn = TornFrame { offset: first.len() as u64, bytes: 512, is_partly_read: false };
    assert_eq!(check(&[&first[..], &[0; 512]].concat()), Ok(("first\n".to_owned(), Some(torn))));
}

/// A frame with a window of 8 MiB plus `more_mebibytes`, without back references.
fn with_window(more_mebibytes: u8) -> Vec<u8> {
    [&MAGIC[..], &[0, 13 << 3 | more_mebibytes], &[2 << 3 | 1, 0, 0], b"x\n"].concat()
}

/// The memory for a frame is bounded: otherwise a trace could exhaust the reader's memory.
#[test]
fn a_window_beyond_the_bound_is_refused() {
    assert_eq!(MAX_WINDOW_BYTES, 8_388_608);
    assert_eq!(check(&with_window(0)), Ok(("x\n".to_owned(), None)));
    let refused = check(&with_window(1)).unwrap_err();
    assert_eq!(refused, "the frame at byte 0: Frame requires too much memory for decoding");
}

/// At the bound nothing of a torn frame is seen; beyond it, the content before the tear is.
#[test]
fn a_torn_frame_is_held_back_up_to_a_bound() {
    for (len, seen) in [(MAX_HELD_FRAME_BYTES, 0), (MAX_HELD_FRAME_BYTES + 1, MAX_HELD_FRAME_BYTES + 1)] {
        let frame = frame(&vec![b'\n'; len]);
        let mut input = TraceInput::new(&frame[..frame.len() - 1]);
        let read = input.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!((read, input.torn_frame().map(|torn| torn.is_partly_read)), (seen, Some(seen > 0)));
        let read = TraceInput::new(&frame[..]).read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(read, len, "a whole one is read, of whatever length");
    }
}

/// A few bytes may expand to a lot of content; it comes out in pieces of bounded memory.
#[test]
fn a_frame_of_much_content_takes_little_memory() {
    let frame = frame(&vec![b'x'; 50_000_000]);
    assert!(frame.len() < 10_000);
    let mut input = TraceInput::new(&frame[..]);
    assert_eq!(io::copy(&mut input, &mut io::sink()).unwrap(), 50_000_000);
    let Kind::Frames(frames) = &input.kind else { panic!("it is compressed") };
    assert_eq!(frames.content.len(), MAX_HELD_FRAME_BYTES + 1);
}
